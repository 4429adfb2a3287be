bats_require_minimum_version 1.5.0
load common
load measure

setup_file() {
  fixture "$BATS_FILE_TMPDIR"
}

setup() {
  F=$BATS_FILE_TMPDIR
  cd "$BATS_TEST_TMPDIR"
}

# Each operation, tail, kind of padding and edge.
NETWORKS=(
  "input 1x28x28; a: conv 5 3x3 pad 1 relu max 2x2; b: conv 9 3x3 pad 1 relu max 2x2; z: linear 11"
  "input 3x9x13; a: conv 9 3x3 pad 1 relu; b: conv 5 3x3 stride 2 pad same relu6; z: linear 7"
  "input 2x5x3; a: conv 6 5x5 pad 4,4,4,4 relu; b: conv 4 1x1 from a mean; c: conv 4 2x3 pad 1,2,0,1 from a mean; \
d: linear 4 from b add c; z: linear 3"
  "input 4x6x6; a: conv 4 3x3 pad 1 add input relu; z: linear 3"
  "input 2x12x10; a: conv 8 4x3 stride 3x2 pad 3,0,2,1 relu; b: depthwise 3x3 pad 1 relu; c: conv 8 1x1 add a relu6 \
average 2x2/1; z: linear 5"
  "input 4x30x1; a: depthwise 3x1; b: conv 7 1x1 relu; c: depthwise 5x1 stride 2; z: linear 3"
  "input 3x8x8; a: conv 4 3x3 pad 1 relu; b: conv 4 3x3 pad 1 relu; c: conv 4 3x3 pad 1 add a relu; d: conv 8 3x3 \
stride 2 pad same relu; s: conv 8 1x1 stride 2 from c; e: conv 8 3x3 pad 1 from d add s relu mean; z: linear 10"
  "input 2x7x7; a: conv 3 3x3 max 3x3/2; b: depthwise 1x1 add a; z: linear 4"
)

# make_network NETWORK SEED [BACKEND or precision [MEAN STD]]: a random model, int8 at first, on standard output
make_network() {
  "${EO_TESTS:-$EO_BIN/../build/tests}/make_network" "$@"
}

# scores NAME CC...: compiles NAME.c and prints the scores of images on standard input as eo-eval --logits and
# --predictions have them: index,class0,...,class9,predicted
scores() {
  local name=$1 up=${1^^}
  shift
  "$@" -I. -DHEADER="\"$name.h\"" -DMODEL="$name" -DMODEL_UP="$up" "$EO_ROOT/tests/device/scores.c" "$name.c" -lm \
    -o "$name.x"
  "./$name.x"
}

# wanted CONFIG MODEL: the same by eo-eval
wanted() {
  eo-eval -c "$1" --split test --logits l.csv --predictions p.csv "$2" >/dev/null
  tail -n +2 l.csv | cut -d, -f1,3- | paste -d, - <(tail -n +2 p.csv | cut -d, -f3)
}

@test "export: scores of the exported code are those of eo-eval, whatever the compiler" {
  local m32=
  ! echo '#include <stdio.h>' | gcc -m32 -c -x c -o 32.o - 2>/dev/null || m32="gcc -O2 -m32"
  tail -c +17 $F/set/t10k-images-idx3-ubyte >images
  for model in int8 half base; do
    eo-export -c $F/cfg.yaml -o band $F/$model.safetensors
    wanted $F/cfg.yaml $F/$model.safetensors >want
    [ "$(wc -l <want)" -eq 90 ]
    for cc in "gcc -O0" "gcc -O3" "clang -O1" "clang -O3" ${m32:+"$m32"} \
      "gcc -O1 -fsanitize=address,undefined -fno-sanitize-recover=all"; do
      scores band $cc <images | cmp - want || { echo "$model $cc"; return 1; }
    done
  done
}

@test "export: fp32 and fp16 where the processor has a fused multiply-add" {
  grep -qw fma /proc/cpuinfo || skip "needs a processor with FMA"
  tail -c +17 $F/set/t10k-images-idx3-ubyte >images
  for model in half base; do
    eo-export -c $F/cfg.yaml -o band $F/$model.safetensors
    wanted $F/cfg.yaml $F/$model.safetensors >want
    for cc in "gcc -O2 -mfma" "clang -O2 -mfma" "gcc -O3 -mfma -std=gnu99 -ffp-contract=fast"; do
      scores band $cc <images | cmp - want
    done
  done
  run gcc -ffast-math -c band.c
  [[ $status -ne 0 && $output == *"compile without -ffast-math"* ]]
}

