# edge-opt: one YAML file in; a trained, pruned, quantised, measured family of models out.
#
#     make deps all                                 the default experiment
#     make all CONFIG=configs/mnist.yaml            another one
#     make help                                     all targets

.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all
MAKEFLAGS += --no-builtin-rules --no-builtin-variables
SHELL := /bin/sh
# Programs that recipes start read and write numbers with a point, sort by bytes and speak English, whatever the user's
# locale is; and gnuplot finds no terminal and no scripts of the user's.
export LC_ALL := C
unexport GNUTERM GNUPLOT_LIB

CONFIG ?= configs/default.yaml
PREFIX ?= /usr/local
DESTDIR ?=
# Names of files are taken as they are written: `$$(...)` in them is text. In recipes they stand between quotes.
define as_written
override $(1) := $$(value $(1))
export $(1)
endef
$(foreach v,CONFIG EO_DATA_DIR PREFIX DESTDIR,$(if $(filter-out undefined,$(origin $(v))),$(eval $(call as_written,$(v)))))
quoted = '$(subst ','\'',$(1))'

ifeq ($(wildcard tools/experiments.sh),)
$(error no source of edge-opt in $(CURDIR): run make -C with the folder of this Makefile)
endif

# ---------------------------------------------------------------------------------------------------------------
# Who does what. A call is cut in parts, each in a Make of its own: first deps, then the programs (and goals like check), then
# the experiment of each CONFIG, which finds the programs up to date (tools/experiments.sh). Programs and experiments hold a
# lock, so that a second Make on the same thing waits. The inner Make of a CONFIG knows itself by EO_INNER, all by EO_PART.
#
# What fails has said why, in one line, and the line that Make would add ("*** [Makefile:84: all] Error 1") says nothing more.
# Under -q Make adds none, runs the commands that are marked `+`, and ends with status 1 where another one is left to run. So
# the outer Make runs under -q, and has such a command once a part has written the file $(FAILED). Recipes of the inner ones
# that end with $(or_fail) write it, too, instead of failing.
#
# Where programs and objects are built; each sanitizer build and each compiler in a comparison has its own place.
SANITIZE ?=
ifneq ($(filter compare,$(MAKECMDGOALS)),)
COMPARED := $(A) $(B)
override B := out$(if $(SANITIZE),/sanitize)
endif
B ?= out$(if $(SANITIZE),/sanitize)
BIN := $(B)/bin
OBJ := $(B)/build

PLAIN_GOALS := programs needs explain graph compare deps install-packages help data install format fuzz fuzzers distclean check check-% unit-tests threaded perf study soak trust trust-busy attack \
	$(B)/bin/% $(B)/build/%
once = $(if $(1),$(firstword $(1)) $(call once,$(filter-out $(firstword $(1)),$(1))))
GOALS := $(strip $(call once,$(or $(MAKECMDGOALS),all)))
ifneq ($(filter %.yaml %.yml,$(GOALS)),)
$(error $(filter %.yaml %.yml,$(GOALS)) is a configuration and no target: make CONFIG=$(firstword $(filter %.yaml %.yml,$(GOALS))))
endif
# These remove what an experiment made.
REMOVAL := $(filter clean tidy,$(GOALS))
EXPERIMENT := $(filter-out $(PLAIN_GOALS) $(REMOVAL),$(GOALS))
ifneq ($(and $(REMOVAL),$(word 2,$(REMOVAL) $(EXPERIMENT))),)
$(error $(firstword $(REMOVAL)) and $(wordlist 2,99,$(REMOVAL) $(EXPERIMENT)) cannot share one call: run make $(firstword $(REMOVAL)) first, then make)
endif
OF_CONFIG := $(strip $(EXPERIMENT) $(REMOVAL))
# What needs all programs.
OF_PROGRAMS := $(strip $(EXPERIMENT) $(filter tidy,$(GOALS)))
LOOK := $(filter explain graph,$(GOALS))
IS_INNER := $(and $(OF_CONFIG),$(EO_INNER))
unexport EO_PART EO_INNER EO_DRY EO_PLAN
IS_OUTER := $(if $(IS_INNER)$(EO_PART),,yes)
# Whether this is `make -n`.
LETTERS := $(filter-out -%,$(firstword $(MAKEFLAGS)))
DRY := $(findstring n,$(LETTERS))
ASKED := $(findstring q,$(LETTERS))

or_fail = || $(if $(EO_PART),echo failed >$(EO_PART),exit 1)
without_q = $(if $(ASKED),,MAKEFLAGS="$$(printf %s "$$MAKEFLAGS" | sed 's/^\([A-Za-z]*\)q/\1/')")
call = env $(if $(IS_OUTER),EO_PART=$(FAILED) $(without_q)) $(MAKE) --no-print-directory
ifneq ($(IS_OUTER),)
.PHONY: $(GOALS) .parts
FAILED := $(OBJ)/lock/failed.$(shell echo $$PPID)
# $(1) = a name for the lock, $(2) = what is waited for. Others that find all up to date hold it for less than three seconds.
lock = exec 9>>$(OBJ)/lock/$(1); flock -E 75 -w 3 9 2>/dev/null; case $$? in 0) ;; \
	75) echo "make: another make is at work on $(2); waiting until it is done" >&2; flock 9 ;; \
	*) echo "make: $(OBJ)/lock cannot be locked here; going on, so start no other make on $(2)" >&2 ;; esac
IS_DEPS := $(filter deps install-packages,$(GOALS))
# All but these build programs.
NEEDS := $(if $(filter-out deps install-packages help data clean distclean format fuzz check-bare explain graph,$(GOALS)),needs)
PLAIN := $(filter-out $(if $(OF_PROGRAMS),programs) $(IS_DEPS) $(OF_CONFIG) explain,$(GOALS))
PROGRAM_GOALS := $(strip $(if $(OF_PROGRAMS),programs) $(PLAIN))

$(GOALS): .parts
	@$(if $(file <$(FAILED)),$(shell rm -f $(FAILED))false)
ifeq ($(ASKED),)
MAKEFLAGS += -q
endif
export EO_B := $(B)
export DOT
export EO_LOOK := $(strip $(IS_DEPS) $(PLAIN)) ; $(LOOK) ; $(OF_CONFIG)
# Started by exec: a shell that waits for a command hears of no signal.
experiments = exec env EO_PART=$(FAILED) sh tools/experiments.sh
ifeq ($(DRY),)
.parts:
	+@mkdir -p $(OBJ)/lock; rm -f $(FAILED); \
	$(if $(IS_DEPS)$(NEEDS),$(call) EO_FOR='$(GOALS)' $(if $(IS_DEPS),deps) $(NEEDS) && [ ! -e $(FAILED) ] &&) \
	$(if $(PROGRAM_GOALS),( $(if $(OF_PROGRAMS),$(call lock,programs,the programs);) exec $(call) $$(sh tools/experiments.sh settle '$(PROGRAM_GOALS)') $(PROGRAM_GOALS) ) &&) \
	[ ! -e $(FAILED) ] || echo failed >$(FAILED)
