# How a stage of tools/experiment.mk runs: its record, when it runs, what it says, and when it has nothing to do.
#
#     outputs $(together) inputs $(call again,outputs) | $(call step,STAGE,outputs)
#     	$(Q)$(call begin,outputs) && exec $(ON_NODE) command
#     	@$(call done,outputs)
#
# Make starts a step when a prerequisite is newer than a file that the step makes. The step then compares the checksums
# of all files that it reads and makes with its record of the last time. When they are equal it runs nothing, and only
# touches the files that it makes, so the steps that follow run nothing either. In the macros below, $(1) = the files
# that a step makes.

# RUN says where programs run: a word of this table, or a command that runs each of them, such as RUN='nice -n 10'.
# $(ON_NODE) stands before programs that train, prune, quantise, evaluate or export, $(ALONE) before those that time,
# and $(HERE) before short ones that make tables.
RUN ?= local
RUNS := local slurm
on_node.slurm := sh $(SHARE)tools/slurm.sh step
alone.slurm := sh $(SHARE)tools/slurm.sh time
run_by = $(if $(filter $(RUNS),$(RUN)),$($(1).$(strip $(RUN))),$(RUN))
ON_NODE := $(call run_by,on_node)
ALONE := $(call run_by,alone)
HERE := $(call run_by,here)
KIND := $(if $(filter slurm,$(RUN)),--node-kind $(call quoted,$(EO_KIND)))
# The data and the threads. A job has processors of its own, whatever the configuration says of this host; no result
# depends on the number of threads.
THREADS := $(if $(filter slurm,$(RUN)),$(or $(EO_CPUS),$(EO_JOB_THREADS)),$(filter-out 0,$(EO_THREADS)))
WITH_DATA := --data $(DATA) $(addprefix --threads ,$(THREADS))

# One command makes several files, so the rule runs once for all of them. Under -n, Make 4.3 does not see that this
# command makes all of them, so a dry run has a rule for each file.
together := $(if $(EO_DRY),:,&:)

# Each rule ends with `| $(call step,STAGE,files)`: its stage and the first file that it makes name the record, and tell
# eo-explain of the step. $(2) = the files.
step = $(eval STEP_NAMES += $(step_of))$(step_of)
# The same for steps of candidates, whose names are collected at once: Make copies the whole list at each `+=`.
step_of = step/$(1)/$(call inside,$(firstword $(2)))
inside = $(patsubst $(OUT)/%,%,$(1))
stage = $(word 2,$(subst /, ,$(filter step/%,$|)))

# The record of a step has its stage, the checksums of what it made, an empty line, and the checksums of what it read.
# Files whose bytes depend on the machine, or on compilers for devices, are marked with the '*' of sha256sum -b. Paths
# begin below the folder, because the folder can be renamed. When a record is lost, old or cut off, the step runs.
STEPS := $(OUT)/config/steps
record = $(STEPS)/$(subst /,+,$(call inside,$(firstword $(1))))
MEASURED := $(addprefix $(OUT)/,machine.csv sweep_results.csv sweep_errors.csv pareto_frontier_latency.csv \
	pareto_frontier_energy.csv seed_summary.csv precision_tradeoffs.csv hardware_summary.csv summary.json \
	core_costs.csv core_layers.csv board_fits.csv report.html device/%.csv) %_log.csv %.png %.svg
below = sed 's|^\(.\{64\} [ *]\)$(OUT)/|\1|$(if $(SHARE),;s|^\(.\{64\} [ *]\)$(SHARE)|\1|)'
# What the step reads: $(2), which the shell may work out, or all prerequisites.
REASONS := FORCE asked %.missing %.changed %.untimed
reads = $(or $(2),$(filter-out $(REASONS),$^))
sums = $(if $(strip $(2)),sha256sum $(1) -- $(2);)
# $(1) = the stage, $(2) = commands that print checksums of what was made, $(3) = what was read.
record_text = { echo $(1); $(2) echo; sha256sum -- $(3); }
made_sums = $(call sums,,$(filter-out $(MEASURED),$(1))) $(call sums,-b,$(filter $(MEASURED),$(1)))
checksums = $(call record_text,$(stage),$(made_sums),$(reads))

# Make notices that a file is missing only if another step needs the file. So a missing record, or each missing file,
# becomes a prerequisite that never exists, which runs the step. The same holds for each file whose bytes are not those
# that the step made. A step that failed, as its file of error rows shows, is tried again. tools/experiment.sh has
# looked at the files for all three, because Make would have to look for each file by itself.
missing = $(patsubst %,%.missing,$(filter-out $(wildcard $(1)),$(1)))
CHANGED := $(addprefix $(OUT)/,$(file <$(SL)/changed))
changed = $(if $(CHANGED),$(patsubst %,%.changed,$(filter $(CHANGED),$(1))))
GONE := $(addprefix $(OUT)/,$(file <$(SL)/gone))
gone = $(if $(GONE),$(patsubst %,%.missing,$(filter $(GONE),$(1))))
FAILED := $(addprefix $(OUT)/,$(file <$(SL)/failed))
has_error = $(if $(FAILED),$(filter $(FAILED),$(1)))
again = $(if $(has_error),FORCE) $(if $(wildcard $(record)),$(gone),$(record).missing) $(changed)
%.missing %.changed: ;

# The first line of a recipe begins with this, and ends with the command. A shell that gets a signal ends after the
# command that it waits for, so no command is left running.
let_end = trap 'exit 1' HUP INT TERM
# Removes $(1), the files not renamed yet, when the shell ends, whether by itself or by a signal.
leave_none = trap 'trap "" HUP INT TERM; rm -rf $(1)' EXIT
SAID := train=TRAIN prune=PRUNE quant=QUANT eval=EVAL bench=TIME select=SELECT sensitivity=SENSITIV hardware=HARDWARE \
	explore=EXPLORE plots=PLOT summary=SUMMARY report=REPORT manifest=MANIFEST export=EXPORT device=DEVICE
said = $(patsubst $(stage)=%,%,$(filter $(stage)=%,$(SAID)))
# eo-explain reads which steps would run, not how (EO_WORDS). $(1) = the name of a recipe, $(2) = its argument.
run = $(if $(EO_WORDS),:,$(call $(1),$(2)))
is_as_recorded = $(checksums) 2>/dev/null | $(below) | cmp -s - $(record)
begin = $(let_end); $(if $(filter $(REASONS),$^),,if $(is_as_recorded); then exit 0; fi;) \
	printf '  %-9s%s\n' '$(said)' '$(firstword $(1))'
# The last line of a recipe. A step that failed made only the file of error rows; its other files keep their times.
failed_sums = [ $$(wc -l <$(1)) = 1 ] || { \
	$(call record_text,$(stage),$(call sums,,$(1)),$(2)) 2>/dev/null | $(below) >$(3) && exit 0; };
done = $(if $(EO_WORDS),:,$(record_it))
record_it = $(let_end); [ -d $(STEPS) ] || mkdir -p $(STEPS) || exit; \
	$(if $(filter %.err,$(1)),$(call failed_sums,$(filter %.err,$(1)),$(reads),$(record))) \
	touch -c -- $(1) && sums=$$($(checksums)) && printf '%s\n' "$$sums" | $(below) >$(record)