@test "export: fused multiply-add and 16 bits in integers, at every size of number" {
  make_model 1 1 3 0 fp16 >m.safetensors
  eo-export --tests 0 --prefix net -o net m.safetensors
  cat >t.c <<'END'
#include "net.c"
#include <math.h>
#include <stdio.h>
#include <string.h>
static uint64_t seed = 1;
static uint32_t any(void) { return (uint32_t)((seed = seed * 6364136223846793005u + 1442695040888963407u) >> 32); }
static float of(uint32_t bits) { net_float f; f.bits = bits; return f.value; }
/* All bits, subnormal, a power of two, near 1, few digits, zero or infinite. */
static float number(void)
{
    const uint32_t r = any();
    switch (any() % 6) {
    case 0: return of(r & 0x807fffff);
    case 1: return of(r & 0xff800000);
    case 2: return of((r & 0x807fffff) | (100 + any() % 60) << 23);
    case 3: return of(r & 0xfff00000);
    case 4: return of(r & 0x80000003);
    default: return of(r);
    }
}
static int same(float a, float b)
{
    net_float p, q;
    p.value = a, q.value = b;
    return p.bits == q.bits || (a != a && b != b);
}
int main(void)
{
    int wrong = 0;
    for (int i = 0; i < 3000000; i++) {
        float x = number(), y = number(), z = number();
        if (i % 3 == 0) { /* nearly nothing is left */
            net_float f;
            f.value = -x * y;
            f.bits += any() % 3 - 1;
            z = f.value;
        }
        wrong += !same(net_fma(x, y, z), fmaf(x, y, z));
    }
    for (uint32_t u = 0; u < 0xffff0000; u += 1021) {
        if (of(u) == of(u))
            wrong += !same(net_narrow(of(u)), (float)(_Float16)of(u));
    }
    for (uint32_t h = 0; h < 0x10000; h++) {
        const uint16_t bits = (uint16_t)h;
        _Float16 half;
        memcpy(&half, &bits, 2);
        if ((h & 0x7c00) != 0x7c00)
            wrong += !same(net_widen(bits), (float)half);
    }
    printf("%d\n", wrong);
    return 0;
}
END
  echo 'int main(void) { return (int)(_Float16)0; }' | gcc -x c - 2>/dev/null || skip "needs a compiler with _Float16"
  gcc -O2 t.c -lm -o t
  [ "$(./t)" = 0 ]
  # what another network stores
  make_network "${NETWORKS[3]}" 3 fp16 >m.safetensors
  eo-export --tests 0 --prefix net -o net m.safetensors
  cat >t.c <<'END'
#include "net.c"
#include <stdio.h>
#include <string.h>
int main(void)
{
    int wrong = 0;
    for (uint32_t u = 0; u < 0xffff0000; u += 1021) {
        net_float f;
        _Float16 half;
        uint16_t bits;
        f.bits = u;
        half = (_Float16)f.value;
        memcpy(&bits, &half, 2);
        wrong += f.value == f.value ? net_stored(f.value) != bits : (net_stored(f.value) & 0x7fff) <= 0x7c00;
    }
    for (uint32_t h = 0; h < 0x10000; h++) {
        const uint16_t bits = (uint16_t)h;
        net_float f, g;
        _Float16 half;
        memcpy(&half, &bits, 2);
        f.value = (float)half, g.value = net_widen(bits);
        wrong += half == half ? f.bits != g.bits : g.value == g.value;
    }
    printf("%d\n", wrong);
    return 0;
}
END
  gcc -O2 t.c -lm -o t
  [ "$(./t)" = 0 ]
}

