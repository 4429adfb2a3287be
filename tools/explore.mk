# Accuracy and cost of all widths and precisions of a network: explore.csv, and explore_hits.csv, which eo-best needs to
# compare the points image by image. One program computes all points. It keeps those that are finished in .explore
# beside the tables, so it goes on where it was interrupted, and after an edit computes only what the edit affects.
# With RUN=slurm, EO_SHARDS programs on as many nodes compute a share each, and another one makes the tables of that. A
# shard whose job was killed goes on by its own file.

EXPLORED := $(addprefix $(OUT)/,explore.csv explore_hits.csv)
EXPLORE_BASE := $(if $(filter slice,$(EO_EXPLORE_FROM)),$(call model,base))

explore = $(ON_NODE) $(BIN)/eo-explore -c $(SL)/explore.yaml $(WITH_DATA) $(addprefix --base ,$(EXPLORE_BASE)) \
	--into $(OUT)
EO_SHARDS ?= 8
SHARDS := $(if $(filter slurm,$(RUN)),$(EO_SHARDS))
in_shards = all= failed=; trap 'kill $$all; exit 1' HUP INT TERM; \
	for k in $$(seq $(SHARDS)); do $(explore) --shard $$k/$(SHARDS) & all="$$all $$!"; done; \
	for one in $$all; do wait $$one || failed=$$?; done; [ -z "$$failed" ] || exit $$failed;

$(EXPLORED) $(together) $(EXPLORE_BASE) $(SL)/explore.yaml $(DATASET) $(call program,eo-explore) \
		$(call again,$(EXPLORED)) | $(call step,explore,$(EXPLORED))
	$(Q)$(call begin,$(EXPLORED)) && \
	$(if $(SHARDS),{ $(in_shards) } && )exec $(explore) $(addprefix --shards ,$(SHARDS))
	@$(call done,$(EXPLORED))

.PHONY: explore $(STEP_NAMES)
## explore: accuracy and cost of all widths and precisions of CONFIG: explore.csv; eo-best answers questions about it
explore: $(EXPLORED)
	@awk -F, 'NR == 1 { while ($$(++at) != "error"); } NR > 1 { n++; failed += $$at != "" } \
	  END { printf "   %d point%s%s in $<\n", n, n == 1 ? "" : "s", \
	    failed ? ", of which " failed " have no figures (column error)," : "" }' $<
	@read -r config <$(SL)/source && printf '   the best of them: %s -c %s --flash 16k --ram 4k\n' \
	  $(if $(INSTALLED),eo-best,$(BIN)/eo-best) "$$config"

# The frontier over flash, RAM and instructions.
FRONTIER := $(OUT)/explore_frontier.csv
$(FRONTIER): $(EXPLORED) $(SL)/explore.yaml $(call program,eo-best) $(call again,$(FRONTIER)) | \
		$(call step,explore,$(FRONTIER))
	$(Q)$(call begin,$@) && \
	exec $(HERE) $(BIN)/eo-best -c $(SL)/explore.yaml --from $(OUT) --frontier $@ -o /dev/null
	@$(call done,$@)
$(eval $(call plot_rule,explore_frontier,$(FRONTIER),explore_frontier.gp))
.PHONY: explore-frontier $(STEP_NAMES)
## explore-frontier: points of make explore that no other beats in accuracy, flash, RAM and instructions, and plots
explore-frontier: $(call plotted,explore_frontier)
	@$(BIN)/eo-best -c $(SL)/explore.yaml --from $(OUT) --frontier /dev/null | tail -n 3

.PHONY: explore-check
## explore-check: builds what eo-best answers to six questions after make explore, and runs it in QEMU: does it fit?
explore-check: $(EXPLORED) device-tools $(COUNTER)
	$(Q)EO_BIN=$(BIN) EO_TESTS=$(dir $(COUNTER)) sh $(SHARE)tests/device/check_best.sh $(SL)/explore.yaml $(OUT) \
	  '$(EXPLORE_BASE)' --data $(DATA)

# Python with numpy and optuna; the script says how to have it. Not of what is installed, which has no tests.
PYTHON ?= python3
.PHONY: explore-study
## explore-study: what halving, random search and Optuna's samplers find of the frontier of make explore (PYTHON=...)
explore-study: $(EXPLORED)
	$(Q)EO_BIN=$(BIN) $(PYTHON) $(SHARE)tests/peers/explore_study.py $(CONFIG) $(OUT)
