# Compiling: flags, instruction sets, the library, the programs.

ifneq ($(filter default undefined,$(origin CC)),)
CC := gcc
endif
ifneq ($(filter default undefined,$(origin AR)),)
AR := ar
endif
# At -O3 with sanitizers, the unrolled kernels take many minutes to compile.
OPT ?= $(if $(SANITIZE),-O1,-O3)
V ?= 0
Q := $(if $(filter 1,$(V)),,@)

.PHONY: FORCE

# How the programs were compiled; the manifest of a run says it.
BUILT_WITH := $(if $(INSTALLED),$(SHARE)flags,$(OBJ)/flags)
# The plug-in with which QEMU counts instructions for `make device`.
COUNTER := $(if $(INSTALLED),$(SHARE)../../lib/edge-opt/,$(OBJ)/tests/)count.so
$(OBJ)/tests/count.so: tests/device/count.c
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 -fPIC -shared -o $@.new $< && mv $@.new $@

# The goals of the user's call; GOALS are those of this Make.
EO_FOR ?= $(GOALS)
IS_PLOTTED := $(filter all retime sensitivity trust trust-busy %.png %.svg,$(EO_FOR))

# Installed programs are there. The Make of an experiment finds them built.
ifneq ($(INSTALLED),)
.PHONY: programs needs
programs:
	@:
needs:
	@sh $(SHARE)tools/needs.sh $(if $(IS_PLOTTED),-p)
else ifeq ($(IS_INNER),)
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith -Wundef
# Results must not depend on the compiler: IEEE arithmetic, no contraction to fused operations, and never
# -march=native. base/fp_check.h refuses -ffast-math, and -ffp-contract=off comes after the user's CFLAGS.
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

# Files of an instruction set are called <set>.c, or something_<set>.c.
of_isa = %/$(1).c %_$(1).c
OTHER_ISAS := $(foreach i,$(filter-out $(ISAS),$(ALL_ISAS)),$(call of_isa,$(i)))