@test "export: all channels, both ranges of activations, with and without --fast" {
  eo-data -q --generate digits --test 40 2>/dev/null || eo-data --generate digits --test 40
  printf 'dataset: idx\ndata_dir: %s\nvalidation: test\n' "$PWD/digits" >cfg.yaml
  zcat digits/t10k-images-idx3-ubyte.gz | tail -c +17 >images
  for shape in "1 1" "3 2" "5 10" "16 32" "64 128"; do
    for backend in fbgemm qnnpack; do
      for kind in int8 "int8 --fast" int4 mixed:848 mixed:884; do
        make_model $shape 3 0 ${kind%% *} $backend >m.safetensors
        wanted cfg.yaml m.safetensors >want
        eo-export ${kind#"${kind%% *}"} -c cfg.yaml -o any m.safetensors
        scores any gcc -O1 -fsanitize=address,undefined -fno-sanitize-recover=all <images | cmp - want
      done
    done
  done
}

# every_export COMMAND...: for each kind of code, net.h and net.c of a model m.safetensors
every_export() {
  local kind
  for kind in "int8" "int8 --fast" int4 mixed:848 mixed:884 fp32 fp16; do
    make_model 5 10 3 0 "${kind%% *}" >m.safetensors
    eo-export ${kind#"${kind%% *}"} -o net m.safetensors
    "$@" || { echo "$kind"; return 1; }
  done
}

is_clean() {
  local cc
  for cc in gcc clang; do
    $cc -std=c99 -Wall -Wextra -Wconversion -Wshadow -pedantic -Werror -c net.c -o net.o || return 1
  done
  clang -std=c++11 -Wall -Wextra -Wconversion -Wshadow -pedantic -Werror -x c++ -c net.c -o net.o || return 1
  if command -v g++ >/dev/null; then
    g++ -std=c++11 -Wall -Wextra -Wconversion -Wshadow -pedantic -Werror -x c++ -c net.c -o net.o || return 1
  fi
  # Every symbol has the prefix; nothing else is needed but what compilers add by themselves.
  gcc -O2 -c net.c -o net.o
  [ -z "$(nm net.o | awk '$NF !~ /^(net_|mem(cpy|move|set)$|_GLOBAL_OFFSET_TABLE_$|\.LC)/')" ] || return 1
  [ "$(nm -g --defined-only net.o | awk '{ print $NF }' | paste -sd' ')" = "net_run net_selftest" ] || return 1
  [ -z "$(nm net.o | awk '$(NF-1) ~ /^[bBdDcC]$/')" ] || return 1 # no data that can be written
  ! command -v cppcheck >/dev/null ||
    cppcheck -q --enable=warning,style,performance,portability --error-exitcode=1 --inline-suppr net.c
}

@test "export: clean for strict compilers, C and C++, and for cppcheck" {
  every_export is_clean
}

needs_its_state() {
  gcc -fsanitize=address -I. -DHEADER='"net.h"' -DMODEL=net -DMODEL_UP=NET -DLESS=1 "$EO_ROOT/tests/device/scores.c" \
    net.c -o less || return 1
  run ./less </dev/null
  [[ $status -ne 0 && $output == *heap-buffer-overflow* ]]
}

@test "export: a state of one byte less is too small" {
  every_export needs_its_state
}

# changed_tables TABLE...: the self-test finds a change in each, made in the first line of its numbers
changed_tables() {
  local table
  printf \
    '#include "net.h"\n#include <stdio.h>\nint main(void) { static uint32_t s[999]; printf("%%d", net_selftest(s)); '\
'return 0; }\n' >t.c
  gcc -I. t.c net.c -o t
  [ "$(./t)" = 0 ] || return 1
  for table; do
    awk -v t="net_$table[" 'index($0, t) && /static const/ { print; getline; sub(/[0-9]/, "") } { print }' net.c |
      sed -E 's/^ +(-?),/    \10,/; s/^ +u,/    0u,/; s/^ +(-?)\./    \19./' >changed.c
    ! cmp -s net.c changed.c || return 1
    gcc -w -I. t.c changed.c -o t
    [ "$(./t)" != 0 ] || return 1
  done
}

@test "export: the self-test finds every changed constant" {
  make_model 3 2 3 0 fp32 >m.safetensors
  eo-export --tests 2 -o net m.safetensors
  changed_tables weight1 weight2 weight3 bias
  make_model 3 2 3 0 fp16 >m.safetensors
  eo-export --tests 2 -o net m.safetensors
  changed_tables weight1 weight2 weight3 bias
  make_model 3 2 3 0 int4 >m.safetensors
  eo-export --tests 2 -o net m.safetensors
  changed_tables scale weight1 weight2 weight3 score_bias score_multiplier score_shift
  make_model 3 2 3 0 int8 >m.safetensors
  eo-export --tests 2 -o net m.safetensors
  changed_tables scale weight1 weight2 weight3 score_bias score_multiplier score_shift
  # Weights that meet nothing but 0 change no score; the checksum finds them: 3 = 1 + NET_TESTS.
  for k in $(seq 1 15); do
    awk -v k="$k" \
      'index($0, "net_weight3[") && /static const/ { print; getline; $k = ($k == "7," ? "8," : "7,") } { print }' \
      net.c >changed.c
    gcc -w -I. t.c changed.c -o t
    ./t
    echo
  done >results
  grep -qx 3 results
  ! grep -qx 0 results
}

@test "export: two models in one program, and two threads on one" {
  make_model 5 10 3 0 int8 >a.safetensors
  make_model 4 7 4 0 fp32 >b.safetensors
  eo-export -o first a.safetensors
  eo-export --single --prefix other -o second b.safetensors
  [ ! -e second.h ]
  cat >main.c <<'END'
#include <pthread.h>
#include "first.h"
#include "second.c"
static void *check(void *state)
{
    for (int i = 0; i < 20; i++) {
        if (first_selftest(state))
            return state;
    }
    return 0;
}
int main(void)
{
    static uint32_t state[3][2000];
    pthread_t thread[2];
    void *a, *b;

    pthread_create(&thread[0], 0, check, state[0]);
    pthread_create(&thread[1], 0, check, state[1]);
    pthread_join(thread[0], &a);
    pthread_join(thread[1], &b);
    return a || b || first_selftest(state[2]) || other_selftest(state[2]);
}
END
  gcc -pthread -I. main.c first.c -o main
  ./main
}

@test "export: the same bytes in another locale and folder; nothing of the machine is in them" {
  for precision in int8 int4 fp32 fp16; do
    make_model 5 10 3 0 $precision >m.safetensors
    eo-export -o net m.safetensors
    mkdir -p elsewhere
    (cd elsewhere && LC_ALL=de_DE.UTF-8 eo-export -o net - <../m.safetensors)
    cmp net.c elsewhere/net.c
    cmp net.h elsewhere/net.h
    ! grep -q "$PWD" net.c net.h || return 1
  done
}

@test "export: any network at each precision, both ranges of activations" {
  for network in "${NETWORKS[@]}"; do
    for kind in fp32 fp16 fbgemm qnnpack int4 int4-qnnpack mixed mixed8-qnnpack; do
      make_network "$network" 3 $kind >m.safetensors
      eo-export --prefix net -o net m.safetensors
      run eo-export --check net.c m.safetensors
      [ "$status" -eq 0 ] || { echo "$network $kind: $output"; return 1; }
    done
  done
}

@test "export: any network in floating point, whatever the compiler" {
  local fma=
  ! grep -qw fma /proc/cpuinfo || fma=-mfma
  for network in "${NETWORKS[1]}" "${NETWORKS[4]}" "${NETWORKS[6]}" "${NETWORKS[7]}"; do
    for kind in fp32 fp16; do
      make_network "$network" 3 $kind >m.safetensors
      eo-export --tests 50 --prefix net -o net m.safetensors
      for cc in "gcc -O0" "gcc -O3" "clang -O1" "clang -O3" "gcc -O3 $fma -std=gnu99 -ffp-contract=fast"; do
        $cc -I. -DHEADER='"net.h"' -DMODEL=net -DMODEL_UP=NET "$EO_ROOT/tests/device/scores.c" net.c -o x
        ./x </dev/null || { echo "$network $kind $cc"; return 1; }
      done
    done
  done
}

@test "export: the scale of each channel of an input, in floating point" {
  for kind in fp32 fp16; do
    make_network "${NETWORKS[1]}" 3 $kind "0,-0.25,0.485" "1,0.5,0.229" >m.safetensors
    eo-export --prefix net -o net m.safetensors
    run eo-export --check net.c m.safetensors
    [ "$status" -eq 0 ] || { echo "$kind: $output"; return 1; }
  done
}

@test "export: networks of MLPerf Tiny, within the arena" {
  for network in "ds-cnn 16000" "resnet8 49152" "mobilenet-v1-0.25 55296"; do
    make_network "${network% *}" 3 >m.safetensors
    eo-export --tests 1 --prefix net -o net m.safetensors
    for path in 1 2 3; do # vectors, pairs, plain C, as the header has them
      [ "$(sed -n 's/^#define NET_STATE_BYTES //p' net.h | sed -n "${path}p")" -le "${network#* }" ]
    done
    gcc -O1 -I. -DHEADER='"net.h"' -DMODEL=net -DMODEL_UP=NET "$EO_ROOT/tests/device/scores.c" net.c -o x
    ./x </dev/null
  done
}

@test "export: any network, clean for strict compilers, C and C++, for cppcheck and sanitizers" {
  for model in "1 int8" "2 int8" "3 int8" "4 int8" "5 int8" "1 int4" "4 int4" "6 int4" \
    "1 fp32" "4 fp32" "4 fp16" "5 fp16"; do
    read -r network precision <<<"$model"
    make_network "${NETWORKS[$network]}" 3 $precision >m.safetensors
    eo-export --tests 2 --prefix net -o net m.safetensors
    is_clean
    gcc -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -I. -DHEADER='"net.h"' -DMODEL=net -DMODEL_UP=NET \
      "$EO_ROOT/tests/device/scores.c" net.c -o x
    ./x </dev/null
  done
}

@test "export: of any network, a state of one byte less and a changed constant are found" {
  for precision in fp32 fp16 int4 int8; do
    for network in "${NETWORKS[1]}" "${NETWORKS[6]}" "${NETWORKS[4]}"; do
      make_network "$network" 3 $precision >m.safetensors
      eo-export --tests 2 --prefix net -o net m.safetensors
      needs_its_state || { echo "$network $precision"; return 1; }
    done
    [[ $precision = int? ]] || changed_tables weight bias
    [ $precision != int4 ] || changed_tables weight multiplier shift
  done
  changed_tables weight multiplier shift
}

@test "export: --check compiles the code here and compares every score" {
  eo-export -c $F/cfg.yaml -o band $F/int8.safetensors
  run eo-export --check band.c -c $F/cfg.yaml $F/int8.safetensors
  [ "$status" -eq 0 ] && [ "$output" = "band.c: equal scores for 90 test images of idx" ] || return 1
  for precision in fp16 fp32; do
    make_model 3 2 3 0 $precision >m.safetensors
    eo-export --single --prefix p -o "a b" m.safetensors
    run eo-export --cc clang --check "a b.c" --prefix p m.safetensors
    [ "$status" -eq 0 ] && [ "$output" = "a b.c: equal scores for 1000 generated digits" ] || return 1
  done
  fails_like 1 "eo-export: band.c: image 0, class 0: expected the model's score *, found *" \
    eo-export --check band.c -c $F/cfg.yaml $F/base.safetensors
  # A class, the state and the self-test that are not what they should be.
  sed 's/best = k;/best = 9 - k;/' band.c >changed.c
  fails_like 1 "eo-export: changed.c: image *: expected class *, found *" \
    eo-export --check changed.c --prefix band -c $F/cfg.yaml $F/int8.safetensors
  sed 's/    best = band_scores(scores);/    best = band_scores(scores), ((uint8_t *)state)[BAND_STATE_BYTES] = 0;/' \
    band.c >changed.c
  fails 1 "eo-export: changed.c: the code writes behind its state" \
    eo-export --check changed.c --prefix band -c $F/cfg.yaml $F/int8.safetensors
  sed 's/^#define BAND_SUM .*/#define BAND_SUM 1u/' band.c >changed.c
  fails 1 "eo-export: changed.c: the self-test gives 11, expected 0" \
    eo-export --check changed.c --prefix band -c $F/cfg.yaml $F/int8.safetensors
  sed 's/^int band_run(.*/#error stop/' band.c >changed.c
  run --separate-stderr eo-export --check changed.c --prefix band $F/int8.safetensors
  [[ $status -eq 1 && $stderr == *"#error stop"*"eo-export: changed.c: cannot be compiled: 'cc' ended with status 1" ]]
  sed 's/^    best = band_scores/    __builtin_trap();\n&/' band.c >changed.c
  fails_like 1 "eo-export: changed.c: the compiled code ended with status 13?, expected 0" \
    eo-export --check changed.c --prefix band $F/int8.safetensors
  fails 1 "eo-export: band.c: 'nocc': cannot run: No such file or directory" \
    eo-export --cc nocc --check band.c $F/int8.safetensors
  [ -z "$(ls -d "$TMPDIR"/eo-export.* 2>/dev/null)" ]
}

@test "export: the models of the frontiers and the recommended one, with an example and a list" {
  load rows
  mkdir models
  candidate 0.00 fp32 7 0.97 2 40000
  candidate 0.00 int8 7 0.96 1 20000
  candidate 0.50 int8 7 0.90 0.5 9000
  candidate 0.50 fp16 7 0.80 3 9000
  printf 'seed: 7\nmemory_budgets_mb: [1]\n' >c.yaml
  eo-pareto -c c.yaml --sweep s.csv --latency l.csv --energy e.csv *-*.csv
  make_model 5 10 3 0 fp32 >models/p0.00-fp32.safetensors
  make_model 5 10 3 0 int8 >models/p0.00-int8.safetensors
  make_model 3 5 3 0.5 int8 >models/p0.50-int8.safetensors
  eo-export --tests 2 --into out --from models --sweep s.csv l.csv e.csv >names
  [ "$(cd out && find . -type f | sed 's|^./||' | sort)" = "$(sort names)" ]
  [ "$(grep -c '/main.c$' names)" -eq 3 ]
  [ "$(tail -n 1 names)" = README.md ]
  [ "$(grep -c '^| `p' out/README.md)" -eq 3 ]
  grep -q '^| `p0.00-int8` |  | 5619 | 128380 |' out/README.md
  [ "$(grep -c '| recommended |$' out/README.md)" -eq 1 ]
  for folder in out/p*; do
    [ "$(wc -l <$folder/main.c)" -le 21 ]
    gcc -std=c99 -Wall -Wextra -pedantic -Werror -O1 -o main $folder/*.c
    [[ $(./main) == "class "[0-9] ]]
  done
  # another network
  make_network "${NETWORKS[3]}" 3 fp32 >models/p0.00-fp32.safetensors
  eo-export --tests 2 --into other --from models --sweep s.csv l.csv e.csv >names
  [ "$(cd other && find . -type f | sed 's|^./||' | sort)" = "$(sort names)" ]
  gcc -O1 -o main other/p0.00-fp32/*.c
  [[ $(./main) == "class "[0-2] ]]
  # SmallCNN at int8 alone has tables that make it faster
  make_network "${NETWORKS[3]}" 3 >q
  for model in models/p0.00-fp32.safetensors q; do
    eo-export --optional --fast --prefix q -o left "$model"
    [ "$(stat -c %s left.c left.h | paste -sd ' ')" = "0 0" ]
    eo-export --optional --prefix q -o left "$model"
    [ -s left.c ]
  done
  : >net.c
  [ -z "$(sh "$EO_ROOT/tests/device/measure.sh" . m0 left "")" ]
  eo-export --optional --fast -o small models/p0.50-int8.safetensors
  [ -s small.c ]
  rm models/p0.00-int8.safetensors
  fails_like 1 "eo-export: models/p0.00-int8.safetensors: *" \
    eo-export --into again --from models --sweep s.csv l.csv
  head -n 1 l.csv >none.csv
  fails 1 "eo-export: no candidate is recommended or on a frontier" \
    eo-export --into out --from models --sweep none.csv none.csv
  fails_like 1 "eo-export: no.csv: *" eo-export --into out --from models --sweep s.csv no.csv
  : >taken
  fails_like 1 "eo-export: taken/p*: *" eo-export --into taken --from models --sweep s.csv l.csv
}

@test "export: ONNX has the same bytes in another locale and folder, and the model's metadata" {
  for precision in fp32 fp16 int8 int4; do
    make_model 5 10 3 0.5 $precision >m.safetensors
    eo-export -f onnx -o net m.safetensors
    mkdir -p elsewhere
    (cd elsewhere && LC_ALL=de_DE.UTF-8 eo-export -f onnx -o net - <../m.safetensors)
    cmp net.onnx elsewhere/net.onnx
    [ "$(grep -ac "p0.50-$precision" net.onnx)" -gt 0 ]
    grep -aq "$(sha256sum <m.safetensors | cut -d' ' -f1)" net.onnx
    ! grep -aq "$PWD" net.onnx || return 1
  done
  [ ! -e net.c ] && [ ! -e net.h ]
}

@test "export: ONNX of int8 rounds both maps of an addition before it" {
  for kind in fbgemm fp16; do
    make_network "${NETWORKS[3]}" 3 $kind >m.safetensors
    eo-export -f onnx -o $kind m.safetensors
  done
  for node in sum_steps sum_raised sum_whole sum_rounded other_steps other_raised other_whole other_rounded; do
    grep -aq "a/$node" fbgemm.onnx
    ! grep -aq "a/$node" fp16.onnx || return 1
  done
}

# Bytes of code and constants of NAME.c
flash() {
  gcc -O2 -std=c99 -Wall -Wextra -pedantic -Werror -c -o "$1.o" "$1.c" && size "$1.o" | awk 'NR == 2 { print $1 + $2 }'
}

# Each class's number and name, as the compiler reads the macro
class_names() {
  printf '#include <stdio.h>\n#include "%s.h"\nstatic const char *const name[%s_CLASSES] = {%s_CLASS_NAMES};\n' \
    "$1" "${1^^}" "${1^^}" >names.c
  printf 'int main(void) { for (int i = 0; i < %s_CLASSES; i++) puts(name[i]); return 0; }\n' "${1^^}" >>names.c
  "${@:2}" -Wall -Wextra -Werror -o names.x names.c
  ./names.x
}

@test "export: class_names in the header, the example, the list and ONNX; without them nothing changes" {
  load rows
  local names="[T-shirt, net_x NET_Y, '*/ //@end', 'a?" model
  names+="?/b', '<b>|\`_*', '%s%n', 'd\xc3\xa4', '\xe6\x9d\xb1', '7', 'a, b']"
  names=$(printf "${names//%/%%}")
  printf '%s\n' T-shirt 'net_x NET_Y' '*/ //@end' 'a?''?/b' '<b>|`_*' %s%n $'d\xc3\xa4' $'\xe6\x9d\xb1' 7 'a, b' >want
  grep -v class_names $F/cfg.yaml >plain.yaml
  { cat plain.yaml; echo "class_names: $names"; } >named.yaml
  for model in int8 base; do
    eo-export -c plain.yaml -o plain --prefix net $F/$model.safetensors
    eo-export -c named.yaml -o named --prefix net $F/$model.safetensors
    # the header alone is another, and no byte of flash is
    ! grep -q CLASS_NAMES plain.h || return 1
    sed '/^.. UTF-8: static const char .const name.NET_CLASSES/d; /^#define NET_CLASS_NAMES/,/"a, b"$/d' named.h |
      cmp - plain.h
    sed 's/named[.]h/plain.h/' named.c | cmp - plain.c
    [ "$(flash named)" -eq "$(flash plain)" ]
    eo-export -c named.yaml -o net $F/$model.safetensors
    ! LC_ALL=C grep -q $'[\x80-\xff]' net.h || return 1
    class_names net gcc -std=c99 -pedantic -trigraphs | cmp - want
    class_names net g++ -std=c++11 -x c++ | cmp - want
    eo-export --single -c named.yaml -o one $F/$model.safetensors
    grep -q '^#define ONE_CLASS_NAMES' one.c
  done
  eo-export -f onnx -o plain $F/int8.safetensors
  eo-export -f onnx -c plain.yaml -o same $F/int8.safetensors
  cmp plain.onnx same.onnx
  eo-export -f onnx -c named.yaml -o named $F/int8.safetensors
  { echo '['; sed 's/.*/  "&"/; $!s/$/,/' want; echo ']'; } >list
  tr '\n' ' ' <named.onnx | grep -aqF "$(tr '\n' ' ' <list)"
  # the folder
  mkdir models
  cp $F/int8.safetensors models/p0.00-int8.safetensors
  candidate 0.00 int8 7 0.96 1 20000
  printf 'seed: 7\nmemory_budgets_mb: [1]\n' >c.yaml
  eo-pareto -c c.yaml --sweep s.csv --latency l.csv --energy e.csv *-*.csv
  eo-export -c plain.yaml --into plain --from models --sweep s.csv l.csv
  eo-export -c named.yaml --into named --from models --sweep s.csv l.csv
  ! grep -q CLASS_NAMES plain/README.md || return 1
  grep -qxF '| 4 | \<b\>\|\`\_\* |' named/README.md
  grep -qx $'| 6 | d\xc3\xa4 |' named/README.md
  sed '/^## Classes/,/^| 9 /d' named/README.md | cat -s | cmp - <(cat -s plain/README.md)
  gcc -std=c99 -Wall -Wextra -pedantic -Werror -O1 -o main named/p*/*.c
  ./main | sed 's/^class //' | grep -qxFf want
  gcc -std=c99 -Wall -Wextra -pedantic -Werror -O1 -o main plain/p*/*.c
  [[ $(./main) == "class "[0-9] ]]
  # the same names beside the data
  cp -r $F/set set
  cp want set/classes.txt
  eo-export -c plain.yaml --data set -o beside --prefix net $F/base.safetensors
  sed 's/beside[.]h/named.h/' beside.c | cmp - named.c
  cmp beside.h named.h
  eo-export -c plain.yaml --data set --into beside --from models --sweep s.csv l.csv
  diff -r beside named
  sed "s|^data_dir: .*|data_dir: $PWD/set|" plain.yaml >beside.yaml
  eo-export -f onnx -c beside.yaml -o beside $F/int8.safetensors
  cmp beside.onnx named.onnx
  # too few names for the labels, and too many for the outputs
  { cat plain.yaml; echo "class_names: [a, b]"; } >few.yaml
  fails_like 1 "eo-export: *key 'class_names': expected 10 names, one for each class, found 2" \
    eo-export -c few.yaml -o few $F/int8.safetensors
  { cat plain.yaml; echo "class_names: [a, b, c, d, e, f, g, h, i, j, k]"; } >few.yaml
  for format in c onnx; do
    fails_like 1 "eo-export: *key 'class_names': expected 10 names, one for each class, found 11" \
      eo-export -f $format -c few.yaml -o few $F/int8.safetensors
  done
  head -n 2 want >set/classes.txt
  fails 1 "eo-export: 'set/classes.txt': expected 10 names, one for each class, found 2" \
    eo-export -c plain.yaml --data set -o few $F/int8.safetensors
  [ -z "$(ls few.[cho]* 2>/dev/null)" ]
}

@test "export: macros for a section, a step and no self-test" {
  make_model 5 10 3 0 int8 >m.safetensors
  eo-export -o net m.safetensors
  gcc '-DNET_CONST=__attribute__((section(".mine")))' -c net.c -o net.o
  objdump -h net.o | grep -q ' \.mine '
  eo-export --tests 0 --prefix net -o bare m.safetensors
  ! grep -q net_selftest bare.h bare.c || return 1
  gcc -Wall -Werror -c bare.c
  gcc -DNET_NO_SELFTEST -c net.c -o net.o
  ! nm net.o | grep -q test || return 1
  printf \
    '#include <stdio.h>\n#define NET_STEP(k) printf("%%d", k)\n#include "net.c"\nint main(void)\n{\n  static uint32_t '\
's[999]; static uint8_t x[784]; net_score y[10]; net_run(s, x, y); return 0; }\n' >t.c
  gcc -I. t.c -o t
  [[ $(./t) =~ ^(01(21)+){7}23$ ]]
}

@test "export: what is wrong is said in one line, and no file is left" {
  make_model 4 6 3 >f.safetensors
  fails 1 "eo-export: none.safetensors: cannot open: No such file or directory" eo-export -o net none.safetensors
  misused "eo-export: option '-o' is required: the files' name, without .c, .h or .onnx" eo-export f.safetensors
  misused "eo-export: option '-f': expected c or onnx, found 'tflite'" eo-export -f tflite -o net f.safetensors
  for option in "--prefix a" --single --fast --optional "--data x" "--tests 1" "--check x" "--into x"; do
    misused \
      "eo-export: option '-f onnx' takes none of --prefix, --single, --fast, --optional, --data, --tests, \
--check, --into" \
      eo-export -f onnx -o net $option f.safetensors
  done
  mkdir taken.onnx
  fails_like 1 "eo-export: taken.onnx: *" eo-export -f onnx -o taken f.safetensors
  misused "eo-export: option '--data' needs '-c'" eo-export -o net --data . f.safetensors
  misused "eo-export: options '-o', '--check' and '--into' are different tasks: expected one of them" \
    eo-export -o net --check net.c f.safetensors
  misused "eo-export: options '--single', '--fast' and '--optional' need '-o'" \
    eo-export --check net.c --fast f.safetensors
  misused "eo-export: option '--tests' is for writing: '--check' runs all test images" \
    eo-export --check net.c --tests 1 f.safetensors
  misused "eo-export: option '--cc' needs '--check'" eo-export -o net --cc gcc f.safetensors
  misused "eo-export: option '--into' needs '--from' and '--sweep'" eo-export --into out t.csv
  misused "eo-export: options '--from' and '--sweep' need '--into'" eo-export -o net --from out f.safetensors
  misused "eo-export: option '--prefix' is for one model: '--into' takes the candidates' names" \
    eo-export --into out --from models --sweep s.csv --prefix p t.csv
  misused "eo-export: unexpected operand 'g.safetensors'" eo-export -o net f.safetensors g.safetensors
  fails 1 "eo-export: f.safetensors: expected an int8 model of SmallCNN for --fast, found fp32" \
    eo-export --fast -o net f.safetensors
  make_network "${NETWORKS[3]}" 3 >n.safetensors
  fails 1 "eo-export: n.safetensors: expected an int8 model of SmallCNN for --fast, found int8 of another network" \
    eo-export --fast -o net n.safetensors
  fails_with 2 \
    "eo-export: option '--prefix': expected a letter, then letters, digits and underscores, 40 at most, found '8bit'" \
    eo-export -o 8bit f.safetensors
  make_model 4 6 3 0 int8 >m.safetensors
  fails_like 1 "eo-export: none.yaml: *" eo-export -o net -c none.yaml m.safetensors
  mkdir taken.c
  fails_like 1 "eo-export: taken.c: *" eo-export -o taken m.safetensors
  [ "$(ls -d *.h *.onnx 2>/dev/null)" = taken.onnx ]
}

@test "make export: incremental, and a file that was changed or removed comes back" {
  local out="$PWD/out"
  sed '/^output_dir/d' "$EO_ROOT/tests/golden/small.yaml" >c.yaml
  echo "output_dir: $out" >>c.yaml
  make_export() {
    make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" CONFIG="$PWD/c.yaml" export
  }
  make_export >log 2>&1 || { cat log; return 1; }
  grep -q "EXPORT.*export/README.md" log
  grep -qE '`p0[.][0-9]+-[a-z0-9]+`.*[|] recommended [|]' log
  find "$out/export" -type f -exec sha256sum {} + | sort >made
  [ "$(grep -c '[.]h$' made)" -ge 1 ]
  run make_export
  [[ $status -eq 0 && $output != *EXPORT* ]]
  file=$(ls "$out"/export/p*/p*.c | head -n 1)
  echo "/* changed */" >>"$file"
  run make_export
  [[ $status -eq 0 && $output == *EXPORT* ]]
  rm "$file"
  run make_export
  [[ $status -eq 0 && $output == *EXPORT* ]]
  find "$out/export" -type f -exec sha256sum {} + | sort | cmp - made
  [ ! -e "$out/export.new" ]
  # names of classes
  echo 'class_names: [zero, one, two, three, four, five, six, seven, eight, nine]' >>c.yaml
  run make_export
  [[ $status -eq 0 && $output == *EXPORT* ]]
  ! grep -qE ' (TRAIN|PRUNE|QUANT|BENCH)' <<<"$output" || return 1
  grep -qx '| 8 | eight |' "$out/export/README.md"
  grep -q '"eight"' "$out"/export/p*/p*.h
}

@test "export: 10,000 images of MNIST, each precision" {
  need_data mnist
  local config="$EO_ROOT/configs/mnist.yaml"
  for precision in int8 int4 fp16 fp32; do
    eo-quant -q -p $precision -c "$config" "$EO_ROOT/tests/golden/int8-mnist.safetensors" >m.safetensors
    eo-export -c "$config" -o digits m.safetensors
    grep -q "accuracy    9[89]\.[0-9]* % of 10000 test images" digits.h
    run eo-export --check digits.c -c "$config" m.safetensors
    [ "$output" = "digits.c: equal scores for 10000 test images of mnist" ]
  done
}