ifneq ($(LOOK),)
	+@$(experiments) $(LOOK)
endif
ifneq ($(OF_CONFIG),)
	+@$(experiments) $(if $(EXPERIMENT),run) $(OF_CONFIG)
endif
else
# Make prints what it gives to its shell. So that is words for people, and the shell has options that know what to do.
.SHELLFLAGS := tools/experiments.sh dry
.parts:
	+@# make $(GOALS) would run:
endif
else

ifneq ($(filter default undefined,$(origin CC)),)
CC := gcc
endif
ifneq ($(filter default undefined,$(origin AR)),)
AR := ar
endif
# Sanitizers at -O3 take many minutes on the unrolled kernels.
OPT ?= $(if $(SANITIZE),-O1,-O3)
V ?= 0
Q := $(if $(filter 1,$(V)),,@)

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith -Wundef
# Results may not depend on the compiler: no contraction, IEEE arithmetic, and never -march=native. The user's
# CFLAGS come last but one; base/fp_check.h refuses -ffast-math, and -ffp-contract=off has the last word.
PROJECT_CFLAGS := -std=c11 -D_GNU_SOURCE -Ilib -I. -pthread -g $(OPT) $(WARNINGS) $(if $(WERROR),-Werror) \
	-include base/fp_check.h $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
ALL_CFLAGS = $(PROJECT_CFLAGS) $(CFLAGS) $(CPPFLAGS) -ffp-contract=off
DEP_FLAGS := -MMD -MP
ALL_LDFLAGS = -pthread $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(LDFLAGS)
LIBS := -lyaml -lpng -lz -lmd -lm

ARCH := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null || uname -m)))
ISA_x86_64 := avx2 avx512
ISA_aarch64 := neon
ISAS := $(ISA_$(ARCH))
CFLAGS_avx2 := -mavx2 -mfma -mf16c
CFLAGS_avx512 := -mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni -mprefer-vector-width=512
ALL_ISAS := avx2 avx512 neon

LIB_SRC := $(filter-out $(foreach i,$(filter-out $(ISAS),$(ALL_ISAS)),%_$(i).c),$(wildcard lib/*/*.c))
LIB_OBJ := $(LIB_SRC:%.c=$(OBJ)/%.o)
TOOL_SRC := $(wildcard tools/eo-*.c)
TOOLS := $(TOOL_SRC:tools/%.c=$(BIN)/%)
LINKED := $(TOOLS:$(BIN)/%=$(OBJ)/link/%.stamp)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT := $(UNIT_SRC:tests/unit/%.c=$(OBJ)/tests/%)
LIBEO := $(OBJ)/libeo.a

.PHONY: FORCE
ifeq ($(IS_INNER),)
.PHONY: programs
programs: $(LINKED) $(TOOLS) ## build the programs alone
	@$(if $(wildcard $(OBJ)/seen/ahead.new),mv $(OBJ)/seen/ahead.new $(OBJ)/seen/ahead,:)

# A stamp that changes when the flags do: everything is rebuilt then, and only then.
differs = $(subst x$(strip $(1)),,x$(strip $(2)))$(subst x$(strip $(2)),,x$(strip $(1)))
FLAGS_NOW := $(strip $(CC) $(ALL_CFLAGS) $(DEP_FLAGS) $(ALL_LDFLAGS))
# Goals of the whole call.
EO_FOR ?= $(GOALS)
IS_TESTED := $(filter check check-unit check-threads unit-tests,$(EO_FOR))
IS_PLOTTED := $(filter all retime sensitivity trust trust-busy %.png,$(EO_FOR))
# Looked for before anything is done. What is built is not compiled again, whatever has gone since.
.PHONY: needs
needs: $(if $(filter deps,$(GOALS)),install-packages)
	@sh tools/needs.sh $(if $(IS_TESTED),-t) $(if $(IS_PLOTTED),-p) \
	  $(if $(or $(IS_TESTED),$(call differs,$(file <$(OBJ)/flags),$(FLAGS_NOW))),$(CC) $(CFLAGS) $(CPPFLAGS)) $(or_fail)
$(OBJ)/flags: $(if $(call differs,$(file <$(OBJ)/flags),$(FLAGS_NOW)),FORCE)
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(FLAGS_NOW))' >$@

# Four checks of each of ten thousand unrolled accesses quadruple the compiler's time; AddressSanitizer sees them anyway.
# No fuzz target runs them. ThreadSanitizer doubles it again; each thread has inference kernels work on memory of its own.
kernel_flags = $(if $(SANITIZE),$(if $(filter thread,$(SANITIZE)),$(if $(filter lib/nn/kernels_f32%,$(1)),-fno-sanitize=thread))$(if $(findstring fuzzer,$(SANITIZE)),$(if $(filter lib/nn/kernels_%,$(1)),-fno-sanitize=all),$(if $(findstring undefined,$(SANITIZE)),$(if $(filter lib/nn/kernels_%,$(1)),-fno-sanitize=null$(comma)alignment$(comma)object-size$(comma)pointer-overflow))))
comma := ,
isa_flags = $(foreach i,$(ISAS),$(if $(filter %_$(i).c,$(1)),$(CFLAGS_$(i))))

# The .d file says $(OBJ), as one folder has several names.
$(OBJ)/%.o: %.c $(OBJ)/flags
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  CC      $<")
	$(Q)$(CC) $(ALL_CFLAGS) $(call isa_flags,$<) $(call kernel_flags,$<) $(DEP_FLAGS) -MT '$$(OBJ)/$*.o' -MF $@.d.new -c -o $@.new $< && \
	  mv $@.d.new $(@:.o=.d) && mv $@.new $@

$(LIBEO): $(LIB_OBJ)
	@$(if $(filter 0,$(V)),echo "  AR      $@")
	$(Q)rm -f $@.new && $(AR) rcs $@.new $(LIB_OBJ) && mv $@.new $@

# What a compiler or linker was writing when it was killed must not look finished: hence the .new.
link = $(CC) $(ALL_LDFLAGS) -o $@.new $(1) && mv $@.new $@

# A program keeps its time when linking gives the same bytes, so that an edit in lib/ runs again only the stages
# whose program contains it. The stamp says that it is up to date; it is what `programs` and the plan wait for.
define link_tool
	@mkdir -p $(OBJ)/link $(BIN)
	@$(if $(filter 0,$(V)),echo "  LD      $(BIN)/$*")
	$(Q)$(CC) $(ALL_LDFLAGS) -o $(OBJ)/link/$* $(OBJ)/tools/$*.o $(OBJ)/tools/cli.o $(LIBEO) $(LIBS)
	@cmp -s $(OBJ)/link/$* $(BIN)/$* && rm $(OBJ)/link/$* || mv $(OBJ)/link/$* $(BIN)/$*
	@touch $(OBJ)/link/$*.stamp
endef
$(OBJ)/link/%.stamp: $(OBJ)/tools/%.o $(OBJ)/tools/cli.o $(LIBEO)
	$(link_tool)

# One that somebody deleted comes back.
$(BIN)/%: | $(OBJ)/tools/%.o $(OBJ)/tools/cli.o $(LIBEO)
	$(link_tool)

$(OBJ)/tests/%: $(OBJ)/tests/unit/%.o $(LIBEO)
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  LD      $@")
	$(Q)$(call link,$^ $(LIBS) -ljansson)

-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)
# Objects that only pattern rules mention are kept. Not a bare `.SECONDARY:`, which would let Make ignore missing rows.
.SECONDARY: $(TOOL_SRC:%.c=$(OBJ)/%.o) $(OBJ)/tools/cli.o $(patsubst %.c,$(OBJ)/%.o,$(wildcard tests/*/*.c))

