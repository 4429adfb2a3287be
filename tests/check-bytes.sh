#!/bin/sh
# Runs one small experiment, from the generated images to predictions, with every variant of the programs: each compiler
# at -O0 and -O3, each instruction set, 1 to 3 threads, and aarch64 in qemu's user mode. Prints one SHA-256 for each
# artefact; what differs from the first variant (plain C, gcc -O0, one thread) or is missing has failed. Also checks
# that compiler options that would change bytes are refused.
#
#     EO_BIN=out/bin tests/check-bytes.sh        writes variants below out/bytes, artefacts below out/bytes/runs
#     EO_BYTES=full ...                          also aarch64 in all combinations (it takes minutes)
#
# The last line is "check-bytes: N passed, M failed, K skipped"; a pair of variant and artefact counts as one.

cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C
self=tests/check-bytes.sh
out=out/bytes
sysroot=out/sysroot-aarch64
programs="data train prune quant eval"
jobs=$(nproc 2>/dev/null || echo 1)

artefacts="dataset.csv base.safetensors training.csv pruned.safetensors tuned.safetensors finetuning.csv
    fp16.safetensors fbgemm.safetensors fbgemm.json qnnpack.safetensors qnnpack.json qat.safetensors qat.json
    tuned.accuracy.csv tuned.logits.csv tuned.predictions.csv fp16.accuracy.csv fp16.logits.csv fp16.predictions.csv
    fbgemm.accuracy.csv fbgemm.logits.csv fbgemm.predictions.csv
    qnnpack.accuracy.csv qnnpack.logits.csv qnnpack.predictions.csv
    wide.safetensors wide-int8.safetensors wide.logits.csv wide-fp16.logits.csv wide-int8.logits.csv
    single-wide.logits.csv single-wide-fp16.logits.csv single-wide-int8.logits.csv"
for net in residual depthwise; do
    artefacts="$artefacts $net.safetensors $net.csv $net.scores"
    for m in $net-pruned $net-fp16 $net-int8 $net-qat; do artefacts="$artefacts $m.safetensors $m.logits.csv"; done
done

# ---- building. A build is called gcc-O3 or aarch64-clang-O0.

# plain_make ARGUMENT...: make without the options of a make above this one
plain_make() {
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make --no-print-directory SANITIZE= WERROR= V=0 "$@"
}

# Without debug information (-g0): it never changes code, and doubles gcc's time.
build() {
    name=$1
    level=-${name##*-}
    tools=
    for p in $programs; do tools="$tools tools/eo-$p.c"; done
    case $name in
    aarch64-gcc-*) set -- CC=aarch64-linux-gnu-gcc AR=aarch64-linux-gnu-ar ;;
    aarch64-clang-*) set -- CC="clang --target=aarch64-linux-gnu" AR=aarch64-linux-gnu-ar ;;
    *) set -- CC="${name%-*}" AR=ar ;;
    esac
    case $name in
    aarch64-*) set -- "$@" CPPFLAGS="-isystem $sysroot/usr/include" \
        LDFLAGS="-static -L$sysroot/usr/lib/aarch64-linux-gnu" ;;
    *) set -- "$@" CPPFLAGS= LDFLAGS= ;;
    esac
    mkdir -p "$out/$name"
    plain_make -j"$((jobs / 4 + 1))" B="$out/$name" OPT="$level" CFLAGS=-g0 TOOL_SRC="$tools" "$@" programs \
        >"$out/$name/log" 2>&1 </dev/null || rm -rf "$out/${name:?}/bin"
}

# Whether the programs under test can serve as the build gcc-O3: gcc at -O3, without sanitizers and options of machines.
is_gcc_o3() {
    flags=$(cat "$1/../build/flags" 2>/dev/null)
    case $flags in
    *-fsanitize*) return 1 ;;
    "gcc -std=c11 "*" -O3 "*) ;;
    *) return 1 ;;
    esac
    case ${flags#* -O3 } in *" -O"* | *" -march"* | *" -m"*) return 1 ;; esac
}

bin_of() {
    if [ "$1" = gcc-O3 ] && is_gcc_o3 "${EO_BIN:-}"; then
        echo "$EO_BIN"
    else
        echo "$out/$1/bin"
    fi
}

# ---- one run. A variant is called BUILD:ISA:THREADS.

