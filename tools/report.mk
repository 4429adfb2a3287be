# What people look at: the plots and the page of a run. tools/experiment.mk includes this.

# ---- plots: $(1) = the plots that script $(3) draws from tables $(2). One gnuplot draws all, because it starts slowly.

SCRIPTS := $(foreach p,$(notdir $(wildcard $(SHARE)plots/*.gp $(SHARE)plots/*.awk)),$(call program,$(p)))
plotted = $(1:%=$(OUT)/%.png)
# Earlier versions kept a record for each plot. Only that of the first is used now; the others are removed.
old_records = $(patsubst %,$(STEPS)/%.png,$(wordlist 2,9,$(1)))
define plot_rule
$(firstword $(plotted)): $(2) $(call program,$(3)) $(SCRIPTS) $(call again,$(plotted)) | $(call step,plots,$(plotted))
	$(Q)$$(call leave_none,$(plotted:%=%.tmp)); $$(call begin,$(plotted)) && rm -rf $(plotted:%=%.tmp) $(old_records) && \
	gnuplot -d -e "dir='$(OUT)'"$(foreach p,$(1), -e "out='$(OUT)/$(p).png.tmp'" $(SHARE)plots/$(p).gp) && \
	for p in $(plotted); do mv $$$$p.tmp $$$$p || exit; done
	@$$(call done,$(plotted))
$(wordlist 2,9,$(plotted)): $(firstword $(plotted)) | step/plots/$(firstword $(1)).png ;
endef
SCATTERS := $(addprefix accuracy_vs_,latency energy memory $(if $(EO_ACTIVE_DEVICE),flash ram instructions))
BARS := layerwise_activation_memory layerwise_macs
PLOTS := $(patsubst %,$(OUT)/%.png,$(SCATTERS) $(BARS))
$(eval $(call plot_rule,$(SCATTERS),$(OUT)/sweep_results.csv $(filter %_latency.csv %_energy.csv,$(SWEEP)),scatter.gp))
$(eval $(call plot_rule,$(BARS),$(OUT)/layerwise_breakdown.csv,bars.gp))
$(eval $(call plot_rule,sensitivity,$(SENSITIVITY),sensitivity.gp))

# ---- report: one page for people. It shows the models of the first seed, and compares candidates by the hits of all.

REPORT := $(OUT)/report.html
GOOD_PRUNED := $(sort $(foreach c,$(GOOD),$(call pruned_of,$(c))))
page_models = $(foreach p,base $(GOOD_PRUNED),$(call model,$(p)))
page_logs = $(OUT)/training_log.csv $(foreach p,$(GOOD_PRUNED),$(if $(call recovers,$(p)),$(call tuned_log,$(p))))
page_rows = $(call rows_of,$(GOOD),hits.csv confusion.csv) \
	$(call rows_of,$(filter %-$(EO_INT8),$(GOOD)),quant.csv)
page_tables = $(SWEEP) $(HARDWARE) $(SUMMARY) $(MACHINE) $(fitting) $(SL)/summary.yaml $(SL)/eval.yaml $(DATASET) \
	$(call program,eo-report)
page_files = $$(for c in $(names); do p=$${c%-*}; for f in models/$$c.safetensors models/$$p.safetensors \
	models/$$p-finetune_log.csv rows/$$c.hits.csv rows/$$c.confusion.csv rows/$$c.quant.csv; do f=$(OUT)/$$f; \
	[ ! -e $$f ] || echo $$f; done; done | sort -u) $(call model,base) $(OUT)/training_log.csv $(page_tables)
$(REPORT): $(page_models) $(MODELS) $(page_logs) $(page_rows) $(page_tables) $(call again,$(REPORT)) | \
		$(call step,report,$(REPORT))
	$(Q)$(call begin,$@,$(page_files)) && exec $(HERE) $(BIN)/eo-report $(WITH_DATA) \
	  $(if $(value CONFIG),--command $(call quoted,$(if $(INSTALLED),eo run ,make all CONFIG=)$(CONFIG))) -o $@ $(OUT)
	@$(call done,$@,$(page_files))
