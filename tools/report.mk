# What people look at: the plots and the page of a run. tools/experiment.mk includes this.

# ---- plots: $(1) = the plots that script $(3) draws from tables $(2). One gnuplot draws all, because it starts slowly.
# $(4) = the name of a variable with what is read, where that is not known before the step runs.

SCRIPTS := $(foreach p,$(notdir $(wildcard $(SHARE)plots/*.gp $(SHARE)plots/*.awk)),$(call program,$(p)))
plotted = $(foreach p,$(1),$(OUT)/$(p).png $(OUT)/$(p).svg)
# Earlier versions kept a record for each plot. Only that of the first is used now; the others are removed.
old_records = $(patsubst %,$(STEPS)/%.png,$(wordlist 2,9,$(1)))
define plot_rule
$(firstword $(plotted)): $(2) $(call program,$(3)) $(SCRIPTS) $(call again,$(plotted)) | $(call step,plots,$(plotted))
	$(Q)$$(call leave_none,$(plotted:%=%.tmp)); $$(call begin,$(plotted),$$($(4))) && \
	rm -rf $(plotted:%=%.tmp) $(old_records) && \
	gnuplot -d -e "dir='$(OUT)'"$(foreach f,$(plotted), -e "out='$(f).tmp'" \
	  $(SHARE)plots/$(basename $(notdir $(f))).gp) && \
	for p in $(plotted); do mv $$$$p.tmp $$$$p || exit; done
	@$$(call done,$(plotted),$$($(4)))
$(wordlist 2,99,$(plotted)): $(firstword $(plotted)) | step/plots/$(firstword $(1)).png ;
endef
GOOD_PRUNED := $(sort $(foreach c,$(GOOD),$(call pruned_of,$(c))))
logs := $(OUT)/training_log.csv $(foreach p,$(GOOD_PRUNED),$(if $(call recovers,$(p)),$(call tuned_log,$(p))))
SCATTERS := $(addprefix accuracy_vs_,latency single_latency energy memory \
	$(if $(EO_ACTIVE_DEVICE),flash ram instructions))
BARS := layerwise_activation_memory layerwise_macs
PLOTS := $(foreach p,$(SCATTERS) $(BARS) training,$(OUT)/$(p).png $(OUT)/$(p).svg)
$(eval $(call plot_rule,$(SCATTERS),$(OUT)/sweep_results.csv $(filter %_latency.csv %_energy.csv,$(SWEEP)),scatter.gp))
$(eval $(call plot_rule,$(BARS),$(OUT)/layerwise_breakdown.csv,bars.gp))
# Which pruned models have a log is known when all are made: a step can fail, or succeed again.
training_reads = $(OUT)/training_log.csv $$(for c in $(names); do f=$(OUT)/models/$${c%-*}-finetune_log.csv; \
	[ ! -e $$f ] || echo $$f; done | sort -u) $(SL)/candidates $(call program,training.gp) $(SCRIPTS)
recovered = $(logs) $(PRUNED:%=$(OUT)/rows/%.prune.err) $(SL)/candidates
$(eval $(call plot_rule,training,$(recovered),training.gp,training_reads))
$(eval $(call plot_rule,sensitivity,$(SENSITIVITY),sensitivity.gp))

# ---- report: one page for people. It shows the models of the first seed, and compares candidates by the hits of all.

REPORT := $(OUT)/report.html
page_models = $(foreach p,base $(GOOD_PRUNED),$(call model,$(p)))
page_rows = $(call rows_of,$(GOOD),hits.csv confusion.csv) \
	$(call rows_of,$(filter $(addprefix %-,$(EO_INTEGER)),$(GOOD)),quant.csv)
page_tables = $(SWEEP) $(HARDWARE) $(SUMMARY) $(MACHINE) $(fitting) $(SL)/summary.yaml $(SL)/eval.yaml $(DATASET) \
	$(call program,eo-report)
page_files = $$(for c in $(names); do p=$${c%-*}; for f in models/$$c.safetensors models/$$p.safetensors \
	models/$$p-finetune_log.csv rows/$$c.hits.csv rows/$$c.confusion.csv rows/$$c.quant.csv; do f=$(OUT)/$$f; \
	[ ! -e $$f ] || echo $$f; done; done | sort -u) $(call model,base) $(OUT)/training_log.csv $(page_tables)
$(REPORT): $(page_models) $(MODELS) $(logs) $(page_rows) $(page_tables) $(call again,$(REPORT)) | \
		$(call step,report,$(REPORT))
	$(Q)$(call begin,$@,$(page_files)) && exec $(HERE) $(BIN)/eo-report $(WITH_DATA) \
	  --command $(call quoted,$(if $(INSTALLED),eo run ,make all CONFIG=)$(value EO_ONE)) -o $@ $(OUT)
	@$(call done,$@,$(page_files))
