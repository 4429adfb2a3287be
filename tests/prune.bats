# eo-prune: options, streams, messages, and what it writes.
bats_require_minimum_version 1.5.0

setup() {
  load common
  cd "$BATS_TEST_TMPDIR"
}

@test "halves both convolutions and says so in the metadata" {
  make_model 16 32 7 >base
  run --separate-stderr eo-prune -l 0.5 -o half base
  [ "$status" -eq 0 ] && [ -z "$output" ] && [ -z "$stderr" ]
  eo-inspect half >report
  grep -qx 'conv1_channels          8' report
  grep -qx 'conv2_channels          16' report
  grep -qx 'parameters              9098' report
  grep -qx 'tensor_bytes            36392' report
  grep -qx 'pruning_level: 0.50' report
  grep -qx 'seed: 7' report
}

@test "the sizes of the published levels" {
  make_model 16 32 7 >base
  for case in 0:20490:1031744 0.25:14506:604464 0.3:13100:515284 0.5:9098:290080 0.7:5420:128380; do
    IFS=: read -r level parameters macs <<<"$case"
    eo-prune --level "$level" base | eo-inspect >report
    grep -qx "parameters              $parameters" report
    grep -qx "macs                    $macs" report
  done
}

@test "level 0 keeps every weight" {
  make_model 5 7 1 >base
  eo-prune -l 0 base >same
  for t in conv1.weight conv1.bias conv2.weight conv2.bias classifier.weight classifier.bias; do
    cmp <(eo-inspect --dump "$t" base) <(eo-inspect --dump "$t" same)
  done
}

