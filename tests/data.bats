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
  [ "$(zcat d/t10k-images-idx3-ubyte.gz | head -c 16 | od -An -tx1 | tr -d ' \n')" = 0000080300000014000000"1c"0000001c ]
}

@test "generation is deterministic, seeded, and a smaller set begins a larger one" {
  small a
  small b
  diff -r a b
  eo-data --generate c --train 60 --test 20 --seed 2
  run ! cmp -s <(zcat a/train-images-idx3-ubyte.gz) <(zcat c/train-images-idx3-ubyte.gz)
  eo-data --generate d --train 90 --test 20
  cmp <(zcat a/train-images-idx3-ubyte.gz | tail -c +17) <(zcat d/train-images-idx3-ubyte.gz | tail -c +17 | head -c $((60 * 784)))
  cmp <(zcat a/train-labels-idx1-ubyte.gz | tail -c +9) <(zcat d/train-labels-idx1-ubyte.gz | tail -c +9 | head -c 60)
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

@test "with a configuration the report shows the split" {
  small d
  printf 'dataset: idx\ndata_dir: d\ntrain_subset: 40\nval_subset: 15\n' >c.yaml
  eo-data -c c.yaml >a
  grep -qx 'images                   60           20           40           15' a
  printf 'dataset: idx\ndata_dir: d\ntrain_subset: 50\nval_subset: 15\n' >c.yaml
  message 1 "eo-data: c.yaml: 'train_subset' + 'val_subset': expected at most the 60 training images, found 50 + 15" -c c.yaml
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
  eo-data --generate e --train 60 --test 10
  rm e/*-ubyte
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
  message 1 "eo-data: dataset 'mnist': expected a folder 'data/mnist', found none; run 'make data', or say where the files are with EO_DATA_DIR or --data" --dataset mnist
  EO_DATA_DIR=nowhere message 1 "eo-data: dataset 'mnist': expected a folder 'nowhere/mnist' or 'data/mnist', found neither; run 'make data', or say where the files are with EO_DATA_DIR or --data" --dataset mnist
  message 1 "eo-data: dataset 'synthetic': expected a folder 'data/synthetic', found none; run 'make', which generates it, or say where the files are with EO_DATA_DIR or --data"
  mkdir -p data/mnist
  message 1 "eo-data: 'data/mnist': expected 'train-images-idx3-ubyte' or 'train-images-idx3-ubyte.gz', found neither; run 'make data', or say where the files are with EO_DATA_DIR or --data" --dataset mnist
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
  message 1 "eo-data: 'e/train-images-idx3-ubyte.gz': byte 2000: expected the rest of the gzip stream, found the end of the file" --data e
  rm e/train-images-idx3-ubyte.gz
  zcat d/train-images-idx3-ubyte.gz | head -c 2000 >e/train-images-idx3-ubyte
  message 1 "eo-data: 'e/train-images-idx3-ubyte': byte 2000: expected 47056 bytes in all by the header, found the end of the data" --data e
  cp d/train-labels-idx1-ubyte.gz e/train-images-idx3-ubyte
  message 1 "eo-data: 'e/train-images-idx3-ubyte': byte 3: expected images (3 dimensions), found 1 dimension: this is a labels file" --data e
  rm e/train-images-idx3-ubyte
  cp d/train-images-idx3-ubyte.gz e
  cp d/train-images-idx3-ubyte.gz e/train-labels-idx1-ubyte.gz
  message 1 "eo-data: 'e/train-labels-idx1-ubyte.gz': byte 3: expected labels (1 dimension), found 3 dimensions: this is an images file" --data e
  cp d/t10k-labels-idx1-ubyte.gz e/train-labels-idx1-ubyte.gz
  message 1 "eo-data: 'e/train-labels-idx1-ubyte.gz': byte 4: expected 60 labels, as many as there are images, found 20" --data e
  { printf '\0\0\10\1\0\0\0\74'; head -c 59 /dev/zero; printf '\12'; } >e/train-labels-idx1-ubyte
  message 1 "eo-data: 'e/train-labels-idx1-ubyte': byte 67: expected a label in 0..9, found 10" --data e
  printf 'hello, world' >e/train-labels-idx1-ubyte
  message 1 "eo-data: 'e/train-labels-idx1-ubyte': byte 0: expected an IDX file (00 00 08), found 68 65 6c" --data e
}

@test "a full disk, and no file left behind" {
  small d
  message 1 "eo-data: /dev/full: cannot write: No space left on device" --data d --preview /dev/full
  message 1 "eo-data: /dev/full: cannot write: No space left on device" --data d --checksum -o /dev/full
  run --separate-stderr bash -c 'eo-data --data d >/dev/full'
  [ "$status" -eq 1 ]
  [ "$stderr" = "eo-data: cannot write: No space left on device" ]
  message 1 "eo-data: gone/x.png: cannot create: No such file or directory" --data d --preview gone/x.png
  message 1 "eo-data: dataset 'mnist': expected a folder 'gone' (--data), found none" --dataset mnist --data gone --preview x.png
  [ ! -e x.png ]
  [ -z "$(ls -A | grep tmp)" ]
}

@test "wrong usage" {
  usage "expected one of --info, --checksum, --folder, --preview and --generate, found several" --info --checksum
  usage "expected one of --info, --checksum, --folder, --preview and --generate, found several" --preview x --generate y
  usage "option '--part' needs --preview" --part test
  usage "option '--part': expected train, validation or test, found 'all'" --preview x --part all
  usage "option '-o' goes with --info and --checksum" --preview x -o y
  usage "options '--train', '--test' and '--seed' need --generate" --train 5
  usage "options '--train', '--test' and '--seed' need --generate" --test 5 --info
  usage "options '--train', '--test' and '--seed' need --generate" --seed 5
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
  command -v curl >/dev/null || skip "needs curl"
  mkdir data
  cp "$EO_ROOT/data/fetch.sh" data
  small mirror/mnist
  local file
  for file in train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz; do
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
    [ "$stderr" = "data/fetch.sh: 'mnist/t10k-labels-idx1-ubyte.gz': expected SHA-256 $expected, found $found in what was downloaded" ]
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
  [[ $stderr == "data/fetch.sh: 'data/mnist/train-images-idx3-ubyte.gz': expected SHA-256 "*"; remove the file to download it again" ]]
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

@test "fetch: offline" {
  fetch_setup
  EO_DATA_URL=file:///nonexistent run --separate-stderr data/fetch.sh mnist
  [ "$status" -eq 1 ]
  [[ ${stderr_lines[-1]} == "data/fetch.sh: 'mnist/train-images-idx3-ubyte.gz': cannot download it from file:///nonexistent/mnist/train-images-idx3-ubyte.gz; copy the files into 'data/mnist', or set EO_DATA_DIR" ]]
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
  fails 1 "data/fetch.sh: 'data/mnist' is a link, and nothing is downloaded through it; set EO_DATA_DIR to where the data is" \
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
  message 1 "eo-data: 'empty': expected 'train-images-idx3-ubyte' or 'train-images-idx3-ubyte.gz', found neither; put the four IDX files there, or name their folder with 'data_dir' or --data" --dataset idx --data empty
}

@test "eo-data: one published data set is never taken for the other" {
  need_data mnist
  need_data fashion-mnist
  run eo-data --dataset fashion-mnist --data "$EO_DATA_DIR/mnist"
  [ "$status" -eq 1 ]
  [ "$output" = "eo-data: dataset 'fashion-mnist': expected its files, found the training files of 'mnist'" ]
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
  { zcat d/train-images-idx3-ubyte.gz | head -c 16; zcat d/train-images-idx3-ubyte.gz | tail -c +17 | tr '\1-\377' '\1'; } >e/train-images-idx3-ubyte
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
  said="m: no metadata 'input_mean' and 'input_std': taken as trained on grey values p as p / 127.5 - 1; --input-mean M --input-std S say (p / 255 - M) / S: 0 and 1 for p / 255"
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
  fails 1 "eo-eval: mine.safetensors: metadata: trained on (p / 255 - 0) / 1; --input-mean and --input-std are for models that do not say" \
    eo-eval -c c.yaml --input-mean 0.5 --input-std 0.5 mine.safetensors
  misused "eo-eval: options '--input-mean' and '--input-std' go together" eo-eval -c c.yaml --input-mean 0 m
}
