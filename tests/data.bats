#!/usr/bin/env bats
# eo-data and data/fetch.sh: reading, refusing, reporting, drawing, generating, downloading.

bats_require_minimum_version 1.5.0
load common

setup() {
  cd "$BATS_TEST_TMPDIR" || return 1
}

# small DIR: a generated data set of 60 + 20 images
small() {
  eo-data --generate "$1" --train 60 --test 20
}

# message STATUS LINE ARGUMENT...: runs eo-data, which has to print exactly this on standard error and nothing else
message() {
  local status_expected=$1 line=$2
  shift 2
  run --separate-stderr eo-data "$@"
  printf 'status %s\nstdout: %s\nstderr: %s\n' "$status" "$output" "$stderr"
  [ "$status" -eq "$status_expected" ]
  [ "$output" = "" ]
  [ "$stderr" = "$line" ]
}

usage() {
  message 2 "eo-data: $1
Try 'eo-data --help'." "${@:2}"
}

@test "help names every option" {
  run eo-data --help
  [ "$status" -eq 0 ]
  for option in -c --config --dataset --data --info --checksum --preview --part --generate --train --test --seed -o; do
    [[ $output == *"$option"* ]]
  done
}

@test "generated files have the sizes asked for" {
  small d
  [ "$(ls d)" = "t10k-images-idx3-ubyte.gz
t10k-labels-idx1-ubyte.gz
train-images-idx3-ubyte.gz
train-labels-idx1-ubyte.gz" ]
  [ "$(zcat d/train-images-idx3-ubyte.gz | wc -c)" -eq $((16 + 60 * 784)) ]
  [ "$(zcat d/t10k-labels-idx1-ubyte.gz | wc -c)" -eq $((8 + 20)) ]
  [ "$(zcat d/t10k-images-idx3-ubyte.gz | head -c 16 | od -An -tx1 | tr -d ' \n')" = \
    0000080300000014000000"1c"0000001c ]
}

@test "generation is deterministic, seeded, and a smaller set begins a larger one" {
  small a
  small b
  diff -r a b
  eo-data --generate c --train 60 --test 20 --seed 2
  run ! cmp -s <(zcat a/train-images-idx3-ubyte.gz) <(zcat c/train-images-idx3-ubyte.gz)
  eo-data --generate d --train 90 --test 20
  cmp <(zcat a/train-images-idx3-ubyte.gz | tail -c +17) \
    <(zcat d/train-images-idx3-ubyte.gz | tail -c +17 | head -c $((60 * 784)))
  cmp <(zcat a/train-labels-idx1-ubyte.gz | tail -c +9) <(zcat d/train-labels-idx1-ubyte.gz | tail -c +9 | head -c 60)
}

@test "of fewer classes the first digits are generated, each as often as the others" {
  eo-data --generate d --train 60 --test 20 --classes 3
  labels() { zcat "$1" | tail -c +9 | od -An -v -tu1 -w1 | sort | uniq -c | xargs; }
  [ "$(labels d/train-labels-idx1-ubyte.gz)" = "20 0 20 1 20 2" ]
  [[ $(labels d/t10k-labels-idx1-ubyte.gz) =~ ^[67]\ 0\ [67]\ 1\ [67]\ 2$ ]]
  eo-data --generate e --train 60 --test 20 --classes 10
  small f
  diff -r e f
}

@test "the default generated set has 15000 and 3000 images, balanced, and known checksums" {
  eo-data --generate data/synthetic
  run eo-data --checksum
  [ "$status" -eq 0 ]
  [ "$output" = "dataset,part,images,sha256
synthetic,train,15000,7e5ca7c41e8bc101aa7b3ca3b186b893d4190dea607513a7d999b4dcd50fd8bb
synthetic,test,3000,08ca41eea1cb565ac452bdbf9f46c87ebe747b1559be82a864664c47c1371b79" ]
  run eo-data
  [[ $output == *"7                      1500          300"* ]]
}

@test "generation into an impossible place fails" {
  message 1 "eo-data: '/dev/null/x': cannot create the directory: Not a directory" --generate /dev/null/x
}

@test "the report is what no action gives, and --info" {
  small d
  eo-data --data d >a
  eo-data --data d --info >b
  cmp a b
  [ "$(sed -n 1,2p a)" = "dataset: synthetic
folder: d" ]
  grep -qx 'images                   60           20' a
  grep -qx '9                         6            2' a
}

@test "--json: the counts of --info, --report and --from" {
  small d
  eo-data --data d --json >a
  [ "$(json get a dataset folder classes/9 parts parts/0/part parts/0/images parts/0/images_per_class/9 \
    parts/1/images_per_class/9 | tr '\n' ' ')" = "synthetic d 9 2 train_set 60 6 2 " ]
  [ "$(json get a train_sha256)" = "$(eo-data --data d | sed -n 's/^train sha256: //p')" ]
  documented a
  printf 'dataset: idx\ndata_dir: d\ntrain_subset: 40\nval_subset: 15\n' >c.yaml
  eo-data -c c.yaml --info -j -o a
  [ "$(json get a parts parts/2/part parts/2/images parts/3/part parts/3/images | tr '\n' ' ')" = \
    "4 to_train_on 40 validation 15 " ]
  printf '%s\n' 0,9,9,9,9 0,9,9,9,9 0,1,2,3,4 0,1,2,3,5 1,9,9,9,9 1,200,2,3,4 >t.csv
  eo-data --from t.csv --share 0.5 --json >a
  [ "$(json get a pictures shape/1 shape/2 imbalance classes classes/0/label classes/0/name \
    equal_with_different_labels | tr '\n' ' ')" = "6 2 2 2 2 0 null 1 " ]
  [ "$(json get a repeated_within_train repeated_within_test repeated_in_both |
    awk '{ n += $1 } END { print n }')" = 2 ]
  documented a
  eo-data --data d --report >text
  eo-data --data d --report --json >a
  grep -q "^channel 0: mean $(printf %.2f "$(json get a channels/0/mean)"), standard deviation \
$(printf %.2f "$(json get a channels/0/standard_deviation)") " text
  usage "option '--json' goes with --info, --report and --from" --checksum --json
}

@test "with a configuration the report shows the split" {
  small d
  printf 'dataset: idx\ndata_dir: d\ntrain_subset: 40\nval_subset: 15\n' >c.yaml
  eo-data -c c.yaml >a
  grep -qx 'images                   60           20           40           15' a
  printf 'dataset: idx\ndata_dir: d\ntrain_subset: 50\nval_subset: 15\n' >c.yaml
  message 1 "eo-data: d: 'train_subset' + 'val_subset': expected at most the 60 training images, found 50 + 15" \
    -c c.yaml
}

@test "checksums: of the content, gzip or not, in a file that is left alone while it is right" {
  small d
  cp -r d e
  gunzip e/*.gz
  eo-data --data d --checksum >d.csv
  eo-data --data e --checksum -o e.csv
  cmp d.csv e.csv
  sum=$(zcat d/train-images-idx3-ubyte.gz d/train-labels-idx1-ubyte.gz | sha256sum)
  [ "$(sed -n 2p d.csv)" = "synthetic,train,60,${sum%% *}" ]
  touch -d 2001-01-01 e.csv
  eo-data --data e --checksum -o e.csv
  [ "$(date -r e.csv +%Y)" = 2001 ]
  rm e/*-ubyte
  eo-data --generate e --train 60 --test 10
  eo-data --data e --checksum -o e.csv
  [ "$(date -r e.csv +%Y)" != 2001 ]
  grep -q '^synthetic,test,10,' e.csv
}

@test "preview is a grey PNG, the same each time" {
  small d
  eo-data --data d --preview a.png
  eo-data --data d --preview - >b.png
  cmp a.png b.png
  [ "$(head -c 8 a.png | od -An -tx1)" = ' 89 50 4e 47 0d 0a 1a 0a' ]
  # width and height, big-endian, from the first chunk
  [ "$(head -c 24 a.png | tail -c 8 | od -An -tx1)" = ' 00 00 03 e4 00 00 02 82' ]
  eo-data --data d --preview train.png --part train
  cmp a.png train.png
}

@test "preview of a part shows that part's images" {
  small d
  printf 'dataset: idx\ndata_dir: d\ntrain_subset: 40\nval_subset: 15\n' >c.yaml
  cp -r d e
  gunzip e/train-images-idx3-ubyte.gz
  printf '\377\377\377' | dd of=e/train-images-idx3-ubyte bs=1 seek=500 conv=notrunc status=none # in the first image
  for part in train validation test; do
    eo-data -c c.yaml --data d --preview "d-$part.png" --part "$part"
    eo-data -c c.yaml --data e --preview "e-$part.png" --part "$part"
  done
  run ! cmp -s d-train.png e-train.png
  cmp d-validation.png e-validation.png
  cmp d-test.png e-test.png
  run ! cmp -s d-test.png d-validation.png
}

@test "missing data: the two ways out" {
  unset EO_DATA_DIR
  message 1 \
    "eo-data: dataset 'mnist': expected a folder 'data/mnist', found none; run 'make data', or say where the files are \
with EO_DATA_DIR or --data" --dataset mnist
  EO_DATA_DIR=nowhere message 1 \
    "eo-data: dataset 'mnist': expected a folder 'nowhere/mnist' or 'data/mnist', found neither; run 'make data', or \
say where the files are with EO_DATA_DIR or --data" --dataset mnist
  message 1 \
    "eo-data: dataset 'synthetic': expected a folder 'data/synthetic', found none; run 'make', which generates it, or \
say where the files are with EO_DATA_DIR or --data"
  mkdir -p data/mnist
  message 1 \
    "eo-data: 'data/mnist': expected 'train-images-idx3-ubyte' or 'train-images-idx3-ubyte.gz', found neither; run \
'make data', or say where the files are with EO_DATA_DIR or --data" --dataset mnist
}

@test "EO_DATA_DIR, --data and data_dir" {
  small there/mnist
  EO_DATA_DIR=there eo-data --dataset mnist | grep -qx 'folder: there/mnist'
  EO_DATA_DIR=nowhere eo-data --dataset mnist --data there/mnist | grep -qx 'folder: there/mnist'
  eo-data --dataset idx --data there/mnist | grep -qx 'dataset: idx'
  message 1 "eo-data: dataset 'idx': expected the folder of its files in 'data_dir' or --data" --dataset idx
  message 1 "eo-data: dataset 'mnist': expected a folder 'gone' (--data), found none" --dataset mnist --data gone
}

@test "the same images in another folder give the same model" {
  small a
  cp -r a b
  for dir in a b; do
    printf 'dataset: idx\ndata_dir: %s\nepochs: 1\nconv1_channels: 2\nconv2_channels: 3\n' $dir >$dir.yaml
    eo-train -q -c $dir.yaml | eo-quant -p int8 -c $dir.yaml -o $dir.safetensors
    eo-eval -c $dir.yaml $dir.safetensors -o $dir.csv
  done
  cmp a.safetensors b.safetensors
  cmp a.csv b.csv
  eo-config --stage train a.yaml >slice
  run ! grep data_dir slice
  eo-train -q -c slice --data b -o from-slice
  eo-train -q -c a.yaml -o from-file
  cmp from-slice from-file
  fails 1 "eo-train: dataset 'idx': expected the folder of its files in 'data_dir' or --data" eo-train -c slice -o none
  [ ! -e none ]
}

@test "unknown data set" {
  message 1 "eo-data: dataset 'cifar': expected synthetic, mnist, fashion-mnist or idx" --dataset cifar
}

@test "truncated, swapped, damaged and wrong files" {
  small d
  cp -r d e
  head -c 2000 d/train-images-idx3-ubyte.gz >e/train-images-idx3-ubyte.gz
  message 1 \
    "eo-data: 'e/train-images-idx3-ubyte.gz': byte 2000: expected the rest of the gzip stream, found the end of the \
file" --data e
  rm e/train-images-idx3-ubyte.gz
  zcat d/train-images-idx3-ubyte.gz | head -c 2000 >e/train-images-idx3-ubyte
  message 1 \
    "eo-data: 'e/train-images-idx3-ubyte': byte 2000: expected 47056 bytes in all by the header, found the end of the \
data" --data e
  cp d/train-labels-idx1-ubyte.gz e/train-images-idx3-ubyte
  message 1 \
    "eo-data: 'e/train-images-idx3-ubyte': byte 3: expected images (3 dimensions), found 1 dimension: this is a labels \
file" --data e
  rm e/train-images-idx3-ubyte
  cp d/train-images-idx3-ubyte.gz e
  cp d/train-images-idx3-ubyte.gz e/train-labels-idx1-ubyte.gz
  message 1 \
    "eo-data: 'e/train-labels-idx1-ubyte.gz': byte 3: expected labels (1 dimension), found 3 dimensions: this is an \
images file" --data e
  cp d/t10k-labels-idx1-ubyte.gz e/train-labels-idx1-ubyte.gz
  message 1 \
    "eo-data: 'e/train-labels-idx1-ubyte.gz': byte 4: expected 60 labels, as many as there are images, found 20" \
    --data e
  { printf '\0\0\10\1\0\0\0\74'; head -c 59 /dev/zero; printf '\12'; } >e/train-labels-idx1-ubyte
  message 1 "eo-data: 'e/train-labels-idx1-ubyte': byte 67: expected a label in 0..9, found 10" --data e
  printf 'hello, world' >e/train-labels-idx1-ubyte
  message 1 "eo-data: 'e/train-labels-idx1-ubyte': byte 0: expected an IDX file (00 00 08), found 68 65 6c" --data e
  # what is no file is not waited for
  rm e/train-labels-idx1-ubyte*
  mkfifo e/train-labels-idx1-ubyte
  fails 1 "eo-data: 'e': expected 'train-labels-idx1-ubyte' or 'train-labels-idx1-ubyte.gz', found neither" \
    timeout 10 eo-data --data e
}

@test "a full disk, and no file left behind" {
  small d
  message 1 "eo-data: /dev/full: cannot write: No space left on device" --data d --preview /dev/full
  message 1 "eo-data: /dev/full: cannot write: No space left on device" --data d --checksum -o /dev/full
  run --separate-stderr bash -c 'eo-data --data d >/dev/full'
  [ "$status" -eq 1 ]
  [ "$stderr" = "eo-data: cannot write: No space left on device" ]
  message 1 "eo-data: gone/x.png: cannot create: No such file or directory" --data d --preview gone/x.png
  message 1 "eo-data: dataset 'mnist': expected a folder 'gone' (--data), found none" --dataset mnist --data gone \
    --preview x.png
  [ ! -e x.png ]
  [ -z "$(ls -A | grep tmp)" ]
}

@test "wrong usage" {
  usage "expected one of --info, --checksum, --folder, --report, --preview, --generate and --from, found several" \
    --info --checksum
  usage "expected one of --info, --checksum, --folder, --report, --preview, --generate and --from, found several" \
    --preview x --generate y
  usage "option '--part' needs --preview" --part test
  usage "option '--part': expected train, validation or test, found 'all'" --preview x --part all
  usage "option '-o' goes with --info, --checksum, --report and --from" --preview x -o y
  usage "options '--train', '--test' and '--classes' need --generate" --train 5
  usage "options '--train', '--test' and '--classes' need --generate" --test 5 --info
  usage "options '--train', '--test' and '--classes' need --generate" --classes 5
  usage "option '--classes': expected an integer in 2..10, found '1'" --generate d --classes 1
  usage "option '--seed' needs --generate or --from" --seed 5
  usage "option '--train': expected an integer in 1..1000000, found '0'" --generate d --train 0
  usage "unknown or ambiguous option '--nonsense'" --nonsense
  usage "unexpected operand 'x'" x
  [ ! -e d ]
}

@test "a bad configuration is named" {
  printf 'dataset: cifar\n' >c.yaml
  run --separate-stderr eo-data -c c.yaml
  [ "$status" -eq 1 ]
  [ "$output" = "" ]
  [[ $stderr == "eo-data: c.yaml: "* ]]
}

@test "MNIST: counts, classes, checksum" {
  need_data mnist
  eo-data --dataset mnist >a
  grep -qx 'images                60000        10000' a
  grep -qx '1                      6742         1135' a
  grep -qx 'test sha256: 18489308deedfe2f7bd3a11e599a597126f161d991b1ffcffb71642aa76f7f62' a
}

@test "Fashion-MNIST: counts, names of the classes, its own checksum, preview" {
  need_data fashion-mnist
  eo-data --dataset fashion-mnist >a
  grep -qx 'images                60000        10000' a
  grep -qx '9 Ankle boot           6000         1000' a
  grep -qx 'test sha256: 30214f3fe91405cb8ea60b11ecf0914a65dd6a6ca8e13c13a62eb434f2d9fe56' a
  eo-data --dataset fashion-mnist --preview a.png
  [ "$(head -c 24 a.png | tail -c 8 | od -An -tx1)" = ' 00 00 04 74 00 00 02 82' ]
}

# A mirror of one's own with a small data set called mnist, and fetch.sh beside its list of sources.
fetch_setup() {
  unset EO_DATA_DIR
  command -v curl >/dev/null || skip "needs curl"
  mkdir data
  cp "$EO_ROOT/data/fetch.sh" data
  small mirror/mnist
  local file
  for file in train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz t10k-images-idx3-ubyte.gz \
    t10k-labels-idx1-ubyte.gz; do
    printf 'mnist %s %s %032d http://127.0.0.1:9/%s https://127.0.0.1:9/%s\n' "$file" \
      "$(zcat "mirror/mnist/$file" | sha256sum | cut -c 1-64)" 0 "$file" "$file" >>data/SOURCES
  done
  export EO_DATA_URL="file://$PWD/gone file://$PWD/mirror"
}

@test "fetch: from the second address when the first fails; then silent, and nothing is touched" {
  fetch_setup
  data/fetch.sh mnist
  diff -r mirror/mnist data/mnist
  touch -d 2001-01-01 data/mnist/*
  run --separate-stderr data/fetch.sh mnist
  [ "$status" -eq 0 ]
  [ "$output$stderr" = "" ]
  [ "$(date -r data/mnist/train-images-idx3-ubyte.gz +%Y)" = 2001 ]
}

@test "fetch: EO_DATA_URL replaces the addresses" {
  fetch_setup
  mv mirror own
  EO_DATA_URL='' run --separate-stderr data/fetch.sh mnist
  [ "$status" -eq 1 ]
  EO_DATA_URL=file://$PWD/own data/fetch.sh mnist
  diff -r own/mnist data/mnist
}

@test "fetch: resumes, also when only the renaming was missing" {
  fetch_setup
  mkdir data/mnist
  head -c 5000 mirror/mnist/train-images-idx3-ubyte.gz >data/mnist/train-images-idx3-ubyte.gz.part
  cp mirror/mnist/t10k-images-idx3-ubyte.gz data/mnist/t10k-images-idx3-ubyte.gz.part
  data/fetch.sh mnist
  diff -r mirror/mnist data/mnist
}

@test "fetch: resumes, it does not begin again" {
  fetch_setup
  mkdir data/mnist
  # 5000 other bytes in front: only a resumed download has them and fails the check
  head -c 5000 /dev/zero >data/mnist/train-images-idx3-ubyte.gz.part
  run --separate-stderr data/fetch.sh mnist
  [ "$status" -eq 1 ]
  [[ $stderr == *"'mnist/train-images-idx3-ubyte.gz': expected SHA-256 "* ]]
  data/fetch.sh mnist
  diff -r mirror/mnist data/mnist
}

@test "fetch: a partial file longer than the real one does not block for ever" {
  fetch_setup
  mkdir data/mnist
  head -c 500000 /dev/zero >data/mnist/train-images-idx3-ubyte.gz.part
  data/fetch.sh mnist || data/fetch.sh mnist
  diff -r mirror/mnist data/mnist
}

@test "fetch: a wrong checksum is refused and nothing is left" {
  fetch_setup
  expected=$(grep t10k-labels data/SOURCES | cut -d ' ' -f 3)
  for found in "$(echo x | sha256sum | cut -c 1-64)" "no whole gzip file"; do
    if [ "$found" = "no whole gzip file" ]; then printf x >mirror/mnist/t10k-labels-idx1-ubyte.gz
    else echo x | gzip >mirror/mnist/t10k-labels-idx1-ubyte.gz; fi
    EO_DATA_URL=file://$PWD/mirror run --separate-stderr data/fetch.sh mnist
    [ "$status" -eq 1 ]
    [ "$stderr" = \
      "data/fetch.sh: 'mnist/t10k-labels-idx1-ubyte.gz': expected SHA-256 $expected, found $found in what was \
downloaded" ]
  done
  [ "$(ls data/mnist)" = "t10k-images-idx3-ubyte.gz
train-images-idx3-ubyte.gz
train-labels-idx1-ubyte.gz" ]
}

@test "fetch: a wrong file that is there is reported and left alone" {
  fetch_setup
  mkdir data/mnist
  printf x >data/mnist/train-images-idx3-ubyte.gz
  run --separate-stderr data/fetch.sh mnist
  [ "$status" -eq 1 ]
  [[ $stderr == \
    "data/fetch.sh: 'data/mnist/train-images-idx3-ubyte.gz': expected SHA-256 "*"; remove the file to download it \
again" ]]
  [ "$(cat data/mnist/train-images-idx3-ubyte.gz)" = x ]
}

@test "fetch: contents count, not how they were compressed; a data set that a package brought is not downloaded" {
  fetch_setup
  cp -r mirror/mnist again
  for f in again/*; do zcat $f | gzip -1 | cmp -s - $f || zcat $f | gzip -1 >x && mv x $f; done
  run ! diff -rq mirror/mnist again
  cp -r again data/mnist
  export EO_DATA_URL=file:///nonexistent
  data/fetch.sh mnist
  diff -r again data/mnist
  rm -r data/mnist
  sed -i "s|^packaged=.*|packaged=$PWD/packaged|" data/fetch.sh
  mkdir packaged
  mv again packaged/mnist
  data/fetch.sh mnist
  [ ! -e data/mnist ]
  rm packaged/mnist/t10k-labels-idx1-ubyte.gz
  run --separate-stderr data/fetch.sh mnist
  [ "$status" -eq 1 ]
}

@test "fetch: a data set that EO_DATA_DIR has is not downloaded, and a damaged one there is refused" {
  fetch_setup
  export EO_DATA_DIR=$PWD/own
  mkdir own own/MNIST
  for folder in own/mnist own/MNIST/raw; do
    cp -r mirror/mnist $folder
    EO_DATA_URL=file:///nonexistent run --separate-stderr data/fetch.sh mnist
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    [ ! -e data/mnist ]
    [ "$output" = "data/fetch.sh: 'mnist' is in EO_DATA_DIR, '$PWD/$folder', and is not downloaded" ]
    gunzip $folder/train-images-idx3-ubyte.gz
    EO_DATA_URL=file:///nonexistent data/fetch.sh mnist
    [ "$(eo-data --dataset mnist --folder)" = "$PWD/$folder" ]
    cp mirror/mnist/train-images-idx3-ubyte.gz $folder
    printf x >>$folder/train-images-idx3-ubyte # which programs read
    EO_DATA_URL=file://$PWD/mirror run --separate-stderr data/fetch.sh mnist
    [ "$status" -eq 1 ]
    [ "$stderr" = "data/fetch.sh: 'mnist' is in EO_DATA_DIR, '$PWD/$folder', but not whole and as published, and hides \
what would be downloaded; remove it there, or unset EO_DATA_DIR" ]
    rm -r $folder
  done
  EO_DATA_URL=file://$PWD/mirror run data/fetch.sh mnist
  [ "$status" -eq 0 ]
  [ -z "$output" ]
  diff -r mirror/mnist data/mnist
}

@test "fetch: offline" {
  fetch_setup
  EO_DATA_URL=file:///nonexistent run --separate-stderr data/fetch.sh mnist
  [ "$status" -eq 1 ]
  [[ ${stderr_lines[-1]} == \
    "data/fetch.sh: 'mnist/train-images-idx3-ubyte.gz': cannot download it from \
file:///nonexistent/mnist/train-images-idx3-ubyte.gz; copy the files into 'data/mnist', or set EO_DATA_DIR" ]]
  [ ! -e data/mnist ] # an empty folder would look like data
}

@test "fetch: the second address is tried after a wrong checksum, too" {
  fetch_setup
  cp -r mirror wrong
  echo x | gzip >wrong/mnist/train-labels-idx1-ubyte.gz
  EO_DATA_URL="file://$PWD/wrong file://$PWD/mirror" data/fetch.sh mnist
  diff -r mirror/mnist data/mnist
  rm -r data/mnist
  # the last word is about what was had, if anything was
  EO_DATA_URL="file://$PWD/wrong file://$PWD/gone" run --separate-stderr data/fetch.sh mnist
  [ "$status" -eq 1 ]
  [[ ${stderr_lines[-1]} == *"'mnist/train-labels-idx1-ubyte.gz': expected SHA-256 "*" in what was downloaded" ]]
}

@test "fetch: published addresses are https" {
  fetch_setup
  EO_DATA_URL='' run --separate-stderr data/fetch.sh mnist
  [ "$status" -eq 1 ]
  [[ $stderr == *"Protocol \"http\" not supported"*"127.0.0.1 port 9"* ]]
  [ ! -e data/mnist ]
  run grep -v -e '^#' "$EO_ROOT/data/SOURCES"
  [[ $output == *https://* && $output != *http://* ]]
}

@test "fetch: nothing is written through links" {
  fetch_setup
  echo mine >other
  mkdir data/mnist
  ln -s "$PWD/other" data/mnist/train-images-idx3-ubyte.gz.part
  ln other data/mnist/train-labels-idx1-ubyte.gz.part
  ln -s "$PWD/none" data/mnist/t10k-images-idx3-ubyte.gz
  data/fetch.sh mnist
  diff -r mirror/mnist data/mnist
  [ -z "$(find data/mnist -type l)" ]
  [ "$(cat other) $(stat -c %h other)" = "mine 1" ] && [ ! -e none ] || return 1
  rm -r data/mnist
  mkdir elsewhere
  ln -s ../elsewhere data/mnist
  fails 1 \
    "data/fetch.sh: 'data/mnist' is a link, and nothing is downloaded through it; set EO_DATA_DIR to the folder of the \
data" \
    data/fetch.sh mnist
  [ -z "$(ls elsewhere)" ]
}

@test "fetch: neither a file without end, nor one that unpacks to more than is expected, nor a server that stalls" {
  fetch_setup
  truncate -s 65M mirror/mnist/train-images-idx3-ubyte.gz
  run --separate-stderr data/fetch.sh mnist
  [ "$status" -eq 1 ]
  [ "$(find data -size +64M)" = "" ]
  rm -rf data/mnist
  head -c 300M /dev/zero | gzip -1 >mirror/mnist/train-images-idx3-ubyte.gz
  run --separate-stderr data/fetch.sh mnist
  [ "$status" -eq 1 ]
  [[ $stderr == *"found no whole gzip file in what was downloaded" ]]

  command -v python3 >/dev/null || skip "needs python3, for a server"
  sed -i 's/ stall=30 / stall=1 /; s/--retry 3/--retry 0/' data/fetch.sh
  python3 -c '
import socket, sys
s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True)
held = []
while True:
    c, _ = s.accept(); held.append(c); c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx")' >port 3>&- &
  until [ -s port ]; do sleep 0.05; done
  EO_DATA_URL=http://127.0.0.1:$(cat port) run --separate-stderr timeout 60 data/fetch.sh mnist
  kill %1
  [ "$status" -eq 1 ]
  [[ $stderr == *"too slow"* ]]
}

@test "fetch: wrong usage" {
  fetch_setup
  run --separate-stderr data/fetch.sh
  [ "$status" -eq 2 ]
  run --separate-stderr data/fetch.sh cifar
  [ "$status" -eq 2 ]
  [ "$stderr" = "data/fetch.sh: data set 'cifar': expected one that 'data/SOURCES' lists" ]
  run --separate-stderr data/fetch.sh '.*'
  [ "$status" -eq 2 ]
}

@test "the real files are what SOURCES says" {
  need_data mnist
  need_data fashion-mnist
  grep -v '^#' "$EO_ROOT/data/SOURCES" | while read -r name file sum _; do
    echo "$name $(zcat "$EO_DATA_DIR/$name/$file" | sha256sum)" >>found
    echo "$name $sum  -"
  done >sums
  [ "$(wc -l <sums)" -eq 8 ]
  cmp sums found
}

@test "Fashion-MNIST as Debian packages it is found and is the published one" {
  [ -d /usr/share/datasets/fashion-mnist ] || skip "needs the package dataset-fashion-mnist"
  unset EO_DATA_DIR
  eo-data --dataset fashion-mnist >a
  grep -qx 'folder: /usr/share/datasets/fashion-mnist' a
  grep -qx 'test sha256: 30214f3fe91405cb8ea60b11ecf0914a65dd6a6ca8e13c13a62eb434f2d9fe56' a
}

@test "IDX files as archives and torchvision leave them" {
  small d
  eo-data --checksum --dataset idx --data d >want
  mkdir -p unzipped torch/MNIST/raw members
  for f in d/*; do
    name=$(basename $f .gz)
    mkdir unzipped/$name
    zcat $f >unzipped/$name/$name
    cp $f torch/MNIST/raw
    zcat $f >plain
    { head -c 3000 plain | gzip; tail -c +3001 plain | gzip; head -c 700 /dev/zero; } >members/${name/-idx/.idx}.gz
  done
  for folder in unzipped torch members; do eo-data --checksum --dataset idx --data $folder | cmp - want; done
  EO_DATA_DIR=torch eo-data --checksum --dataset mnist | sed 's/^mnist/idx/' | cmp - want
  mkdir empty
  message 1 \
    "eo-data: 'empty': expected 'train-images-idx3-ubyte' or 'train-images-idx3-ubyte.gz', found neither; put the four \
IDX files there, or name their folder with 'data_dir' or --data" --dataset idx --data empty
}

@test "eo-data: one published data set is never taken for the other" {
  need_data mnist
  need_data fashion-mnist
  run eo-data --dataset fashion-mnist --data "$EO_DATA_DIR/mnist"
  [ "$status" -eq 1 ]
  [ "$output" = "eo-data: $EO_DATA_DIR/mnist: dataset 'fashion-mnist': expected its files, found the training files of \
'mnist'" ]
  echo "dataset: mnist" >"$BATS_TEST_TMPDIR/m.yaml"
  run eo-train -c "$BATS_TEST_TMPDIR/m.yaml" --data "$EO_DATA_DIR/fashion-mnist" -o "$BATS_TEST_TMPDIR/m.safetensors"
  [ "$status" -eq 1 ]
  [ ! -e "$BATS_TEST_TMPDIR/m.safetensors" ]
}

@test "what looks wrong is said, and the data set is used: classes without an image, pixels of 0 and 1" {
  small d
  mkdir e
  cp d/* e
  # labels 3 and 7 become 4, pixels 0 and 1
  zcat d/t10k-labels-idx1-ubyte.gz | { head -c 8; tr '\3\7' '\4\4'; } >e/t10k-labels-idx1-ubyte
  { zcat d/train-images-idx3-ubyte.gz | head -c 16; zcat d/train-images-idx3-ubyte.gz | tail -c +17 |
    tr '\1-\377' '\1'; } >e/train-images-idx3-ubyte
  run --separate-stderr eo-data --checksum --data e
  [ "$status" -eq 0 ]
  [ "${#lines[@]}" -eq 3 ]
  [ "$stderr" = "eo-data: e: the test set has no image of class 3, 7
eo-data: e: the training set has pixels of 0 and 1 alone, and grey values go up to 255; multiply them by 255" ]
}

@test "--data of another folder does not pass under the configured name" {
  small mine
  printf 'dataset: synthetic\nepochs: 1\nconv1_channels: 1\nconv2_channels: 1\n' >c.yaml
  eo-train -q -c c.yaml --data mine -o m
  eo-inspect m | grep -qx 'dataset: idx'
  # under that name are the usual folder, by any path, and the generated images, anywhere
  mkdir -p data
  cp -r mine data/synthetic
  eo-train -q -c c.yaml --data ./data/../data/synthetic -o m
  eo-inspect m | grep -qx 'dataset: synthetic'
}

@test "eo-eval: a model of another data set is named" {
  small mine
  printf 'dataset: idx\ndata_dir: mine\nepochs: 1\nconv1_channels: 1\nconv2_channels: 1\nval_subset: 10\n' >c.yaml
  eo-train -q -c c.yaml -o m
  run --separate-stderr eo-eval -c c.yaml m
  [ "$status" -eq 0 ] && [ -z "$stderr" ] || return 1
  eo-data --generate other --train 60 --test 20 --seed 2
  run --separate-stderr eo-eval -c c.yaml --data other m
  [ "$status" -eq 0 ]
  [[ $stderr == "eo-eval: m: trained on other images than these of 'idx': dataset_sha256 "*", here "* ]]
  mkdir -p data
  cp -r mine data/synthetic
  sed 's/^dataset.*/dataset: synthetic/; /^data_dir/d' c.yaml >s.yaml
  run --separate-stderr eo-eval -c s.yaml m
  [ "$status" -eq 0 ]
  [ "$stderr" = "eo-eval: m: trained on data set 'idx', and the images are of 'synthetic'" ]
}

@test "a model from elsewhere: what its input is taken for, and how to say otherwise" {
  small mine
  printf 'dataset: idx\ndata_dir: mine\nval_subset: 10\n' >c.yaml
  cp "$EO_ROOT/tests/golden/python-safetensors.safetensors" m
  said="m: no metadata 'input_mean' and 'input_std': assuming the input p / 127.5 - 1 of a grey value p; --input-mean \
M --input-std S set (p / 255 - M) / S, with 0 and 1 p / 255"
  run --separate-stderr eo-eval -c c.yaml m --logits assumed.csv
  [ "$status" -eq 0 ] && [ "$stderr" = "eo-eval: $said" ] || return 1
  run --separate-stderr eo-prune -l 0 m -o pruned
  [ "$status" -eq 0 ] && [ "$stderr" = "eo-prune: $said" ] || return 1
  eo-inspect pruned | grep -qx 'input_mean: 0.5'
  run --separate-stderr eo-quant -p fp32 --input-mean 0 --input-std 1 m -o mine.safetensors
  [ "$status" -eq 0 ] && [ -z "$stderr" ] || return 1
  eo-inspect mine.safetensors | grep -qx 'input                   (p / 255 - 0) / 1 of a grey value p'
  # the options and the metadata give the same scores, which are others than those of the assumption
  eo-eval -c c.yaml --input-mean 0 --input-std 1 m --logits option.csv >row
  eo-eval -c c.yaml mine.safetensors --logits metadata.csv >row
  cmp option.csv metadata.csv
  run ! cmp -s option.csv assumed.csv
  eo-quant -p int8 -c c.yaml mine.safetensors -o int8.safetensors
  eo-inspect int8.safetensors | grep -qx 'input_std: 1.0'
  [ "$(eo-inspect -d conv1.input_zero_point int8.safetensors)" = 0 ]
  fails 1 \
    "eo-eval: mine.safetensors: metadata: trained on (p / 255 - 0.0) / 1.0; --input-mean and --input-std are for \
models whose metadata do not say" \
    eo-eval -c c.yaml --input-mean 0.5 --input-std 0.5 mine.safetensors
  misused "eo-eval: options '--input-mean' and '--input-std' go together" eo-eval -c c.yaml --input-mean 0 m
}

# ---- pictures from elsewhere

golden=$EO_ROOT/tests/golden/pictures

@test "--from converts a folder of classes, divides it by the seed, and can be read back" {
  eo-data --from "$golden/folder" --grey --share 0.34 --into d >report
  [ "$(ls d)" = "classes.txt
t10k-images-idx3-ubyte.gz
t10k-labels-idx1-ubyte.gz
train-images-idx3-ubyte.gz
train-labels-idx1-ubyte.gz" ]
  [ "$(cat d/classes.txt)" = "2
10
ant" ]
  [ "$(zcat d/train-images-idx3-ubyte.gz | head -c 16 | od -An -tx1 | tr -d ' \n')" = 00000803000000060000000800000008 ]
  [ "$(zcat d/t10k-labels-idx1-ubyte.gz | tail -c 3 | od -An -tx1 | tr ' ' '\n' | sort | tr -d '\n')" = 000102 ]
  eo-data --from d >again
  cmp report again
  eo-data --from "$golden/folder" --grey --share 0.34 --into e >/dev/null
  diff -r d e
  eo-data --from "$golden/folder" --grey --share 0.34 --seed 2 --into f >/dev/null
  run ! cmp -s d/train-images-idx3-ubyte.gz f/train-images-idx3-ubyte.gz
}

@test "--from keeps the test set of a source, and writes planes of several channels" {
  eo-data --from "$golden/channels-last.npz" --into d >report
  [ "$(zcat d/train-images-idx4-ubyte.gz | head -c 20 | od -An -tx1 | tr -d ' \n')" = \
    0000080400000004000000030000000500000004 ]
  [ "$(zcat d/t10k-labels-idx1-ubyte.gz | wc -c)" -eq 10 ]
  grep -qx "6 pictures of 3 x 5 x 4 (channels x height x width) in 3 classes" report
}

@test "--from reads a table of labels and pixels, with and without a first row" {
  printf 'label,a,b,c,d\n0,0,1,2,3\n1,4,5,6,255\n0,7,7,7,7\n1,0,0,0,0\n' >t.csv
  eo-data --from t.csv --share 0.5 --into d >report
  grep -qx "4 pictures of 1 x 2 x 2 (channels x height x width) in 2 classes" report
  tail -n +2 t.csv >u.csv
  eo-data --from u.csv --share 0.5 --into e >/dev/null
  diff -r d e
  eo-data --from t.csv --share 0.5 --shape 4 --range 0:510 --into f >/dev/null
  [ "$(zcat f/train-images-idx3-ubyte.gz | head -c 16 | tail -c 8 | od -An -tx1 | tr -d ' \n')" = 0000000400000001 ]
}

@test "--from reads CIFAR-10's batches" {
  mkdir c
  for f in data_batch_1 data_batch_2 test_batch; do
    for label in 3 7; do printf "\\00$label"; head -c 3072 /dev/zero | tr '\0' "$label"; done >c/$f.bin
  done
  printf 'a\nb\nc\ncat\n' >c/batches.meta.txt
  eo-data --from c --into d >report
  grep -qx "6 pictures of 3 x 32 x 32 (channels x height x width) in 8 classes" report
  grep -qE '^3   cat +2 +1$' report
  head -c 3000 c/test_batch.bin >c/short.bin
  mv c/short.bin c/test_batch.bin
  fails 1 "eo-data: c/test_batch.bin: expected a multiple of 3073 bytes, found 3000" eo-data --from c --into e
  [ ! -e e ]
}

# idx_set DIR TYPE FIRST SECOND: two pictures of 1 x 2 values for each part, FIRST and SECOND as printf writes them
idx_set() {
  mkdir -p $1
  for part in train t10k; do
    printf "\\0\\0\\x$2\\3\\0\\0\\0\\2\\0\\0\\0\\1\\0\\0\\0\\2$3$4" >$1/$part-images-idx3-ubyte
    printf '\0\0\x08\1\0\0\0\2\0\1' >$1/$part-labels-idx1-ubyte
  done
}

@test "--from maps IDX files of floats onto 256 steps of one scale, and shifts signed bytes" {
  minus='\xbf\x80\0\0' zero='\0\0\0\0' half='\x3f\0\0\0' one='\x3f\x80\0\0'
  idx_set f 0d "$minus$zero" "$half$one"
  eo-data --from f --into g >report
  grep -qx 'scale: numbers of -1 to 1 became 0 to 255' report
  [ "$(zcat g/t10k-images-idx3-ubyte.gz | tail -c +17 | od -An -tu1 -w2 | sort)" = "   0 128
 191 255" ]
  eo-data --from f --range -1:3 --into wide >report
  grep -qx 'scale: numbers of -1 to 3 became 0 to 255' report
  message 1 "eo-data: 'f/train-images-idx3-ubyte': byte 2: expected images of bytes (0x08 or 0x09), found 32-bit \
floats; 'eo-data --from FOLDER --into FOLDER' maps them onto 256 steps" --data f
  # the parts may not differ in scale
  idx_set h 0d "$zero$zero" "$half$one"
  cp h/t10k-images-idx3-ubyte f
  fails 1 "eo-data: f/t10k-images-idx3-ubyte: expected numbers of one scale, -1 to 1 as before, found 0 to 1; say with \
--range LOW:HIGH which become 0 and 255" \
    eo-data --from f --into x
  idx_set i 0d "$zero$zero" "$one\\x7f\\xc0\\0\\0"
  fails 1 "eo-data: i/train-images-idx3-ubyte: picture 1: value 1: expected a finite number, found a NaN or an \
infinity" eo-data --from i --into x
  [ ! -e x ]
  idx_set s 09 '\x80\x7f' '\0\1'
  eo-data --from s --into t >report
  ! grep -q scale report || return 1
  [ "$(zcat t/t10k-images-idx3-ubyte.gz | tail -c +17 | od -An -tu1 -w2 | sort)" = "   0 255
 128 129" ]
  printf '\0\0\x09\1\0\0\0\2\0\1' >s/train-labels-idx1-ubyte
  fails 1 "eo-data: s/train-labels-idx1-ubyte: expected labels of unsigned bytes (type 0x08), found signed bytes" \
    eo-data --from s --into x
  cp s/train-labels-idx1-ubyte s/train-images-idx3-ubyte
  fails 1 "eo-data: s/train-labels-idx1-ubyte: expected labels of unsigned bytes (type 0x08), found signed bytes" \
    eo-data --from s --into x
}

@test "rows of values are found under the name of their dimensions, and are signals" {
  mkdir d e
  for part in train t10k; do
    printf '\0\0\x08\2\0\0\0\2\0\0\0\3abcdef' >d/$part-images-idx2-ubyte
    printf '\0\0\x08\1\0\0\0\2\0\1' >d/$part-labels-idx1-ubyte
    gzip -c d/$part-images-idx2-ubyte >e/$part-images.idx2-ubyte.gz
    cp d/$part-labels-idx1-ubyte e/$part-labels.idx1-ubyte
  done
  mv e/t10k-images.idx2-ubyte.gz e/test-images-idx2-ubyte.gz
  for folder in d e; do
    eo-data --dataset idx --data $folder >info
    grep -qx 'images                    2            2' info
    [ "$(eo-data --from $folder | head -n 1)" = \
      '4 pictures of 1 x 3 x 1 (channels x height x width) in 2 classes' ]
  done
  # messages name the file
  printf x >>d/train-images-idx2-ubyte
  message 1 "eo-data: 'd/train-images-idx2-ubyte': byte 18: expected the end of the data by the header, found more" \
    --dataset idx --data d
  printf 'dataset: idx\ndata_dir: e\nval_subset: 1\nepochs: 1\nmodel: [{conv: 2, kernel: 2x1}, {linear: classes}]\n' \
    >c.yaml
  eo-train -q -c c.yaml -o m
  eo-inspect m | grep -qE "^conv1 +1x3x1 +2x2x1 "
}

@test "a data set of another size and other classes is described" {
  idx_set d 08 '\1\2' '\3\4'
  printf 'dataset: idx\ndata_dir: d\nval_subset: 1\n' >c.yaml
  eo-data -c c.yaml >info
  [ "$(sed -n '6,$p' info | tr -s ' ')" = " train set test set to train on validation
images 2 2 1 1
0 1 1 1 0
1 1 1 0 1" ]
  eo-data -c c.yaml --checksum >/dev/null
  # a network has an output for each label that occurs up to the highest, so a name beyond would have none
  echo 'class_names: [a, b, c]' >>c.yaml
  fails 1 "eo-data: key 'class_names': expected 2 names, one for each class, found 3" eo-data -c c.yaml
}

# sheet DIMS COLOURS VALUE...: size and colour type of the preview of three images of these values in two classes
sheet() {
  local i size=$((${1//x/*})) value
  for part in train t10k; do
    { printf '\0\0\x08\4\0\0\0\3'
      for i in ${1//x/ }; do printf '\0\0\0'"\\x$(printf %02x "$i")"; done
      for value in 0 200 100; do head -c $size /dev/zero | tr '\0' "\\$(printf %o $value)"; done
    } >$part-images-idx4-ubyte
    printf '\0\0\x08\1\0\0\0\3\0\1\0' >$part-labels-idx1-ubyte
  done
  eo-data --dataset idx --data . --preview p.png
  head -c 26 p.png | tail -c 10 | od -An -tu1 | awk '{ print $3 * 256 + $4, $7 * 256 + $8, $10 }'
}

# The title takes 552 pixels, 20 beside it, and a class 4 between images.
@test "preview of other images: in colours, a signal as its channels, small ones larger, large ones smaller" {
  # 2 x 28 + 4 = 60 a class; 1: grey, 2: colours
  [ "$(sheet 1x28x28)" = "$((30 + 16 * 60 - 4 + 10)) $((36 + 2 * 60 - 4 + 10)) 0" ]
  [ "$(sheet 3x32x32)" = "$((30 + 16 * 68 - 4 + 10)) $((36 + 2 * 68 - 4 + 10)) 2" ]
  [ "$(sheet 5x8x8)" = "$((30 + 16 * 60 - 4 + 10)) $((36 + 2 * 60 - 4 + 10)) 0" ]
  # 6 rows of 4 pixels, 125 pixels long
  [ "$(sheet 6x125x1)" = "$((30 + 16 * 129 - 4 + 10)) $((36 + 2 * 28 - 4 + 10)) 0" ]
  [ "$(sheet 1x1x2)" = "$((30 + 16 * 60 - 4 + 10)) $((36 + 2 * 32 - 4 + 10)) 0" ]
  [ "$(sheet 3x96x250)" = "$((30 + 16 * 129 - 4 + 10)) $((36 + 2 * 52 - 4 + 10)) 2" ]
  sheet 1x4x4 >/dev/null
  mv p.png dark
  # one pixel of the last training image
  printf '\377' | dd of=train-images-idx4-ubyte bs=1 seek=$((20 + 3 * 16 - 1)) conv=notrunc status=none
  eo-data --dataset idx --data . --preview p.png
  ! cmp -s dark p.png
}

@test "class_names are shown, and have to be as many as the classes" {
  small d
  printf \
    'dataset: idx\ndata_dir: d\nval_subset: 5\nclass_names: [zero, one, a rather long name, 3, 4, 5, 6, 7, 8, 9]\n' \
    >c.yaml
  eo-data -c c.yaml >info
  grep -qx 'images                         60           20           55            5' info
  grep -qx '2 a rather long name            6            2            5            1' info
  eo-data -c c.yaml --preview named.png
  sed '/class_names/d' c.yaml >numbers.yaml
  eo-data -c numbers.yaml --preview numbers.png
  ! cmp -s named.png numbers.png || return 1
  printf 'dataset: idx\ndata_dir: d\nval_subset: 5\nclass_names: [a, b]\n' >c.yaml
  message 1 "eo-data: key 'class_names': expected 10 names, one for each class, found 2" -c c.yaml
  printf 'dataset: idx\ndata_dir: d\nval_subset: 5\nclass_names: [a, b, c, d, e, f, g, h, i, j, k]\n' >c.yaml
  message 1 "eo-data: key 'class_names': expected 10 names, one for each class, found 11" -c c.yaml
}

# SmallCNN has ten outputs for images of 28 x 28, however many classes they have.
@test "two named classes of 28 x 28 are trained, evaluated and exported by SmallCNN" {
  awk 'BEGIN {
    for (i = 0; i < 12; i++) {
      printf "%d", i % 2
      for (k = 0; k < 784; k++) printf ",%d", (i % 2) * 200 + k % 50
      print ""
    }
  }' >t.csv
  eo-data --from t.csv --shape 1x28x28 --share 0.5 --into d >/dev/null
  printf '\xef\xbb\xbfcat\ndog\n' >d/classes.txt # a byte order mark is no part of a name
  printf 'dataset: idx\ndata_dir: d\nval_subset: 2\nepochs: 1\nbatch_size: 2\n' >c.yaml
  eo-config --check c.yaml
  mkdir slices
  eo-config --slices slices c.yaml
  eo-train -c c.yaml -o m.safetensors
  for c in c.yaml slices/eval.yaml; do
    eo-eval -c $c --data d --confusion confusion.csv -o row.csv m.safetensors
    [ "$(sed 1d confusion.csv | cut -d, -f1 | uniq | tr '\n' ' ')" = 'cat dog 2 3 4 5 6 7 8 9 ' ]
  done
  eo-export -c c.yaml -o net m.safetensors
  grep -A 5 CLASS_NAMES net.h | tr -d '\n\\ ' | grep -q '"cat","dog","2","3"'
  eo-export -f onnx -c c.yaml -o net m.safetensors
  tr '\n' ' ' <net.onnx | grep -aqF '"cat",   "dog",   "2"'
}

@test "classes have the names of classes.txt; class_names may be others, but not exchange them" {
  mkdir -p slices
  printf '%s\n' 0,1,2,3,4 0,5,6,7,8 1,1,1,2,2 1,9,9,9,9 >t.csv
  eo-data --from t.csv --share 0.5 --into d >/dev/null
  printf 'dataset: idx\ndata_dir: d\nval_subset: 1\n' >c.yaml
  labels() { eo-data -c c.yaml "$@" | sed -n '8,$p' | sed 's/   .*//'; }
  # numbers are no names
  [ "$(cat d/classes.txt)" = $'0\n1' ]
  [ "$(labels)" = $'0\n1' ]
  eo-config --slices slices c.yaml
  ! grep -r class_names slices || return 1
  cp -r slices without
  printf 'cat\r\n\r\nt\xc3\xa4st dog\r\n' >d/classes.txt
  [ "$(labels)" = $'0 cat\n1 t\xc3\xa4st dog' ]
  [ "$(labels --data d)" = "$(labels)" ]
  # the stages that read the key get them in their slices, so what shows them is made again
  eo-config --slices slices c.yaml
  [ "$(diff -rq slices without | awk '{ print $2 }' | tr '\n' ' ')" = 'slices/data.yaml slices/eval.yaml ' ]
  grep -qx $'class_names: \\["cat", "t\xc3\xa4st dog"]' slices/eval.yaml
  eo-config --stage eval c.yaml | cmp - slices/eval.yaml
  # other names, and the same ones
  cp c.yaml unnamed.yaml
  echo 'class_names: [Katze, hund]' >>c.yaml
  [ "$(labels)" = $'0 Katze\n1 hund' ]
  sed -i $'s/^class_names.*/class_names: [cat, Hund]/' c.yaml
  [ "$(labels)" = $'0 cat\n1 Hund' ]
  sed -i $'s/^class_names.*/class_names: [t\xc3\xa4st dog, cat]/' c.yaml
  exchanged=$'key \'class_names\': expected the order of \'d/classes.txt\', where \'t\xc3\xa4st dog\' is class 1, '
  exchanged+='found it as class 0; change the order, or leave the key out to take those names'
  fails 1 "eo-data: $exchanged" eo-data -c c.yaml
  fails 1 "eo-config: c.yaml: $exchanged" eo-config --check c.yaml
  fails 1 "eo-config: c.yaml: $exchanged" eo-config --slices slices c.yaml
  # a file that cannot be used
  local allowed="a name of 1 to 31 bytes without quotes, backslashes and spaces at its ends"
  cp unnamed.yaml c.yaml
  while IFS='|' read -r lines found; do
    found=$(printf %b "$found")
    printf "$lines" >d/classes.txt
    fails 1 "eo-data: 'd/classes.txt': $found" eo-data -c c.yaml
    fails 1 "eo-config: c.yaml: 'd/classes.txt': $found" eo-config --check c.yaml
    [[ $found == *"; change it"* ]] || continue
    { cat c.yaml; echo 'class_names: [a, b]'; } >named.yaml
    eo-data -c named.yaml >/dev/null
  done <<END
a\nb\nc\n|expected 2 names, one for each class, found 3
a\n|expected 2 names, one for each class, found 1
say "a"\nb\n|name 1: expected $allowed, found 'say "a"'; change it there, or set 'class_names'
x\nx\n|name 2: expected different names, found 'x' again; change it there, or set 'class_names'
x\n\xff\n|name 2: expected UTF-8, found '\xff'; change it there, or set 'class_names'
END
  seq 300 >d/classes.txt
  fails 1 "eo-data: 'd/classes.txt': expected at most 256 names, found more; change it there, or set 'class_names'" \
    eo-data -c c.yaml
  rm d/classes.txt
  mkdir d/classes.txt
  fails 1 "eo-data: d/classes.txt: expected a file, found a directory" eo-data -c c.yaml
  # without the data nothing is known
  rm -r d
  eo-config --check c.yaml
}

@test "--into refuses names of classes that no configuration could have, before it writes anything" {
  local name long=abcdefghijklmnopqrstuvwxyz01234 allowed
  allowed="expected a name of 1 to 31 bytes without quotes, backslashes and spaces at its ends"
  for name in 'say "a"' 'a\b' ' a' 'a ' "${long}5" $'a\nb' $'\xff'; do
    rm -rf from && cp -r "$golden/folder" from && chmod -R u+w from && mv from/ant "from/$name"
    found="$allowed, found '${name//$'\n'/?}'"
    [ "$name" != $'\xff' ] || found="expected UTF-8, found '$name'"
    fails_like 1 "eo-data: 'into/classes.txt': name [1-3]: ${found//\\/\\\\}" eo-data --from from --grey --into into
    [ ! -e into ]
    eo-data --from from --grey >/dev/null # a report needs no names
  done
  rm -rf from && cp -r "$golden/folder" from && chmod -R u+w from && mv from/ant "from/$long"
  eo-data --from from --grey --into into >/dev/null
  [ "$(cat into/classes.txt)" = $'2\n10\n'"$long" ]
  # those of another data set; where all are numbers they are no names
  printf 'a\na\na\n' >into/classes.txt
  fails 1 "eo-data: 'again/classes.txt': name 2: expected different names, found 'a' again" \
    eo-data --from into --into again
  printf '0\n1\n2\n' >into/classes.txt
  eo-data --from into --into again >/dev/null
}

@test "a report names repeated pictures, other labels, and classes that differ in size" {
  printf '%s\n' 0,9,9,9,9 0,9,9,9,9 0,1,2,3,4 0,1,2,3,5 1,9,9,9,9 1,200,2,3,4 >t.csv
  eo-data --from t.csv --share 0.5 >report
  grep -qx "imbalance: the largest class has 2.00 times the pictures of the smallest" report
  grep -qx "equal pictures with different labels: 1" report
  grep -qE '^repeated: [012] within the training set, [012] within the test set, [012] in both$' report
  [ "$(sed -n 's/^repeated: \(.\).*, \(.\) within.*, \(.\) in both$/\1 \2 \3/p' report |
    awk '{ print $1 + $2 + $3 }')" = 2 ]
  small d
  eo-data --report --data d >report
  grep -qx "80 pictures of 1 x 28 x 28 (channels x height x width) in 10 classes" report
}

@test "what --from cannot take is said in one line, and nothing is written" {
  fails 1 "eo-data: none: No such file or directory" eo-data --from none --into d
  mkdir -p p/a p/b
  echo text >p/a/x.png
  cp "$golden/folder/2/0.png" p/b
  fails_like 1 "eo-data: p/a/x.png: expected a PNG image, found *" eo-data --from p --into d
  cp "$golden/folder/2/0.png" p/a/x.png
  cp "$golden/colour/a/0.png" p/b
  fails 1 "eo-data: p/b/0.png: expected pictures of one size, 1 x 8 x 8 as the ones before, found 3 x 6 x 4; --resize \
HxW scales all to one size, and --grey makes all grey" eo-data --from p --into d
  head -c 60 "$golden/folder/2/0.png" >p/a/x.png
  fails_like 1 "eo-data: p/a/x.png: damaged PNG image: *" eo-data --from p --into d
  rm p/a/x.png
  mkfifo p/a/x.png
  fails 1 "eo-data: p/a/x.png: expected a file or a folder, found a device or a pipe" \
    timeout 10 eo-data --from p --into d
  rm p/a/x.png
  fails 1 "eo-data: p/a: expected PNG files of one class, found none; put its pictures there, or remove the folder" \
    eo-data --from p --into d
  printf '0,1,2,3,4\n1,1,2,x,4\n' >t.csv
  fails 1 "eo-data: t.csv: line 2: column 4: expected a number, found 'x'" eo-data --from t.csv --into d
  printf '0,1,2,3,4\n1,1,2\n' >t.csv
  fails 1 "eo-data: t.csv: line 2: expected 5 columns as in the rows before, found 3" eo-data --from t.csv --into d
  printf '0,1,2,3\n1,1,2,3\n' >t.csv
  fails 1 "eo-data: t.csv: pictures of 3 values: say with --shape CxHxW what they are" eo-data --from t.csv --into d
  printf '0,1,2,3,999\n1,1,2,3,4\n' >t.csv
  fails 1 "eo-data: t.csv: found values of 1 to 999: say with --range LOW:HIGH which become 0 and 255" eo-data \
    --from t.csv --into d
  fails 1 "eo-data: t.csv: expected values of 2 to 5 (--range), found 1 to 999" eo-data --from t.csv --range 2:5 \
    --into d
  printf '300,1,2,3,9\n1,1,2,3,4\n' >t.csv
  fails 1 "eo-data: t.csv: row 1: expected a whole number of 0 to 255 as label, found 300" eo-data --from t.csv --into d
  fails_like 1 "eo-data: $golden/expected.npy: expected --labels FILE.npy*" eo-data --from "$golden/expected.npy" \
    --into d
  [ ! -e d ]
}

@test "options of --from need it, and their words are checked" {
  usage "option '--into' needs --from" --into d
  usage "option '--layout' needs --from" --layout nchw
  usage "option '--grey' needs --from" --grey
  usage "option '--layout': expected nchw or nhwc, found 'x'" --from a --layout x
  usage "option '--resize': expected HxW or H, for both, with sides of 1 to 1024, found '0x4'" --from a --resize 0x4
  usage "option '--resize': expected HxW or H, for both, with sides of 1 to 1024, found '4x4x4'" --from a --resize 4x4x4
  usage "option '--range': expected LOW:HIGH, as -1:1, found '3:1'" --from a --range 3:1
}

@test "--into a folder whose files would be found before those that are written" {
  local c i
  for c in a b; do
    mkdir -p pictures/$c
    for i in 1 2; do cp "$EO_ROOT/tests/golden/pictures/colour/$c/0.png" pictures/$c/$i.png; done
  done
  eo-data --from pictures --grey --into d >report
  cp -r d before
  run eo-data --from pictures --into d
  [ "$status" -eq 1 ]
  [[ $output == *": 'd/train-images-idx3-ubyte.gz': expected no other data set in the folder that \
'd/train-images-idx4-ubyte.gz' is written to, found this file; remove it, or name another folder" ]]
  diff -r d before
  eo-data --from pictures --grey --into d # the same names
  gunzip d/t10k-labels-idx1-ubyte.gz
  run eo-data --from pictures --grey --into d
  [ "$status" -eq 1 ]
  [[ $output == *"'d/t10k-labels-idx1-ubyte': expected no other data set"* ]]
}

@test "--resize makes pictures of one size; one number makes squares" {
  eo-data --from "$EO_ROOT/tests/golden/pictures/folder" --grey --resize 6 >report
  grep -q '6 x 6' report
  eo-data --from "$EO_ROOT/tests/golden/pictures/folder" --grey --resize 5x7 >report
  grep -q '5 x 7' report
}

# put_npy FILE SHAPE DESCR FORMAT VALUE...: an array, its values as printf writes them
put_npy() {
  local header="{'descr': '$3', 'fortran_order': False, 'shape': ($2), }"
  header=$(printf '%-117s' "$header")
  { printf '\223NUMPY\1\0\166\0%s\n' "$header"; shift 3; printf "$@"; } >"$1"
}

@test "arrays whose axes are not clear are asked about, and what is said is kept to" {
  local bytes=$(printf '\\%03o' $(seq 1 40))
  put_npy y.npy '2,' '|u1' '\0\1'
  put_npy x.npy '2, 4, 5, 1' '|u1' "$bytes"
  run eo-data --from x.npy --labels y.npy --share 0.5
  [ "$status" -eq 1 ]
  [[ $output == *"say with --layout nchw or nhwc where the channels are" ]]
  put_npy y.npy '4,' '|u1' '\0\1\0\1'
  put_npy x.npy '4, 2, 5, 1' '|u1' "$bytes"
  eo-data --from x.npy --labels y.npy --share 0.5 --layout nchw >report
  grep -q '2 x 5 x 1' report
  put_npy x.npy '4, 2, 5' '|u1' "$bytes"
  eo-data --from x.npy --labels y.npy --share 0.5 >report
  grep -q '1 x 2 x 5' report
  eo-data --from x.npy --labels y.npy --share 0.5 --shape 2x5x1 >report
  grep -q '2 x 5 x 1' report
  run eo-data --from x.npy --labels y.npy --share 0.5 --layout nhwc
  [ "$status" -eq 1 ]
  [[ $output == *": expected 4 dimensions for --layout, found 3; say with --shape CxHxW what they are" ]]
}

@test "a test set with a class that the training set has not" {
  mkdir p
  for part in train t10k; do
    printf '\0\0\10\3\0\0\0\2\0\0\0\2\0\0\0\2\1\2\3\4\5\6\7\10' >p/$part-images-idx3-ubyte
  done
  printf '\0\0\10\1\0\0\0\2\0\1' >p/train-labels-idx1-ubyte
  printf '\0\0\10\1\0\0\0\2\1\2' >p/t10k-labels-idx1-ubyte
  fails 1 "eo-data: p: p/t10k-images-idx3-ubyte, image 1: expected one of the classes 0 to 1 of the training set, \
found class 2" eo-data --from p --into d
  [ ! -e d ]
}

# le BYTES NUMBER: little-endian
le() {
  local i
  for ((i = 0; i < $1; i++)); do printf "\\x$(printf %02x $(($2 >> 8 * i & 255)))"; done
}

# put_npz FILE NAME...: an archive of NAME.npy, stored as NumPy does it. gzip knows the checksums.
put_npz() {
  local name size crc at=0 count=0 file=$1
  shift
  : >"$file"
  : >directory
  for name; do
    size=$(stat -c %s "$name.npy")
    { le 4 0x14; le 4 0; le 2 0; } >common # version, no compression, no time
    gzip -c "$name.npy" | tail -c 8 | head -c 4 >>common
    { le 4 "$size"; le 4 "$size"; le 2 $((${#name} + 4)); le 2 0; } >>common
    { printf 'PK\3\4'; cat common; printf %s.npy "$name"; cat "$name.npy"; } >>"$file"
    { printf 'PK\1\2'; le 2 0x14; cat common; le 4 0; le 4 0; le 2 0; le 4 $at; printf %s.npy "$name"; } >>directory
    at=$(stat -c %s "$file")
    count=$((count + 1))
  done
  cat directory >>"$file"
  { printf 'PK\5\6\0\0\0\0'; le 2 $count; le 2 $count; le 4 "$(stat -c %s directory)"; le 4 $at; le 2 0; } >>"$file"
}

# ten pictures of 2 x 2 in each of two classes: NAME_x.npy and NAME_y.npy
ten_each() {
  put_npy "x_$1.npy" '20, 2, 2' '|u1' "$(printf '\\%03o' $(seq 1 80))"
  put_npy "y_$1.npy" '20,' '|u1' "$(printf '\\%o' $(for _ in {1..10}; do echo 0 1; done))"
}

@test "an archive with one part is divided as others without a test set are" {
  ten_each train
  put_npz train.npz x_train y_train
  eo-data --from train.npz --into d >report
  grep -qE '^0 +8 +2$' report
  grep -qE '^1 +8 +2$' report
  mv x_train.npy x_test.npy
  mv y_train.npy y_test.npy
  put_npz test.npz x_test y_test
  eo-data --from test.npz --into e >/dev/null
  diff -r d e
  # each class needs two
  put_npy x_train.npy '2, 2, 2' '|u1' '\1\2\3\4\5\6\7\0'
  put_npy y_train.npy '2,' '|u1' '\0\1'
  put_npz one.npz x_train y_train
  fails 1 "eo-data: one.npz: expected pictures to train on and others to test on, found only 2 in all; a class needs \
two" eo-data --from one.npz
}

@test "a table whose header has the label in another column" {
  local name
  for name in label Class TARGET '"label"'; do
    printf 'a,b,c, %s ,d\n1,2,3,0,4\n1,2,3,1,5\n' "$name" >t.csv
    fails 1 "eo-data: t.csv: line 1: column 4 is called '${name//\"/}'; expected the label in column 1, and the \
values of a picture behind it; change the order of the columns" eo-data --from t.csv --into d
  done
  [ ! -e d ]
  # in front it may stand, and others may be called alike
  printf 'activity,x,y,z,e\n0,2,3,0,4\n1,2,3,1,5\n0,1,2,3,4\n1,7,7,7,7\n' >t.csv
  eo-data --from t.csv >/dev/null
  printf 'digit,yes,classes,d,e\n0,2,3,0,4\n1,2,3,1,5\n0,1,2,3,4\n1,7,7,7,7\n' >t.csv
  eo-data --from t.csv >/dev/null
}

@test "labels of arrays and tables that do not begin at 0 or leave out a number" {
  local begins="expected labels that begin at 0 and leave out no number, found no picture of class"
  local number="number the classes 0, 1, 2 and so on"
  printf '%s\n' 1,2,3,0,4 2,2,3,1,5 3,1,2,3,4 4,7,7,7,7 1,9,9,9,9 >t.csv
  fails 1 "eo-data: t.csv: $begins 0 and the largest label 4; $number" eo-data --from t.csv --into d
  printf '%s\n' 0,2,3,0,4 50,2,3,1,5 100,1,2,3,4 150,7,7,7,7 >t.csv
  fails 1 "eo-data: t.csv: $begins 1 and the largest label 150; $number" eo-data --from t.csv
  ten_each train
  put_npy y_train.npy '20,' '|u1' "$(printf '\\%o' $(for _ in {1..10}; do echo 2 0; done))"
  put_npz x.npz x_train y_train
  fails 1 "eo-data: x.npz: $begins 1 and the largest label 2; $number" eo-data --from x.npz
  fails 1 "eo-data: x_train.npy: $begins 1 and the largest label 2; $number" \
    eo-data --from x_train.npy --labels y_train.npy
  # a class that the test set alone lacks is there
  ten_each train
  put_npy x_test.npy '1, 2, 2' '|u1' '\1\2\3\4'
  put_npy y_test.npy '1,' '|u1' '\1'
  put_npz x.npz x_train y_train x_test y_test
  eo-data --from x.npz >/dev/null
  [ ! -e d ]
}

@test "--from refuses options that its source has no use for" {
  local pictures="$golden/folder" option found arguments
  ten_each train
  put_npz x.npz x_train y_train
  printf '%s\n' 0,2,3,0,4 1,2,3,1,5 >t.csv
  idx_set i 08 '\1\2' '\3\4'
  # message|arguments
  while IFS='|' read -r option found arguments; do
    # shellcheck disable=SC2086 # words
    fails 1 "eo-data: option '--$option': is for $found" eo-data --from $arguments --into d
  done <<END
resize|PNG files, found 'x.npz'|x.npz --resize 8
grey|PNG files, found 'x.npz'|x.npz --grey
labels|a .npy file of pictures, found 'x.npz'|x.npz --labels y_train.npy
layout|.npz and .npy files, found 't.csv'|t.csv --layout nchw
resize|PNG files, found 'i', a folder of IDX files|i --resize 8
shape|.npz, .npy and .csv files, found 'i', a folder of IDX files|i --shape 2
range|.npz, .npy, .csv and IDX files, found '$pictures', a folder of PNG files|$pictures --grey --range 0:1
shape|.npz, .npy and .csv files, found '$pictures', a folder of PNG files|$pictures --grey --shape 8x8
layout|.npz and .npy files, found '$pictures', a folder of PNG files|$pictures --grey --layout nhwc
labels|a .npy file of pictures, found '$pictures', a folder of PNG files|$pictures --grey --labels y_train.npy
END
  fails 1 "eo-data: i/train-images-idx3-ubyte: option '--range': is for IDX files of floats, found unsigned bytes" \
    eo-data --from i --range 0:1
  put_npy rows.npy '20, 4' '|u1' "$(printf '\\%03o' $(seq 1 80))"
  fails 1 "eo-data: rows.npy: uint8 [20, 4]: expected 4 dimensions for --layout, found 2; say with --shape CxHxW what \
they are" eo-data --from rows.npy --labels y_train.npy --layout nchw
  put_npy planes.npy '20, 1, 2, 2' '|u1' "$(printf '\\%03o' $(seq 1 80))"
  fails 1 "eo-data: planes.npy: uint8 [20, 1, 2, 2]: expected 2 or 3 dimensions for --shape, found 4; say with \
--layout where the channels are" eo-data --from planes.npy --labels y_train.npy --shape 1x2x2
  [ ! -e d ]
}

@test "--from names the file, the place in it and what to do" {
  local of="expected pictures of one size, 1 x 8 x 8 as the ones before, found"
  mkdir -p grey/a colours/a
  cp "$golden/folder/2/0.png" grey/a
  cp "$golden/colour/a/0.png" colours/a
  # one class; its folder cannot be written
  fails 1 "eo-data: grey: expected at least 2 classes, found 1" eo-data --from grey --into d
  eo-data --from "$golden/folder" --grey --into grey/d >/dev/null
  fails 1 "eo-data: 'grey/d/classes.txt': expected a directory, found a file" \
    eo-data --from "$golden/folder" --grey --into grey/d/classes.txt
  fails 1 "eo-data: '/dev/null/x': cannot create the directory: Not a directory" \
    eo-data --from "$golden/folder" --grey --into /dev/null/x
  # colours, sizes, both
  fails 1 "eo-data: $golden/folder/10/0.png: $of 3 x 8 x 8; --grey makes all grey" eo-data --from "$golden/folder"
  mkdir p && cp -r grey/a p/a && cp -r colours/a p/b
  fails 1 "eo-data: p/b/0.png: $of 1 x 6 x 4; --resize HxW scales all to one size" eo-data --from p --grey
  fails 1 "eo-data: p/b/0.png: $of 3 x 6 x 4; --resize HxW scales all to one size, and --grey makes all grey" \
    eo-data --from p
  # parts
  mkdir -p parts/Train parts/Test
  cp -r grey/a parts/Train
  cp -r grey/a parts/Test
  fails 1 "eo-data: parts/Test: expected PNG files of one class, found none; the folders of the two parts are called \
'train' and 'test' (or 'val', 'valid' or 'validation'), with no other folder beside them" eo-data --from parts
  # arrays
  put_npy x_train.npy '2, 1, 3' '<f4' "$(printf '\\0%.0s' {1..22})\300\177"
  put_npy y_train.npy '2,' '|u1' '\0\1'
  put_npz x.npz x_train y_train
  fails 1 "eo-data: x.npz: 'x_train' and 'y_train': picture 1: value 2: expected a finite number, found a NaN or an \
infinity" eo-data --from x.npz
  put_npy x_train.npy '2, 750' '|u1' "$(printf '\\1%.0s' {1..1500})"
  put_npz x.npz x_train y_train
  fails 1 "eo-data: x.npz: 'x_train' and 'y_train': pictures of 750 values: say with --shape CxHxW what they are" \
    eo-data --from x.npz
  fails 1 "eo-data: x.npz: 'x_train' and 'y_train': expected --shape CxHxW with the 750 values of a picture, found \
6 x 100 x 1, which has 600" eo-data --from x.npz --shape 6x100x1
  # larger than a network takes: refused at once
  usage "option '--shape': expected CxHxW, HxW or H with sides of 1 to 1024, found '1025x2'" \
    --from x.npz --shape 1025x2
  [ "$(sheet 3x32x32)" = "1124 178 2" ]
  mkdir -p large/a large/b
  cp p.png large/a
  cp p.png large/b/1.png
  cp p.png large/b/2.png
  fails 1 "eo-data: large/a/p.png: expected 1 to 256 channels and sides of 1 to 1024, found 3 x 178 x 1124; --resize \
HxW scales all to one size" eo-data --from large
  eo-data --from large --resize 16 >/dev/null
}
