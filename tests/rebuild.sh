#!/bin/sh
# Compares what Make runs after an edit with what should run: for every key of the configuration, for edits that mean
# nothing, for candidates that come and go, and for the source of each program.
#
#     EO_BIN=out/bin sh tests/rebuild.sh        the last line is "rebuild: N passed, M failed"
#     EO_KEYS='seed|epochs' ...                 these keys alone; EO_KEYS=sessions, losses or programs: that part alone
#
# What should run is worked out here, from two things alone: `eo-config --keys` says which stages read a key, and `make
# steps` says which step follows from which. What ran is what Make announced ("  TRAIN    file"). Each edit begins from
# the same finished run, which is copied back with its times.
#
# Everything happens in a copy of the tree, with a gnuplot that only writes its file, and an eo-bench whose figures
# follow from the model. So a run after an edit can be compared with a clean one to the last byte.
set -u
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C
root=$PWD
bin=$(cd "${EO_BIN:-out/bin}" && pwd) || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# ---- a copy of the tree and of what was built in it, the programs as they are

tree=$tmp/tree
mkdir -p "$tree/out/build" "$tmp/gnuplot" "$tmp/lock" "$tmp/bench"
cp -a Makefile lib tools plots configs "$tree"
# However the clock of this machine is set while this runs, sources are older than what was built of them.
find "$tree" -exec touch -h -d "3 days ago" {} +
cp -a "$bin" "$tree/out/bin"
for part in flags libeo.a lib tools link; do cp -a "$bin/../build/$part" "$tree/out/build/" || exit 1; done
flags=$(cat "$tree/out/build/flags")

cat >"$tmp/gnuplot/gnuplot" <<'END'
#!/bin/sh
[ "$1" != --version ] || exec echo "gnuplot that draws nothing"
for option; do
    case $option in out=*) file=${option#out=\'} && echo plot >"${file%\'}" || exit ;; esac
done
END
mv "$tree/out/bin/eo-bench" "$tmp/eo-bench"
cat >"$tree/out/bin/eo-bench" <<END
#!/bin/sh
# -c SLICE --data DIR --from MODELS --into ROWS --machine CSV NAME...
slice=\$2 data=\$4 models=\$6 rows=\$8 machine=\${10}
shift 10
put() { cat >"\$1.new" && mv "\$1.new" "\$1"; }
for name; do
    if [ "\$(wc -l <"\$rows/\$name.accuracy.err")" != 1 ]; then
        put "\$rows/\$name.timing.err" <"\$rows/\$name.accuracy.err"
        continue
    fi
    model=\$models/\$name.safetensors
    row=$tmp/bench/\$(cat "\$slice" "\$model" | md5sum | cut -c1-32)
    [ -e "\$row" ] || { "$tmp/eo-bench" -c "\$slice" --data "\$data" --exact --trials 1 --repeats 1 --warmup 0 \
        -o "\$row.\$\$" "\$model" && mv "\$row.\$\$" "\$row"; } || exit
    # Columns about the model stay, latencies and throughputs follow from its bytes, and of the rest only a good status
    # and a number of samples are left.
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) { name[i] = \$i; if (\$i == "model_bytes") bytes = i }; print; next }
        { for (i = 1; i <= NF; i++) {
              cell = rest && name[i] !~ /arena_bytes/ ? "" : \$i
              if (name[i] == "samples") cell = 20
              if (name[i] ~ /latency/ && !rest) cell = \$bytes / 1e6
              if (name[i] ~ /throughput/) cell = 1e9 / \$bytes
              if (name[i] == "timing_status") cell = "ok"
              if (name[i] == "pruning_criterion") rest = 1
              printf "%s%s", cell, i < NF ? "," : "\n" } }' OFMT=%.9g CONVFMT=%.9g "\$row" |
        put "\$rows/\$name.timing.csv"
    echo pruning_level,precision,seed,stage,error,pruning_criterion | put "\$rows/\$name.timing.err"
    echo pruning_level,precision,seed,session,round,disturbed,host_median_ms,pruning_criterion |
        put "\$rows/\$name.rounds.csv"
done
printf 'check,found,verdict,advice\nmachine,,good,\n' | put "\$machine"
END
chmod +x "$tree/out/bin/eo-bench" "$tmp/gnuplot/gnuplot"

# Runs make in the copy without the options of a make above this one, and with the flags of the copied build.
make_eo() {
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL PATH="$tmp/gnuplot:$PATH" TMPDIR="$tmp/lock" EO_LOCK_DIR="$tmp/lock" \
      EO_DATA_DIR="$tmp/data" \
        make -C "$tree" --no-print-directory CC="${flags%% -std=c11 *}" FLAGS_NOW="$flags" \
        SANITIZE="$(echo "$flags" | sed -n 's/.*-fsanitize=\([^ ]*\).*/\1/p')" B=out RUN="${run:-}" "$@" </dev/null
}

