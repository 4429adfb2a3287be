# The models of an experiment that are worth a device, as C: export/NAME/NAME.h, .c and main.c for each candidate on a
# frontier and the recommended one, and export/README.md, which lists them and says how they are used.
#
# Which candidates these are, the tables say once they are there. So the step writes the names of its files (config/
# exported): the next call takes them for what the step made. A folder of results may come from elsewhere, and Make
# takes a semicolon among prerequisites for the beginning of a recipe, so only names of harmless characters count.

EXPORT := $(OUT)/export/README.md
EXPORT_NAMES := $(SL)/exported
export_names = sed -n '/\.\./d; /[^A-Za-z0-9._+\/-]/d; /^README\.md$$/d; s|^|$(OUT)/export/|p' \
	$(EXPORT_NAMES) 2>/dev/null
EXPORTED := $(shell $(export_names))
# In words of the shell: all files that the step made.
exported = $(EXPORT) $$($(export_names))
FRONTIERS := $(addprefix $(OUT)/pareto_frontier_,latency.csv energy.csv)
export_reads = $(good_models) $(OUT)/sweep_results.csv $(FRONTIERS) $(SL)/eval.yaml $(DATASET) $(call program,eo-export)

# All is written into a new folder, which takes the place of the old one.
$(EXPORT): $(MODELS) $(SWEEP) $(SL)/candidates $(SL)/eval.yaml $(DATASET) $(call program,eo-export) \
		$(call again,$(EXPORT) $(EXPORTED)) $(call missing,$(EXPORT_NAMES)) | $(call step,export,$(EXPORT))
	$(Q)$(call leave_none,$(OUT)/export.new $(EXPORT_NAMES).new); $(call begin,$(exported),$(export_reads)) && \
	rm -rf $(OUT)/export.new && \
	$(RUN) $(BIN)/eo-export --into $(OUT)/export.new --from $(OUT)/models --sweep $(OUT)/sweep_results.csv \
	  -c $(SL)/eval.yaml --data $(DATA) $(FRONTIERS) >$(EXPORT_NAMES).new && \
	rm -rf $(OUT)/export && mv $(OUT)/export.new $(OUT)/export && mv $(EXPORT_NAMES).new $(EXPORT_NAMES)
	@$(call done,$(exported),$(export_reads))

.PHONY: export $(STEP_NAMES)
## export: the models on the frontiers of CONFIG and the recommended one as C for a device, in its folder export/
export: $(EXPORT)
	@sed -n '/^| `/s/^/   /p' $<