LIB_SRC := $(filter-out $(OTHER_ISAS),$(wildcard lib/*/*.c lib/*/*/*.c))
LIB_OBJ := $(LIB_SRC:%.c=$(OBJ)/%.o)
TOOL_SRC := $(wildcard tools/eo-*.c)
TOOLS := $(TOOL_SRC:tools/%.c=$(BIN)/%)
CLI := $(OBJ)/tools/cli.o $(OBJ)/tools/cli_progress.o
LINKED := $(TOOLS:$(BIN)/%=$(OBJ)/link/%.stamp)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT := $(UNIT_SRC:tests/unit/%.c=$(OBJ)/tests/%)
LIBEO := $(OBJ)/libeo.a

.PHONY: programs
## programs: build the programs alone
programs: $(LINKED) $(TOOLS)
	@$(if $(wildcard $(OBJ)/seen/ahead.new),mv $(OBJ)/seen/ahead.new $(OBJ)/seen/ahead,:)

# A stamp that changes when the flags do: everything is rebuilt then, and only then.
differs = $(subst x$(strip $(1)),,x$(strip $(2)))$(subst x$(strip $(2)),,x$(strip $(1)))
FLAGS_NOW := $(strip $(CC) $(ALL_CFLAGS) $(DEP_FLAGS) $(ALL_LDFLAGS))
IS_TESTED := $(filter check check-unit check-threads unit-tests,$(EO_FOR))
# Before any work, check that what will be needed is there. The compiler is checked only if tests are to be built or the
# flags changed, because what is built is not compiled again.
.PHONY: needs
needs: $(if $(filter deps,$(GOALS)),install-packages)
	@sh tools/needs.sh $(if $(IS_TESTED),-t) $(if $(IS_PLOTTED),-p) \
	  $(if $(or $(IS_TESTED),$(call differs,$(file <$(OBJ)/flags),$(FLAGS_NOW))),$(CC) $(CFLAGS) $(CPPFLAGS))
# Everything that is compiled depends on the flags, and so waits until `needs` has found all that it looks for.
$(OBJ)/flags: $(if $(call differs,$(file <$(OBJ)/flags),$(FLAGS_NOW)),FORCE) | $(filter needs,$(GOALS))
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(FLAGS_NOW))' >$@

comma := ,
# In the kernels, these four checks of ten thousand unrolled accesses quadruple the time of compiling, and
# AddressSanitizer finds the same errors. Fuzz builds leave out all checks there, because no fuzz target runs kernels.
UNCHECKED := null$(comma)alignment$(comma)object-size$(comma)pointer-overflow
unchecked = $(if $(findstring fuzzer,$(SANITIZE)),all,$(if $(findstring undefined,$(SANITIZE)),$(UNCHECKED)))
kernel_flags = $(if $(filter lib/nn/kernels/%,$(1)),$(addprefix -fno-sanitize=,$(unchecked)))
isa_flags = $(foreach i,$(ISAS),$(if $(filter $(call of_isa,$(i)),$(1)),$(CFLAGS_$(i))))

# The .d file names its target with $(OBJ), because one folder can be given by several names.
$(OBJ)/%.o: %.c $(OBJ)/flags
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  CC      $<")
	$(Q)$(CC) $(ALL_CFLAGS) $(call isa_flags,$<) $(call kernel_flags,$<) $(DEP_FLAGS) \
	  -MT '$$(OBJ)/$*.o' -MF $@.d.new -c -o $@.new $< && \
	  mv $@.d.new $(@:.o=.d) && mv $@.new $@

# Files that .incbin puts into an object.
$(OBJ)/lib/stage/export/text.o: $(wildcard lib/stage/export/text/*)
$(OBJ)/lib/stage/report/html.o: lib/stage/report/report.css lib/stage/report/report.js
$(OBJ)/lib/format/board.o: lib/format/boards.csv

$(LIBEO): $(LIB_OBJ)
	@$(if $(filter 0,$(V)),echo "  AR      $@")
	$(Q)rm -f $@.new && $(AR) qcs $@.new $(LIB_OBJ) && mv $@.new $@

# A file that a killed compiler or linker left must not look finished, so each is written as .new and then renamed.
link = $(CC) $(ALL_LDFLAGS) -o $@.new $(1) && mv $@.new $@

# A program keeps its time when linking gives the same bytes, so that an edit in lib/ runs again only the stages
# whose program contains it. So the stamp, not the program, says that it is up to date, and `programs` waits for stamps.
define link_tool
	@mkdir -p $(OBJ)/link $(BIN)
	@$(if $(filter 0,$(V)),echo "  LD      $(BIN)/$*")
	$(Q)$(CC) $(ALL_LDFLAGS) -o $(OBJ)/link/$* $(OBJ)/tools/$*.o $(CLI) $(LIBEO) $(LIBS)
	@cmp -s $(OBJ)/link/$* $(BIN)/$* && rm $(OBJ)/link/$* || mv $(OBJ)/link/$* $(BIN)/$*
	@touch $(OBJ)/link/$*.stamp
endef
$(OBJ)/link/%.stamp: $(OBJ)/tools/%.o $(CLI) $(LIBEO)
	$(link_tool)

# Rebuild a program that was deleted.
$(BIN)/%: | $(OBJ)/tools/%.o $(CLI) $(LIBEO)
	$(link_tool)

$(OBJ)/tests/%: $(OBJ)/tests/unit/%.o $(LIBEO)
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  LD      $@")
	$(Q)$(call link,$^ $(LIBS) -ljansson)

-include $(wildcard $(OBJ)/lib/*/*.d $(OBJ)/lib/*/*/*.d $(OBJ)/tools/*.d $(OBJ)/tests/*/*.d)
# Keep objects that only pattern rules mention. A bare `.SECONDARY:` would also let Make ignore missing rows.
.SECONDARY: $(TOOL_SRC:%.c=$(OBJ)/%.o) $(CLI) $(patsubst %.c,$(OBJ)/%.o,$(wildcard tests/*/*.c))

endif
