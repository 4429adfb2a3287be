#!/usr/bin/env bats
# eo-verify: files against a manifest, manifests that are not to be trusted, rows made again.

bats_require_minimum_version 1.5.0
load common

sha() {
  sha256sum | cut -c1-64
}

# entry PATH STAGE PARENTS: of a file that is there
entry() {
  printf '{"path":"%s","bytes":%s,"sha256":"%s","stage":"%s","tool":"eo-x","version":"1","slice_sha256":null,"dataset_sha256":null,"parents":{%s}}' \
    "$1" "$(wc -c <"$1")" "$(sha <"$1")" "$2" "$3"
}

# manifest: m/manifest.json of two files
manifest() {
  mkdir -p m/models
  cd m
  echo base >models/base.safetensors
  echo rows >rows.csv
  HEAD='{"manifest":1,"reproducible":{"version":"1","seeds":["7"],"dataset":null,"train_images":0,"train_sha256":null,"test_images":0,"test_sha256":null,"files":['
  HOST=']},"host":{"cpu":null,"isa":null,"processors":2,"kernel":null,"compiler":null,"build":null,"revision":null,"modified":false,"plotter":null,"files":['
  BASE=$(entry models/base.safetensors train)
  ROWS=$(entry rows.csv select "\"models/base.safetensors\":\"$(sha <models/base.safetensors)\"")
  cd ..
  echo "$HEAD$BASE$HOST$ROWS]}}" >m/manifest.json
}

setup() {
  cd "$BATS_TEST_TMPDIR"
}

@test "all files as they were: one line, exit 0, from any folder" {
  manifest
  run --separate-stderr eo-verify m/manifest.json
  [ "$status" -eq 0 ] && [ "$output" = "m/manifest.json: 2 files are as they were made" ] && [ -z "$stderr" ]
  cd m/models
  run eo-verify ../manifest.json
  [ "$status" -eq 0 ]
  cd ..
  run eo-verify manifest.json
  [ "$status" -eq 0 ]
  run eo-verify - <manifest.json
  [ "$status" -eq 0 ]
}

@test "a file that was changed, emptied, removed or replaced: named with its stage, exit 1" {
  manifest
  local was=$(sha <m/models/base.safetensors)
  echo more >>m/models/base.safetensors
  fails 1 "eo-verify: m/models/base.safetensors: expected sha256 $was, found $(sha <m/models/base.safetensors) (stage train)" \
    eo-verify m/manifest.json
  # the first one, though the other differs too
  echo >>m/rows.csv
  fails_like 1 'eo-verify: m/models/base.safetensors: *\(stage train\)' eo-verify m/manifest.json
  echo base >m/models/base.safetensors
  fails_like 1 'eo-verify: m/rows.csv: expected sha256 * \(stage select\)' eo-verify m/manifest.json
  rm m/rows.csv
  fails 1 "eo-verify: m/rows.csv: cannot open: No such file or directory (stage select)" eo-verify m/manifest.json
  mkfifo m/rows.csv
  fails 1 "eo-verify: m/rows.csv: expected a regular file (stage select)" eo-verify m/manifest.json
  rm m/rows.csv
  mkdir m/rows.csv
  fails 1 "eo-verify: m/rows.csv: expected a regular file (stage select)" eo-verify m/manifest.json
}

@test "a size that does not go with its checksum" {
  manifest
  sed -i 's/"bytes":5/"bytes":6/' m/manifest.json
  fails 1 "eo-verify: m/models/base.safetensors: expected 6 bytes, found 5 (stage train)" eo-verify m/manifest.json
}

