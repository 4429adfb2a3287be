# The experiment of one CONFIG, as the list of its stages: what goes in, what comes out, one command each. This is the
# only place where the stages stand: `make explain`, the manifest and eo-verify ask Make.
#
#     train        the base model of each seed
#     prune        a pruned model for each level and criterion, trained again (recovery)
#     quant        a model of each precision: a candidate
#     eval         its accuracy
#     bench        one session that times all candidates
#     select       the tables and the frontiers
#     sensitivity  accuracy of each layer pruned alone (make sensitivity)
#     hardware, plots, summary
#     report       the page of the run, for people
#     manifest
#
# tools/experiments.sh has checked configuration, data and programs, and hands over the plan as words NAME=VALUE. It has
# also written the slices (config/STAGE.yaml), dataset.csv and config/programs/, each only if its contents changed. A
# stage depends on these files alone, so a change that it does not read does not run it again.
STEP_NAMES :=
# For eo-explain, which reads both in Make's database: the stages in their order, and the goals.
STAGES := data train prune quant eval bench select sensitivity hardware plots summary report manifest
WANTED := $(patsubst retime,all,$(EXPERIMENT))

# ---- the plan

planned = $(patsubst $(1)=%,%,$(filter $(1)=%,$(EO_PLAN)))
PLANNED := EO_THREADS EO_JOB_THREADS EO_SEEDS EO_LEVELS EO_CRITERIA EO_PRECISIONS EO_INTEGER EO_FINE_TUNE_EPOCHS \
	EO_FINE_TUNE_UNPRUNED EO_PRUNE_STEPS EO_TEACHER EO_SLICES EO_ACTIVE_DEVICE EO_EXPLORE_FROM
$(foreach v,$(PLANNED),$(eval $(v) := $(call planned,$(v))))
OUT := $(call planned,EO_OUT)

SL := $(or $(EO_DRY),$(OUT))/config
DATASET := $(if $(EO_DRY),$(SL),$(OUT))/dataset.csv
# The folder of the images, or a link to it when its name has characters that Make cannot take.
DATA := $(EO_DATA)
# Stages depend on the SHA-256 of a program or a script of plots/, not on the file itself.
program = $(SL)/programs/$(1)

# ---- names. Level 0 removes nothing, so it has no criterion; the first seed has no folder. The names of candidates are
# those of lib/stage/candidate.h: "p0.50-taylor-int8", "seed8/p0.50-int8"; without a precision, that of a pruned model.

criteria = $(if $(filter 0.00,$(1)),l1,$(EO_CRITERIA))
LABELS := $(foreach l,$(EO_LEVELS),$(foreach c,$(call criteria,$(l)),p$(l)$(addprefix -,$(filter-out l1,$(c)))))
SEEDS := $(addprefix seed,$(wordlist 2,$(words $(EO_SEEDS)),$(EO_SEEDS)))
BASES := base $(addsuffix /base,$(SEEDS))
PRUNED := $(LABELS) $(foreach s,$(SEEDS),$(addprefix $(s)/,$(LABELS)))
CANDIDATES := $(foreach p,$(PRUNED),$(addprefix $(p)-,$(EO_PRECISIONS)))

# The parts of a name: "seed8/" or nothing, "0.50", "taylor", "int8", the name of the pruned model.
seed_of = $(filter seed%,$(dir $(1)))
words_of = $(subst -, ,$(notdir $(1)))
level_of = $(patsubst p%,%,$(firstword $(words_of)))
criterion_of = $(if $(filter 0.00,$(level_of)),,$(or $(word 2,$(words_of)),l1))
precision_of = $(lastword $(words_of))
pruned_of = $(patsubst %-$(precision_of),%,$(1))

