# Which part of a call is done by which Make.
#
# The Make that a user starts (the outer one) builds nothing itself. It starts tools/experiments.sh, which starts one
# Make for each part: for deps, for the programs and goals such as check, and for the experiment of each CONFIG, which
# finds the programs up to date. Programs and experiments are locked, so a second Make on the same thing waits. EO_PART
# is set in all these inner Makes, EO_INNER in that of a CONFIG.
#
# A part that fails has said why in one line. Make would add "*** [Makefile:84: all] Error 1", which tells a user
# nothing. tools/experiments.sh drops such lines of the inner Makes. The outer Make runs under -q: then it writes no
# such line, still runs commands marked with `+`, and exits with 1 when another command would have to run. When a part
# has failed, tools/experiments.sh leaves the file $(FAILED), and the recipe below gets such a command.

PLAIN_GOALS := programs needs explain graph steps compare deps install-packages help data install uninstall dist deb \
	pages format fuzz fuzzers distclean check check-% unit-tests threaded perf study soak trust trust-busy attack \
	coverage $(B)/bin/% $(B)/build/%
once = $(if $(1),$(firstword $(1)) $(call once,$(filter-out $(firstword $(1)),$(1))))
GOALS := $(strip $(call once,$(or $(MAKECMDGOALS),all)))
ifneq ($(filter %.yaml %.yml,$(GOALS)),)
$(error $(filter %.yaml %.yml,$(GOALS)) is a configuration and no target: \
make CONFIG=$(firstword $(filter %.yaml %.yml,$(GOALS))))
endif
# Goals that remove what an experiment made.
REMOVAL := $(filter clean tidy,$(GOALS))
EXPERIMENT := $(filter-out $(PLAIN_GOALS) $(REMOVAL),$(GOALS))
ifneq ($(and $(REMOVAL),$(word 2,$(REMOVAL) $(EXPERIMENT))),)
$(error $(firstword $(REMOVAL)) and $(wordlist 2,99,$(REMOVAL) $(EXPERIMENT)) cannot share one call: \
run make $(firstword $(REMOVAL)) first, then make)
endif
OF_CONFIG := $(strip $(EXPERIMENT) $(REMOVAL))
# Goals that need all programs.
OF_PROGRAMS := $(strip $(EXPERIMENT) $(filter tidy,$(GOALS)))
LOOK := $(filter explain graph steps,$(GOALS))
IS_INNER := $(and $(OF_CONFIG),$(EO_INNER))
unexport EO_PART EO_INNER EO_DRY EO_ONE EO_PLAN EO_FOR EO_STDERR MALLOC_TOP_PAD_
IS_OUTER := $(if $(IS_INNER)$(EO_PART),,yes)
# The one-letter options of the call, such as n of `make -n`.
LETTERS := $(filter-out -%,$(firstword $(MAKEFLAGS)))
ASKED := $(findstring q,$(LETTERS))

# In an inner Make, recipes write their messages to the descriptor EO_STDERR. Standard error is left to Make itself.
ifneq ($(EO_STDERR),)
.SHELLFLAGS := -c 'exec 2>&$(EO_STDERR); eval "$$1"' sh
endif

ifneq ($(IS_OUTER),)
.PHONY: $(GOALS) .parts
FAILED := $(OBJ)/lock/failed.$(shell echo $$PPID)
IS_DEPS := $(filter deps install-packages,$(GOALS))
# All other goals need a compiler or other tools, which `needs` checks.
NEED_NOTHING := deps install-packages help data clean distclean format fuzz check-bare explain graph steps
NEEDS := $(if $(filter-out $(NEED_NOTHING),$(GOALS)),needs)

$(GOALS): .parts
	@$(if $(file <$(FAILED)),$(shell rm -f $(FAILED))false)
ifeq ($(ASKED),)
MAKEFLAGS += -q
endif
# What tools/experiments.sh has to do, in this order: the goals of the first Make, those of the second, those that only
# look, and those of each CONFIG.
export EO_DEPS := $(if $(IS_DEPS),$(strip $(IS_DEPS) $(NEEDS)))
export EO_NEEDS := $(if $(IS_DEPS),,$(NEEDS))
export EO_PROGRAMS := $(if $(OF_PROGRAMS),programs)
export EO_PLAIN := $(filter-out $(EO_PROGRAMS) $(IS_DEPS) $(OF_CONFIG) explain steps,$(GOALS))
export EO_LOOK := $(LOOK)
export EO_OF_CONFIG := $(OF_CONFIG)
export EO_FOR := $(GOALS)
export EO_ASKED := $(ASKED)
export EO_B := $(B)
export EO_SHARE := $(SHARE)
export EO_PROGRAMS_IN := $(BIN)
export DOT
ifeq ($(findstring n,$(LETTERS)),)
.parts:
	+@exec sh $(SHARE)tools/experiments.sh call
else
# Under -n, Make prints this command and runs it too, because of the `+`. So the command is a comment for people, and
# the shell that gets it is tools/experiments.sh, which prints what would run.
.SHELLFLAGS := $(SHARE)tools/experiments.sh dry
.parts:
	+@# make $(GOALS) would run:
endif
endif