# failing PATTERN: from now on, programs whose command matches fail; run= ends that
failing() {
    printf '#!/bin/sh\ncase "$*" in %s) echo "eo-x: no luck" >&2; exit 1 ;; esac\nexec "$@"\n' "$1" >"$home/failing"
    chmod +x "$home/failing"
    run=$home/failing
}

# ---- counting

passed=0
failed=0
ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "failed: $*"
}
# same WHAT EXPECTED-FILE FOUND-FILE
same() {
    if cmp -s "$2" "$3"; then
        ok
    else
        bad "$1"
        diff "$2" "$3" | sed -n 's/^</    did not run:/p; s/^>/    ran needlessly:/p'
    fi
}

# ---- the experiment

for part in a b mnist; do
    seed=$(echo $part | cksum | cut -d' ' -f1)
    "$bin/eo-data" --generate "$tmp/data/$part" --train 200 --test 50 --seed "$seed" || exit 1
done
cp -r "$tmp/data/a" "$tmp/data/same"

base_config() {
    cat tests/golden/tiny.yaml - <<END
data_dir: $tmp/data/a
seed: 3
train_subset: 96
val_subset: 32
batch_size: 32
memory_budgets_mb: [0.003, 0.01]
active_memory_budget_mb: 0.01
output_dir: $1
END
}

# A model for the key base_model: as many channels as the experiment has, and other weights.
base_config none >"$tmp/start.yaml"
sed -i 's/^seed: .*/seed: 99/' "$tmp/start.yaml"
"$bin/eo-train" -q -c "$tmp/start.yaml" -o "$tmp/start" && "$bin/eo-export" -q -f onnx -o "$tmp/start" "$tmp/start" ||
    exit 1

# edit FILE CHANGE...: "key: value" replaces the key's line or adds one, "-key" removes it
edit() {
    edited=$1
    shift
    for change; do
        key=${change#-}
        sed -i "/^${key%%:*}:/d" "$edited"
        case $change in -* | +*) ;; *) echo "$change" >>"$edited" ;; esac
    done
}

# list FILE KEY DEFAULT: the entries of a list, or a single value
list() {
    values=$(sed -n "s/^$2: //p" "$1" | tr -d '[],')
    echo "${values:-$3}"
}