model = $(OUT)/models/$(1).safetensors
row = $(OUT)/rows/$(1).$(2)
OF_ATTEMPT := $(call program,eo-attempt)
base_of = $(call model,$(seed_of)base)
slice = $(SL)/$(seed_of)$(2).yaml
SLICES := $(foreach b,$(BASES),$(foreach t,$(EO_SLICES),$(call slice,$(b),$(t))))

include $(SHARE)tools/steps.mk

# A step of one candidate, whose failure becomes an error row and does not end the sweep. $(1) = its name, $(2) = the
# ending of the file of error rows, $(3) = the stage in the row.
attempt = $(BIN)/eo-attempt --row $(call row,$(1),$(2).err) --candidate $(1) --seed $(firstword $(EO_SEEDS)) \
	--stage $(2)

# The base model where it teaches; another teacher is named in the slices.
taught_by = $(if $(EO_TEACHER),--teacher $(base_of))

# ---- data

$(DATASET): | $(SL)/data.yaml $(call step,data,$(OUT)/dataset.csv) ;

# ---- train: $(1) = base, seed8/base

training_log = $(if $(seed_of),$(OUT)/models/$(seed_of),$(OUT)/)training_log.csv
trained = $(call model,$(1)) $(training_log)
define train_rule
$(trained) $(together) $(call slice,$(1),train) $(DATASET) $(call program,eo-train) $(call again,$(trained)) | \
	$(call step,train,$(trained))
	$(Q)$$(call begin,$(trained)) && mkdir -p $(OUT)/models/$(seed_of) $(OUT)/rows/$(seed_of) && \
	exec $(ON_NODE) $(BIN)/eo-train -c $(call slice,$(1),train) $(WITH_DATA) --log $(training_log) -o $(call model,$(1))
	@$$(call done,$(trained))
endef

# ---- prune: $(1) = the name of a pruned model. Level 0 removes nothing, so it does not read the prune slice; it is
# trained further like the other levels, because candidates could not be compared otherwise.

RECOVERY := $(filter-out 0,$(EO_FINE_TUNE_EPOCHS))
recovers = $(if $(or $(criterion_of),$(EO_FINE_TUNE_UNPRUNED)),$(RECOVERY))
tuned_log = $(OUT)/models/$(1)-finetune_log.csv
pruned = $(model) $(OUT)/rows/$(1).prune.err $(if $(recovers),$(tuned_log))
by_criterion = $(if $(criterion_of),--criterion $(criterion_of) -c $(call slice,$(1),prune) $(WITH_DATA))
prune = $(BIN)/eo-prune -l $(level_of) $(by_criterion)
define prune_rule
$(2) $(together) $(base_of) $(if $(criterion_of),$(call slice,$(1),prune)) $(call slice,$(1),finetune) $(DATASET) \
	$(call program,eo-prune) $(if $(recovers),$(call program,eo-train)) $(call program,eo-attempt) \
	$(call again,$(2)) | $(call step_of,prune,$(2))
	$(Q)$$(call run,prune_recipe,$(1))
	@$$(call done,$$(call pruned,$(1)))
endef
define prune_recipe
$(call begin,$(pruned)) && $(if $(recovers),,rm -f $(tuned_log) && )\
	exec $(call attempt,$(1),prune) -- \
	  $(ON_NODE) $(if $(recovers),$(prune_and_tune),$(prune) -o $(call model,$(1)) $(base_of))
endef
# Prunes in EO_PRUNE_STEPS steps, with recovery after each. Only the log of the last recovery is kept.
part = $(OUT)/models/$(1)
define prune_and_tune
sh -ec 'trap "trap \"\" HUP INT TERM; rm -f $(part).pruned $(part).tuned" EXIT; trap "exit 130" HUP INT TERM; \
	  from=$(base_of); for k in $$(seq $(EO_PRUNE_STEPS)); do \
	  $(prune)$(if $(filter-out 1,$(EO_PRUNE_STEPS)), --step $$k/$(EO_PRUNE_STEPS)) -o $(part).pruned $$from; \
	  to=$(part).tuned; [ $$k != $(EO_PRUNE_STEPS) ] || to=$(call model,$(1)); \
	  $(BIN)/eo-train -c $(call slice,$(1),finetune) $(WITH_DATA) --init $(part).pruned --fine-tune $(taught_by) \
	    --log $(tuned_log) -o $$to; from=$$to; done'
