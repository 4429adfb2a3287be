# eo-inspect: the report, JSON, dumps, messages.
bats_require_minimum_version 1.5.0

setup() {
  load common
  cd "$BATS_TEST_TMPDIR"
  golden=$EO_ROOT/tests/golden/python-safetensors.safetensors
}

@test "the whole report of a file that Python's safetensors wrote" {
  eo-inspect "$golden" >report
  diff - report <<END
architecture            SmallCNN
precision               fp32
input                   (p / 255 - 0.5) / 0.5 of a grey value p, as is assumed without metadata
conv1_channels          2
conv2_channels          3
parameters              1557
macs                    26166
tensor_bytes            6228
file_bytes              6748
peak_activation_bytes   4704
sha256                  $(sha256sum <"$golden" | cut -d' ' -f1)

tensor                        dtype  shape            bytes              min              max
classifier.bias               F32    10                  40             -0.5           0.0625
classifier.weight             F32    10x147            5880             -0.5              0.5
conv1.bias                    F32    2                    8             -0.5          -0.4375
conv1.weight                  F32    2x1x3x3             72             -0.5              0.5
conv2.bias                    F32    3                   12             -0.5           -0.375
conv2.weight                  F32    3x2x3x3            216             -0.5              0.5

metadata
generator: Python safetensors 0.8.0, numpy 2.4.6
END
}