@test "--list prints CSV and reads no file" {
  manifest
  rm m/rows.csv
  run --separate-stderr eo-verify --list m/manifest.json
  [ "$status" -eq 0 ]
  [ "$output" = "path,bytes,sha256,stage,tool,version,reproducible,slice_sha256,dataset_sha256,parents
models/base.safetensors,5,$(sha <m/models/base.safetensors),train,eo-x,1,yes,,,0
rows.csv,5,$(echo rows | sha),select,eo-x,1,no,,,1" ]
}

# broken MESSAGE TEXT: a manifest that is refused
broken() {
  echo "$2" >m/bad.json
  fails 1 "eo-verify: m/bad.json: $1" eo-verify m/bad.json
}

# changed MESSAGE SED-EXPRESSION: the good manifest with a change
changed() {
  sed "$2" m/manifest.json >m/bad.json
  ! cmp -s m/bad.json m/manifest.json
  fails 1 "eo-verify: m/bad.json: $1" eo-verify m/bad.json
}

@test "manifests that are refused: not JSON, other keys, other types" {
  manifest
  local a=$(sha <m/models/base.safetensors)
  fails 1 "eo-verify: gone: cannot open: No such file or directory" eo-verify gone
  fails 1 "eo-verify: m: expected a file, found a directory" eo-verify m
  broken "line 2, column 0: '[' or '{' expected near end of file" ""
  broken "the manifest: expected an object" "[]"
  broken "the manifest: expected 3 keys, found 1" '{"files":[]}'
  broken "line 1, column 16: duplicate object key near '\"a\"'" '{"a":[1,2],  "a"}'
  fails_like 1 "eo-verify: m/bad.json: line 1, column 300: premature end of input near *" \
    bash -c 'head -c 300 m/manifest.json >m/bad.json; eo-verify m/bad.json'
  fails_like 1 "eo-verify: m/bad.json: line 1, column *: unable to decode byte 0xff near *" \
    bash -c 'sed "s/train/\xff/" m/manifest.json >m/bad.json; eo-verify m/bad.json'
  changed "key 'manifest': expected 1" 's/"manifest":1/"manifest":2/'
  changed "'reproducible': expected an object" 's/"reproducible":{/"reproducible":[],"x":{/; s/,"host"/&/; s/"manifest":1,//; s/{"r/{"manifest":1,"r/; s/,"x":.*,"host"/,"host"/'
  changed "'host': expected 10 keys, found 9" 's/"cpu":null,//'
  changed "'host': key 'cpu': expected a string or null" 's/"cpu":null/"cpu":1/'
  changed "'host': key 'processors': expected an unsigned integer" 's/"processors":2/"processors":-2/'
  changed "'host': key 'processors': expected at most 2147483647" 's/"processors":2/"processors":2147483648/'
  changed "'host': key 'modified': expected true or false" 's/false/0/'
  changed "'reproducible': key 'version': expected a string" 's/"version":"1"/"version":1/'
  changed "'reproducible': key 'seeds': expected a list of at most 64" 's/\["7"\]/"7"/'
  changed "'reproducible': key 'seeds': entry 1: expected an integer as text" 's/\["7"\]/[7]/'
  changed "'reproducible': key 'seeds': entry 2: expected an integer as text" 's/\["7"\]/["7","-7"]/'
  changed "'reproducible': key 'train_sha256': expected 64 hexadecimal digits, found 'x'" 's/"train_sha256":null/"train_sha256":"x"/'
  changed "'reproducible': key 'dataset': expected at most 255 bytes" "s/\"dataset\":null/\"dataset\":\"$(printf '%0256d' 0)\"/"
  changed "file 1: expected an object" 's/"files":\[{/"files":[[],{/'
  changed "file 1: expected 9 keys, found 8" 's/"bytes":5,//'
  changed "'models/base.safetensors': key 'bytes': expected an unsigned integer" 's/"bytes":5/"bytes":5.0/'
  changed "'models/base.safetensors': key 'bytes': expected an unsigned integer" 's/"bytes":5/"bytes":9007199254740993/'
  changed "'models/base.safetensors': key 'sha256': expected 64 hexadecimal digits, found '${a^^}'" "s/$a/${a^^}/"
  changed "'models/base.safetensors': key 'parents': expected an object" 's/"parents":{}/"parents":[]/'
  changed "'rows.csv': key 'models/base.safetensors': expected a string" "s/\"models.base.safetensors\":\"$a\"/\"models\/base.safetensors\":7/"
  broken "key 'files': expected a list" "${HEAD%[}7${HOST#]}]}}"
}

@test "manifests that are refused: paths that lead out, files twice, parents that do not fit" {
  manifest
  local a=$(sha <m/models/base.safetensors) zeros=$(printf %064d 0) path
  for path in /etc/passwd ../m/rows.csv models/../rows.csv ./rows.csv models//base.safetensors models/ .. ''; do
    changed "'$path': expected a path inside the manifest's folder" "s|\"rows.csv\"|\"$path\"|"
  done
  changed "'a?b': expected a path inside the manifest's folder" 's/"rows.csv"/"a\\nb"/'
  fails_like 1 "eo-verify: m/bad.json: 'xxx*': expected a path inside the manifest's folder" \
    bash -c 'sed "s/\"rows.csv\"/\"$(printf x%.0s $(seq 512))\"/" m/manifest.json >m/bad.json; eo-verify m/bad.json'
  broken "'models/base.safetensors' is listed twice" "$HEAD$BASE$HOST$BASE]}}"
  changed "'rows.csv': its parent 'models/base.safetensors' had sha256 $zeros, but is listed with $a" "s/s\":\"$a/s\":\"$zeros/"
  changed "'rows.csv': its parent 'models/none' is not listed" "s/{\"models.base.safetensors\"/{\"models\/none\"/"
  changed "'rows.csv' is its own parent" "s/{\"models.base.safetensors\"/{\"rows.csv\"/"
  broken "'rows.csv' is listed as reproducible, but its parent 'models/base.safetensors' is not" "$HEAD$ROWS$HOST$BASE]}}"
  changed "'models/base.safetensors': its slice, sha256 $zeros, is none of its parents" "s/\"slice_sha256\":null/\"slice_sha256\":\"$zeros\"/"
  changed "'models/base.safetensors' is of the data set with sha256 $zeros, the manifest of none" "s/\"dataset_sha256\":null/\"dataset_sha256\":\"$zeros\"/"
}

@test "wrong usage: exit 2" {
  misused "eo-verify: expected a MANIFEST" eo-verify
  misused "eo-verify: unexpected operand 'b'" eo-verify a b
}

@test "a full disk: exit 1" {
  manifest
  fails_like 1 "eo-verify: (standard stream): * No space left on device" bash -c 'eo-verify m/manifest.json >/dev/full'
  fails_like 1 "eo-verify: (standard stream): * No space left on device" bash -c 'eo-verify --list m/manifest.json >/dev/full'
}