endif

# ---------------------------------------------------------------------------------------------------------------
# The experiment. tools/experiments.sh has looked at configuration, data and programs, and hands over the plan as words
# NAME=VALUE. The slices, dataset.csv and config/programs/ are there by now; each has changed only where its contents did:
# what a stage does not read cannot make it run again.
planned = $(patsubst $(1)=%,%,$(filter $(1)=%,$(EO_PLAN)))
EO_THREADS := $(call planned,EO_THREADS)
EO_SEEDS := $(call planned,EO_SEEDS)
EO_LEVELS := $(call planned,EO_LEVELS)
EO_CRITERIA := $(call planned,EO_CRITERIA)
EO_PRECISIONS := $(call planned,EO_PRECISIONS)
EO_FINE_TUNE_EPOCHS := $(call planned,EO_FINE_TUNE_EPOCHS)
EO_FINE_TUNE_UNPRUNED := $(call planned,EO_FINE_TUNE_UNPRUNED)
EO_PRUNE_STEPS := $(call planned,EO_PRUNE_STEPS)
EO_SLICES := $(call planned,EO_SLICES)
OUT := $(call planned,EO_OUT)

# A shell that is told to end, ends after the command that it waits for, and leaves none running.
let_end = trap 'exit 1' HUP INT TERM
# What it was about to rename goes with it.
leave_none = trap 'trap "" HUP INT TERM; rm -rf $(1)' EXIT

SL := $(or $(EO_DRY),$(OUT))/config
DATASET := $(if $(EO_DRY),$(SL),$(OUT))/dataset.csv
say = @printf '  %-9s%s\n' '$(1)' '$(2)'

# What stages depend on instead of a program or a plot's script: its SHA-256.
program = $(SL)/programs/$(1)

subdir = $(if $(filter $(1),$(firstword $(EO_SEEDS))),,/seed$(1))
SLICES := $(foreach s,$(EO_SEEDS),$(foreach t,$(EO_SLICES),$(SL)$(call subdir,$(s))/$(t).yaml))
$(DATASET): | $(SL)/data.yaml ;
# The folder of the images; where Make cannot take its name, a link to it.
DATA := $(EO_DATA)

# Stages of one seed: $(1) = its sub-folder ("" for the first, /seed8 for the others), $(2) = the seed.
M = $(OUT)/models$(1)
R = $(OUT)/rows$(1)
training_log = $(if $(1),$(M)/training_log.csv,$(OUT)/training_log.csv)
# Whether a file of error rows has one; its header has no space. A step that failed is tried again.
has_error = $(filter-out 0 1,$(words $(file <$(1))))
retry = $(if $(call has_error,$(1)),FORCE)

# Make starts a step when something is newer. The step then compares all bytes that it reads and makes with those of the last
# time. Where they are equal it runs nothing, so that nothing that follows runs either; what it makes is touched in any case.
# Each step keeps the checksums of the last time in config/steps. In all of these, $(1) = the files that a step makes; the
# first gives the record its name. A record that is lost, old or cut off only means that the step runs.
STEPS := $(OUT)/config/steps
record = $(STEPS)/$(subst /,+,$(patsubst $(OUT)/%,%,$(firstword $(1))))
# Make looks for a file that a step makes only where something else needs it. So each that is missing, and the record, is a
# reason of its own to run the step: a prerequisite that cannot be there.
missing = $(patsubst %,%.missing,$(filter-out $(wildcard $(1)),$(1)))
lost = $(call missing,$(1) $(record))
%.missing: ;
# Likewise, of a candidate: $(2) = its file of error rows.
again = $(or $(call retry,$(2)),$(lost))
REASONS := FORCE %.missing %.untimed
# What the step reads: $(2) in words of the shell, or all prerequisites.
reads = $(or $(2),$(filter-out $(REASONS),$^))
checksums = sha256sum -- $(1) $(reads)
# Records hold names below the folder, as it can be renamed.
below = sed 's|^\(.\{64\}  \)$(OUT)/|\1|'
# The first line of a recipe begins with this, and ends with the command. $(3) = the word for
# the stage, $(4) = what is said to be made, where that is not the first file.
begin = $(let_end); $(if $(filter $(REASONS),$^),,if $(checksums) 2>/dev/null | $(below) | cmp -s - $(record); then exit 0; fi;) \
	printf '  %-9s%s\n' '$(3)' '$(or $(4),$(firstword $(1)))'
# The last line. Where a file of error rows $(4) has one, the step is to run again.
done = $(let_end); $(if $(4),[ $$(wc -l <$(4)) = 1 ] || exit 0;) mkdir -p $(STEPS) && touch -c -- $(1) && sums=$$($(checksums)) && printf '%s\n' "$$sums" | $(below) >$(record)

attempt = $(BIN)/eo-attempt --row $(R)/$(5) --level $(3) --criterion $(4) --precision $(6) --seed $(2) --stage $(7)

trained = $(M)/base.safetensors $(training_log)
define train_rule
$(trained) &: $(SL)$(1)/train.yaml $(DATASET) $(call program,eo-train) $(call lost,$(trained))
	$(Q)$$(call begin,$(trained),,TRAIN) && mkdir -p $(M) $(R) && \
	exec $(BIN)/eo-train -c $(SL)$(1)/train.yaml --data $(DATA) $(THREAD_OPTION) --log $(training_log) -o $(M)/base.safetensors
	@$$(call done,$(trained))
endef