# steps FILE: the graph of a configuration, as Make says it: "STAGE target | slices that it reads | files that it
# follows from | other files that it makes". Besides slices the first list has `candidates` (which there are),
# `contents` (of the data), programs and scripts.
steps() {
    cp "$1" "$1.graph"
    edit "$1.graph" "output_dir: $1.none"
    make_eo CONFIG="$1.graph" steps | awk '
        BEGIN { split("train TRAIN prune PRUNE quant QUANT eval EVAL bench TIME select SELECT hardware HARDWARE \
            summary SUMMARY report REPORT plots PLOT manifest MANIFEST", word, " ")
            for (i = 1; i in word; i += 2) said[word[i]] = word[i + 1] }
        / <-/ { stage = $1; sub(/:$/, "", stage); if (stage == "data" || stage == "sensitivity") next
          made = reads = slices = ""
          for (i = 3; $i != "<-"; i++) made = made " " $i
          for (i++; i <= NF; i++) {
              if ($i ~ /^config\//) {
                  name = $i; sub(/.*\//, "", name); sub(/\.yaml$/, "", name); slices = slices " " name
              } else if ($i == "dataset.csv") slices = slices " contents"
              else reads = reads " " $i
          }
          # A new candidate needs timing too.
          if (stage == "bench") { reads = timed; made = made " config/timed" records }
          if (stage == "manifest") reads = all # because it describes every file
          print said[stage], $2 " |" slices " |" reads " |" made
          all = all " " $2 made
          if (stage == "quant") {
              row = $2; sub(/^models/, "rows", row); sub(/\.safetensors$/, "", row)
              print "(timed) " row " | | " $2 " |"; timed = timed " " row
              gsub("/", "+", row); records = records " config/steps/" row ".timing.csv"
          } }'
}

# closure OLD-STEPS NEW-STEPS DIFFER SLICE...: what runs when these slices changed, as "STAGE target", sorted. DIFFER is
# a list of the files that differ from before: a step runs if it follows from one of them, because nothing follows from
# a step that makes the same bytes. With DIFFER "all" it is what may run, as far as can be said beforehand.
closure() {
    old=$1 new=$2 differ=$3
    shift 3
    awk -v changed=" $* " -v differ="$differ" '
        BEGIN { all = differ == "all"; if (!all) while ((getline file <differ) > 0) other[file] = 1 }
        { split($0, part, "|") }
        FILENAME == ARGV[1] { there[$2] = part[3]; next }
        # A plot of other files than before, such as fewer, is another plot.
        { stale = !($2 in there) || $1 == "PLOT" && there[$2] != part[3]
          n = split(part[2], slice, " "); for (i = 1; i <= n; i++) if (index(changed, " " slice[i] " ")) stale = 1
          n = split(part[3], parent, " "); for (i = 1; i <= n; i++) if (parent[i] in new) stale = 1
          if (!stale) next
          if (/^\(/) { new[$2] = 1; next }
          print $1, $2
          n = split($2 " " part[4], made, " "); for (i = 1; i <= n; i++) if (all || made[i] in other) new[made[i]] = 1
        }' "$old" "$new" | sort
}

# differing FOLDER FOLDER: the files of the second that differ from the first, or are not there
differing() {
    diff -rq "$1" "$2" | sed -n "s|^Files .* and $2/\(.*\) differ\$|\1|p; s|^Only in $2/*\(.*\): |\1/|p" | sed 's|^/||'
}

# ran OUTPUT FOLDER: what Make announced, in the same form
ran() {
    sed -n "s|^  \([A-Z]\{4,8\}\)  *$2/\([^ ]*\)\$|\1 \2|p" "$1" | sort
}

# finished WORKER: a finished run in a folder of its own, and a copy of all that an edit changes
finished() {
    home=$tmp/$1
    mkdir -p "$home/kept"
    base_config "$home/out" >"$home/exp.yaml"
    make_eo CONFIG="$home/exp.yaml" all >"$home/log" 2>&1 || { tail -n 5 "$home/log"; return 1; }
    cp -a "$home/exp.yaml" "$home/out" "$home/kept"
}

restored() {
    rm -rf "$home/out" "$home/other"
    cp -a "$home/kept/out" "$home/kept/exp.yaml" "$home"
}

# graph SLICE...: what has to run in the edited experiment, to $home/expected
graph() {
    [ -e "$home/before" ] || { base_config unbuilt >"$home/before.yaml"; steps "$home/before.yaml" >"$home/before"; }
    out=$(list "$home/exp.yaml" output_dir -)
    cp "$home/before" "$home/old"
    [ "$out" = "$home/out" ] || : >"$home/old"
    # Keys that Make does not read change no step.
    if [ "$(plan "$home/before.yaml")" = "$(plan "$home/exp.yaml")" ]; then
        cp "$home/before" "$home/new"
    else
        steps "$home/exp.yaml" >"$home/new"
    fi
    # Selection reads the list of candidates.
    [ "$(lists "$home/before.yaml")" = "$(lists "$home/exp.yaml")" ] || set -- "$@" candidates
    closure "$home/old" "$home/new" all "$@" >"$home/expected"
    slices="$*"
}

# plan FILE: what a configuration says to Make, without its folder
plan() { "$bin/eo-config" --make "$1" | grep -v '^EO_OUT '; }

# lists FILE: the candidates that a configuration has, in their order
lists() { "$bin/eo-config" --make "$1" | grep -E '^EO_(SEEDS|LEVELS|CRITERIA|PRECISIONS) '; }

# remember: the experiment as it is now is what the next run_case compares with
remember() {
    rm -rf "$home/kept/out"
    cp -a "$home/out" "$home/kept"
}

# run_case WHAT: checks that what runs is what has to run, by the files that differ from those of `remember`
run_case() {
    if ! make_eo CONFIG="$home/exp.yaml" all >"$home/log" 2>&1; then
        bad "$1: make failed"
        sed 's/^/    /' "$home/log"
        return 1
    fi
    ran "$home/log" "$out" >"$home/found"
    differing "$home/kept/out" "$out" >"$home/differ"
    # shellcheck disable=SC2086 # a list
    closure "$home/old" "$home/new" "$home/differ" $slices >"$home/ran"
    same "$1" "$home/ran" "$home/found"
}

# dry_case WHAT: what make -n says would run
dry_case() {
    make_eo -n CONFIG="$home/exp.yaml" all >"$home/log" 2>&1
    sed -n "s|.*printf '  %-9s%s.n' '\([A-Z]*\)' '$out/\([^']*\)'.*|\1 \2|p" "$home/log" | sort >"$home/found"
    same "make -n, $1" "$home/expected" "$home/found"
}

# explain_case WHAT [dry]: checks that make explain counts these steps (other data is one more) and names the key. With
# dry, the words come from the beginning of the last make -n, which prints the same.
explain_case() {
    if [ -z "${2:-}" ]; then
        make_eo CONFIG="$home/exp.yaml" explain >"$home/log" 2>&1
    else
        sed -n 's/^# //p' "$home/log" | tail -n +2 >"$home/words"
        mv "$home/words" "$home/log"
    fi
    count=$(grep -c . "$home/expected")
    case $1 in *+contents* | output_dir*) count=$((count + 1)) ;; esac
    if [ "$count" = 0 ]; then pattern="^$out: nothing to do"; else pattern="^$out: $count of [0-9]* steps would run"; fi
    if ! head -n 1 "$home/log" | grep -q "$pattern"; then
        bad "make explain, $1: expected $pattern"
        sed 's/^/    /' "$home/log"
    elif [ "$count" != 0 ] && ! grep -qE "$(explained "$1")" "$home/log"; then
        bad "make explain, $1: expected $(explained "$1")"
        sed 's/^/    /' "$home/log"
    else
        ok
    fi
}

# explained CHANGE: how the change reads in words
explained() {
    case $1 in
    output_dir*) echo ": was never made" ;;
    *+contents*) echo "dataset.csv: the training data changed; the test data changed" ;;
    *seeds* | pruning_levels* | pruning_criterion* | precisions*) echo \
      " was added| was taken out| have another order" ;;
    *) echo ": ${1%%:*} (changed from .* to|became) $(echo "${1#*: }" | sed 's/[][]/./g')" ;;
    esac
}

# clean_case WHAT [OPTION]: a clean run in another folder has the same bytes
clean_case() {
    rm -rf "$home/clean"
    cp "$home/exp.yaml" "$home/clean.yaml"
    edit "$home/clean.yaml" "output_dir: $home/clean"
    make_eo CONFIG="$home/clean.yaml" all >"$home/log" 2>&1 || sed 's/^/    /' "$home/log"
    if sh tests/same-artefacts.sh -x ${2:+"$2"} "$out" "$home/clean" >"$home/found"; then
        ok
    else
        bad "$1: a clean run has other bytes"
        sed 's/^/    /' "$home/found"
    fi
}

# ---- every key. Each line gives a key another value than the experiment has; several lines are several edits. A key
# that is missing here fails. +contents: the contents of the data change too. The steps that a key read by Make adds or
# takes away come from steps().
cases() {
    sed 's/^ *//' <<END
    seed|seed: 4
    seeds|-seed|seeds: [3, 4]
    dataloader_seed|dataloader_seed: 9
    dataset|+contents|-data_dir|dataset: mnist
    data_dir|+contents|data_dir: $tmp/data/b
    data_dir|data_dir: $tmp/data/same
    class_names|class_names: ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]
    input_mean|input_mean: 0.4
    input_std|input_std: 0.3
    validation|validation: test
    train_subset|train_subset: 64
    val_subset|val_subset: 40
    model|model: smallcnn
    base_model|base_model: $tmp/start.onnx
    base_model_sha256|base_model: $tmp/start.onnx|base_model_sha256: $(sha256sum <"$tmp/start.onnx" | cut -c1-64)
    width|width: 0.5
    conv1_channels|conv1_channels: 3
    conv2_channels|conv2_channels: 5
    batch_size|batch_size: 16
    epochs|epochs: 2
    fine_tune_epochs|fine_tune_epochs: 2
    fine_tune_epochs|fine_tune_epochs: 0
    fine_tune_unpruned|fine_tune_unpruned: false
    learning_rate|learning_rate: 0.002
    fine_tune_learning_rate|fine_tune_learning_rate: 0.0005
    learning_rate_schedule|learning_rate_schedule: cosine
    warmup_epochs|warmup_epochs: 0.5
    weight_decay|weight_decay: 0.01
    label_smoothing|label_smoothing: 0.1
    augment_shift|augment_shift: 1
    augment_flip|augment_flip: true
    early_stopping|early_stopping: 2
    teacher|teacher: $tmp/start
    teacher|teacher: base
    teacher_sha256|teacher: $tmp/start|teacher_sha256: $(sha256sum <"$tmp/start" | cut -c1-64)
    distillation_temperature|teacher: base|distillation_temperature: 2
    distillation_weight|teacher: base|distillation_weight: 0.5
    qat_epochs|qat_epochs: 1
    qat_learning_rate|qat_learning_rate: 0.0001
    pruning_levels|pruning_levels: [0.0, 0.25, 0.5]
    pruning_levels|pruning_levels: [0.0]
    pruning_levels|pruning_levels: [0.5, 0.0]
    pruning_criterion|pruning_criterion: l2
    pruning_criterion|pruning_criterion: [l1, l2]
    pruning_scope|pruning_scope: global
    prune_steps|prune_steps: 2
    channel_multiple|channel_multiple: 2
    pruning_images|pruning_images: 32
    precisions|precisions: [fp32, fp16, int8]
    precisions|precisions: [fp32]
    quantization_backend|quantization_backend: qnnpack
    calibration_batches|calibration_batches: 2
    quantization_observer|quantization_observer: minmax
    observer_percentile|observer_percentile: 99
    weight_granularity|weight_granularity: tensor
    mixed_weights_kb|mixed_weights_kb: 9.5
    bias_correction|bias_correction: true
    cross_layer_equalization|cross_layer_equalization: true
    rounding|rounding: adaptive
    explore_widths|explore_widths: [1-4]
    explore_from|explore_from: scratch
    explore_epochs|explore_epochs: 2
    explore_images|explore_images: 32
    explore_way|explore_way: halving
    explore_rungs|explore_rungs: 3
    explore_growth|explore_growth: 2
    explore_reduction|explore_reduction: 2
    benchmark_repeats|benchmark_repeats: 2
    benchmark_trials|benchmark_trials: 2
    benchmark_warmup|benchmark_warmup: 1
    benchmark_exact|benchmark_exact: false
    benchmark_seconds|benchmark_seconds: 59
    benchmark_wait|benchmark_wait: 599
    power_watts|power_watts: 2.5
    memory_budgets_mb|memory_budgets_mb: [0.003, 0.02]
    active_memory_budget_mb|active_memory_budget_mb: 0.02
    devices|devices: [RP2040]
    active_device|devices: [RP2040]|active_device: RP2040
    max_latency_ms|max_latency_ms: 1
    max_energy_mj|max_energy_mj: 1
    cpu_frequency_scale|cpu_frequency_scale: 0.5
    latency_statistic|latency_statistic: mean
    recommend|recommend: accuracy
    pareto_use_ci|pareto_use_ci: true
    pareto_any_status|pareto_any_status: false
    memory_bandwidth_gbps|memory_bandwidth_gbps: 6.4
    peak_compute_gmacs|peak_compute_gmacs: 32
    threads|threads: 1
    job_minutes|job_minutes: 90
    job_memory_mb|job_memory_mb: null
    job_threads|job_threads: 3
    num_workers|num_workers: 7
    device|device: cpu
    output_dir|output_dir: $home/other
END
}

# "key: slice slice", as the table says; make is Make itself, which has no slice
"$bin/eo-config" --keys | awk -F' [|] ' 'NR > 2 { gsub(/[|` ]/, "", $1); gsub(/,|—/, "", $4); print $1 ": " $4 }' \
    >"$tmp/readers"

# The edits of these keys only write down the value that they have anyway, which changes no slice.
only_value() { case $1 in model | device) return 0 ;; esac; return 1; }

# With an active device every candidate is compiled for it: tests/boards.bats and tests/device.bats look at that.
compiles() { case $1 in active_device | max_latency_ms | max_energy_mj) return 0 ;; esac; return 1; }

# edited LINE: the experiment with one of the edits
edited() {
    restored
    old_ifs=$IFS
    IFS='|'
    # shellcheck disable=SC2086 # split at |
    edit "$home/exp.yaml" ${1#*|}
    IFS=$old_ifs
}

key_case() {
    key=${1%%|*}
    readers=$(sed -n "s/^$key: //p" "$tmp/readers")
    ! only_value "$key" || readers=
    ! compiles "$key" || return
    case $1 in *+contents*) readers="$readers contents" ;; esac
    # The base model does not teach itself.
    case $1 in *'teacher: base'*) readers=$(echo "$readers" | tr ' ' '\n' | grep -vx train | tr '\n' ' ') ;; esac
    edited "$1"
    # shellcheck disable=SC2086 # a list
    graph $readers
    case $1 in
    threads* | job_* | num_workers* | 'device|'* | model* | data_dir*/same) ;;
    *) [ -s "$home/expected" ] && ok || bad "${1#*|}: nobody reads it" ;;
    esac
    # Look first, because looking must change nothing.
    dry_case "${1#*|}"
    explain_case "${1#*|}" dry
    run_case "${1#*|}" || return
    case " $readers " in *" make "*) clean_case "${1#*|}" -m ;; esac
}

# all_keys K: one of two workers that share the lines
all_keys() {
    finished "keys$1" || { bad "a clean run"; return; }
    cases >"$home/cases"
    grep -E "^(${EO_KEYS:-.*})\|" "$home/cases" | awk -v k="$1" 'NR % 2 == k' >"$home/mine"
    while IFS= read -r line <&3; do key_case "$line"; done 3<"$home/mine"
    [ "$1" = 0 ] || return
    cut -d'|' -f1 "$home/cases" | sort -u >"$home/have"
    cut -d: -f1 "$tmp/readers" | sort -u >"$home/want"
    same "every key has an edit in cases()" "$home/want" "$home/have"
}

# ---- edits that mean nothing

