# Writes the candidates on the frontiers and the recommended one as C: each in a folder export/NAME with a header, a
# source file and main.c; export/README.md lists them and says how they are used.
#
# Which candidates these are is known only when the tables are made. So the step writes the names of its files to
# config/exported, and the next call reads there what the step made. A folder of results may come from elsewhere, and
# Make would run what follows a semicolon in a name as a recipe, so names with unusual characters are ignored.

EXPORT := $(OUT)/export/README.md
EXPORT_NAMES := $(SL)/exported
export_names = sed -n '/\.\./d; /[^A-Za-z0-9._+\/-]/d; /^README\.md$$/d; s|^|$(OUT)/export/|p' \
	$(EXPORT_NAMES) 2>/dev/null
EXPORTED := $(shell $(export_names))
# All files that the step made; the shell runs the second part.
exported = $(EXPORT) $$($(export_names))
FRONTIERS := $(addprefix $(OUT)/pareto_frontier_,latency.csv energy.csv)
export_reads = $(good_models) $(OUT)/sweep_results.csv $(FRONTIERS) $(SL)/eval.yaml $(DATASET) $(call program,eo-export)

# Everything is written into a new folder, which then replaces the old one.
$(EXPORT): $(MODELS) $(SWEEP) $(SL)/candidates $(SL)/eval.yaml $(DATASET) $(call program,eo-export) \
		$(call again,$(EXPORT) $(EXPORTED)) $(call missing,$(EXPORT_NAMES)) | $(call step,export,$(EXPORT))
	$(Q)$(call leave_none,$(OUT)/export.new $(EXPORT_NAMES).new); $(call begin,$(exported),$(export_reads)) && \
	rm -rf $(OUT)/export.new && \
	$(ON_NODE) $(BIN)/eo-export --into $(OUT)/export.new --from $(OUT)/models --sweep $(OUT)/sweep_results.csv \
	  -c $(SL)/eval.yaml --data $(DATA) $(FRONTIERS) >$(EXPORT_NAMES).new && \
	rm -rf $(OUT)/export && mv $(OUT)/export.new $(OUT)/export && mv $(EXPORT_NAMES).new $(EXPORT_NAMES)
	@$(call done,$(exported),$(export_reads))

.PHONY: export $(STEP_NAMES)
## export: the models on the frontiers of CONFIG and the recommended one as C for a device, in its folder export/
export: $(EXPORT)
	@sed -n '/^| `/s/^/   /p' $<