endef

# ---- quant and eval: $(1) = the name of a candidate; $(2) of a rule = the files of the step

# The layers' ranges, scales and noise, for the page of the run.
layers = $(if $(filter $(EO_INTEGER),$(precision_of)),$(call row,$(1),quant.csv))
OF_QUANT := $(call program,eo-quant)
pruned_files = $(model) $(OUT)/rows/$(1).prune.err
quantised = $(model) $(OUT)/rows/$(1).quant.err $(layers)
define quant_rule
$(2) $(together) $(call pruned_files,$(pruned_of)) \
	$(if $(filter $(EO_INTEGER),$(precision_of)),$(call slice,$(1),quant) $(DATASET) $(if $(EO_TEACHER),$(base_of))) \
	$(OF_QUANT) $(OF_ATTEMPT) $(call again,$(2)) | $(call step_of,quant,$(2))
	$(Q)$$(call run,quant_recipe,$(1))
	@$$(call done,$$(call quantised,$(1)))
endef
define quant_recipe
$(call begin,$(quantised)) && \
	exec $(call attempt,$(1),quant) --after $(call row,$(pruned_of),prune.err) -- \
	  $(ON_NODE) $(BIN)/eo-quant -p $(precision_of) -c $(call slice,$(1),quant) --data $(DATA) \
	  $(addprefix --layers ,$(layers)) $(if $(layers),$(taught_by)) \
	  -o $(call model,$(1)) $(call model,$(pruned_of))
endef

OF_EVAL := $(call program,eo-eval)
evaluated = $(addprefix $(OUT)/rows/$(1).,accuracy.csv hits.csv confusion.csv accuracy.err)
define eval_rule
$(2) $(together) $(model) $(OUT)/rows/$(1).quant.err $(call slice,$(1),eval) $(DATASET) \
	$(OF_EVAL) $(OF_ATTEMPT) $(call again,$(2)) | $(call step_of,eval,$(2))
	$(Q)$$(call run,eval_recipe,$(1))
	@$$(call done,$$(call evaluated,$(1)))
endef
define eval_recipe
$(call begin,$(evaluated)) && \
	exec $(call attempt,$(1),accuracy) --after $(call row,$(1),quant.err) -- \
	  $(ON_NODE) $(BIN)/eo-eval -c $(call slice,$(1),eval) $(WITH_DATA) \
	  --confusion $(call row,$(1),confusion.csv) --hits $(call row,$(1),hits.csv) \
	  -o $(call row,$(1),accuracy.csv) $(call model,$(1))
endef

ifneq ($(EXPERIMENT),)
$(foreach b,$(BASES),$(eval $(call train_rule,$(b))))
$(foreach p,$(PRUNED),$(eval $(call prune_rule,$(p),$(call pruned,$(p)))))
$(foreach c,$(CANDIDATES),$(eval $(call quant_rule,$(c),$(call quantised,$(c))))$(eval \
	$(call eval_rule,$(c),$(call evaluated,$(c)))))
STEP_NAMES += $(PRUNED:%=step/prune/models/%.safetensors) $(CANDIDATES:%=step/quant/models/%.safetensors) \
	$(CANDIDATES:%=step/eval/rows/%.accuracy.csv)
endif