# $(3) = level, $(4) = criterion. Level 0 removes nothing: it has one candidate, no criterion, no part in what the prune
# slice says. It is trained on like the others, as they could not be compared otherwise.
criteria = $(if $(filter 0.00,$(1)),none,$(EO_CRITERIA))
P = p$(3)$(if $(filter-out l1 none,$(4)),-$(4))
prune = $(BIN)/eo-prune -l $(3) $(if $(filter none,$(4)),,--criterion $(4) -c $(SL)$(1)/prune.yaml --data $(DATA) $(THREAD_OPTION))
recovers = $(if $(filter none,$(4)),$(if $(EO_FINE_TUNE_UNPRUNED),$(filter-out 0,$(EO_FINE_TUNE_EPOCHS))),$(filter-out 0,$(EO_FINE_TUNE_EPOCHS)))
pruned = $(M)/$(P).safetensors $(R)/$(P).prune.err $(if $(recovers),$(M)/$(P)-finetune_log.csv)
define prune_rule
$(pruned) &: $(M)/base.safetensors $(call program,eo-prune) $(call program,eo-attempt) $(if $(filter-out none,$(4)),$(SL)$(1)/prune.yaml) $(SL)$(1)/finetune.yaml $(if $(recovers),$(call program,eo-train)) $(call again,$(pruned),$(R)/$(P).prune.err)
	$(Q)$$(call begin,$(pruned),,PRUNE) && \
	exec $(call attempt,$(1),$(2),$(3),$(4),$(P).prune.err,any,prune) -- $(if $(recovers),\
	  $$(call prune_and_tune,$(prune),-c $(SL)$(1)/finetune.yaml --data $(DATA) $(THREAD_OPTION),$(M)/base.safetensors,$(M)/$(P)),\
	  $(prune) -o $(M)/$(P).safetensors $(M)/base.safetensors)
	@$$(call done,$(pruned),,,$(R)/$(P).prune.err)
endef
# $(1) = eo-prune with its options, $(2) = options of eo-train, $(3) = the base, $(4) = the model without its ending. The
# log that stays is that of the last step.
define prune_and_tune
sh -ec 'trap "trap \"\" HUP INT TERM; rm -f $(4).pruned $(4).tuned" EXIT; trap "exit 130" HUP INT TERM; from=$(3); for k in $$(seq $(EO_PRUNE_STEPS)); do \
	  $(1)$(if $(filter-out 1,$(EO_PRUNE_STEPS)), --step $$k/$(EO_PRUNE_STEPS)) -o $(4).pruned $$from; to=$(4).tuned; [ $$k != $(EO_PRUNE_STEPS) ] || to=$(4).safetensors; \
	  $(BIN)/eo-train $(2) --init $(4).pruned --fine-tune --log $(4)-finetune_log.csv -o $$to; from=$$to; done'
endef

# $(5) = precision.
C = $(P)-$(5)
quantised = $(M)/$(C).safetensors $(R)/$(C).quant.err
evaluated = $(patsubst %,$(R)/$(C).%,accuracy.csv hits.csv confusion.csv accuracy.err)
define candidate_rules
$(quantised) &: $(M)/$(P).safetensors $(R)/$(P).prune.err $(call program,eo-quant) $(call program,eo-attempt) $(if $(filter int8,$(5)),$(SL)$(1)/quant.yaml $(DATASET)) $(call again,$(quantised),$(R)/$(C).quant.err)
	$(Q)$$(call begin,$(quantised),,QUANT) && \
	exec $(call attempt,$(1),$(2),$(3),$(4),$(C).quant.err,$(5),quant) --after $(R)/$(P).prune.err -- \
	  $(BIN)/eo-quant -p $(5) -c $(SL)$(1)/quant.yaml --data $(DATA) -o $(M)/$(C).safetensors $(M)/$(P).safetensors
	@$$(call done,$(quantised),,,$(R)/$(C).quant.err)

$(evaluated) &: $(M)/$(C).safetensors $(R)/$(C).quant.err $(SL)$(1)/eval.yaml $(DATASET) $(call program,eo-eval) $(call program,eo-attempt) $(call again,$(evaluated),$(R)/$(C).accuracy.err)
	$(Q)$$(call begin,$(evaluated),,EVAL) && \
	exec $(call attempt,$(1),$(2),$(3),$(4),$(C).accuracy.err,$(5),accuracy) --after $(R)/$(C).quant.err -- \
	  $(BIN)/eo-eval -c $(SL)$(1)/eval.yaml --data $(DATA) $(THREAD_OPTION) --confusion $(R)/$(C).confusion.csv \
	  --hits $(R)/$(C).hits.csv -o $(R)/$(C).accuracy.csv $(M)/$(C).safetensors
	@$$(call done,$(evaluated),,,$(R)/$(C).accuracy.err)
endef

# All that was pruned, and from that all candidates: $(1) is called with sub-folder, seed, level, criterion, precision.
over_pruned = $(foreach s,$(EO_SEEDS),$(foreach l,$(EO_LEVELS),$(foreach c,$(call criteria,$(l)),$(call $(1),$(call subdir,$(s)),$(s),$(l),$(c)))))
over_candidates = $(foreach s,$(EO_SEEDS),$(foreach l,$(EO_LEVELS),$(foreach c,$(call criteria,$(l)),$(foreach p,$(EO_PRECISIONS),$(call $(1),$(call subdir,$(s)),$(s),$(l),$(c),$(p))))))

# Names of the candidates as below models/ and rows/: "p0.50-int8", "seed8/p0.50-int8". A shell takes no line of any
# length, so it is told these, and not the names of all their files.
candidate_name = $(patsubst /%,%,$(1)/)$(C)
CANDIDATES := $(strip $(call over_candidates,candidate_name))
models_of = $(1:%=$(OUT)/models/%.safetensors)
rows_of = $(foreach e,$(2),$(1:%=$(OUT)/rows/%.$(e)))
ACCURACY := $(call rows_of,$(CANDIDATES),accuracy.err)

# What follows does not wait for what a failed step did not make, but for its file of error rows, which eo-attempt leaves
# alone while it stays the same: so one candidate that fails is all that each make tries again.
GOOD := $(foreach c,$(CANDIDATES),$(if $(call has_error,$(OUT)/rows/$(c).accuracy.err),,$(c)))
MODELS := $(call models_of,$(GOOD))
ACCURACY_ROWS := $(ACCURACY) $(call rows_of,$(GOOD),accuracy.csv hits.csv)
# Appends to a shell's arguments $$f, or those of the files $(1) of each candidate that are there.
if_there = do if [ -e $$f ]; then set -- "$$@" $$f; fi; done
models_there = for c in $(CANDIDATES); do for f in $(OUT)/models/$$c.safetensors; $(if_there); done
rows_there = for c in $(CANDIDATES); do for e in $(1); do for f in $(OUT)/rows/$$c.$$e; $(if_there); done; done

