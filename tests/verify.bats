#!/usr/bin/env bats
# eo-verify: files against a manifest, manifests that are not to be trusted, rows made again.

bats_require_minimum_version 1.5.0
load common

sha() {
  sha256sum | cut -c1-64
}

# entry PATH STAGE PARENTS: of a file that is there
entry() {
  printf \
    '{"path":"%s","bytes":%s,"sha256":"%s","stage":"%s","tool":"eo-x","version":"1","slice_sha256":null,'\
'"dataset_sha256":null,"parents":{%s}}' \
    "$1" "$(wc -c <"$1")" "$(sha <"$1")" "$2" "$3"
}

# manifest: m/manifest.json of two files
manifest() {
  mkdir -p m/models
  cd m
  echo base >models/base.safetensors
  echo rows >rows.csv
  HEAD='{"manifest":1,"reproducible":{"version":"1","seeds":["7"],"dataset":null,"train_images":0,"train_sha256":null,'\
'"test_images":0,"test_sha256":null,"files":['
  HOST=']},"host":{"cpu":null,"isa":null,"processors":2,"kernel":null,"compiler":null,"build":null,"revision":null,'\
'"modified":false,"plotter":null,"files":['
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
  [ "$status" -eq 0 ] && [ "$output" = "m/manifest.json: 2 files are as they were made" ] && [ -z "$stderr" ] ||
    return 1
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
  fails 1 \
    "eo-verify: m/models/base.safetensors: expected sha256 $was, found $(sha <m/models/base.safetensors) (stage \
train)" \
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

@test "no link is followed out of the folder, nor anywhere else" {
  manifest
  cp m/models/base.safetensors copy
  ln -sf ../../copy m/models/base.safetensors
  fails 1 \
    "eo-verify: m/models/base.safetensors: expected a regular file of this folder, found the link 'base.safetensors' \
(stage train)" \
    eo-verify m/manifest.json
  ln -sf /dev/zero m/models/base.safetensors
  fails 1 \
    "eo-verify: m/models/base.safetensors: expected a regular file of this folder, found the link 'base.safetensors' \
(stage train)" \
    timeout 10 eo-verify m/manifest.json
  rm -r m/models
  mkdir elsewhere
  mv copy elsewhere/base.safetensors
  ln -s ../elsewhere m/models
  fails 1 \
    "eo-verify: m/models/base.safetensors: expected a regular file of this folder, found the link 'models' (stage \
train)" \
    eo-verify m/manifest.json
  # The folder itself may be reached in any way.
  rm m/models
  mv elsewhere m/models
  ln -s m link
  eo-verify link/manifest.json
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

# changed MESSAGE SED-EXPRESSION: the good manifest with a change is refused, wherever that is
changed() {
  sed "$2" m/manifest.json >m/bad.json
  [ "$(sha <m/bad.json)" != "$(sha <m/manifest.json)" ]
  run --separate-stderr eo-verify m/bad.json
  stderr=$(sed 's/: byte offset [0-9]*: /: /' <<<"$stderr")
  [ "$status" -eq 1 ] && [ -z "$output" ] && [ "$stderr" = "eo-verify: m/bad.json: $1" ] && return
  printf 'status %s\nstdout: %s\nstderr: %s\nexpected: %s\n' "$status" "$output" "$stderr" "$1"
  return 1
}

@test "manifests that are refused: not JSON, other keys, another order, other types" {
  manifest
  local a=$(sha <m/models/base.safetensors) long=$(printf '%0256d' 0)
  fails 1 "eo-verify: gone: cannot open: No such file or directory" eo-verify gone
  fails 1 "eo-verify: m: expected a file, found a directory" eo-verify m
  broken "byte offset 1: the manifest is not valid JSON: expected an object" ""
  broken "byte offset 0: the manifest is not valid JSON: expected an object" "[]"
  broken "byte offset 2: expected key 'manifest', found the end of the object" "{}"
  broken "byte offset 9: expected key 'manifest', found 'files'" '{"files":[]}'
  broken "key 'manifest': expected 1, found 2: the file is of a newer edge-opt than this one, $(eo-verify --version |
    sed -n '1s/.*) //p'); read it with that" '{"manifest":2}'
  fails 1 "eo-verify: m/bad.json: byte offset 300: the manifest is not valid JSON: a string does not end" \
    bash -c 'head -c 300 m/manifest.json >m/bad.json; eo-verify m/bad.json'
  fails_like 1 "eo-verify: m/bad.json: byte offset *: the manifest is not UTF-8" \
    bash -c 'sed "s/train/\xff/" m/manifest.json >m/bad.json; eo-verify m/bad.json'
  fails_like 1 "eo-verify: m/bad.json: byte offset *: the manifest is not valid JSON: something follows its end" \
    bash -c 'sed "s/\$/x/" m/manifest.json >m/bad.json; eo-verify m/bad.json'
  changed "expected the end of the object, found 'more'" 's/}}$/},"more":1}/'
  changed "expected key 'cpu', found 'isa'" 's/"cpu":null,//'
  changed "expected key 'isa', found 'cpu'" 's/"cpu":null,/&&/'
  changed "expected key 'cpu', found 'isa'" 's/"cpu":null,"isa":null/"isa":null,"cpu":null/'
  changed "key 'cpu': expected a string or null" 's/"cpu":null/"cpu":1/'
  changed "the manifest is not valid JSON: expected a value" 's/"cpu":null/"cpu":nil/'
  changed "key 'processors': expected an integer in 0..2147483647" 's/"processors":2/"processors":-2/'
  changed "key 'processors': expected an integer in 0..2147483647" 's/"processors":2/"processors":2147483648/'
  changed "key 'modified': expected true or false" 's/false/0/'
  changed "key 'version': expected a string" 's/"version":"1"/"version":1/'
  changed "the manifest is not valid JSON: expected a list" 's/\["7"\]/"7"/'
  changed "key 'seeds': expected a string" 's/\["7"\]/[7]/'
  changed "expected a seed, found '-7'" 's/\["7"\]/["7","-7"]/'
  changed "expected at most 64 seeds" "s/\[\"7\"\]/[\"7\"$(printf ',"7"%.0s' $(seq 64))]/"
  changed "expected 64 hexadecimal digits, found 'x'" 's/"train_sha256":null/"train_sha256":"x"/'
  changed "key 'dataset': expected at most 255 bytes" "s/\"dataset\":null/\"dataset\":\"$long\"/"
  changed "the manifest is not valid JSON: expected an object" 's/"files":\[{/"files":[[],{/'
  changed "the manifest is not valid JSON: expected a list" 's/"files":\[/"files":7,"x":[/'
  changed "key 'bytes': expected an integer in 0..9007199254740992" 's/"bytes":5/"bytes":5.0/'
  changed "key 'bytes': expected an integer in 0..9007199254740992" 's/"bytes":5/"bytes":9007199254740993/'
  changed "expected 64 hexadecimal digits, found '${a^^}'" "s/$a/${a^^}/"
  changed "the manifest is not valid JSON: expected an object" 's/"parents":{}/"parents":[]/'
  changed "expected key 'machine' or 'files', found 'more'" 's/"plotter":null/&,"more":1/'
  changed "expected key 'files', found the end of the object" 's/"plotter":null.*/"plotter":null}}/'
  local machine='"plotter":null,"machine":{"verdict":"warn","checks":[' \
    turbo='{"check":"turbo","found":"on","verdict":"warn"}'
  changed "expected key 'files', found 'machine'" \
    "s/\"plotter\":null/$machine]},\"machine\":{\"verdict\":\"good\",\"checks\":[]}/"
  changed "expected key 'found', found 'verdict'" "s/\"plotter\":null/$machine${turbo/\"found\":\"on\",}]}/"
  changed "key 'verdict': expected a string" "s/\"plotter\":null/${machine/\"warn\"/null}]}/"
  changed "expected at most 64 checks" "s/\"plotter\":null/$machine$turbo$(printf ",$turbo%.0s" $(seq 64))]}/"
  changed "key 'models/base.safetensors': expected a string" \
    "s/\"models.base.safetensors\":\"$a\"/\"models\/base.safetensors\":7/"
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
  changed "'rows.csv': its parent 'models/base.safetensors' had sha256 $zeros, but is listed with $a" \
    "s/s\":\"$a/s\":\"$zeros/"
  changed "'rows.csv': its parent 'models/none' is not listed" "s/{\"models.base.safetensors\"/{\"models\/none\"/"
  changed "'rows.csv': its parent 'models/base.safetensors' is listed twice" \
    "s/\"models.base.safetensors\":\"$a\"/&,&/"
  changed "'rows.csv' is its own parent" "s/{\"models.base.safetensors\"/{\"rows.csv\"/"
  broken "'rows.csv' is listed as reproducible, but its parent 'models/base.safetensors' is not" \
    "$HEAD$ROWS$HOST$BASE]}}"
  changed "'models/base.safetensors': expected its slice, sha256 $zeros, among its parents" \
    "s/\"slice_sha256\":null/\"slice_sha256\":\"$zeros\"/"
  changed "'models/base.safetensors' was made from the data set with sha256 $zeros, but the manifest names none" \
    "s/\"dataset_sha256\":null/\"dataset_sha256\":\"$zeros\"/"
}

@test "wrong usage: exit 2" {
  misused "eo-verify: expected a MANIFEST, or with '--row' a table" eo-verify
  misused "eo-verify: unexpected operand 'b'" eo-verify a b
}

@test "a full disk: exit 1" {
  manifest
  fails_like 1 "eo-verify: (standard stream): * No space left on device" bash -c 'eo-verify m/manifest.json >/dev/full'
  fails_like 1 "eo-verify: (standard stream): * No space left on device" bash \
    -c 'eo-verify --list m/manifest.json >/dev/full'
}