@test "--dump: every value, row-major" {
  run --separate-stderr eo-inspect --dump conv2.bias "$golden"
  [ "$status" -eq 0 ] && [ -z "$stderr" ] || return 1
  [ "$output" = "-0.5
-0.4375
-0.375" ]
  awk 'BEGIN { for (i = 0; i < 1470; i++) printf "%.9g\n", (i % 17 - 8) / 16 }' |
    cmp - <(eo-inspect -d classifier.weight "$golden")
}

@test "an int8 model: tensors of three types" {
  make_model 3 4 9 0.25 int8 qnnpack >model
  eo-inspect model >report
  grep -qx 'precision               int8' report
  grep -qx 'quantization_backend: qnnpack' report
  grep -q '^conv2.weight  *I8  *4x3x3x3  *108 ' report
  grep -q '^conv2.weight_scale  *F32  *4  *16 ' report
  grep -q '^conv2.bias  *I32  *4  *16 ' report
  [ "$(eo-inspect -d conv1.input_zero_point model)" = 128 ]
  eo-inspect -d conv2.weight model |
    awk '$1 != int($1) || $1 < -128 || $1 > 127 { exit 1 } $1 < 0 { n++ } END { exit !n || NR != 108 }'
}

@test "an fp16 model holds the rounded values of the fp32 one" {
  make_model 3 4 9 >f
  make_model 3 4 9 0 fp16 >h
  [ "$(eo-inspect h | awk '$1 == "tensor_bytes" { print $2 * 2 }')" = \
    "$(eo-inspect f | awk '$1 == "tensor_bytes" { print $2 }')" ]
  paste <(eo-inspect -d conv2.weight f) <(eo-inspect -d conv2.weight h) |
    awk '{ d = $1 - $2; if (d < 0) d = -d; a = $1 < 0 ? -$1 : $1; if (d > a / 2048 + 2 ^ -25) exit 1; if (d > 0) n++ }
      END { exit !n }'
}

@test "--json agrees with the text" {
  make_model 3 4 9 0.25 int8 >model
  run --separate-stderr eo-inspect --json model
  [ "$status" -eq 0 ] && [ -z "$stderr" ] || return 1
  echo "$output" >json
  eo-inspect model >report
  for key in conv1_channels conv2_channels parameters macs tensor_bytes file_bytes peak_activation_bytes; do
    grep -qx "  \"$key\": $(awk -v k=$key '$1 == k { print $2 }' report)," json
  done
  grep -qx '  "precision": "int8",' json
  grep -qx '  "input_mean": 0.5,' json
  grep -qx '  "input_std": 0.5,' json
  grep -qx 'input                   (p / 255 - 0.5) / 0.5 of a grey value p' report
  grep -qx "  \"sha256\": \"$(sha256sum <model | cut -d' ' -f1)\"," json
  grep -qx '    "pruning_level": "0.25",' json
  [ "$(grep -c '"dtype"' json)" -eq 15 ]
}

# A model of two layers on 2 x 3 x 2 inputs, all of whose weights are 0.
two_channels() {
  local header='{"__metadata__":{"architecture":"network","input_mean":"0.0,9.0","input_std":"1.0",'
  header+='"network":"input 2x3x2; a: conv 1 3x2; classifier: linear 4"},'
  header+='"a.bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
  header+='"a.weight":{"dtype":"F32","shape":[1,2,3,2],"data_offsets":[4,52]},'
  header+='"classifier.bias":{"dtype":"F32","shape":[4],"data_offsets":[52,68]},'
  header+='"classifier.weight":{"dtype":"F32","shape":[4,1],"data_offsets":[68,84]}}'
  printf "\\x$(printf %02x $((${#header} & 255)))\\x$(printf %02x $((${#header} >> 8)))\\0\\0\\0\\0\\0\\0%s" "$header"
  head -c 84 /dev/zero
}

@test "another network: its layers, and the input of each channel" {
  two_channels >m
  eo-inspect m >report
  [ "$(sed -n 1,8p report)" = "architecture            network
precision               fp32
input                   (p / 255 - 0) / 1 of a grey value p
                        (p / 255 - 9) / 1 of a grey value p
parameters              21
macs                    16
tensor_bytes            84
file_bytes              $(stat -c %s m)" ]
  [ "$(awk '/^layer/, /^$/' report | tr -s ' ')" = "layer input output parameters macs tensor_bytes weight_bits
a 2x3x2 1x1x1 13 12 52 32
classifier 1x1x1 4x1x1 8 4 32 32" ]
  eo-inspect --json m >json
  [ "$(grep -m 1 -A 3 '"input_mean"' json | tr -d ' \n')" = '"input_mean":[0,9],' ]
  grep -qx '      "name": "classifier.weight",' json
  grep -A 14 '"name": "a"' json | tr -d ' \n' |
    grep -q '"input":\[2,3,2\],"output":\[1,1,1\],"parameters":13,"macs":12,'
  ! grep -q conv1_channels report json || return 1
  eo-inspect --arena m >plan
  diff - plan <<END
graph,tensor,bytes,first_op,last_op,offset
fused,input,48,input,a,0
fused,a,4,a,classifier,48
fused,logits,16,classifier,classifier,0
unfused,input,48,input,a,0
unfused,a,4,a,classifier,48
unfused,logits,16,classifier,classifier,0
END
  grep -qx 'peak_activation_bytes   52' report
}

@test "--arena: an output that is added later lives until then" {
  "${EO_TESTS:-$EO_BIN/../build/tests}/make_network" "input 2x4x4; a: conv 4 3x3 pad 1 relu; b: conv 4 3x3 pad 1 relu; \
c: conv 4 3x3 pad 1 add a relu max 2x2; z: linear 3" 1 >m
  eo-inspect --arena m >plan
  [ "$(grep unfused plan | cut -d, -f2-5)" = "input,32,input,a
a,64,a,c
b,64,b,c
c map,64,c,c pool
c,16,c pool,z
logits,12,z,z" ]
  [ "$(eo-inspect m | awk '/^peak_activation_bytes/ { print $2 }')" = 144 ]
  [ "$(awk -F, '$1 == "unfused" && $3 + $6 > n { n = $3 + $6 } END { print n }' plan)" = 192 ]
}

@test "a file of a newer format is refused by every program that reads models" {
  local said="metadata 'eo_format': expected 1, found 2: the file is of a newer edge-opt, 0.1.0, and this is \
$(eo-inspect --version | sed -n '1s/.*) //p'); read it with the newer one"
  cp "$EO_ROOT/tests/fuzz/corpus/model/format-newer" m
  fails 1 "eo-inspect: m: $said" eo-inspect m
  fails 1 "eo-prune: m: $said" eo-prune -l 0.5 m
  fails 1 "eo-quant: m: $said" eo-quant -p fp16 m
  fails 1 "eo-layers: m: $said" eo-layers m
  fails 1 "eo-import: m: $said" eo-import m
  eo-inspect "$EO_ROOT/tests/fuzz/corpus/model/format-one" >report
  grep -qx 'eo_format: 1' report
}

@test "--json is JSON" {
  command -v python3 >/dev/null || skip "needs python3"
  make_model 3 4 9 >model
  eo-inspect -j model | python3 -c '
import json, sys
r = json.load(sys.stdin)
assert sum(t["bytes"] for t in r["tensors"]) == r["tensor_bytes"] == sum(l["tensor_bytes"] for l in r["layers"])
assert sum(l["macs"] for l in r["layers"]) == r["macs"]
assert [t["shape"] for t in r["tensors"] if t["name"] == "conv2.weight"] == [[4, 3, 3, 3]]
assert all(t["min"] < t["max"] for t in r["tensors"])
assert r["metadata"]["seed"] == "9"'
}

@test "--arena: where the activations lie" {
  eo-inspect --arena "$golden" >plan
  diff - plan <<END
graph,tensor,bytes,first_op,last_op,offset
fused,input,3136,input,conv1,0
fused,conv1,1568,conv1,conv2,3136
fused,conv2,588,conv2,classifier,0
fused,logits,40,classifier,classifier,588
unfused,input,3136,input,conv1,6272
unfused,conv1 map,6272,conv1,conv1 pool,0
unfused,conv1,1568,conv1 pool,conv2,6272
unfused,conv2 map,2352,conv2,conv2 pool,0
unfused,conv2,588,conv2 pool,classifier,2352
unfused,logits,40,classifier,classifier,0
END
}

# occupied GRAPH: the bytes of its block; fails when two tensors share a byte while both are needed
occupied() {
  awk -F, -v graph="$1" '
    BEGIN { n = split("input,conv1,conv1 pool,conv2,conv2 pool,classifier", op, ",")
            for (i = 1; i <= n; i++) at[op[i]] = i }
    $1 == graph { m++; first[m] = at[$4]; last[m] = at[$5]; from[m] = $6; to[m] = $6 + $3
                  if (to[m] > top) top = to[m] }
    END { for (i = 1; i <= m; i++) for (k = 1; k < i; k++)
            if (first[i] <= last[k] && first[k] <= last[i] && from[i] < to[k] && from[k] < to[i]) exit 1
          print top }'
}

@test "--arena: the table of peak activations, fused and unfused" {
  for row in 16:32:18816:62720 12:24:14112:47040 11:22:12936:43120 8:16:9408:31360 5:10:7056:19600; do
    IFS=: read -r c1 c2 fused unfused <<<"$row"
    for p in fp32:1 fp16:2 int8:4; do
      make_model "$c1" "$c2" 1 0 "${p%:*}" >model
      eo-inspect -a model >plan
      [ "$(occupied fused <plan)" -eq $((fused / ${p#*:})) ]
      [ "$(occupied unfused <plan)" -eq $((unfused / ${p#*:})) ]
      eo-inspect model | grep -qx "peak_activation_bytes   $((fused / ${p#*:}))"
    done
  done
}

# Bytes of all tensors by the file alone: what lies behind its header.
data_bytes() {
  echo $(($(wc -c <"$1") - 8 - $(od -An -t u8 -N 8 "$1")))
}

@test "tensor_bytes is what lies behind the header, and the shapes times the types" {
  for p in fp32 fp16 int8; do
    make_model 16 32 1 0 "$p" >model
    bytes=$(eo-inspect model | awk '$1 == "tensor_bytes" { print $2 }')
    [ "$(data_bytes model)" -eq "$bytes" ]
    ! command -v python3 >/dev/null || python3 - model "$bytes" <<'END'
import json, math, struct, sys
data = open(sys.argv[1], "rb").read()
header = json.loads(data[8:8 + struct.unpack("<Q", data[:8])[0]])
size = {"F32": 4, "I32": 4, "F16": 2, "I8": 1}
tensors = [t for k, t in header.items() if k != "__metadata__"]
assert sum(math.prod(t["shape"]) * size[t["dtype"]] for t in tensors) == int(sys.argv[2])
END
  done
}

@test "standard input and -o" {
  make_model 3 4 9 >model
  eo-inspect model >a
  eo-inspect <model >b
  eo-inspect - <model >c
  run --separate-stderr eo-inspect -o d model
  [ "$status" -eq 0 ] && [ -z "$output$stderr" ] || return 1
  cmp a b && cmp a c && cmp a d
}

@test "control characters of the metadata do not reach the terminal" {
  make_model 1 1 12345 >model
  sed 's/"seed":"12345"/"\\u001b":"abc"/' model >evil # of the same length, so that the offsets stay right
  eo-inspect evil >report
  grep -qx '?: abc' report
  ! grep -q $'\033' report
}

@test "messages" {
  make_model 1 1 1 >model
  { cat model; echo; } >longer
  fails 1 "eo-inspect: longer: byte offset 2656: 1 bytes that belong to no tensor" eo-inspect longer
  fails 1 "eo-inspect: model: no tensor 'conv3.weight' in this model" eo-inspect --dump conv3.weight model
  fails 1 "eo-inspect: missing: cannot open: No such file or directory" eo-inspect missing
  fails 1 "eo-inspect: /dev/full: cannot write: No space left on device" eo-inspect -o /dev/full model
  run --separate-stderr bash -c 'eo-inspect model >/dev/full'
  [ "$status" -eq 1 ]
  [ "$stderr" = "eo-inspect: (standard stream): cannot write: No space left on device" ]
}

@test "--network: the layers of a known network, and of a file" {
  eo-inspect --network smallcnn >table
  diff - table <<END
layer,operation,input,output,parameters,macs,fp32_bytes,int8_bytes
conv1,conv,1x28x28,16x14x14,160,112896,640,208
conv2,conv,16x14x14,32x7x7,4640,903168,18560,4736
classifier,linear,32x7x7,10x1x1,15690,15680,62760,15720
total,,1x28x28,10x1x1,20490,1031744,81960,20664
END
  printf 'input 2x5x1\na: conv 3 3x1 relu # six\nclassifier: linear 4\n' >bad.txt
  printf 'input 2x5x1\na: conv 3 3x1 relu\nclassifier: linear 4\n' >own.txt
  eo-inspect -n - <own.txt | diff - <(eo-inspect -n own.txt)
  eo-inspect -n own.txt | grep -qx 'a,conv,2x5x1,3x3x1,21,54,84,30'
  fails 1 \
    "eo-inspect: bad.txt: layer 'a': expected stride, pad, from, batch_norm, add, relu or relu6, max, average or mean, \
in this order, found '#'" \
    eo-inspect -n bad.txt -o out
  [ ! -e out ]
  fails 1 \
    "eo-inspect: resnet9: no known network (eo-inspect --help lists them) and no file: cannot open: No such file or \
directory" \
    eo-inspect -n resnet9
}

@test "a failed run leaves no output" {
  fails 1 \
    "eo-inspect: $EO_ROOT/tests/fuzz/corpus/model/nan: tensor 'conv2.weight': element 8: expected a finite number, \
found nan" \
    eo-inspect -o out "$EO_ROOT/tests/fuzz/corpus/model/nan"
  [ ! -e out ]
}

@test "--cores: what a device needs, of SmallCNN and of another network" {
  eo-inspect --cores "$golden" >costs
  [ "$(head -n 1 costs)" = core,flash_bytes,ram_bytes,instructions ]
  [ "$(cut -d, -f1 costs | tail -n +2 | tr '\n' ' ')" = "m0 m3 m4 m4dsp m55 rv32imc " ]
  # More flash than constants, and some instructions for each multiply-accumulate where there is no unit for floats.
  "${EO_TESTS:-$EO_BIN/../build/tests}/make_network" "input 3x8x8; a: conv 4 3x3 pad 1 relu; b: depthwise 3x3 relu \
mean; z: linear 3" 1 fbgemm >m
  eo-inspect --cores m >costs
  eo-inspect --json m >about
  awk -F, -v bytes="$(json get about tensor_bytes)" -v macs="$(json get about macs)" \
    'NR > 1 && !($2 > bytes && $3 > 192 && $4 > macs / 2 && $4 < 40 * macs) { exit 1 }' costs
}

@test "wrong usage" {
  misused "eo-inspect: options '--json' and '--dump' exclude each other" eo-inspect --json --dump conv1.bias x
  misused "eo-inspect: options '--arena' and '--json' exclude each other" eo-inspect --json --arena x
  misused "eo-inspect: options '--arena' and '--dump' exclude each other" eo-inspect -a -d conv1.bias x
  misused "eo-inspect: option '--network' takes no MODEL and none of '--cores', '--arena', '--json' and '--dump'" \
    eo-inspect -n mlp x
  misused "eo-inspect: options '--cores' and '--json' exclude each other" eo-inspect --cores --json x
  misused "eo-inspect: option '--dump' needs an argument" eo-inspect --dump
  misused "eo-inspect: unknown or ambiguous option '--csv'" eo-inspect --csv
  misused "eo-inspect: unexpected operand 'b'" eo-inspect a b
}

@test "--help and --version" {
  run --separate-stderr eo-inspect --help
  [ "$status" -eq 0 ] && [ -z "$stderr" ] || return 1
  [[ $output == "usage: eo-inspect [options] [MODEL]"* ]]
  [[ $output == *"-j, --json"* && $output == *"-a, --arena"* && $output == *"-d, --dump TENSOR"* &&
    $output == *"-o, --output FILE"* ]]
  run eo-inspect --version
  [[ ${lines[0]} == "eo-inspect (edge-opt) "* ]]
}
