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

CONFIG ?= configs/default.yaml
PREFIX ?= /usr/local
DESTDIR ?=

# ---------------------------------------------------------------------------------------------------------------
# Programs. B is where they are built; each sanitizer build and each compiler in a comparison has its own.

SANITIZE ?=
B ?= out$(if $(SANITIZE),/sanitize)
BIN := $(B)/bin
OBJ := $(B)/build

ifneq ($(filter default undefined,$(origin CC)),)
CC := gcc
endif
ifneq ($(filter default undefined,$(origin AR)),)
AR := ar
endif
OPT ?= -O3
V ?= 0
Q := $(if $(filter 1,$(V)),,@)

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith -Wundef
# Results may not depend on the compiler: no contraction, IEEE arithmetic, and never -march=native. The user's
# CFLAGS come last but one; base/fp_check.h refuses -ffast-math, and -ffp-contract=off has the last word.
PROJECT_CFLAGS := -std=c11 -D_GNU_SOURCE -Ilib -I. -pthread -g $(OPT) $(WARNINGS) $(if $(WERROR),-Werror) \
	-include base/fp_check.h $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
ALL_CFLAGS = $(PROJECT_CFLAGS) $(CFLAGS) $(CPPFLAGS) -ffp-contract=off
ALL_LDFLAGS = -pthread $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(LDFLAGS)
LIBS := -lyaml -ljansson -lpng -lz -lmd -lm

ARCH := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null)))
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
UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT := $(UNIT_SRC:tests/unit/%.c=$(OBJ)/tests/%)
LIBEO := $(OBJ)/libeo.a

.PHONY: programs
programs: $(TOOLS) ## build the programs alone

# A stamp that changes when the flags do: everything is rebuilt then, and only then.
FLAGS_NOW := $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS)
$(OBJ)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(FLAGS_NOW))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(FLAGS_NOW))' >$@
.PHONY: FORCE

isa_flags = $(foreach i,$(ISAS),$(if $(filter %_$(i).c,$(1)),$(CFLAGS_$(i))))

$(OBJ)/%.o: %.c $(OBJ)/flags
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  CC    $<")
	$(Q)$(CC) $(ALL_CFLAGS) $(call isa_flags,$<) -MMD -MP -c -o $@ $<

$(LIBEO): $(LIB_OBJ)
	@$(if $(filter 0,$(V)),echo "  AR    $@")
	$(Q)rm -f $@ && $(AR) rcs $@ $(LIB_OBJ)

$(BIN)/%: $(OBJ)/tools/%.o $(OBJ)/tools/cli.o $(LIBEO)
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  LD    $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(OBJ)/tests/%: $(OBJ)/tests/unit/%.o $(LIBEO)
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  LD    $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)
.SECONDARY:
