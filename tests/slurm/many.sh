#!/bin/sh
# Makes an experiment of very many candidates without Make: tiny models, each by the program and the options that Make
# would take, and the records of these steps. So `make all` only has to time them and to make the tables.
#
#     sh tests/slurm/many.sh FOLDER CANDIDATES    writes FOLDER/exp.yaml, FOLDER/set and FOLDER/out
#
# The number of candidates is rounded up to whole seeds of 1,119 candidates each (63 levels, 6 criteria, 3 precisions),
# or, for fewer, to whole levels of 18. EO_BIN names the folder of the programs.
set -eu
export LC_ALL=C
[ $# = 2 ] || { echo "many.sh: expected FOLDER CANDIDATES" >&2; exit 2; }
mkdir -p "$1"
root=$(cd "$(dirname "$0")/../.." && pwd) folder=$(cd "$1" && pwd) wanted=$2
bin=$(cd "${EO_BIN:-$root/out/bin}" && pwd)
PATH=$bin:$PATH
levels=$(((wanted + 14) / 18)) # besides level 0
[ $levels -le 62 ] || levels=62
seeds=$(((wanted + 18 * levels + 2) / (18 * levels + 3)))
out=$folder/out config=$folder/exp.yaml
[ -d "$folder/set" ] || eo-data --generate "$folder/set" --train 60 --test 20
{
    grep -v -e '^pruning' -e '^precisions' -e 'epochs' "$root/tests/golden/tiny.yaml"
    echo "seeds: [$(seq -s ', ' 1 $seeds)]"
    echo "pruning_criterion: [l1, l2, fpgm, activation, taylor, random]"
    echo "pruning_levels: [0$(seq -f ', 0.%02.0f' 1 $levels | tr -d '\n')]"
    echo "precisions: [fp32, fp16, int8]"
    echo "epochs: 1"
    echo "fine_tune_epochs: 0"
    echo "train_subset: 40"
    echo "val_subset: 20"
    echo "batch_size: 20"
    echo "data_dir: $folder/set"
    echo "output_dir: $out"
} >"$config"

# The slices, the base models and their records, by Make.
cd "$root"
bases=$out/models/base.safetensors
for s in $(seq 2 $seeds); do bases="$bases $out/models/seed$s/base.safetensors"; done
# shellcheck disable=SC2086 # a list
make --no-print-directory B="$(dirname "$bin")" CONFIG="$config" $bases

# one SEED: all candidates of a seed
cat >"$folder/one.sh" <<'END'
set -eu
seed=$1 data=$2
[ "$seed" = 1 ] && s= || s=seed$seed/
mkdir -p rows/$s models/$s
try() {
    stage=$1 name=$2
    shift 2
    eo-attempt --row rows/$name.$stage.err --candidate $name --seed 1 --stage $stage -- "$@"
}
while read -r p level criterion; do
    by=
    [ "$criterion" = none ] || by="--criterion $criterion -c config/${s}prune.yaml --data $data"
    try prune $s$p eo-prune -l $level $by -o models/$s$p.safetensors models/${s}base.safetensors
    for q in fp32 fp16 int8; do
        c=$s$p-$q
        layers=
        [ $q != int8 ] || layers="--layers rows/$c.quant.csv"
        try quant $c eo-quant -p $q -c config/${s}quant.yaml --data $data $layers -o models/$c.safetensors \
            models/$s$p.safetensors
        try accuracy $c eo-eval -c config/${s}eval.yaml --data $data --confusion rows/$c.confusion.csv \
            --hits rows/$c.hits.csv -o rows/$c.accuracy.csv models/$c.safetensors
    done
done
END
{
    echo p0.00 0.00 none
    for l in $(seq -f 0.%02.0f 1 $levels); do
        for c in l1 l2 fpgm activation taylor random; do
            case $c in l1) echo "p$l $l $c" ;; *) echo "p$l-$c $l $c" ;; esac
        done
    done
} >"$folder/pruned"
cd "$out"
seq 1 $seeds | xargs -n 1 -P $seeds sh -c 'sh "$1/one.sh" "$2" "$1/set" <"$1/pruned"' sh "$folder"

# The records (tools/steps.mk), from one list of checksums.
find dataset.csv models rows config -path config/steps -prune -o -type f -print |
    xargs -d '\n' sha256sum | awk -v seeds=$seeds '
    function put(stage, made, read,   n, i, f, list, file) {
        n = split(made, list, " ")
        file = list[1]; gsub("/", "+", file); file = "config/steps/" file
        print stage >file
        for (i = 1; i <= n; i++) print sum[list[i]] "  " list[i] >file
        print "" >file
        n = split(read, list, " ")
        for (i = 1; i <= n; i++) print sum[list[i]] "  " list[i] >file
        close(file)
    }
    FILENAME == "-" { sum[$2] = $1; next }
    { for (k = 1; k <= seeds; k++) {
          s = k == 1 ? "" : "seed" k "/"; p = s $1
          put("prune", "models/" p ".safetensors rows/" p ".prune.err", "models/" s "base.safetensors " \
              ($3 == "none" ? "" : "config/" s "prune.yaml ") \
              "config/" s "finetune.yaml dataset.csv config/programs/eo-prune config/programs/eo-attempt")
          for (j = 1; j <= 3; j++) {
              q = substr("fp32fp16int8", 4 * j - 3, 4); c = p "-" q; r = "rows/" c
              put("quant", "models/" c ".safetensors " r ".quant.err" (q == "int8" ? " " r ".quant.csv" : ""), \
                  "models/" p ".safetensors rows/" p ".prune.err " \
                  (q == "int8" ? "config/" s "quant.yaml dataset.csv " : "") \
                  "config/programs/eo-quant config/programs/eo-attempt")
              put("eval", r ".accuracy.csv " r ".hits.csv " r ".confusion.csv " r ".accuracy.err", \
                  "models/" c ".safetensors " r ".quant.err config/" s "eval.yaml dataset.csv " \
                  "config/programs/eo-eval config/programs/eo-attempt")
          }
      } }' - "$folder/pruned"
echo "$(((18 * levels + 3) * seeds)) candidates"