ifneq ($(EXPERIMENT),)
$(foreach s,$(EO_SEEDS),$(eval $(call train_rule,$(call subdir,$(s)),$(s))))
make_prune_rule = $(eval $(call prune_rule,$(1),$(2),$(3),$(4)))
make_candidate_rules = $(eval $(call candidate_rules,$(1),$(2),$(3),$(4),$(5)))
$(call over_pruned,make_prune_rule)
$(call over_candidates,make_candidate_rules)
endif

# One session times all candidates in turns: so they meet the same machine, and can be compared by pairs. What one that is
# new, whose rows are gone, or that alone could not be timed asks for is a session of all. The last complete one wrote
# machine.csv, which stands for it, and after that the names of its candidates. Nobody asks for more where one is taken out.
MACHINE := $(OUT)/machine.csv
TIMED := $(filter $(CANDIDATES),$(file <$(SL)/timed))
NOT_TIMED := $(foreach c,$(CANDIDATES),$(if $(call has_error,$(OUT)/rows/$(c).timing.err),$(c)))
TIMING_ROWS := $(call rows_of,$(CANDIDATES),timing.err) $(call rows_of,$(filter-out $(NOT_TIMED),$(CANDIDATES)),timing.csv rounds.csv)
LOST := $(filter-out $(wildcard $(TIMING_ROWS)),$(TIMING_ROWS))
BROKEN := $(foreach c,$(NOT_TIMED),$(if $(call has_error,$(OUT)/rows/$(c).accuracy.err),,$(c)))
lost_rows = $(foreach e,timing.err timing.csv rounds.csv,$(patsubst $(OUT)/rows/%.$(e),%,$(filter %.$(e),$(LOST))))
UNTIMED := $(patsubst %,$(OUT)/rows/%.untimed,$(sort $(filter-out $(TIMED),$(CANDIDATES)) $(lost_rows) $(BROKEN)))
.PHONY: $(UNTIMED)
session = set --; $(models_there); $(call rows_there,accuracy.err timing.csv timing.err rounds.csv)
timed = "$$@" $(SL)/bench.yaml $(call program,eo-bench)
$(MACHINE): $(call models_of,$(filter-out $(NOT_TIMED),$(CANDIDATES))) $(call rows_of,$(NOT_TIMED),accuracy.err) $(SL)/bench.yaml $(call program,eo-bench) $(UNTIMED) $(if $(filter retime,$(GOALS)),FORCE) $(call lost,$(MACHINE)) | $(ACCURACY)
	$(Q)$(session); $(call begin,$(MACHINE),$(timed),TIME,$(OUT)/rows/*.timing.csv) && rm -f $(SL)/timed && \
	exec $(BIN)/eo-bench -c $(SL)/bench.yaml --data $(DATA) $(if $(findstring command,$(origin CPU)),--cpu $(CPU)) --from $(OUT)/models --into $(OUT)/rows --machine $@ $(CANDIDATES)
	@$(session); $(call done,$(MACHINE),$(timed)); echo $(CANDIDATES) >$(SL)/timed.new && mv $(SL)/timed.new $(SL)/timed
$(TIMING_ROWS): $(MACHINE) ;

SWEEP := $(addprefix $(OUT)/,sweep_results.csv sweep_errors.csv pareto_frontier_latency.csv pareto_frontier_energy.csv seed_summary.csv)
# Which candidates there are is a prerequisite too: one that was taken out has to leave the tables.
all_rows = set --; $(call rows_there,accuracy.csv accuracy.err hits.csv timing.csv timing.err rounds.csv)
selected = "$$@" $(SL)/candidates $(SL)/select.yaml $(call program,eo-pareto)
$(SWEEP) &: $(ACCURACY_ROWS) $(MACHINE) $(SL)/candidates $(SL)/select.yaml $(call program,eo-pareto) $(call lost,$(SWEEP))
	$(Q)$(all_rows); $(call begin,$(SWEEP),$(selected),SELECT) && \
	exec $(BIN)/eo-pareto -c $(SL)/select.yaml --sweep $(OUT)/sweep_results.csv --errors $(OUT)/sweep_errors.csv \
	  --latency $(OUT)/pareto_frontier_latency.csv --energy $(OUT)/pareto_frontier_energy.csv \
	  --seeds $(OUT)/seed_summary.csv "$$@"
	@$(all_rows); $(call done,$(SWEEP),$(selected))

# Accuracy alone, for studies of many candidates: nothing is timed.
ACCURACY_TABLES := $(addprefix $(OUT)/,accuracy.csv accuracy_errors.csv accuracy_seeds.csv)
accuracy_rows = set --; $(call rows_there,accuracy.csv accuracy.err)
$(ACCURACY_TABLES) &: $(ACCURACY_ROWS) $(SL)/candidates $(SL)/select.yaml $(call program,eo-pareto) $(call lost,$(ACCURACY_TABLES))
	$(Q)$(accuracy_rows); $(call begin,$(ACCURACY_TABLES),$(selected),ACCURACY) && \
	exec $(BIN)/eo-pareto -c $(SL)/select.yaml --accuracy $(OUT)/accuracy.csv --errors $(OUT)/accuracy_errors.csv \
	  --seeds $(OUT)/accuracy_seeds.csv "$$@"
	@$(accuracy_rows); $(call done,$(ACCURACY_TABLES),$(selected))

define print_accuracy
	@awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$$i] = i; \
	    printf "   %-9s  %-10s %-9s  %-6s %10s %8s\n", "level", "criterion", "precision", "seed", "accuracy %", "test %"; next } \
	  { test = $$at["test_accuracy"]; printf "   %-9s  %-10s %-9s  %-6s %10.2f %8s\n", $$at["pruning_level"], \
	    $$at["pruning_criterion"], $$at["precision"], $$at["seed"], 100 * $$at["accuracy"], \
	    test == "" ? "" : sprintf("%.2f", 100 * test) }' $(OUT)/accuracy.csv
endef

.PHONY: accuracy
accuracy: $(ACCURACY_TABLES) ## accuracy of every candidate of CONFIG, nothing timed: accuracy.csv, accuracy_seeds.csv
	$(print_accuracy)
	@awk -F, 'END { if (NR > 1) { print "make: " NR - 1 (NR == 2 ? " candidate" : " candidates") " failed; $(OUT)/accuracy_errors.csv says why" >"/dev/stderr" } }' $(OUT)/accuracy_errors.csv
	@[ $$(wc -l <$(OUT)/accuracy.csv) -gt 1 ]

# What levels for each layer are chosen by.
$(OUT)/sensitivity.csv: $(M)/base.safetensors $(SL)/sensitivity.yaml $(call program,eo-prune) $(call lost,$(OUT)/sensitivity.csv)
	$(Q)$(call begin,$@,,SENSITIV) && exec $(BIN)/eo-prune --sensitivity $@ -c $(SL)/sensitivity.yaml --data $(DATA) $(THREAD_OPTION) $<
	@$(call done,$@)

.PHONY: sensitivity
sensitivity: $(OUT)/sensitivity.png ## accuracy against pruning level for each layer alone: sensitivity.csv and .png

HARDWARE := $(addprefix $(OUT)/,layerwise_breakdown.csv precision_tradeoffs.csv hardware_summary.csv)
# Models of the candidates that have no error.
good_models = set --; m=$(OUT)/models r=$(OUT)/rows; for c in $(CANDIDATES); do \
	  if [ $$(cat $$r/$$c.accuracy.err $$r/$$c.timing.err | wc -l) = 2 ]; then set -- "$$@" $$m/$$c.safetensors; fi; done
reported = "$$@" $(OUT)/sweep_results.csv $(SL)/hardware.yaml $(call program,eo-hwreport)
$(HARDWARE) &: $(MODELS) $(OUT)/sweep_results.csv $(SL)/hardware.yaml $(call program,eo-hwreport) $(call lost,$(HARDWARE))
	$(Q)$(good_models); $(call begin,$(HARDWARE),$(reported),HARDWARE,$(OUT)/hardware_summary.csv) && \
	exec $(BIN)/eo-hwreport -c $(SL)/hardware.yaml --sweep $(OUT)/sweep_results.csv --layers $(OUT)/layerwise_breakdown.csv \
	  --tradeoffs $(OUT)/precision_tradeoffs.csv --summary $(OUT)/hardware_summary.csv "$$@"
	@$(good_models); $(call done,$(HARDWARE),$(reported))

# $(1) = its name, $(2) = the tables that it may show. Scripts have parts in common.
SCRIPTS := $(foreach p,$(wildcard plots/*),$(call program,$(notdir $(p))))
define plot_rule
$(OUT)/$(1).png: $(2) $(SCRIPTS) $(call lost,$(OUT)/$(1).png)
	$(Q)$$(call leave_none,$$@.tmp); $$(call begin,$$@,,PLOT) && rm -rf $$@.tmp && gnuplot -d -e "dir='$(OUT)'; out='$$@.tmp'" plots/$(1).gp && mv $$@.tmp $$@
	@$$(call done,$$@)
endef
PLOTS := $(addprefix $(OUT)/,accuracy_vs_latency.png accuracy_vs_energy.png accuracy_vs_memory.png layerwise_activation_memory.png layerwise_macs.png)
$(foreach p,$(PLOTS),$(eval $(call plot_rule,$(patsubst $(OUT)/%.png,%,$(p)),$(SWEEP) $(HARDWARE))))
$(eval $(call plot_rule,sensitivity,$(OUT)/sensitivity.csv))

SUMMARY := $(OUT)/summary.json
summarise = $(BIN)/eo-summary -c $(SL)/summary.yaml --sweep $(OUT)/sweep_results.csv --errors $(OUT)/sweep_errors.csv \
	  --hardware $(OUT)/hardware_summary.csv
$(SUMMARY): $(SWEEP) $(HARDWARE) $(SL)/summary.yaml $(call program,eo-summary) $(call lost,$(SUMMARY))
	$(Q)$(call begin,$@,,SUMMARY) && exec $(summarise) -o $@
	@$(call done,$@)

# Where each file came from.
MANIFEST := $(OUT)/manifest.json
BASES := $(foreach s,$(EO_SEEDS),$(call M,$(call subdir,$(s)))/base.safetensors)
LOGS := $(foreach s,$(EO_SEEDS),$(call training_log,$(call subdir,$(s))))
pruned_name = $(patsubst /%,%,$(1)/)$(P)
PRUNED := $(strip $(call over_pruned,pruned_name))
tuned_log = $(if $(recovers),$(M)/$(P)-finetune_log.csv)
TUNED_LOGS := $(strip $(call over_pruned,tuned_log))
all_files = set --; m=$(OUT)/models r=$(OUT)/rows; \
	for f in $(SLICES) $(DATASET) $(BASES) $(LOGS) $(TUNED_LOGS) $(MACHINE) $(SWEEP) $(HARDWARE) $(SUMMARY) $(PLOTS); $(if_there); \
	for p in $(PRUNED); do for f in $$m/$$p.safetensors $$r/$$p.prune.err; $(if_there); done; \
	for c in $(CANDIDATES); do for f in $$m/$$c.safetensors $$r/$$c.quant.err $$r/$$c.accuracy.csv $$r/$$c.accuracy.err \
	  $$r/$$c.hits.csv $$r/$$c.confusion.csv $$r/$$c.timing.csv $$r/$$c.timing.err $$r/$$c.rounds.csv; $(if_there); done
$(MANIFEST): $(SLICES) $(DATASET) $(BASES) $(LOGS) $(MODELS) $(ACCURACY_ROWS) $(MACHINE) $(SWEEP) $(HARDWARE) $(SUMMARY) $(PLOTS) $(call program,eo-summary) $(call lost,$(MANIFEST))
	$(Q)$(all_files); $(call begin,$@,"$$@" $(call program,eo-summary),MANIFEST) && \
	if git ls-files --error-unmatch Makefile >/dev/null 2>&1 && head=$$(git rev-parse HEAD 2>/dev/null); then \
	  set -- --revision $$head $$([ -z "$$(git status --porcelain --untracked-files=no)" ] || echo --modified) "$$@"; \
	elif [ -e .git ] && ! said=$$(git rev-parse HEAD 2>&1); then \
	  set -- --revision "unknown: $$(printf '%s\n' "$$said" | sed 's/^fatal: //;q')" "$$@"; fi && \
	exec $(summarise) --manifest $@ --build "$$(cat $(OBJ)/flags)" --plotter "$$(gnuplot --version 2>/dev/null)" "$$@"
	@$(all_files); $(call done,$@,"$$@" $(call program,eo-summary))

# The configuration that all this was made from; `make explain` compares.
MADE := $(SL)/made/done
$(MADE): $(SLICES) $(SL)/candidates $(DATASET) $(SWEEP) $(HARDWARE) $(SUMMARY) $(PLOTS) $(MANIFEST) $(call missing,$(addprefix $(SL)/made/,$(SLICES:$(SL)/%=%) candidates dataset.csv))
	@$(let_end); $(call leave_none,$(SL)/made.new); rm -rf $(SL)/made.new && mkdir -p $(SL)/made.new && \
	(cd $(SL) && cp --parents $(SLICES:$(SL)/%=%) candidates made.new) && cp $(DATASET) $(SL)/made.new && \
	touch $(SL)/made.new/done && rm -rf $(SL)/made && mv $(SL)/made.new $(SL)/made

.PHONY: all
all: $(SWEEP) $(HARDWARE) $(SUMMARY) $(PLOTS) $(MANIFEST) $(MADE) ## the whole experiment of CONFIG, ending with the table
	@$(summarise) --table
	@[ $$(wc -l <$(OUT)/sweep_results.csv) -gt 1 ] || \
	  { echo "make: every candidate failed; $(OUT)/sweep_errors.csv says why" >&2; exit 1; }

.PHONY: retime
retime: all ## all, and every candidate is timed again: where the machine was not quiet (CPU=0 picks the processor)

DOT := dot
.PHONY: explain graph
explain: ## say what `make all` would run for CONFIG and why: which key changed, from what to what
graph: ## draw the stages of CONFIG and which of them would run, as graph.svg in its folder (needs graphviz)
	@command -v $(DOT) >/dev/null || { echo "make graph: needs '$(DOT)', of the Debian package graphviz: make deps" >&2; false; } $(or_fail)

.PHONY: compare
compare: programs ## what differs between two runs: make compare A=out/a B=out/b
	@if [ $(words $(COMPARED)) = 2 ]; then $(BIN)/eo-compare $(COMPARED); else \
	  echo "make compare: expected two folders of finished runs, A=out/a B=out/b" >&2; false; fi $(or_fail)

.PHONY: clean tidy distclean
clean: ## remove the output folder of this CONFIG, whole

tidy: ## remove artefacts of candidates that CONFIG does not have any more (make -n tidy lists them)

distclean: ## remove everything that was built, for all configurations; downloaded data stays
	rm -rf out data/synthetic

# ---------------------------------------------------------------------------------------------------------------
# Set-up, data, installation.

DEPS_PACKAGES := gcc libc6-dev binutils libyaml-dev libpng-dev zlib1g-dev libmd-dev gnuplot-nox graphviz curl ca-certificates
DEPS_CHECK := bats clang libjansson-dev
DEPS_FUZZ := clang libclang-rt-dev
DEPS_CROSS := gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static
CROSS := $(if $(filter check check-bytes,$(EO_FOR)),$(filter x86_64,$(ARCH)))
PACKAGES := $(DEPS_PACKAGES) $(if $(filter check check-% unit-tests,$(EO_FOR)),$(DEPS_CHECK)) $(if $(filter fuzz,$(EO_FOR)),$(DEPS_FUZZ)) \
	$(if $(CROSS),$(DEPS_CROSS))

.PHONY: deps install-packages
deps: install-packages ## install missing Debian packages (with `check` also those of the tests); silent when none is missing
	@:
install-packages:
	@missing=; for p in $(PACKAGES); do \
	  [ "$$(dpkg-query -W -f='$${db:Status-Status}' $$p 2>/dev/null)" = installed ] || missing="$$missing $$p"; done; \
	[ -n "$$missing" ] || exit 0; \
	sudo=; if [ "$$(id -u)" != 0 ]; then sudo=sudo; fi; \
	if ! command -v apt-get >/dev/null || { [ -n "$$sudo" ] && ! command -v sudo >/dev/null; }; then \
	  echo "make deps: cannot install (needs apt-get, as root or with sudo); missing packages:$$missing" >&2; exit 1; fi; \
	echo "  DEPS   $$missing"; \
	$$sudo apt-get update -qq && \
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing >/dev/null || \
	{ echo "make deps: apt-get could not install:$$missing" >&2; exit 1; }
	@$(if $(CROSS),sh tests/sysroot-aarch64.sh out/sysroot-aarch64 || \
	  echo "make deps: no arm64 libraries to be had; check-bytes will leave aarch64 out" >&2)

.PHONY: data
data: ## download MNIST and Fashion-MNIST into data/, resuming, with checksums (DATASETS="mnist" for one)
	@sh data/fetch.sh $(or $(DATASETS),mnist fashion-mnist) $(or_fail)

.PHONY: install
install: programs ## install the programs below PREFIX (DESTDIR is honoured)
	install -d -- $(call quoted,$(DESTDIR)$(PREFIX)/bin)
	install -m 755 -- $(TOOLS) $(call quoted,$(DESTDIR)$(PREFIX)/bin)

.PHONY: help
help: ## this list
	@echo "make TARGET... [CONFIG=configs/default.yaml] [SANITIZE=address,undefined] [V=1]"; echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | sort | expand -t 22
	@echo; echo "configurations: $(wildcard configs/*.yaml)"

# ---------------------------------------------------------------------------------------------------------------
# Tests.

HELPER_SRC := $(wildcard tests/helpers/*.c)
HELPERS := $(HELPER_SRC:tests/helpers/%.c=$(OBJ)/tests/%)
FUZZ := $(patsubst tests/fuzz/%.c,$(OBJ)/tests/%,$(wildcard tests/fuzz/fuzz_*.c))

$(OBJ)/tests/%: $(OBJ)/tests/helpers/%.o $(LIBEO)
	@mkdir -p $(@D)
	$(Q)$(call link,$^ $(LIBS))

# What disturbs the programs: the library is loaded into them, the driver counts. Neither needs the project's library.
$(OBJ)/tests/inject.so: tests/faults/inject.c tests/faults/faults.h $(OBJ)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fsanitize=%,$(ALL_CFLAGS)) -fPIC -shared $(filter-out -fsanitize=%,$(ALL_LDFLAGS)) \
	  -o $@.new $< && mv $@.new $@
$(OBJ)/tests/disturb: $(OBJ)/tests/faults/disturb.o
	$(Q)$(call link,$^)
FAULTS := $(OBJ)/tests/inject.so $(OBJ)/tests/disturb

# Every past crash and the corpus through the readers, without a fuzzer; `make fuzz` looks for new ones.
$(OBJ)/tests/fuzz_%: $(OBJ)/tests/fuzz/fuzz_%.o $(OBJ)/tests/fuzz/replay.o $(LIBEO)
	@mkdir -p $(@D)
	$(Q)$(call link,$^ $(LIBS))

.PHONY: unit-tests
unit-tests: $(UNIT) $(HELPERS) $(FUZZ) $(FAULTS)

.PHONY: check
check: programs unit-tests check-headers ## all tests; ends with "N passed, N failed, N skipped"
	@$(if $(SANITIZE),EO_NO_BYTES=1 EO_SANITIZE=$(SANITIZE)) EO_BIN=$(abspath $(BIN)) EO_TESTS=$(abspath $(OBJ)/tests) sh tests/run.sh $(or_fail)

.PHONY: check-bytes
check-bytes: programs ## the same bytes from every compiler, level, instruction set and number of threads (EO_BYTES=full)
	@EO_BIN=$(abspath $(BIN)) sh tests/check-bytes.sh $(or_fail)

.PHONY: check-unit
check-unit: unit-tests ## the C unit tests and fuzz corpora alone
	@EO_BIN=$(abspath $(BIN)) EO_TESTS=$(abspath $(OBJ)/tests) sh tests/run.sh unit $(or_fail)

# A build of its own, of which only these tests are linked.
THREADED := $(patsubst %,out/thread/build/tests/test_%,pool trainer train eval bench_turns)
.PHONY: check-threads threaded
check-threads: ## what starts threads or processes, under ThreadSanitizer; ends with the count
	@$(MAKE) --no-print-directory B=out/thread SANITIZE=thread threaded && \
	  EO_BIN=$(abspath $(BIN)) EO_TESTS=$(abspath out/thread/build/tests) sh tests/run.sh unit $(or_fail)
threaded: $(THREADED)

.PHONY: check-bare
check-bare: ## README's two commands on a Debian with make and git alone, as root and as a user (needs root, debootstrap)
	@sh tests/bare.sh $(BARE) $(or_fail)

# Code that several files include after choosing an instruction set; not headers in the usual sense.
BODIES := lib/nn/kernels_%_body.h lib/nn/kernels_%_single.h lib/nn/kernels_%_tile.h
.PHONY: check-headers
check-headers: $(patsubst %,$(OBJ)/%.ok,$(filter-out $(BODIES),$(wildcard lib/*/*.h)) tools/cli.h) ## every header compiles alone
$(OBJ)/%.h.ok: %.h $(OBJ)/flags
	@mkdir -p $(@D)
	$(Q)echo '#include "$<"' | $(CC) $(ALL_CFLAGS) -x c -fsyntax-only - && touch $@