no_edits() {
    finished none || { bad "a clean run"; return; }
    graph
    run_case "nothing was edited"
    echo "# a comment" >>"$home/exp.yaml"
    run_case "a comment"
    tac "$home/exp.yaml" >"$home/tac" && mv "$home/tac" "$home/exp.yaml"
    run_case "another order of the keys"
    touch "$home/exp.yaml"
    run_case "a touch of the configuration"
    touch "$tmp"/data/a/*
    run_case "a touch of the data"
    sed 's/: /:   /' "$home/exp.yaml" >"$home/wide" && mv "$home/wide" "$home/exp.yaml"
    run_case "other white space"
    edit "$home/exp.yaml" "learning_rate: 0.5"
    make_eo -n CONFIG="$home/exp.yaml" >/dev/null 2>&1
    make_eo explain CONFIG="$home/exp.yaml" >/dev/null 2>&1
    edit "$home/exp.yaml" "learning_rate: 0.001"
    run_case "an edit that was looked at and undone"
    dry_case "nothing was edited"
    explain_case "nothing was edited"
}

# ---- a history of edits on one folder; after each it has the bytes of a clean run

# age FILE: the edited file gets an old time, or a link to such a file takes its place, or it is as an editor leaves it
age() {
    turn=$((turn % 3 + 1))
    case $turn in
    1) touch -d 2001-01-01 "$1" ;;
    2) mv "$1" "$1.linked" && touch -d 2001-01-02 "$1.linked" && ln -sfn "${1##*/}.linked" "$1" ;;
    esac
}

history() {
    turn=0
    finished history || { bad "a clean run"; return; }
    for change in "pruning_levels: [0.0, 0.25, 0.5]" "pruning_levels: [0.0, 0.5]" "precisions: [int8]" \
        "learning_rate: 0.004" "precisions: [fp32, fp16, int8]" "fine_tune_epochs: 0" "seeds: [3, 4]" \
        "pruning_levels: [0.5, 0.25]" "pruning_criterion: [random, l1]" "power_watts: 1.5" "prune_steps: 2" \
        "seeds: [4, 3]" \
        "fine_tune_epochs: 1" "train_subset: 80" "pruning_criterion: l2" "pruning_levels: [0.0, 0.5]" \
        "fine_tune_unpruned: false"; do
        case $change in seeds*) edit "$home/exp.yaml" -seed ;; esac
        edit "$home/exp.yaml" "$change"
        age "$home/exp.yaml"
        out=$home/out
        make_eo CONFIG="$home/exp.yaml" all >"$home/log" 2>&1 || sed 's/^/    /' "$home/log"
        clean_case "after the history up to $change" -m
        rows=$(awk 'END { print NR - 1 }' "$out/sweep_results.csv")
        [ "$rows" = "$(steps "$home/exp.yaml" | grep -c '^(timed)')" ] && ok || bad "$change: $rows rows"
    done
}

# ---- every file of a run is lost in turn: it comes back, the step that makes it runs, and of what follows only what
# has to