# A failed step makes only its file of error rows, so later steps wait for that file. eo-attempt does not write it again
# with equal contents, so each make tries again only the candidates that failed.
rows_of = $(foreach e,$(2),$(1:%=$(OUT)/rows/%.$(e)))
ACCURACY := $(call rows_of,$(CANDIDATES),accuracy.err)
GOOD := $(foreach c,$(CANDIDATES),$(if $(call has_error,$(OUT)/rows/$(c).accuracy.err),,$(c)))
MODELS := $(foreach c,$(GOOD),$(call model,$(c)))
ACCURACY_ROWS := $(ACCURACY) $(call rows_of,$(GOOD),accuracy.csv hits.csv)
# A command of the shell that prints the existing files of all candidates. Their names are read from a file, because an
# argument of a command has at most 128 KiB. $(1) = folder, $(2) = endings.
$(if $(EXPERIMENT),$(file >$(SL)/names,$(CANDIDATES)))
names = $$(cat $(SL)/names)
those_there = $$(for c in $(names); do for e in $(2); do \
	f=$(OUT)/$(1)/$$c.$$e; [ ! -e $$f ] || echo $$f; done; done)

# ---- bench
#
# One session times all candidates in turns, so they meet the same state of the machine and can be compared round by
# round. All are timed again when one of them needs timing: because it was not in the last session, because one of its
# rows is gone or was changed, because its timing failed while its accuracy is there, or because it has no record.
# Taking a candidate out needs no new session. A complete session writes machine.csv, which stands for the session, and
# then the names of its candidates (config/timed). An interrupted session leaves rows/.session, with which eo-bench goes
# on; retime begins anew.

MACHINE := $(OUT)/machine.csv
IN_LAST_SESSION := $(filter $(CANDIDATES),$(file <$(SL)/timed))
TIMING_FAILED := $(foreach c,$(CANDIDATES),$(if $(call has_error,$(OUT)/rows/$(c).timing.err),$(c)))
TIMING_ROWS := $(call rows_of,$(CANDIDATES),timing.err) \
	$(call rows_of,$(filter-out $(TIMING_FAILED),$(CANDIDATES)),timing.csv rounds.csv)
ROWS_GONE := $(filter-out $(wildcard $(TIMING_ROWS)),$(TIMING_ROWS)) $(filter $(CHANGED),$(TIMING_ROWS))
FAILED_ALONE := $(foreach c,$(TIMING_FAILED),$(if $(call has_error,$(OUT)/rows/$(c).accuracy.err),,$(c)))
lost_rows = $(foreach e,timing.err timing.csv rounds.csv,$(patsubst $(OUT)/rows/%.$(e),%,$(filter %.$(e),$(ROWS_GONE))))
# The rows of each candidate have a record of their own, because `make tidy` removes the rows of one candidate.
row_record = $(STEPS)/rows+$(subst /,+,$(1)).timing.csv
NO_RECORD := $(foreach c,$(CANDIDATES),$(if $(wildcard $(call row_record,$(c))),,$(c)))
NEEDS_TIMING := $(patsubst %,$(OUT)/rows/%.untimed,\
	$(sort $(filter-out $(IN_LAST_SESSION),$(CANDIDATES)) $(lost_rows) $(FAILED_ALONE) $(NO_RECORD)))
.PHONY: $(NEEDS_TIMING)
session_reads = $(call those_there,models,safetensors) $(call those_there,rows,accuracy.err) $(SL)/bench.yaml \
	$(call program,eo-bench)
timed_rows = $(call those_there,rows,timing.csv timing.err rounds.csv)
record_rows = set -- $(timed_rows); touch -c -- "$$@"; \
	{ sha256sum -- $(MACHINE) $(SL)/bench.yaml $(call program,eo-bench); echo; sha256sum -b -- "$$@"; } | $(below) | \
	awk 'function end() { if (file) { printf "\n%s", read >file; close(file) } } \
	  $$0 == "" { rows = 1; next } \
	  !rows { read = read $$0 "\n"; next } \
	  { name = substr($$0, 67); sub(/(timing.csv|timing.err|rounds.csv)$$/, "timing.csv", name); gsub("/", "+", name) } \
	  name != last { end(); last = name; file = "$(STEPS)/" name; print "bench" >file } \
	  { print >file } \
	  END { end() }'