.PHONY: attack
attack: programs ## hostile names, links, folders and times: what Make and the programs do with them
	@EO_BIN=$(abspath $(BIN)) bats tests/attack $(or_fail)

.PHONY: soak
soak: programs ## SOAK=200 random SIGKILLs of a small experiment, each resumed and compared; ends with "200 of 200"
	@EO_BIN=$(abspath $(BIN)) bash tests/soak/soak.bash $(or $(SOAK),200) $(SEED)

# Not a test: whether timings of this machine can be trusted.
.PHONY: trust
trust: programs ## time the default sweep RUNS=10 times on a quiet machine: ranking, rows not ok, beside a spinning process (FORCE=1)
	+@$(MAKE) --no-print-directory all CONFIG=configs/default.yaml >/dev/null
	@FORCE=$(FORCE) EO_BIN=$(abspath $(BIN)) bash tests/trust/trust.bash out/default $(RUNS)

CONFIGS ?= configs/default.yaml
.PHONY: trust-busy
trust-busy: programs ## time the sweeps of CONFIGS RUNS=10 times each: quiet, beside spinning processes, beside memory traffic (FORCE=1)
	+@for config in $(CONFIGS); do $(MAKE) --no-print-directory all CONFIG=$$config >/dev/null || exit; done
	@FORCE=$(FORCE) EO_BIN=$(abspath $(BIN)) bash tests/trust/busy.bash $(or $(RUNS),10) $(CONFIGS:configs/%.yaml=out/%)

