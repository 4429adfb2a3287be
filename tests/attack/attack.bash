# Shared by the files of this folder: a small experiment in a folder of its own, and what a call of make did.
load ../common

setup() {
  cd "$BATS_TEST_TMPDIR"
  out=$PWD/r
  config=$PWD/exp.yaml
  sed '/^output_dir/d; s/^pruning_levels:.*/pruning_levels: [0.0]/; s/^precisions:.*/precisions: [int8]/' \
    "$EO_ROOT/tests/golden/small.yaml" >"$config"
  echo "output_dir: $out" >>"$config"
}

# Make in the project's root, whatever a make above this one was told.
make_eo() {
  env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL timeout 300 make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" \
    "$@"
}

# The files of this folder run side by side; one of them builds what is missing.
setup_file() {
  local lock
  exec {lock}<"$EO_BIN"
  flock "$lock"
  make_eo programs
  exec {lock}<&-
}

# idle: nothing to do, and looking says so
idle() {
  run make_eo CONFIG="$config" "$out/dataset.csv" "$out/models/base.safetensors"
  [ "$status" -eq 0 ]
  [[ $output != *TRAIN* ]] || { echo "$output"; return 1; }
}

# Make says of a file that it is up to date.
nothing_ran() {
  ! grep -qE '^  [A-Z]{4,}' <<<"$output" || { echo "$output"; return 1; }
}

trained() {
  run make_eo CONFIG="$config" "$out/models/base.safetensors"
  [ "$status" -eq 0 ]
  [[ $output == *TRAIN* ]] || { echo "$output"; return 1; }
}

# one_line TEXT: the last call failed with status 1 and that line alone
one_line() {
  [ "$status" -eq 1 ]
  [ "${#lines[@]}" -eq 1 ]
  [[ $output == *"$1"* ]] || { echo "$output"; return 1; }
}
