# Installation: what goes where below PREFIX, and how it is taken away again.
#
# The pipeline is installed as it is in the source, into share/edge-opt: the Makefile with its parts and scripts, the
# plots, the configurations, and what `make device` compiles. installed.mk beside it tells this Makefile that the
# programs are built and where they are. `eo` (tools/eo.sh) starts it from any folder.

# Folders below PREFIX, and for each the files that go into it.
PLACES := bin lib/edge-opt share/man/man1 share/man/man5 share/zsh/site-functions $(addprefix share/edge-opt,\
	/. /lib /tools /plots /configs /data /tests/device)
READY := $(OBJ)/install
files_bin := $(TOOLS) $(READY)/eo
files_lib/edge-opt := $(COUNTER)
files_share/man/man1 := $(wildcard tools/*.1)
files_share/man/man5 := $(wildcard tools/*.5)
# bash-completion loads a file by the name of the command, so there is a link for each program.
COMPLETION := share/bash-completion/completions
LINKS := $(notdir $(TOOLS))
files_share/zsh/site-functions := $(READY)/_eo
files_share/edge-opt/. := Makefile tools/summary.schema.json $(READY)/installed.mk $(READY)/flags
files_share/edge-opt/lib := lib/build.mk
NOT_INSTALLED := tools/install.mk tools/pages.sh tools/eo.sh tools/deb.sh
files_share/edge-opt/tools := $(filter-out $(NOT_INSTALLED),$(wildcard tools/*.mk tools/*.sh tools/*.awk))
files_share/edge-opt/plots := $(wildcard plots/*.gp plots/*.awk)
files_share/edge-opt/configs := $(wildcard configs/*.yaml) configs/README.md
files_share/edge-opt/data := data/fetch.sh data/SOURCES
files_share/edge-opt/tests/device := $(wildcard tests/device/*)
mode = $(if $(filter bin,$(1)),755,644)

below_prefix = $(call quoted,$(DESTDIR)$(PREFIX)/$(1))
define copy
	install -d -- $(call below_prefix,$(1))
	install -m $(call mode,$(1)) -- $(files_$(1)) $(call below_prefix,$(1))

endef
define remove
	rm -f -- $(foreach f,$(notdir $(files_$(1))),$(call below_prefix,$(1)/$(f)))

endef

define install_completion
	install -d -- $(call below_prefix,$(COMPLETION))
	install -m 644 -- tools/completion.bash $(call below_prefix,$(COMPLETION)/eo)
	for name in $(LINKS); do ln -sf eo $(call below_prefix,$(COMPLETION))/$$name || exit; done
endef

.PHONY: install uninstall ready
ready: programs $(COUNTER)
	@mkdir -p $(READY) && cp tools/eo.sh $(READY)/eo && cp tools/completion.zsh $(READY)/_eo && \
	  cp $(OBJ)/flags $(READY)/flags
	@printf '%s\n' '# Written by make install: where the programs are. tools/install.mk says more.' \
	  'INSTALLED := $$(abspath $$(SHARE)../../bin)' '# What is installed is built already.' \
	  'override SANITIZE :=' >$(READY)/installed.mk

## install: install programs, man pages, completion and the pipeline below PREFIX (DESTDIR is honoured)
install: ready
	$(foreach p,$(PLACES),$(call copy,$(p)))
	$(install_completion)

## uninstall: remove what `make install` puts below PREFIX, and nothing else
uninstall:
	$(foreach p,$(PLACES),$(call remove,$(p)))
	for name in eo $(LINKS); do rm -f -- $(call below_prefix,$(COMPLETION))/$$name || exit; done
	for d in $(call below_prefix,share/edge-opt) $(call below_prefix,lib/edge-opt); do \
	  [ ! -d "$$d" ] || find "$$d" -depth -type d -empty -delete; done

# ---- releases. The version stands in lib/base/version.h alone.

VERSION := $(shell sed -n 's/^.define EO_VERSION "\(.*\)"/\1/p' lib/base/version.h)
.PHONY: dist deb
## dist: the last commit as a tarball, edge-opt-VERSION.tar.gz in the build folder; the same commit gives the same bytes
dist:
	@git rev-parse HEAD >/dev/null 2>&1 || { echo "make dist: needs git, and a checkout of the project" >&2; exit 1; }
	@mkdir -p $(B) && git archive --format=tar --prefix=edge-opt-$(VERSION)/ HEAD | gzip -9n >$(B)/dist.new && \
	  mv $(B)/dist.new $(B)/edge-opt-$(VERSION).tar.gz && echo "  DIST     $(B)/edge-opt-$(VERSION).tar.gz"

## deb: a Debian package of what `make install` installs, edge-opt_VERSION_ARCHITECTURE.deb in the build folder
deb: override PREFIX := /usr
deb: override DESTDIR := $(READY)/deb
.SILENT: deb
deb: ready
	rm -rf $(READY)/deb
	$(foreach p,$(PLACES),$(call copy,$(p)))
	$(install_completion)
	sh tools/deb.sh $(READY)/deb $(VERSION) $(B)/edge-opt_$(VERSION)_$$(dpkg --print-architecture).deb
