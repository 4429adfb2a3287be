# Tests, measurements of this project, and what developers run.

HELPER_SRC := $(wildcard tests/helpers/*.c)
HELPERS := $(HELPER_SRC:tests/helpers/%.c=$(OBJ)/tests/%)
FUZZ := $(patsubst tests/fuzz/%.c,$(OBJ)/tests/%,$(wildcard tests/fuzz/fuzz_*.c))

$(OBJ)/tests/%: $(OBJ)/tests/helpers/%.o $(LIBEO)
	@mkdir -p $(@D)
	$(Q)$(call link,$^ $(LIBS) -ljansson)

# Fault injection: inject.so is loaded into the programs, disturb runs them and counts. Neither needs the library.
# skew.so sets the clock of programs wrong.
$(OBJ)/tests/inject.so: tests/faults/faults.h
$(OBJ)/tests/%.so: tests/faults/%.c $(OBJ)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fsanitize=%,$(ALL_CFLAGS)) -fPIC -shared $(filter-out -fsanitize=%,$(ALL_LDFLAGS)) \
	  -o $@.new $< && mv $@.new $@
$(OBJ)/tests/disturb: $(OBJ)/tests/faults/disturb.o
	$(Q)$(call link,$^)
FAULTS := $(OBJ)/tests/inject.so $(OBJ)/tests/skew.so $(OBJ)/tests/disturb

# Runs the readers on the corpus, which has the input of every past crash; `make fuzz` looks for new ones.
$(OBJ)/tests/fuzz_%: $(OBJ)/tests/fuzz/fuzz_%.o $(OBJ)/tests/fuzz/replay.o $(LIBEO)
	@mkdir -p $(@D)
	$(Q)$(call link,$^ $(LIBS))

.PHONY: unit-tests
unit-tests: $(UNIT) $(HELPERS) $(FUZZ) $(FAULTS)

.PHONY: check
## check: all tests; ends with "N passed, N failed, N skipped"
check: programs unit-tests check-headers
	@$(if $(SANITIZE),EO_NO_BYTES=1 EO_SANITIZE=$(SANITIZE)) EO_BIN=$(abspath $(BIN)) EO_TESTS=$(abspath $(OBJ)/tests) \
	  sh tests/run.sh

.PHONY: check-bytes
## check-bytes: the same bytes from every compiler, level, instruction set and number of threads (EO_BYTES=full)
check-bytes: programs
	@EO_BIN=$(abspath $(BIN)) sh tests/check-bytes.sh

.PHONY: check-unit
## check-unit: the C unit tests and fuzz corpora alone
check-unit: unit-tests
	@EO_BIN=$(abspath $(BIN)) EO_TESTS=$(abspath $(OBJ)/tests) sh tests/run.sh unit

# Built in a folder of its own, and only these tests are linked.
THREADED := $(patsubst %,out/thread/build/tests/test_%,pool trainer network_trainer train eval bench_turns)
.PHONY: check-threads threaded
## check-threads: what starts threads or processes, under ThreadSanitizer; ends with the count
check-threads:
	@$(MAKE) --no-print-directory B=out/thread SANITIZE=thread threaded && \
	  EO_BIN=$(abspath $(BIN)) EO_TESTS=$(abspath out/thread/build/tests) sh tests/run.sh unit
threaded: $(THREADED)

.PHONY: check-big-endian
## check-big-endian: the unit tests and fuzz corpora of a big-endian machine (s390x), in qemu; ends with the count
check-big-endian:
	@sh tests/big-endian.sh

# A slow build without optimisation, in a folder of its own.
COVERAGE := out/coverage
.PHONY: coverage
coverage: ## which branches of each reader the tests reach; fails for one that is not in tests/coverage.txt either
	@$(MAKE) --no-print-directory B=$(COVERAGE) OPT=-O0 CFLAGS="--coverage -O0" LDFLAGS=--coverage \
	  programs unit-tests >/dev/null
	@sh tests/coverage.sh $(COVERAGE)

.PHONY: check-bare
## check-bare: README's two commands on a bare Debian, as root and as a user (needs root, debootstrap)
check-bare:
	@sh tests/bare.sh $(BARE)

# Code that several files include after choosing an instruction set; not headers in the usual sense.
BODIES := $(addprefix lib/nn/kernels/%_,body.h single.h depthwise.h tile.h table.h)
.PHONY: check-headers
## check-headers: every header compiles alone
HEADERS := $(filter-out $(BODIES),$(wildcard lib/*/*.h lib/*/*/*.h)) tools/cli.h
check-headers: $(HEADERS:%=$(OBJ)/%.ok)
$(OBJ)/%.h.ok: %.h $(OBJ)/flags
	@mkdir -p $(@D)
	$(Q)echo '#include "$<"' | $(CC) $(ALL_CFLAGS) -x c -fsyntax-only - && touch $@

.PHONY: attack
## attack: hostile names, links, folders and times: what Make and the programs do with them; ends with the count
attack: programs
	@EO_BIN=$(abspath $(BIN)) sh tests/run.sh attack

.PHONY: check-slurm
## check-slurm: RUN=slurm on a Slurm that the tests start and stop on this machine; ends with the count
check-slurm: programs $(OBJ)/tests/skew.so
	@EO_BIN=$(abspath $(BIN)) EO_TESTS=$(abspath $(OBJ)/tests) sh tests/run.sh slurm

