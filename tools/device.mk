# What each candidate of an experiment takes on devices: it is compiled for each core and run in QEMU
# (tests/device/measure.sh), an int8 candidate also with --fast. Only SmallCNN has fast code: for other networks those
# files are empty and give no row. Floating-point code has no use for the DSP instructions, so m4dsp would be m4 again.
CORES := m0 m3 m4 m4dsp m55 rv32imc
cores_of = $(if $(filter $(addprefix %-,$(EO_INTEGER)),$(1)),$(CORES),$(filter-out m4dsp,$(CORES)))
builds_of = $(if $(filter $(addprefix %-,$(EO_INTEGER)),$(1)),plain fast,plain)
HARNESS := $(wildcard $(SHARE)tests/device/*)

# $(1) = candidate, $(2) = "fast" or "", $(3) = core.
device_folder = $(OUT)/device/$(1)$(if $(2),-$(2))
device_code = $(addprefix $(device_folder)/,net.c net.h)
device_row = $(device_folder)/$(3).csv
device_rows = $(device_row) $(device_folder)/$(3)_layers.csv
define code_rule
$(device_code) $(together) $(call model,$(1)) $(SL)/eval.yaml $(DATASET) $(call program,eo-export) \
		$(call again,$(device_code)) | $(call step,export,$(device_code))
	$(Q)$$(call begin,$(device_code)) && mkdir -p $(device_folder) && \
	exec $(ON_NODE) $(BIN)/eo-export $(if $(2),--fast) -c $(SL)/eval.yaml --data $(DATA) \
	  --prefix net --tests 100 --optional -o $(device_folder)/net $$<
	@$$(call done,$(device_code))
endef
define measure_rule
$(device_rows) $(together) $(device_code) $(HARNESS) $(call again,$(device_rows)) | \
		$(call step,device,$(device_rows)) device-tools $(COUNTER)
	$(Q)$$(call leave_none,$(device_rows:%=%.new)); $$(call begin,$(device_rows)) && \
	EO_TESTS=$(dir $(COUNTER)) sh $(SHARE)tests/device/measure.sh $(device_folder) $(3) $(1) '$(2)' \
	  $(lastword $(device_rows)).new >$(device_row).new && for f in $(device_rows); do mv $$$$f.new $$$$f || exit; done
	@$$(call done,$(device_rows))
endef
# $(1) = candidate, $(2) = build.
kind_of = $(filter-out plain,$(2))
rows_on_cores = $(foreach c,$(call cores_of,$(1)),$(call device_row,$(1),$(kind_of),$(c)))
device_rules = $(eval $(call code_rule,$(1),$(kind_of)))\
	$(foreach c,$(call cores_of,$(1)),$(eval $(call measure_rule,$(1),$(kind_of),$(c))))
$(foreach d,$(GOOD),$(foreach b,$(call builds_of,$(d)),$(call device_rules,$(d),$(b))))
DEVICE_ROWS := $(foreach d,$(GOOD),$(foreach b,$(call builds_of,$(d)),$(call rows_on_cores,$(d),$(b))))
DEVICE_LAYERS := $(DEVICE_ROWS:%.csv=%_layers.csv)

# Both tables: what each candidate takes on each core, and the instructions of each layer there.
CORE_COSTS := $(addprefix $(OUT)/,core_costs.csv core_layers.csv)
$(CORE_COSTS) $(together) $(DEVICE_ROWS) $(DEVICE_LAYERS) $(SL)/candidates $(call again,$(CORE_COSTS)) | \
		$(call step,device,$(CORE_COSTS))
	$(Q)$(call leave_none,$(CORE_COSTS:%=%.new)); $(call begin,$(CORE_COSTS)) && \
	{ sh $(SHARE)tests/device/measure.sh header && cat $(DEVICE_ROWS); } >$(OUT)/core_costs.csv.new && \
	{ sh $(SHARE)tests/device/measure.sh header layers && cat $(DEVICE_LAYERS); } >$(OUT)/core_layers.csv.new && \
	for f in $(CORE_COSTS); do mv $$f.new $$f || exit; done
	@$(call done,$(CORE_COSTS))

# Which candidates fit on the boards that the key `devices` names.
BOARD_FITS := $(OUT)/board_fits.csv
$(BOARD_FITS): $(OUT)/core_costs.csv $(SL)/select.yaml $(call program,eo-device) $(call again,$(BOARD_FITS)) | \
		$(call step,device,$(BOARD_FITS))
	$(Q)$(call begin,$@) && exec $(HERE) $(BIN)/eo-device -c $(SL)/select.yaml -o $@ $<
	@$(call done,$@)

.PHONY: device device-tools $(STEP_NAMES)
device-tools:
	@for p in arm-none-eabi-gcc riscv64-unknown-elf-gcc qemu-system-arm qemu-system-riscv32; do \
	  command -v $$p >/dev/null || { echo "$(if $(INSTALLED),eo,make) device: needs '$$p': $(if \
	  $(INSTALLED),apt-get install $(DEPS_DEVICE),make deps device)" >&2; exit 1; }; done
## device: what each candidate takes on six cores in QEMU, and which boards it fits: core_*.csv, board_fits.csv
device: $(CORE_COSTS) $(BOARD_FITS)
	@awk -F, 'NR == 1 { printf "%-22s %-5s %-8s %8s %8s %8s %6s\n", "candidate", "", "core", "flash", "RAM", \
	  "instr/MAC", "equal"; next } { printf "%-22s %-5s %-8s %8d %8d %9s %6s\n", $$1, $$2, $$3, $$4, $$8, $$11, \
	  $$12 ? "yes" : "NO" }' $<
	@awk -f $(SHARE)tools/boards.awk $(wildcard $(SUMMARY)) $(BOARD_FITS)

# The same code on this machine, by each compiler that is there, for all test images.
.PHONY: export-check
CHECKED := $(foreach d,$(GOOD),$(foreach b,$(call builds_of,$(d)),$(call device_folder,$(d),$(call kind_of,$(d),$(b)))))
## export-check: exported code of each candidate by each compiler here, all test images; ends with the count (WAYS=...)
export-check: $(CHECKED:%=%/net.c)
	@$(if $(EO_DRY),,$(file >$(SL)/checked,$(CHECKED:$(OUT)/device/%=%)))WAYS=$(call quoted,$(WAYS)) \
	  sh $(SHARE)tests/device/host.sh $(BIN) $(SL)/eval.yaml $(DATA) $(OUT) <$(SL)/checked