$(MACHINE): $(foreach c,$(filter-out $(TIMING_FAILED),$(CANDIDATES)),$(call model,$(c))) \
		$(call rows_of,$(TIMING_FAILED),accuracy.err) $(SL)/bench.yaml $(call program,eo-bench) $(NEEDS_TIMING) \
		$(if $(filter retime,$(GOALS)),asked) \
		$(call again,$(MACHINE)) | $(ACCURACY) $(call step,bench,$(MACHINE))
	$(Q)$(call begin,$@,$(session_reads)) && \
	rm -f $(SL)/timed $(if $(filter retime,$(GOALS)),$(OUT)/rows/.session) && \
	exec $(ALONE) $(BIN)/eo-bench -c $(SL)/bench.yaml --data $(DATA) \
	  $(if $(findstring command,$(origin CPU)),--cpu $(CPU)) $(KIND) \
	  --from $(OUT)/models --into $(OUT)/rows --machine $@ $(names)
	@$(call done,$@,$(session_reads)); $(record_rows); \
	cp $(SL)/names $(SL)/timed.new && mv $(SL)/timed.new $(SL)/timed
$(TIMING_ROWS): $(MACHINE) | step/bench/machine.csv ;

# ---- select. The list of candidates is a prerequisite, because one that was taken out has to leave the tables. With an
# active device, what fits on it decides, so the candidates are measured for it first (tools/device.mk).

SWEEP := $(addprefix $(OUT)/,sweep_results.csv sweep_errors.csv pareto_frontier_latency.csv pareto_frontier_energy.csv \
	seed_summary.csv)
fitting = $(if $(EO_ACTIVE_DEVICE),$(OUT)/board_fits.csv)
selection = $(SL)/candidates $(SL)/select.yaml $(call program,eo-pareto)
all_rows = $(call those_there,rows,accuracy.csv accuracy.err hits.csv timing.csv timing.err rounds.csv)
$(SWEEP) $(together) $(ACCURACY_ROWS) $(MACHINE) $(TIMING_ROWS) $(selection) $(fitting) $(call again,$(SWEEP)) | \
		$(call step,select,$(SWEEP))
	$(Q)$(call begin,$(SWEEP),$(all_rows) $(selection) $(fitting)) && \
	exec $(HERE) $(BIN)/eo-pareto -c $(SL)/select.yaml $(addprefix --devices ,$(fitting)) \
	  --sweep $(OUT)/sweep_results.csv --errors $(OUT)/sweep_errors.csv \
	  --latency $(OUT)/pareto_frontier_latency.csv --energy $(OUT)/pareto_frontier_energy.csv \
	  --seeds $(OUT)/seed_summary.csv $(all_rows)
	@$(call done,$(SWEEP),$(all_rows) $(selection) $(fitting))

# Accuracy alone, for studies of many candidates: nothing is timed.
ACCURACY_TABLES := $(addprefix $(OUT)/,accuracy.csv accuracy_errors.csv accuracy_seeds.csv)
accuracy_rows = $(call those_there,rows,accuracy.csv accuracy.err)
$(ACCURACY_TABLES) $(together) $(ACCURACY_ROWS) $(selection) $(call again,$(ACCURACY_TABLES)) | \
		$(call step,select,$(ACCURACY_TABLES))
	$(Q)$(call begin,$(ACCURACY_TABLES),$(accuracy_rows) $(selection)) && \
	exec $(HERE) $(BIN)/eo-pareto -c $(SL)/select.yaml --accuracy $(OUT)/accuracy.csv --errors $(OUT)/accuracy_errors.csv \
	  --seeds $(OUT)/accuracy_seeds.csv $(accuracy_rows)
	@$(call done,$(ACCURACY_TABLES),$(accuracy_rows) $(selection))