.PHONY: soak
## soak: SOAK=200 random SIGKILLs of a small experiment, each resumed and compared; ends with "200 of 200"
soak: programs
	@EO_BIN=$(abspath $(BIN)) bash tests/soak/soak.bash $(or $(SOAK),200) $(SEED)

# Not a test: measures whether timings of this machine can be trusted.
.PHONY: trust
## trust: time the default sweep RUNS=10 times on a quiet machine: ranking, rows not ok, beside a spinner (FORCE=1)
trust: programs
	+@$(MAKE) --no-print-directory all CONFIG=configs/default.yaml >/dev/null
	@FORCE=$(FORCE) EO_BIN=$(abspath $(BIN)) bash tests/trust/trust.bash out/default $(RUNS)

CONFIGS ?= configs/default.yaml
.PHONY: trust-busy
## trust-busy: time the sweeps of CONFIGS RUNS=10 times: quiet, beside spinning processes, memory traffic (FORCE=1)
trust-busy: programs
	+@for config in $(CONFIGS); do $(MAKE) --no-print-directory all CONFIG=$$config >/dev/null || exit; done
	@FORCE=$(FORCE) EO_BIN=$(abspath $(BIN)) bash tests/trust/busy.bash $(or $(RUNS),10) $(CONFIGS:configs/%.yaml=out/%)

# Not a test: measures speed, as shares of this machine's peaks and beside other frameworks if they are installed.
PERF_SRC := $(filter-out $(OTHER_ISAS),$(wildcard tests/perf/*.c))
# Whether all four files are there; a download that broke off leaves fewer.
is_whole = $(and $(wildcard $(1)/train-images*),$(wildcard $(1)/train-labels*),\
	$(wildcard $(1)/t10k-images*),$(wildcard $(1)/t10k-labels*))
WHOLE_DATA := $(foreach d,$(EO_DATA_DIR:%=%/mnist) data/mnist,$(if $(call is_whole,$(d)),$(d)))
PERF_DATA := $(or $(firstword $(WHOLE_DATA)),data/synthetic)
SYNTHETIC := $(patsubst %,data/synthetic/%-ubyte.gz,\
	train-images-idx3 train-labels-idx1 t10k-images-idx3 t10k-labels-idx1)
$(SYNTHETIC) &: | $(BIN)/eo-data
	@$(if $(filter 0,$(V)),echo "  DATA    data/synthetic")
	$(Q)$(BIN)/eo-data --generate data/synthetic
$(OBJ)/tests/perf_all: $(PERF_SRC:%.c=$(OBJ)/%.o) $(LIBEO)
	@mkdir -p $(@D)
	$(Q)$(call link,$^ $(LIBS))

.PHONY: perf
## perf: time everything on a quiet machine (SCAN=1, ROUNDS=7, THREADS=all, FORCE=1)
perf: programs $(OBJ)/tests/perf_all $(if $(filter data/synthetic,$(PERF_DATA)),$(SYNTHETIC))
	@FORCE=$(FORCE) $(OBJ)/tests/perf_all -b $(BIN) -d $(PERF_DATA) -o $(B) $(if $(SCAN),-s) $(if $(ROUNDS),-r $(ROUNDS)) \
	  $(if $(filter-out all,$(THREADS)),-t $(THREADS)) $(PERF_OPTIONS)

STUDIES := $(foreach d,mnist fashion-mnist,$(d)=study-$(d) $(d)=study-$(d)-recovery)
study_name = $(lastword $(subst =, ,$(1)))
.PHONY: study
## study: pruning criteria x levels x recovery on the real data sets, three seeds: out/study.md
study: programs
	+@$(MAKE) --no-print-directory accuracy CONFIG="$(foreach s,$(STUDIES),configs/$(call study_name,$(s)).yaml)"
	@$(BIN)/eo-study -o out/study.md \
	  $(foreach s,$(STUDIES),$(firstword $(subst =, ,$(s)))=out/$(call study_name,$(s))/accuracy.csv)
	@cat out/study.md

.PHONY: format
## format: format all C files
format:
	@command -v clang-format >/dev/null || { \
	  echo "make format: needs clang-format: apt-get install clang-format" >&2; false; }
	clang-format -i $(wildcard lib/*/*.[ch] lib/*/*/*.[ch] tools/*.[ch] tests/*/*.[ch])

# The library is built once with clang's instrumentation, in a folder of its own, and linked to each target.
FUZZ_BUILD := out/fuzz
FUZZERS := $(patsubst tests/fuzz/%.c,$(FUZZ_BUILD)/build/%,$(wildcard tests/fuzz/fuzz_*.c))
.PHONY: fuzz fuzzers
## fuzz: run each fuzz target for FUZZ_SECONDS (60) with clang's libFuzzer; the last line is the count
fuzz:
	@sh tools/needs.sh -f && $(MAKE) --no-print-directory B=$(FUZZ_BUILD) CC=clang OPT=-O1 WERROR= \
	  SANITIZE=fuzzer-no-link,address,undefined fuzzers && sh tests/fuzz/run.sh $(FUZZ_BUILD) $(FUZZ_SECONDS)
fuzzers: $(FUZZERS)
$(OBJ)/fuzz_%: $(OBJ)/tests/fuzz/fuzz_%.o $(LIBEO)
	@$(if $(filter 0,$(V)),echo "  LD      $@")
	$(Q)$(call link,-fsanitize=fuzzer $^ $(LIBS))

