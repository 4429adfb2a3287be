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
# In recipes, whatever the user's locale is, programs read and write numbers with a decimal point, sort by bytes and
# print English messages. gnuplot sees neither the user's terminal nor the user's scripts.
export LC_ALL := C
unexport GNUTERM GNUPLOT_LIB

# The folder of the project's files, with a slash: empty in the source, where Make runs in that folder. When the project
# is installed, Make runs in the folder of the user's results, and installed.mk there says where the programs are.
SHARE := $(filter-out ./,$(dir $(lastword $(MAKEFILE_LIST))))
include $(wildcard $(SHARE)installed.mk)

CONFIG ?= configs/default.yaml
PREFIX ?= /usr/local
DESTDIR ?=
# Names that a user gives are taken literally: $(...) in them is text, not a call of Make. In recipes they are quoted.
define as_written
override $(1) := $$(value $(1))
export $(1)
endef
is_given = $(filter-out undefined,$(origin $(1)))
$(foreach v,CONFIG EO_DATA_DIR PREFIX DESTDIR A,$(if $(call is_given,$(v)),$(eval $(call as_written,$(v)))))
quoted = '$(subst ','\'',$(1))'

ifeq ($(wildcard $(if $(INSTALLED),$(SHARE))tools/experiments.sh),)
$(error no source of edge-opt in $(CURDIR): run make -C with the folder of this Makefile)
endif

# Where programs and objects are built. Builds with sanitizers have a folder of their own, and tests set B for other
# builds. In `make compare A=... B=...` B is a folder of results instead.
SANITIZE ?=
ifneq ($(filter compare,$(MAKECMDGOALS)),)
COMPARED := $(if $(and $(value A),$(value B)),$(call quoted,$(value A)) $(call quoted,$(value B)))
override B := out$(if $(SANITIZE),/sanitize)
endif
B ?= out$(if $(SANITIZE),/sanitize)
BIN := $(or $(INSTALLED),$(B)/bin)
OBJ := $(B)/build

# Each file says at its top what it is for. Paths are relative to this folder, or begin with SHARE.
include $(SHARE)tools/dispatch.mk
ifeq ($(IS_OUTER),)
include $(SHARE)lib/build.mk
include $(SHARE)tools/experiment.mk
ifneq ($(IS_INNER),)
include $(patsubst %,$(SHARE)tools/%.mk,$(call once,\
	$(filter export device explore,$(patsubst explore-%,explore,$(GOALS:export-check=device))) \
	$(if $(EO_ACTIVE_DEVICE)$(filter explore-check,$(GOALS)),device)))
endif
ifeq ($(IS_INNER),)
# A copy of the project without its tests builds and runs. What is installed builds nothing and installs nothing.
include $(if $(INSTALLED),,$(wildcard tests/tests.mk) tools/install.mk)
endif

DOT := dot
.PHONY: explain graph steps
## explain: say what `make all` would run for CONFIG and why: which key changed, from what to what
explain:
## steps: list the steps of CONFIG: what each makes <- what it reads
steps:
## graph: draw the stages of CONFIG and which of them would run, as graph.svg in its folder (needs graphviz)
graph:
	@command -v $(DOT) >/dev/null || { \
	  echo "$(if $(INSTALLED),eo,make) graph: needs '$(DOT)', of the Debian package graphviz$(if \
	  $(INSTALLED),,: make deps)" >&2; false; }

.PHONY: compare
## compare: what differs between two runs, also as out/compare.html: make compare A=out/a B=out/b
compare: programs
	@$(if $(COMPARED),mkdir -p out && $(BIN)/eo-compare --html out/compare.html -- $(COMPARED)$(if \
	  $(findstring s,$(LETTERS)),, && echo "written: out/compare.html"),\
	  echo "make compare: expected two folders of finished runs, A=out/a B=out/b" >&2; false)

.PHONY: clean tidy distclean
## clean: remove the output folder of this CONFIG, whole
clean:

## tidy: remove artefacts of candidates that CONFIG does not have any more (make -n tidy lists them)
tidy:

## distclean: remove everything that was built, for all configurations; downloaded data stays
distclean:
	rm -rf out data/synthetic

# ---- set-up, data, installation

DEPS_BUILD := gcc libc6-dev binutils libyaml-dev libpng-dev zlib1g-dev libmd-dev
DEPS_RUN := gnuplot-nox graphviz curl ca-certificates
DEPS_CHECK := bats clang libjansson-dev mandoc
DEPS_FUZZ := clang libclang-rt-dev
DEPS_DEVICE := gcc-arm-none-eabi libnewlib-arm-none-eabi gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf \
	qemu-system-arm qemu-system-misc
DEPS_CROSS := gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static
DEPS_BIG_ENDIAN := gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user-static
CROSS := $(if $(filter check check-bytes,$(EO_FOR)),$(filter x86_64,$(ARCH)))
DEPS_SLURM := munge slurm-client slurmctld slurmd
PACKAGES := $(DEPS_BUILD) $(DEPS_RUN) $(if $(filter check check-% unit-tests,$(EO_FOR)),$(DEPS_CHECK)) \
	$(if $(filter fuzz,$(EO_FOR)),$(DEPS_FUZZ)) $(if $(CROSS),$(DEPS_CROSS)) \
	$(if $(filter check-big-endian,$(EO_FOR)),$(DEPS_BIG_ENDIAN)) $(if $(filter device,$(EO_FOR)),$(DEPS_DEVICE)) \
	$(if $(filter check-slurm,$(EO_FOR)),$(DEPS_SLURM))

.PHONY: deps install-packages
## deps: install missing Debian packages (with `check` those of the tests too); silent when none is missing
deps: install-packages
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
	@$(if $(CROSS),sh tests/sysroot.sh arm64 out/sysroot-aarch64 || \
	  echo "make deps: no arm64 libraries to be had; check-bytes will leave aarch64 out" >&2)

.PHONY: data
## data: download MNIST and Fashion-MNIST into data/, resuming, with checksums (DATASETS="mnist" for one)
data:
	@EO_DATA_INTO=$(if $(INSTALLED),data) sh $(SHARE)data/fetch.sh $(or $(DATASETS),mnist fashion-mnist)

.PHONY: pages
## pages: write options into the man pages and keys into configs/README.md, as the programs print them
pages: programs
	@sh tools/pages.sh $(BIN)

.PHONY: help
## help: this list
help:
	@echo "make TARGET... [CONFIG=configs/default.yaml] [SANITIZE=address,undefined] [V=1]"; echo
	@sed -n 's/^## \([a-z-]*\): \(.*\)/  \1\t\2/p' $(sort $(filter-out %.d,$(MAKEFILE_LIST)) \
	  $(wildcard $(SHARE)tools/*.mk)) | sort | expand -t 22
	@echo; echo "configurations: $(wildcard $(SHARE)configs/*.yaml)"

endif