# ---- sensitivity: accuracy of each layer pruned alone, by which to choose a level for each layer

SENSITIVITY := $(OUT)/sensitivity.csv
$(SENSITIVITY): $(call model,base) $(SL)/sensitivity.yaml $(DATASET) $(call program,eo-prune) \
		$(call again,$(SENSITIVITY)) | $(call step,sensitivity,$(SENSITIVITY))
	$(Q)$(call begin,$@) && exec $(ON_NODE) $(BIN)/eo-prune --sensitivity $@ -c $(SL)/sensitivity.yaml $(WITH_DATA) $<
	@$(call done,$@)

# ---- hardware, of the candidates that have no error

HARDWARE := $(addprefix $(OUT)/,hardware_summary.csv layerwise_breakdown.csv precision_tradeoffs.csv)
good_models = $$(for c in $(names); do for e in accuracy timing; do \
	{ read -r line && ! read -r line; } 2>/dev/null <$(OUT)/rows/$$c.$$e.err || continue 2; done; \
	echo $(OUT)/models/$$c.safetensors; done)
reported = $(OUT)/sweep_results.csv $(SL)/candidates $(SL)/hardware.yaml $(call program,eo-hwreport)
$(HARDWARE) $(together) $(MODELS) $(reported) $(call again,$(HARDWARE)) | $(call step,hardware,$(HARDWARE))
	$(Q)$(call begin,$(HARDWARE),$(good_models) $(reported)) && \
	exec $(HERE) $(BIN)/eo-hwreport -c $(SL)/hardware.yaml --sweep $(OUT)/sweep_results.csv \
	  --layers $(OUT)/layerwise_breakdown.csv --tradeoffs $(OUT)/precision_tradeoffs.csv \
	  --summary $(OUT)/hardware_summary.csv $(good_models)
	@$(call done,$(HARDWARE),$(good_models) $(reported))

# ---- summary

SUMMARY := $(OUT)/summary.json
summarise = $(BIN)/eo-summary -c $(SL)/summary.yaml --sweep $(OUT)/sweep_results.csv --errors $(OUT)/sweep_errors.csv \
	  --hardware $(OUT)/hardware_summary.csv
$(SUMMARY): $(SWEEP) $(HARDWARE) $(SL)/summary.yaml $(call program,eo-summary) $(call again,$(SUMMARY)) | \
		$(call step,summary,$(SUMMARY))
	$(Q)$(call begin,$@) && exec $(HERE) $(summarise) -o $@
	@$(call done,$@)

# ---- plots, report

include $(SHARE)tools/report.mk

# ---- manifest: where each file came from, by the records of the steps

MANIFEST := $(OUT)/manifest.json
NOT_OF_ALL := step/data/% step/select/accuracy.csv step/sensitivity/% step/plots/sensitivity.png step/manifest/% \
	$(if $(EO_ACTIVE_DEVICE),step/export/export/%,step/export/% step/device/%)
RECORDS = $(foreach s,$(filter-out $(NOT_OF_ALL),$(STEP_NAMES)),\
	$(STEPS)/$(subst /,+,$(patsubst step/$(word 2,$(subst /, ,$(s)))/%,%,$(s)))) \
	$(foreach c,$(CANDIDATES),$(call row_record,$(c)))