@test "keeps the filters of largest L1 norm, as awk finds them" {
  make_model 16 32 3 >base
  eo-prune -l 0.7 base >pruned
  kept=$(eo-inspect --dump conv1.weight base |
    awk '{ s += $1 < 0 ? -$1 : $1 } NR % 9 == 0 { print s, NR / 9 - 1; s = 0 }' |
    sort -k1,1gr | head -n 5 | awk '{ print $2 }' | sort -n | paste -sd,)
  eo-inspect pruned | grep -qx "conv1_kept: $kept"
  for c in ${kept//,/ }; do
    eo-inspect --dump conv1.weight base | sed -n "$((c * 9 + 1)),$((c * 9 + 9))p"
  done >expected
  cmp expected <(eo-inspect --dump conv1.weight pruned)
}

@test "pruning twice names channels of the trained model" {
  make_model 16 32 7 >base
  eo-prune -l 0.5 base >half
  eo-prune -l 0.5 half >quarter
  eo-inspect quarter | grep -qx 'pruning_level: 0.75'
  # What is left is a subset of the first choice.
  first=,$(eo-inspect half | sed -n 's/^conv2_kept: //p'),
  for c in $(eo-inspect quarter | sed -n 's/^conv2_kept: //p' | tr , ' '); do
    [[ $first == *,$c,* ]]
  done
}

@test "file, '-', standard input and output give the same bytes" {
  make_model 4 4 1 >base
  eo-prune -l 0.5 -o a base
  eo-prune -l 0.5 <base >b
  eo-prune -l 0.5 -o - - <base >c
  eo-prune --output=d --level=0.5 base
  cmp a b && cmp a c && cmp a d
}

@test "equal inputs give equal bytes, wherever they lie" {
  make_model 4 4 1 >base
  mkdir sub && cp base sub/other
  cmp <(eo-prune -l 0.3 base) <(cd sub && TZ=Asia/Tokyo eo-prune -l 0.3 other)
}

@test "a file of Python's safetensors without our metadata" {
  eo-prune -l 0.5 "$EO_ROOT/tests/golden/python-safetensors.safetensors" | eo-inspect >report
  grep -qx 'conv1_channels          1' report
  grep -qx 'conv2_channels          2' report
  grep -qx 'architecture: SmallCNN' report
  grep -q '^generator: Python safetensors' report
}

@test "refuses fp16 and int8 models" {
  make_model 2 2 1 0 fp16 >h
  make_model 2 2 1 0 int8 >i
  fails 1 "eo-prune: h: expected an fp32 model, found fp16: prune before eo-quant" eo-prune -l 0.5 -o out h
  fails 1 "eo-prune: i: expected an fp32 model, found int8: prune before eo-quant" eo-prune -l 0.5 -o out i
  [ ! -e out ]
}

@test "a level is required and lies in [0, 1)" {
  make_model 2 2 1 >base
  misused "eo-prune: option '--level' is required" eo-prune base
  misused "eo-prune: option '--level': expected a number of at least 0 and below 1" eo-prune -l 1 base
  misused "eo-prune: option '--level': expected a number in 0..1, found '1.5'" eo-prune -l 1.5 base
  misused "eo-prune: option '--level': expected a number in 0..1, found '-0.1'" eo-prune -l -0.1 base
  misused "eo-prune: option '--level': expected a number in 0..1, found 'nan'" eo-prune -l nan base
  misused "eo-prune: option '-l' needs an argument" eo-prune -l
}

@test "wrong usage" {
  misused "eo-prune: unknown option '-x'" eo-prune -l 0.5 -x
  misused "eo-prune: unexpected operand 'b'" eo-prune -l 0.5 a b
}

@test "--help and --version" {
  run --separate-stderr eo-prune --help
  [ "$status" -eq 0 ] && [ -z "$stderr" ]
  [[ ${lines[0]} == "usage: eo-prune -l LEVEL [-o FILE] [MODEL]" ]]
  [[ $output == *"-l, --level LEVEL"* && $output == *"-o, --output FILE"* ]]
  run eo-prune --version
  [ "$status" -eq 0 ]
  [[ ${lines[0]} == "eo-prune (edge-opt) "* ]]
}

@test "no such file, an empty one, a directory" {
  : >empty
  mkdir dir
  fails 1 "eo-prune: missing: cannot open: No such file or directory" eo-prune -l 0.5 missing
  fails 1 "eo-prune: empty: expected a safetensors file of at least 8 bytes, found 0" eo-prune -l 0.5 empty
  fails 1 "eo-prune: dir: expected a file, found a directory" eo-prune -l 0.5 dir
  fails 1 "eo-prune: (standard stream): expected a safetensors file of at least 8 bytes, found 0" \
    eo-prune -l 0.5 </dev/null
}

@test "a cut model, and no output file" {
  make_model 2 2 1 >base
  head -c -1 base >cut
  fails 1 "eo-prune: cut: tensor 'conv2.weight': data_offsets: end 4192, but the file has 4191 bytes of data" \
    eo-prune -l 0.5 -o out cut
  [ ! -e out ]
}

@test "overlapping offsets, and no output file" {
  fails 1 "eo-prune: $EO_ROOT/tests/fuzz/corpus/safetensors/overlap: tensor 'b': data_offsets: begin 2 overlaps the tensor before it: expected 4" \
    eo-prune -l 0.5 -o out "$EO_ROOT/tests/fuzz/corpus/safetensors/overlap"
  [ ! -e out ]
}

@test "a full disk" {
  make_model 2 2 1 >base
  fails 1 "eo-prune: /dev/full: cannot write: No space left on device" eo-prune -l 0.5 -o /dev/full base
  run --separate-stderr bash -c 'eo-prune -l 0.5 base >/dev/full'
  [ "$status" -eq 1 ]
  [ "$stderr" = "eo-prune: (standard stream): cannot write: No space left on device" ]
}

@test "an output folder that is not there" {
  make_model 2 2 1 >base
  fails 1 "eo-prune: no/out: cannot create: No such file or directory" eo-prune -l 0.5 -o no/out base
}

@test "a failed run leaves the old output alone" {
  make_model 2 2 1 >base
  echo old >out
  head -c 100 base >cut
  run eo-prune -l 0.5 -o out cut
  [ "$status" -eq 1 ]
  [ "$(cat out)" = old ]
  [ "$(ls -A | sort | paste -sd' ')" = "base cut out" ]
}

@test "refuses to write a model to a terminal" {
  command -v script >/dev/null || skip "needs script(1)"
  make_model 2 2 1 >base
  run script -qec "eo-prune -l 0.5 base" /dev/null
  [ "$status" -eq 1 ]
  [ "$output" = $'eo-prune: the output is binary data and standard output is a terminal; name a file, or use a pipe\r' ]
}
