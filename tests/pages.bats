# The pages: man pages, README, CONTRIBUTING and configs/README say what is true of the programs and the tree.
bats_require_minimum_version 1.5.0
load common

PAGES="README.md CONTRIBUTING.md CHANGELOG.md configs/README.md data/README.md tests/perf/README.md \
tests/device/README.md"

# One small finished experiment in the place of the default one, for the examples.
setup_file() {
  load common
  cd "$BATS_FILE_TMPDIR"
  mkdir configs
  sed '/^output_dir/d' "$EO_ROOT/tests/golden/small.yaml" >configs/default.yaml
  echo "output_dir: $BATS_FILE_TMPDIR/out/default" >>configs/default.yaml
  make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" CONFIG="$PWD/configs/default.yaml" all >log 2>&1 ||
    { cat log; return 1; }
  cp out/default/models/base.safetensors .
  cp "$EO_ROOT/tests/golden/weights-16x32.safetensors" theirs.safetensors
  awk 'BEGIN { for (i = 0; i < 40; i++) { printf "%d", i % 10; for (k = 0; k < 784; k++) printf ",%d", i * k % 256
    print "" } }' >pixels.csv
}

setup() {
  cd "$BATS_TEST_TMPDIR"
  ROOT=$EO_ROOT
}

# bad TEXT: the test fails, and says so
bad() {
  echo "$1"
  false
}

@test "man pages: one for each program, and one each for the configuration, the model file and the table" {
  local tool
  for tool in "$ROOT"/tools/eo-*.c; do
    [ -s "${tool%.c}.1" ] || bad "no page for $tool"
  done
  for page in "$ROOT"/tools/eo-*.1; do
    [ -e "${page%.1}.c" ] || bad "no program for $page"
  done
  [ -s "$ROOT/tools/eo-config.5" ] && [ -s "$ROOT/tools/eo-model.5" ] && [ -s "$ROOT/tools/eo-sweep.5" ]
}

@test "man pages: mandoc finds nothing to say, and what they refer to is there" {
  local page name section
  command -v mandoc >/dev/null || skip "needs mandoc"
  for page in "$ROOT"/tools/eo-*.[15]; do
    mandoc -T lint "$page" 2>&1 | grep -v 'STYLE: referenced manual not found: Xr eo[- ]' >lint || true
    [ ! -s lint ] || bad "$(cat lint)"
  done
  sed -n 's/^\.Xr \([^ ]*\) \([0-9]\).*/\1 \2/p' "$ROOT"/tools/eo-*.[15] | sort -u >references
  [ "$(wc -l <references)" -gt 10 ]
  while read -r name section; do
    [ -e "$ROOT/tools/$name.$section" ] || bad "no page $name($section)"
  done <references
}

@test "pages: the manual of eo-data and its help name images of every number of axes that are found" {
  local axes page i
  mkdir d && printf '\0\0\x08\1\0\0\0\2\0\1' | tee d/train-labels-idx1-ubyte >d/t10k-labels-idx1-ubyte
  for axes in 2 3 4; do
    rm -f d/*-images-*
    {
      printf "\\0\\0\\x08\\$axes\\0\\0\\0\\2"
      for ((i = 1; i < axes; i++)); do printf '\0\0\0\1'; done
      printf ab
    } | tee d/train-images-idx$axes-ubyte >d/t10k-images-idx$axes-ubyte
    eo-data --data d --dataset idx >/dev/null || bad "not found: idx$axes"
    eo-data --help | grep -q "idx$axes" || bad "--help: no idx$axes"
    for page in tools/eo-data.1 data/README.md; do
      grep -q "idx$axes" "$ROOT/$page" || bad "$page: no idx$axes"
    done
  done
}

# tools/pages.sh writes both.
@test "pages: options, columns and keys that pages repeat are those of the programs" {
  mkdir -p tools configs
  cp "$ROOT"/tools/eo-*.[15] "$ROOT/tools/summary.schema.json" tools
  cp "$ROOT/configs/README.md" configs
  sh "$ROOT/tools/pages.sh" "$EO_BIN" .
  for page in tools/eo-*.[15] tools/summary.schema.json configs/README.md; do
    diff "$ROOT/$page" "$page" || bad "make pages updates $page"
  done
  # the script sees what is missing, and what is too much
  sed -i '/^\.It Fl -split/,+1d' tools/eo-eval.1
  sed -i '/timing_reason/d' tools/summary.schema.json
  sed -i 's/^| `seed` .*/| `sead` |/' configs/README.md
  sed -i '/^\.It Cm accuracy /,+1d' tools/eo-sweep.5
  sh "$ROOT/tools/pages.sh" "$EO_BIN" .
  cmp "$ROOT/tools/eo-eval.1" tools/eo-eval.1
  cmp "$ROOT/configs/README.md" configs/README.md
  cmp "$ROOT/tools/eo-sweep.5" tools/eo-sweep.5
  cmp "$ROOT/tools/summary.schema.json" tools/summary.schema.json
}

# The literal lines below EXAMPLES.
examples() {
  awk '/^\.Sh / { inside = /EXAMPLES/ } /^\.Ed/ { literal = 0 }
    inside && literal { sub(/\\e$/, "\\"); print } /^\.Bd/ { literal = 1 }' "$1"
}

@test "man pages: the examples run" {
  local page
  for page in "$ROOT"/tools/eo-*.1; do
    [ -n "$(examples "$page")" ] || bad "no example in $page"
    rm -rf here && mkdir here
    cp -r "$BATS_FILE_TMPDIR"/{configs,out,base.safetensors,theirs.safetensors,pixels.csv} here
    ln -s "$ROOT/data" here/data
    ln -s "$ROOT" here/edge-opt
    (
      cd here
      make() { command make -n -C "$ROOT" --no-print-directory B="$(dirname "$EO_BIN")" "$@"; }
      set -euo pipefail
      eval "$(examples "$page")"
    ) >output 2>&1 </dev/null || bad "$page: $(cat output)"
  done
  examples "$ROOT/tools/eo-config.5" >mine.yaml
  eo-config --check mine.yaml
}