# Odd channel counts use the ends of vectors, the wide network their middles. A training step has 50 images (four
# blocks, the last with two), and the last step 37. eo-eval splits 513 images into three tasks, the last with one image,
# which takes the path for single images; the wide network takes it in single.yaml.
write_configs() {
    common="dataset: synthetic
fine_tune_epochs: 1
calibration_batches: 2
learning_rate: 0.01"
    narrow="train_subset: 137
val_subset: 513
conv1_channels: 5
conv2_channels: 11
batch_size: 50
epochs: 2"
    wide="train_subset: 21
batch_size: 21
epochs: 1"
    printf '%s\n' "$common" "$narrow" >narrow.yaml
    printf '%s\n' "$common" "$narrow" "quantization_backend: qnnpack" >qnnpack.yaml
    printf '%s\n' "$common" "$narrow" "quantization_backend: qnnpack" "qat_epochs: 1" "augment_shift: 1" \
        "early_stopping: 1" >qat.yaml
    printf '%s\n' "$common" "$wide" "val_subset: 35" >wide.yaml
    printf '%s\n' "$common" "$wide" "val_subset: 1" >single.yaml
    # Two steps of 21 and 16 images.
    small="train_subset: 37
val_subset: 19
batch_size: 21
epochs: 1
pruning_images: 37"
    printf '%s\n' "$common" "$small" "model: resnet8" "width: 0.3" >residual.yaml
    printf '%s\n' "$common" "$small" "model: ds-cnn" "width: 0.2" >depthwise.yaml
    for net in residual depthwise; do { cat $net.yaml; echo "qat_epochs: 1"; } >$net-qat.yaml; done
}

# Leaves out the columns of times, because times are no results.
without_times() {
    cut -d, -f1-6 "$1.all" >"$1"
}

eo() {
    program=$1
    shift
    # shellcheck disable=SC2086 # the emulator and nothing
    $emulator "$bin/eo-$program" "$@"
}

# evaluate CONFIG MODEL NAME
evaluate() {
    eo eval -c "$1" --data data --threads "$threads" --logits "$3.logits.csv" --predictions "$3.predictions.csv" \
        -o "$3.accuracy.csv" "$2.safetensors"
}

pipeline() {
    set -e
    write_configs
    eo data --generate data --train 660 --test 10
    eo data --checksum --data data -o dataset.csv
    eo train -c narrow.yaml --data data --threads "$threads" --log training.csv.all -o base.safetensors
    without_times training.csv
    eo prune -l 0.5 -o pruned.safetensors base.safetensors
    eo train -c narrow.yaml --data data --threads "$threads" --init pruned.safetensors --fine-tune \
        --log finetuning.csv.all -o tuned.safetensors
    without_times finetuning.csv
    eo quant -p fp16 -o fp16.safetensors tuned.safetensors
    eo quant -p int8 -c narrow.yaml --data data --threads "$threads" --report fbgemm.json -o fbgemm.safetensors \
        tuned.safetensors
    eo quant -p int8 -c qnnpack.yaml --data data --threads "$threads" --report qnnpack.json -o qnnpack.safetensors \
        base.safetensors
    eo quant -p int8 -c qat.yaml --data data --threads "$threads" --report qat.json -o qat.safetensors tuned.safetensors
    for m in tuned fp16 fbgemm qnnpack; do evaluate narrow.yaml $m $m; done
    eo train -c wide.yaml --data data --threads "$threads" -o wide.safetensors
    eo quant -p fp16 -o wide-fp16.safetensors wide.safetensors
    eo quant -p int8 -c wide.yaml --data data --threads "$threads" -o wide-int8.safetensors wide.safetensors
    for m in wide wide-fp16 wide-int8; do
        evaluate wide.yaml $m $m
        evaluate single.yaml $m single-$m
    done
    general residual 0.25x0.5x0.25x0.5x0.25x0.5
    general depthwise 0.3
}

# general NETWORK LEVEL: the stages with a network that uses the kernels for any network
general() {
    eo train -c "$1.yaml" --data data --threads "$threads" --log "$1.csv.all" -o "$1.safetensors"
    without_times "$1.csv"
    eo prune -l "$2" --criterion taylor -c "$1.yaml" --data data --threads "$threads" --scores "$1.scores" \
        -o "$1-pruned.safetensors" "$1.safetensors"
    eo quant -p fp16 -o "$1-fp16.safetensors" "$1-pruned.safetensors"
    eo quant -p int8 -c "$1.yaml" --data data --threads "$threads" -o "$1-int8.safetensors" "$1-pruned.safetensors"
    eo quant -p int8 -c "$1-qat.yaml" --data data --threads "$threads" -o "$1-qat.safetensors" "$1-pruned.safetensors"
    for m in pruned fp16 int8 qat; do evaluate "$1.yaml" "$1-$m" "$1-$m"; done
}

