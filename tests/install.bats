# The installed tool: what `make install` puts in place and `make uninstall` takes away, and `eo`, which runs the
# pipeline from any folder without the source and without a compiler.
bats_require_minimum_version 1.5.0
load common

# A prefix and a finished small experiment for all tests.
setup_file() {
  load common
  cd "$BATS_FILE_TMPDIR"
  make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" install PREFIX="$PWD/usr" >log 2>&1 ||
    { cat log; return 1; }
  # All commands but compilers and git.
  mkdir path
  cp -s /usr/sbin/* /usr/bin/* /bin/* path 2>/dev/null || true
  rm -f path/*gcc* path/*clang* path/cc path/c99 path/ld path/as path/git path/eo*
  mkdir mine
  cd mine
  sed '/^output_dir/d' "$EO_ROOT/tests/golden/small.yaml" >small.yaml
  # SANITIZE: what the environment says of building is nothing to the installed tool
  SANITIZE=address eo_here run small.yaml -j2 >../run 2>&1 || { cat ../run; return 1; }
}

setup() {
  cd "$BATS_TEST_TMPDIR"
}

# eo_here WORD...: the installed eo, which finds no compiler and not the programs that were built
eo_here() {
  env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL PATH="$BATS_FILE_TMPDIR/usr/bin:$BATS_FILE_TMPDIR/path" eo "$@"
}

@test "eo run: ends with the table, in the folder where it was called, without a compiler" {
  cd "$BATS_FILE_TMPDIR/mine"
  grep -q '^ *recommended: level ' ../run
  [ "$(ls)" = "$(printf '%s\n' data out small.yaml)" ]
  [ "$(ls out)" = "$(printf '%s\n' build small)" ]
  [ -s out/small/accuracy_vs_latency.png ]
  # the manifest says how the programs were compiled, and no revision of a git that happens to be here
  grep -q '"build": ".*-O' out/small/manifest.json
  run ! grep -q '"revision": "' out/small/manifest.json
  eo-verify out/small/manifest.json
  # nothing to do: the table alone
  run eo_here run small
  [ "$status" -eq 0 ]
  [[ ${lines[0]} == *level*precision* ]]
}

@test "eo run: models and accuracies are those of the source" {
  cp "$BATS_FILE_TMPDIR/mine/small.yaml" small.yaml
  echo "output_dir: $PWD/out/small" >>small.yaml
  make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" CONFIG="$PWD/small.yaml" all >log 2>&1
  for file in out/small/models/*.safetensors out/small/rows/*.accuracy.csv; do
    cmp "$file" "$BATS_FILE_TMPDIR/mine/$file"
  done
}

@test "eo: explain, export, compare, graph, tidy, clean and dry runs work in any folder, with blanks in its name too" {
  mkdir "a b"
  cp -a "$BATS_FILE_TMPDIR"/mine/. "a b"
  cd "a b"
  sed -i '/^power_watts/d' small.yaml
  echo 'power_watts: 7.5' >>small.yaml
  run eo_here explain small
  [ "$status" -eq 0 ]
  [[ $output == *"select "*"power_watts changed from "*" to 7.5"* ]]
  run eo_here run -n small.yaml
  [[ $status -eq 0 && $output == *"eo-pareto -c "* ]]
  eo_here export small >log
  [ -s out/small/export/README.md ]
  run eo_here compare small out/small
  [ "$status" -eq 0 ]
  eo_here graph small
  [ -s out/small/graph.svg ]
  run eo_here tidy small
  [ "$status" -eq 0 ]
  run --separate-stderr eo_here report small
  [ "$status" -eq 1 ] || [ "$output" = out/small/report.html ]
  eo_here clean small
  [ ! -e out/small ]
}

@test "eo list: the configurations that came along; each of them can be run by its name" {
  eo_here list >list
  for file in "$EO_ROOT"/configs/*.yaml; do
    grep -q "^$(basename "$file" .yaml) " list
  done
  # a sentence over two lines is whole, and no line ends within one
  grep -q '^cifar10  *CIFAR-10 by SmallCNN .* parameters, 5,644,288 multiply-accumulates\.$' list
  run ! grep -v '[.?!]$' list
  # on a terminal a line has no more than it has room for
  PATH="$BATS_FILE_TMPDIR/usr/bin:$PATH" script -qec "stty cols 60; eo list" typescript >shown
  tr -d '\r' <shown >lines
  [ "$(wc -l <lines)" = "$(wc -l <list)" ]
  [ "$(wc -L <lines)" = 60 ]
  grep -q '^cifar10  *CIFAR-10 by.*\.\.\.$' lines
  run eo_here explain default
  [ "$status" -eq 0 ]
  [[ $output == *"out/default: "*" steps would run"* ]]
}

@test "eo new: a configuration from options, with a comment at each line; eo-config takes it" {
  run eo_here new mine --data mnist --network lenet5 --flash 20 --board STM32F411 --epochs=3 --levels 0,0.5
  [ "$status" -eq 0 ]
  [[ ${lines[0]} == "mine.yaml: written; "* ]]
  eo-config --print mine.yaml >canonical
  grep -qx 'dataset: mnist' canonical
  grep -qx 'model: lenet5' canonical
  grep -qx 'active_memory_budget_mb: 0.01953125' canonical
  grep -q '^devices: .*STM32F411' canonical
  grep -qx 'epochs: 3' canonical
  grep -qx 'pruning_levels: \[0.0, 0.5\]' canonical
  eo_here new --defaults other
  eo-config --check other.yaml
  fails 1 "eo: new: other.yaml is there already; --force replaces it" eo_here new other
  eo_here new other --force --flash 8
  # the budget in bytes is that of the device, no byte less
  [ "$(awk '/^active_memory_budget_mb/ { print $2 * 1024 * 1024 }' other.yaml)" = 8192 ]
}

@test "eo new: a board in any case of letters decides; levels that can fit" {
  eo_here new mine --board stm32f411
  eo-config --print mine.yaml >canonical
  grep -q '^devices: .*STM32F411' canonical
  grep -qx 'active_device: STM32F411' canonical
  fails_like 1 "eo: new: nothing was written: *board 'X1': expected one of *" eo_here new other --board X1
  # levels KB LEVELS [NETWORK]
  levels() {
    eo_here new levels --force --flash "$1" --network "${3:-smallcnn}"
    grep -q "^pruning_levels: \[$2\] " levels.yaml || { grep ^pruning levels.yaml; false; }
  }
  levels 50 0,0.25,0.5
  levels 20.18 0,0.25,0.5 # 20,664 bytes, exactly
  levels 20.17 0,0.05
  levels 8 0,0.4,0.65
  levels 2 0,0.7,0.9
  levels 0.1 0,0.9
  levels 20 0,0.5,0.75 resnet8
}

@test "eo new: asks on a terminal, what no option says" {
  printf 'asked\nfashion-mnist\n\n30\n\n2\n0,0.3\n' >answers
  (sleep 1; while IFS= read -r line; do printf '%s\r' "$line"; sleep 0.2; done <answers) |
    PATH="$BATS_FILE_TMPDIR/usr/bin:$PATH" script -qec "eo new" typescript >/dev/null
  eo-config --print asked.yaml >canonical
  grep -qx 'dataset: fashion-mnist' canonical
  grep -qx 'epochs: 2' canonical
  grep -q 'Name of the experiment: \[my\]' typescript
}

@test "eo: wrong usage and missing files are one line" {
  fails 1 "eo: none: no such configuration here; 'eo list' prints those that come along, 'eo new' writes one" \
    eo_here run none
  fails 2 "eo run: expected a configuration; 'eo list' prints those that come along
Try 'eo help'." eo_here run -j2
  fails 2 "eo nonsense: no such command
Try 'eo help'." eo_here nonsense
  fails 2 "eo new: unknown option '--nonsense'
Try 'eo help'." eo_here new --nonsense
  fails 2 "eo new: option '--data' needs an argument
Try 'eo help'." eo_here new --data
  fails 1 "eo: new: --flash 'much': expected a number of KB" eo_here new a --flash much
  fails 1 "eo: new: name 'x/-a b': expected letters, digits and ._+- alone, because the folder of results is named so" \
    eo_here new "x/-a b"
  fails_like 1 "eo: new: nothing was written: *learned*" eo_here new a --network learned
  fails 1 "eo: new: none/a.yaml cannot be written here" eo_here new none/a
  [ -z "$(ls | grep -v '^separate-stderr-')" ]
  fails 2 "eo compare: expected two runs, each a configuration or a folder of results
Try 'eo help'." eo_here compare a
  fails 2 "eo list: unexpected 'a'
Try 'eo help'." eo_here list a
  # messages name the command that was called
  mkdir -p out/other/config
  echo first.yaml >out/other/config/source
  eo_here new first --defaults >log
  eo_here new second --defaults >log
  echo "output_dir: out/other" | tee -a first.yaml >>second.yaml
  fails 1 "eo: out/other holds the results of first.yaml; give one of the two another output_dir, or: \
eo clean first.yaml" eo_here run second
  # programs by their short names, and the version
  eo_here inspect --help | grep -q '^usage: eo-inspect '
  [[ $(eo_here --version) == "eo (edge-opt) "* ]]
}

@test "eo run: without gnuplot or Make, one line says what to install" {
  cp -a "$BATS_FILE_TMPDIR/path" path
  rm -f path/gnuplot*
  cp "$BATS_FILE_TMPDIR/mine/small.yaml" .
  fails 1 "eo: missing here: gnuplot (gnuplot-nox); install the Debian packages in parentheses" \
    env -u MAKEFLAGS -u MAKELEVEL PATH="$BATS_FILE_TMPDIR/usr/bin:$PWD/path" eo run small
  rm -f path/make
  fails 1 "eo: needs GNU Make: install the package make" \
    env PATH="$BATS_FILE_TMPDIR/usr/bin:$PWD/path" eo run small
}

@test "make uninstall: what was there before stays, and all else is gone; PREFIX and DESTDIR are taken literally" {
  local there="$PWD/a \$(touch x) b" install
  install() { make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" DESTDIR="$there" PREFIX=/usr "$@" >log; }
  mkdir -p "$there/usr/bin" "$there/usr/share/edge-opt"
  echo mine >"$there/usr/bin/eo-mine"
  echo mine >"$there/usr/share/edge-opt/mine"
  (cd "$there" && find . -type f | sort) >before
  install install
  [ -x "$there/usr/bin/eo" ]
  [ -s "$there/usr/share/man/man1/eo.1" ]
  [ -s "$there/usr/share/edge-opt/Makefile" ]
  install uninstall
  (cd "$there" && find . ! -type d | sort) >after
  diff before after
  [ ! -e "$there/usr/lib/edge-opt" ]
  [ ! -e x ]
  [ ! -e "$EO_ROOT/x" ]
}

@test "make dist: the same bytes each time, with the version in its name" {
  local version
  [ -d "$EO_ROOT/.git" ] || skip "needs a checkout"
  version=$(eo-config --version | sed -n '1s/.* //p')
  make -C "$EO_ROOT" --no-print-directory B="$PWD/one" dist >log
  sleep 1.1
  make -C "$EO_ROOT" --no-print-directory B="$PWD/two" dist >log
  cmp "one/edge-opt-$version.tar.gz" "two/edge-opt-$version.tar.gz"
  tar -tzf "one/edge-opt-$version.tar.gz" | grep -qx "edge-opt-$version/Makefile"
}

@test "make deb: what make install installs, with what it depends on; the same bytes each time" {
  local deb
  command -v dpkg-shlibdeps >/dev/null || skip "needs dpkg-dev"
  [ "$(basename "$EO_BIN")" = bin ] || skip "needs the programs in bin"
  for copy in one two; do
    make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" READY="$PWD/$copy" deb >log 2>&1 ||
      { cat log; false; }
    deb=$(sed -n 's/^  DEB      //p' log)
    cp "$EO_ROOT/$deb" "$copy.deb" 2>/dev/null || cp "$deb" "$copy.deb"
  done
  cmp one.deb two.deb
  dpkg-deb --field one.deb Depends >depends
  grep -q 'libyaml-0-2' depends
  grep -q 'make' depends
  dpkg-deb --extract one.deb contents
  (cd contents/usr/bin && ls) >found
  (cd "$BATS_FILE_TMPDIR/usr/bin" && ls) | diff - found
  PATH="$PWD/contents/usr/bin:$BATS_FILE_TMPDIR/path" contents/usr/bin/eo list | grep -q '^default '
  : >said
  if command -v lintian >/dev/null; then lintian --allow-root one.deb >said || true; fi
  run ! grep '^E:' said
}