@test "make install: the programs, and the pages below share/man" {
  local file
  make -C "$ROOT" --no-print-directory B="$(dirname "$EO_BIN")" install PREFIX=/usr DESTDIR="$PWD/there" >log
  for file in "$ROOT"/tools/eo-*.c; do [ -x "there/usr/bin/$(basename "$file" .c)" ]; done
  for file in "$ROOT"/tools/eo-*.1; do cmp "$file" "there/usr/share/man/man1/$(basename "$file")"; done
  for file in "$ROOT"/tools/eo-*.5; do cmp "$file" "there/usr/share/man/man5/$(basename "$file")"; done
}

# Paths as pages write them: below a folder of the project, or a page at the top. * is that of a shell.
@test "pages: every file that a page names is there" {
  local page path n=0
  cd "$ROOT"
  for page in $PAGES tools/eo-*.[15]; do
    [ -e "$page" ] || bad "no page $page"
    while read -r path; do
      n=$((n + 1))
      # shellcheck disable=SC2086 # a pattern
      ls -d $path >/dev/null 2>&1 || bad "$page names $path, which is not there"
    done < <(grep -oE '(^|[^A-Za-z0-9_/.$-])((lib|tools|tests|plots|configs)/[A-Za-z0-9_./*-]+|[A-Z]+\.md)' "$page" |
      sed -E 's,^[^A-Za-z.],,; s,[./]+$,,' | grep -vE '^(configs/(mine|NAME)|tools/eo-x|tests/x)\.')
  done
  [ "$n" -gt 50 ]
}

@test "pages: no line is longer than 120, but tables and addresses" {
  cd "$ROOT"
  # shellcheck disable=SC2086 # a list
  awk 'length > 120 && !/^\|/ && !/https?:/ { print FILENAME ":" FNR; n = 1 } END { exit n }' $PAGES tools/eo-*.[15] ||
    bad "these lines are too long"
  [ "$(wc -l <README.md)" -le 150 ] && [ "$(stat -c %s plots/default.png)" -lt 60000 ]
}

@test "README: every program and every package of make deps is named" {
  local tool package
  for tool in "$ROOT"/tools/eo-*.c; do
    grep -qF "$(basename "$tool" .c)" "$ROOT/README.md" || bad "README does not name $tool"
  done
  for package in $(deps_packages); do
    grep -qwF -- "$package" "$ROOT/README.md" || bad "README does not name the package $package"
  done
}

# Indented lines are commands or output. Those of make are checked by `make -n`, as they would take minutes; without the
# published data, those that need them are not.
@test "README: every command in it runs" {
  local n=0 line
  [ -z "${EO_DATA_DIR:-}" ] || export EO_DATA_DIR
  cp -r "$BATS_FILE_TMPDIR"/{configs,out,pixels.csv,theirs.safetensors} .
  cp -n "$ROOT"/configs/*.yaml configs
  # Folders of their own, because those of the project may hold results of its configurations.
  for config in configs/*mnist*.yaml; do
    sed -i '/^output_dir:/d' "$config"
    echo "output_dir: $PWD/out/$(basename "$config" .yaml)" >>"$config"
  done
  # What commands write into data/ stays here, and make finds it.
  sed -i "s|^base_model: |&$PWD/|; s|^data_dir: |&$PWD/data/|" configs/own-model.yaml
  echo "output_dir: $PWD/out/own-model" >>configs/own-model.yaml
  ln -s "$EO_BIN" out/bin
  mkdir data
  ln -s "$ROOT"/data/* data
  mkdir -p pictures/a pictures/b
  cp "$ROOT"/tests/golden/pictures/folder/2/[01].png pictures/a
  cp "$ROOT"/tests/golden/pictures/folder/2/[12].png pictures/b
  sed -nE 's/^    ((EO_DATA_DIR=[^ ]* )?(make|printf|cp|out\/bin)[ \/].*)/\1/p' "$ROOT/README.md" >commands
  while read -r line; do
    n=$((n + 1))
    [[ $line != *mnist* || -d ${EO_DATA_DIR:-} ]] || continue
    line=${line/EO_DATA_DIR=\/path\/to\/data/EO_DATA_DIR=$EO_DATA_DIR}
    (
      make() { command make -n -C "$ROOT" --no-print-directory B="$(dirname "$EO_BIN")" CONFIG="$config" "$@"; }
      config=$BATS_FILE_TMPDIR/configs/default.yaml
      set -euo pipefail
      eval "${line//CONFIG=/CONFIG=$PWD/}"
    ) >output 2>&1 </dev/null || bad "$line: $(cat output)"
  done <commands
  [ "$n" -gt 12 ]
}

@test "help: every program explains itself, tells its version, and refuses an unknown option" {
  for tool in "$EO_ROOT"/tools/eo-*.c; do
    name=$(basename "$tool" .c)
    run "$name" --help
    [ "$status" -eq 0 ]
    [[ ${lines[0]} == "usage: $name "* ]]
    run "$name" --version
    [ "$status" -eq 0 ]
    [[ $output == "$name (edge-opt) "*"instruction sets: "*generic ]]
    run "$name" --no-such-option
    [ "$status" -eq 2 ]
    [ "${lines[0]}" = "$name: unknown or ambiguous option '--no-such-option'" ]
    [ "${lines[1]}" = "Try '$name --help'." ]
    run sh -c "$name --help >/dev/full"
    [ "$status" -eq 1 ]
  done
}