run() {
    variant=$1
    name=${variant%%:*}
    threads=${variant##*:}
    isa=${variant#*:}
    isa=${isa%:*}
    bin=$(bin_of "$name")
    case $bin in /*) ;; *) bin=$PWD/$bin ;; esac
    emulator=
    case $name in aarch64-*) [ "$(uname -m)" = aarch64 ] || emulator=qemu-aarch64-static ;; esac
    mkdir -p "$out/runs/$variant" && cd "$out/runs/$variant" || exit 1
    unset EO_DATA_DIR
    export EO_ISA="$isa"
    trap finish EXIT
    pipeline >log 2>&1 </dev/null
}

# Runs after a failure too; the artefacts that are missing then are reported.
finish() {
    status=$?
    [ $status = 0 ] || echo "failed with status $status" >>log
    # shellcheck disable=SC2086 # a list
    sha256sum -- $artefacts >sums 2>/dev/null
    exit 0
}

case ${1:-} in
build | run)
    "$1" "$2"
    exit 0
    ;;
esac

# ---- which variants can run here

skipped=0
failed=0
passed=0
skip() {
    echo "skipped: check-bytes: $1"
    skipped=$((skipped + 1))
}

have() {
    command -v "$1" >/dev/null 2>&1
}

compilers=
for cc in gcc clang; do
    if have $cc; then compilers="$compilers $cc"; else skip "$cc (not installed)"; fi
done

isas=
case $(uname -m) in
x86_64) all="generic avx2 avx512" ;;
aarch64) all="generic neon" ;;
*) all=generic ;;
esac
here=$("${EO_BIN:?names the folder of the programs}/eo-train" --version | sed -n 's/^instruction sets: //p')
for isa in $all; do
    case " $here " in
    *" $isa "*) isas="$isas $isa" ;;
    *) skip "$isa (this processor lacks it)" ;;
    esac
done

variants=
builds=
# add BUILD "ISAS" "THREADS"
add() {
    builds="$builds $1"
    for isa in $2; do
        for t in $3; do variants="$variants $1:$isa:$t"; done
    done
}
for level in O0 O3; do
    for cc in $compilers; do add "$cc-$level" "$isas" "1 2 3"; done
done
if [ "$(uname -m)" = x86_64 ]; then
    if ! have aarch64-linux-gnu-gcc; then
        skip "aarch64 (gcc-aarch64-linux-gnu is not installed; make deps check)"
    elif ! have qemu-aarch64-static; then
        skip "aarch64 (qemu-user-static is not installed; make deps check)"
    elif [ ! -d $sysroot ]; then
        skip "aarch64 (no arm64 libraries in $sysroot; make deps check)"
    elif [ "${EO_BYTES:-}" = full ]; then
        for level in O0 O3; do
            for cc in $compilers; do add "aarch64-$cc-$level" "neon generic" "1 2 3"; done
        done
    else
        add aarch64-gcc-O3 neon "1 2 3"
        add aarch64-gcc-O3 generic 2
        case $compilers in *clang*) add aarch64-clang-O3 neon 3 ;; esac
    fi
fi

# ---- the options that are refused

message="is refused"
for cc in $compilers; do
    for flag in -ffast-math -Ofast -ffinite-math-only -funsafe-math-optimizations; do
        # clang has no macro for this one.
        [ "$cc$flag" != clang-funsafe-math-optimizations ] || continue
        rm -rf $out/refused
        if text=$(plain_make B=$out/refused CC="$cc" OPT=-O3 CPPFLAGS= LDFLAGS= CFLAGS=$flag programs 2>&1 \
          </dev/null); then
            echo "check-bytes: $cc $flag: expected a refusal, but it builds"
            failed=$((failed + 1))
        elif ! printf '%s\n' "$text" | grep -q "error: .*$message"; then
            printf 'check-bytes: %s %s: expected "%s", found\n%s\n' "$cc" $flag "$message" "$text"
            failed=$((failed + 1))
        else
            echo "  refused: $cc $flag"
            passed=$((passed + 1))
        fi
    done
done

# ---- build, run, compare

# The slowest builds first.
printf '%s\n' $builds | sort -u | sort -t- -k3 -r | while read -r name; do
    [ "$(bin_of "$name")" = "$out/$name/bin" ] && echo "$name"
done | xargs -r -P "$jobs" -n 1 sh $self build
for name in $(printf '%s\n' $builds | sort -u); do
    if [ ! -d "$(bin_of "$name")" ]; then
        echo "check-bytes: $name does not build:"
        tail -n 5 "$out/$name/log" | sed 's/^/    /'
    fi
done

rm -rf $out/runs
printf '%s\n' $variants | sort -r -t: -k2 | xargs -P "$jobs" -n 1 sh $self run

for v in $variants; do
    sed "s/^/$v /" "$out/runs/$v/sums"
    tail -n 2 "$out/runs/$v/log" | sed "s/^/check-bytes: $v: /" >&2
done >$out/sums
counts=$(awk -v variants="$variants" -v artefacts="$artefacts" '
    { sum[$1, $3] = $2 }
    END {
        nv = split(variants, v); na = split(artefacts, a)
        for (i = 1; i <= na; i++) {
            first = sum[v[1], a[i]]; differ = 0
            for (j = 1; j <= nv; j++) {
                s = sum[v[j], a[i]]
                if (s != "" && s == first) { passed++; continue }
                differ++; failed++
                where[s] = where[s] " " v[j]
            }
            printf "  %-64s  %-24s %s\n", first == "" ? "(none)" : first, a[i], \
                differ ? "DIFFERS in " differ " of " nv : "equal in " nv > "/dev/stderr"
            for (s in where) printf "  %-64s    by%s\n", s == "" ? "(none)" : s, where[s] > "/dev/stderr"
            split("", where)
        }
        print passed + 0, failed + 0
    }' $out/sums 2>$out/table)
cat $out/table
passed=$((passed + ${counts% *}))
failed=$((failed + ${counts#* }))
echo "check-bytes: $passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