# lost_case FILE...: of independent kinds, so that one make does for several
lost_case() {
    remember
    graph
    cp "$home/new" "$home/old"
    for lost; do
        rm "$home/out/$lost"
        # A record of config/steps has the name of the first file of its step.
        case $lost in
        config/steps/configuration | config/steps/data | config/described | config/records) lost=manifest.json ;;
        config/steps/*) lost=$(echo "${lost#config/steps/}" | tr + /) ;; esac
        awk -v lost="$lost" '{ split($0, part, "|"); n = split($2 " " part[4], made, " ")
            for (i = 1; i <= n; i++) if (made[i] == lost) { sub(/[|]/, "| lost "); break }
            print }' "$home/old" >"$home/new"
        cp "$home/new" "$home/old"
    done
    slices=lost
    run_case "lost: $*"
    for lost; do [ -e "$home/out/$lost" ] && ok || bad "$lost does not come back"; done
    "$bin/eo-verify" "$home/out/manifest.json" >"$home/log" 2>&1 && ok ||
      { bad "eo-verify after a loss of $*"; cat "$home/log"; }
}

losses() {
    finished losses || { bad "a clean run"; return; }
    edit "$home/exp.yaml" "pruning_levels: [0.5]" "precisions: [int8]"
    rm -rf "$home/out"
    make_eo CONFIG="$home/exp.yaml" all >"$home/log" 2>&1 || bad "a clean run"
    (cd "$home/out" && find . ! -type d) | sed 's|^./||' | sort >"$home/files"
    for kind in config/made/ config/programs/ config/steps/ config/; do
        grep "^$kind" "$home/files" >"$home/$(basename $kind).lost"
        grep -v "^$kind" "$home/files" >"$home/others" && mv "$home/others" "$home/files"
    done
    paste -d' ' "$home/files" "$home/made.lost" "$home/programs.lost" "$home/steps.lost" "$home/config.lost" \
      >"$home/turns"
    # shellcheck disable=SC2086 # a list
    while IFS= read -r turn <&4; do lost_case $turn; done 4<"$home/turns"
    graph
    slices=
    cp "$home/new" "$home/old"
    remember
    run_case "nothing was lost"
    : >"$home/expected"
    explain_case "nothing was lost"

    # A copy has times of its own, so each step asks its record.
    mv "$home/exp.yaml" "$home/renamed.yaml"
    edit "$home/renamed.yaml" "output_dir: $home/renamed"
    cp -r "$home/out" "$home/renamed"
    for make in first second; do
        make_eo CONFIG="$home/renamed.yaml" all >"$home/log" 2>&1 || sed 's/^/    /' "$home/log"
        ran "$home/log" "$home/renamed" >"$home/found"
        same "renamed with its folder, $make make" /dev/null "$home/found"
    done
    sh tests/same-artefacts.sh -x "$home/out" "$home/renamed" >"$home/log" && ok || { bad "renamed"; cat "$home/log"; }
}

# ---- sessions: what is timed with what

# timed WHAT yes|no|"no yes" [WORDS]: checks that make times or not, and that make explain said so with these words
# beforehand; "no yes": explain could not know that the models would have the same bytes as before
timed() {
    make_eo CONFIG="$home/exp.yaml" explain >"$home/words" 2>&1
    make_eo CONFIG="$home/exp.yaml" all >"$home/log" 2>&1 || sed 's/^/    /' "$home/log"
    found=no
    ! grep -q '^  TIME ' "$home/log" || found=yes
    said=no
    ! grep -qF "  bench     machine.csv: ${3:-}" "$home/words" || said=yes
    expected=$2
    [ "$2" = "no yes" ] || expected="$2 $2"
    if [ "$found $said" = "$expected" ]; then
        ok
    else
        bad "$1: expected to be timed $2, was $found; explained $said"
        sed 's/^/    /' "$home/words"
    fi
}

sessions() {
    finished sessions || { bad "a clean run"; return; }
    int8=p0.50-int8
    edit "$home/exp.yaml" "pruning_levels: [0.0]"
    timed "a level taken out" no
    edit "$home/exp.yaml" "pruning_levels: [0.0, 0.5]"
    timed "put back, its rows are of the last session" no
    edit "$home/exp.yaml" "pruning_levels: [0.0, 0.5, 0.7]"
    timed "a level that is new" yes "level 0.70 was added; all are timed together"
    edit "$home/exp.yaml" "pruning_levels: [0.0]" "benchmark_repeats: 2"
    timed "a level taken out and other repeats" yes "benchmark_repeats changed from 1 to 2"
    edit "$home/exp.yaml" "pruning_levels: [0.0, 0.5]"
    timed "put back, its rows are of an earlier session" yes "level 0.50 was added; all are timed together"
    rm "$home/out/rows/$int8.rounds.csv"
    timed "a file is lost" yes "1 candidate has no row of the last session; all are timed together"
    rm "$home/out/rows/$int8.timing.err" "$home/out/rows/p0.00-int8.timing.csv"
    timed "two files are lost" yes "2 candidates have no rows of the last session; all are timed together"
    rm "$home/out/config/timed"
    timed "the session before was killed" yes "4 candidates have no rows of the last session; all are timed together"
    rm "$home/out/machine.csv"
    timed "machine.csv is lost" yes "is missing"
    echo "0.50,int8,7,timing,ended by signal 9 (Killed),l1" >>"$home/out/rows/$int8.timing.err"
    timed "one could not be timed" yes "1 candidate has no row of the last session; all are timed together"
    timed "it could be timed again" no

    # A candidate that fails is tried again, and nothing else runs, not even selection.
    rm "$home/out/models/$int8.safetensors"
    failing "*eo-quant*$int8*"
    timed "a model that cannot be made" yes "follows from quant"
    make_eo CONFIG="$home/exp.yaml" all >"$home/log" 2>&1
    ran "$home/log" "$home/out" >"$home/found"
    printf '%s\n' "EVAL rows/$int8.accuracy.csv" "QUANT models/$int8.safetensors" >"$home/expected"
    same "a candidate that fails again" "$home/expected" "$home/found"
    run=
    timed "the cause is gone" yes "follows from eval"
    rm "$home/out/models/p0.50.safetensors"
    failing "*eo-prune*p0.50*"
    # explain cannot know beforehand that it will fail. The rows of the last session stay, but leave the tables.
    make_eo CONFIG="$home/exp.yaml" all >"$home/log" 2>&1
    [ "$(awk 'END { print NR - 1 }' "$home/out/sweep_results.csv")" = 2 ] && ok || bad "two that cannot be pruned stay"
    make_eo CONFIG="$home/exp.yaml" explain >"$home/log" 2>&1
    grep -q "^  quant  .* and 1 more: failed the last time" "$home/log" && ok || { bad "explain"; cat "$home/log"; }
    make_eo CONFIG="$home/exp.yaml" all >"$home/log" 2>&1
    ran "$home/log" "$home/out" | grep -E '^(TIME|SELECT|HARDWARE|MANIFEST|PLOT)' >"$home/found"
    same "two candidates that fail again" /dev/null "$home/found"
    run=
    timed "the cause is gone again, the model is that of the last session" "no yes" "follows from quant"
    [ "$(awk 'END { print NR - 1 }' "$home/out/sweep_results.csv")" = 4 ] && ok || bad "not all candidates came back"
    graph
    run_case "nothing to do after all this"
}

# ---- the source of each program

# program_case TOOL WHAT: checks that the steps that read it run
program_case() {
    graph "$1"
    remember
    run_case "$2"
}

# nothing_ran WHAT
nothing_ran() {
    : >"$home/expected"
    explain_case "$1"
    graph
    run_case "$1"
}

# Programs of another commit replace these for a while; when these are back, nothing runs.
exchanged_programs() {
    remember
    for time in "2 hours ago" now; do
        cp -a "$tree/out/bin" "$home/bin"
        for tool in "$tree"/out/bin/eo-*; do [ "$tool" = "$tree/out/bin/eo-config" ] || echo "# other" >>"$tool"; done
        touch -d "$time" "$tree"/out/bin/eo-*
        make_eo explain CONFIG="$home/exp.yaml" >"$home/log" 2>&1
        grep -q 'program eo-eval changed' "$home/log" && ok || { bad "other programs, of $time"; cat "$home/log"; }
        cp "$home"/bin/eo-* "$tree/out/bin"
        touch -d "$time" "$tree"/out/bin/eo-*
        nothing_ran "programs restored, with times of $time"
        rm -r "$home/bin"
    done
    cp "$tree/tools/eo-eval.c" "$home/source"
    echo "const char eo_branch[] = \"branch\";" >>"$tree/tools/eo-eval.c"
    make_eo programs >/dev/null
    cp "$home/source" "$tree/tools/eo-eval.c"
    make_eo programs >/dev/null
    nothing_ran "sources of another branch, built, and those of before"
}

edited_scripts() {
    for script in labels.awk common.gp; do
        cp -p "$tree/plots/$script" "$home/script"
        touch "$tree/plots/$script"
        nothing_ran "a touch of $script"
        echo "# other" >>"$tree/plots/$script"
        graph "$script"
        run_case "an edit of $script"
        cp -p "$home/script" "$tree/plots/$script"
        graph "$script"
        run_case "$script restored, with its old time"
        nothing_ran "$script was restored"
    done
}

# Works in a copy of its own, because the other workers use these sources. The name of the copy's folder becomes part of
# what is compiled there, so the files that are touched first are compiled once before.
program_edits() {
    cp -a "$tree" "$tmp/edited"
    tree=$tmp/edited
    touch "$tree/tools/eo-prune.c" "$tree/tools/eo-eval.c" "$tree/lib/stage/bench/session.c"
    make_eo programs >/dev/null
    finished programs || { bad "a clean run"; return; }
    graph
    touch "$tree/tools/eo-prune.c" "$tree/tools/eo-eval.c" "$tree/lib/stage/bench/session.c"
    run_case "a touch of sources"
    echo "/* The end. */" | tee -a "$tree/tools/eo-prune.c" >>"$tree/lib/stage/bench/session.c"
    run_case "comments"
    echo "const char eo_edited_session[] = \"session\";" >>"$tree/lib/stage/bench/session.c"
    program_case eo-bench "an edit of lib/stage/bench/session.c"
    exchanged_programs
    edited_scripts
    for tool in "$tree"/tools/eo-*.c; do
        tool=$(basename "$tool" .c)
        echo "const char eo_edited[] = \"$tool\";" >>"$tree/tools/$tool.c"
        program_case "$tool" "an edit of $tool.c"
    done
}

counted() {
    passed=0 failed=0
    "$@" >"$tmp/$1${2:-}.out" 2>&1
    echo "$passed $failed" >"$tmp/$1${2:-}.count"
}

if [ "${EO_KEYS:-}" = sessions ]; then
    counted sessions
elif [ "${EO_KEYS:-}" = losses ]; then
    counted losses
elif [ "${EO_KEYS:-}" = programs ]; then
    counted program_edits
elif [ -n "${EO_KEYS:-}" ]; then
    counted all_keys 0 &
    counted all_keys 1 &
    wait
else
    { counted all_keys 0; counted no_edits; } &
    { counted all_keys 1; counted history; } &
    { counted sessions; counted losses; counted program_edits; } &
    wait
fi
cat "$tmp"/*.out
passed=0 failed=0
for f in "$tmp"/*.count; do
    read -r p f <"$f"
    passed=$((passed + p)) failed=$((failed + f))
done
echo "rebuild: $passed passed, $failed failed"
[ "$failed" = 0 ]