# Not a test: how fast it is here, in shares of this machine's peaks and beside other frameworks where there are any.
PERF_SRC := $(filter-out $(foreach i,$(filter-out $(ISAS),$(ALL_ISAS)),%_$(i).c),$(wildcard tests/perf/*.c))
# A folder that a broken download has left is no data.
is_whole = $(and $(wildcard $(1)/train-images*),$(wildcard $(1)/train-labels*),$(wildcard $(1)/t10k-images*),$(wildcard $(1)/t10k-labels*))
PERF_DATA := $(or $(firstword $(foreach d,$(EO_DATA_DIR:%=%/mnist) data/mnist,$(if $(call is_whole,$(d)),$(d)))),data/synthetic)
SYNTHETIC := $(patsubst %,data/synthetic/%-ubyte.gz,train-images-idx3 train-labels-idx1 t10k-images-idx3 t10k-labels-idx1)
$(SYNTHETIC) &: | $(BIN)/eo-data
	$(call say,DATA,data/synthetic)
	$(Q)$(BIN)/eo-data --generate data/synthetic
$(OBJ)/tests/perf_all: $(PERF_SRC:%.c=$(OBJ)/%.o) $(LIBEO)
	@mkdir -p $(@D)
	$(Q)$(call link,$^ $(LIBS))

.PHONY: perf
perf: programs $(OBJ)/tests/perf_all $(if $(filter data/synthetic,$(PERF_DATA)),$(SYNTHETIC)) ## time everything on a quiet machine (SCAN=1, ROUNDS=7, THREADS=all, FORCE=1)
	@FORCE=$(FORCE) $(OBJ)/tests/perf_all -b $(BIN) -d $(PERF_DATA) -o $(B) $(if $(SCAN),-s) $(if $(ROUNDS),-r $(ROUNDS)) \
	  $(if $(filter-out all,$(THREADS)),-t $(THREADS)) $(PERF_OPTIONS)

STUDIES := $(foreach d,mnist fashion-mnist,$(d)=study-$(d) $(d)=study-$(d)-recovery)
study_name = $(lastword $(subst =, ,$(1)))
.PHONY: study
study: programs ## pruning criteria x levels x recovery on the real data sets, three seeds: out/study.md
	+@$(MAKE) --no-print-directory accuracy CONFIG="$(foreach s,$(STUDIES),configs/$(call study_name,$(s)).yaml)"
	@$(BIN)/eo-study -o out/study.md $(foreach s,$(STUDIES),$(firstword $(subst =, ,$(s)))=out/$(call study_name,$(s))/accuracy.csv)
	@cat out/study.md

.PHONY: format
format: ## format all C files
	@command -v clang-format >/dev/null || { echo "make format: needs clang-format: apt-get install clang-format" >&2; false; } $(or_fail)
	clang-format -i $(wildcard lib/*/*.[ch] tools/*.[ch] tests/*/*.[ch])

# The library is built with clang's instrumentation in a folder of its own; each target then is one link.
FUZZ_BUILD := out/fuzz
FUZZERS := $(patsubst tests/fuzz/%.c,$(FUZZ_BUILD)/build/%,$(wildcard tests/fuzz/fuzz_*.c))
.PHONY: fuzz fuzzers
fuzz: ## run each fuzz target for FUZZ_SECONDS (60) with clang's libFuzzer; the last line is the count
	@sh tools/needs.sh -f && $(MAKE) --no-print-directory B=$(FUZZ_BUILD) CC=clang OPT=-O1 WERROR= \
	  SANITIZE=fuzzer-no-link,address,undefined fuzzers && sh tests/fuzz/run.sh $(FUZZ_BUILD) $(FUZZ_SECONDS) $(or_fail)
fuzzers: $(FUZZERS)
$(OBJ)/fuzz_%: $(OBJ)/tests/fuzz/fuzz_%.o $(LIBEO)
	@$(if $(filter 0,$(V)),echo "  LD      $@")
	$(Q)$(call link,-fsanitize=fuzzer $^ $(LIBS))

endif # of the part that is not for the outer Make