# Records what tools/experiments.sh did before this Make. $(1) = stage, $(2) = what was made, $(3) = what was read.
note = $(call record_text,$(1),$(call sums,,$(2)),$(3)) | $(below) >$(STEPS)/$(1)
# The manifest holds no checksums of programs, so it depends on the records without these lines.
describe = grep -hv ' config/programs/' $$(cat $(SL)/records) >$(SL)/described
described = $(SLICES) $(DATASET) $(SL)/described $(call program,eo-summary)
$(MANIFEST): $(SLICES) $(DATASET) $(foreach b,$(BASES),$(call model,$(b))) $(MODELS) $(ACCURACY_ROWS) $(MACHINE) \
		$(SWEEP) $(HARDWARE) $(SUMMARY) $(PLOTS) $(REPORT) $(call program,eo-summary) $(call again,$(MANIFEST)) \
		$(call missing,$(SL)/records $(SL)/described $(STEPS)/configuration $(STEPS)/data) | \
		$(call step,manifest,$(MANIFEST))
	$(Q)$(if $(EO_DRY),,$(file >$(SL)/records,$(RECORDS)))$(describe); $(call begin,$@,$(described)) && \
	$(call note,configuration,$(SLICES),$(call program,eo-config)) && \
	$(call note,data,$(DATASET),$(SL)/data.yaml $(call program,eo-data)) && \
	if git ls-files --error-unmatch $(SHARE)Makefile >/dev/null 2>&1 && head=$$(git rev-parse HEAD 2>/dev/null); then \
	  set -- --revision $$head $$([ -z "$$(git status --porcelain --untracked-files=no)" ] || echo --modified); \
	elif [ -e $(SHARE).git ] && ! said=$$(git rev-parse HEAD 2>&1); then \
	  set -- --revision "unknown: $$(printf '%s\n' "$$said" | sed 's/^fatal: //;q')"; else set --; fi && \
	exec $(summarise) --manifest $@ --build "$$(cat $(BUILT_WITH))" --plotter "$$(gnuplot --version 2>/dev/null)" "$$@" \
	  $(STEPS)/configuration $(STEPS)/data $$(cat $(SL)/records)
	@$(call done,$@,$(described))

# The configuration that all this was made from; `make explain` compares it with the present one.
MADE := $(SL)/made/done
made_from = $(SLICES:$(SL)/%=%) candidates
$(MADE): $(SLICES) $(SL)/candidates $(DATASET) $(SWEEP) $(HARDWARE) $(SUMMARY) $(PLOTS) $(REPORT) $(MANIFEST) \
		$(call missing,$(addprefix $(SL)/made/,$(made_from) dataset.csv))
	@$(let_end); $(call leave_none,$(SL)/made.new); rm -rf $(SL)/made.new && mkdir -p $(SL)/made.new && \
	(cd $(SL) && cp --parents $(made_from) made.new) && cp $(DATASET) $(SL)/made.new && \
	touch $(SL)/made.new/done && rm -rf $(SL)/made && mv $(SL)/made.new $(SL)/made

# ---- what a user asks for

.PHONY: all accuracy retime sensitivity $(STEP_NAMES) asked
## all: the whole experiment of CONFIG, ending with the table
all: $(SWEEP) $(HARDWARE) $(SUMMARY) $(PLOTS) $(REPORT) $(MANIFEST) $(MADE)
	@$(summarise) --table
	@[ $$(wc -l <$(OUT)/sweep_results.csv) -gt 1 ] || \
	  { echo "make: every candidate failed; $(OUT)/sweep_errors.csv says why" >&2; exit 1; }

## retime: all, and time every candidate again, as after noise on the machine (CPU=0 picks the processor)
retime: all

## accuracy: accuracy of every candidate of CONFIG, nothing timed: accuracy.csv, accuracy_seeds.csv
accuracy: $(ACCURACY_TABLES)
	@awk -f $(SHARE)tools/accuracy.awk $(OUT)/accuracy.csv $(OUT)/accuracy.csv
	@awk -F, 'END { if (NR > 1) { print "make: " NR - 1 (NR == 2 ? " candidate" : " candidates") \
	    " failed; $(OUT)/accuracy_errors.csv says why" >"/dev/stderr" } }' $(OUT)/accuracy_errors.csv
	@[ $$(wc -l <$(OUT)/accuracy.csv) -gt 1 ]

## sensitivity: accuracy against pruning level for each layer alone: sensitivity.csv and .png
sensitivity: $(OUT)/sensitivity.png
