# Make interrupted, and what the next call makes of it. tests/soak does the same for an hour.
load common

@test "resume: 12 interruptions of make -j2 (KILL, INT, TERM), each followed by a make that gives the same artefacts" {
  run bash "$EO_ROOT/tests/soak/soak.bash" 12 1 KILL INT KILL TERM
  echo "$output"
  [ "$status" -eq 0 ]
  [ "$output" = "12 of 12" ]
}

@test "resume: a build that was killed before it had named its owner goes on, a clean as well" {
  local config=$BATS_TEST_TMPDIR/exp.yaml out=$BATS_TEST_TMPDIR/out
  sed '/^output_dir/d' "$EO_ROOT/tests/golden/small.yaml" >"$config"
  echo "output_dir: $out" >>"$config"
  make_eo() { make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" CONFIG="$config" "$@"; }

  mkdir -p "$out/config"
  echo half >"$out/config/source.new"
  make_eo "$out/dataset.csv"
  [ "$(cat "$out/config/source")" = "$config" ]

  # clean removes the owner's name as the last file
  rm "$out/config/source"
  run make_eo clean
  [ "$status" -ne 0 ]
  [[ $output == *"does not hold the results"* ]]
  find "$out" ! -type d -delete
  make_eo clean
  [ ! -e "$out" ]
}

@test "resume: a training log that is lost comes back, with the same model" {
  local config=$BATS_TEST_TMPDIR/exp.yaml out=$BATS_TEST_TMPDIR/out
  sed '/^output_dir/d' "$EO_ROOT/tests/golden/small.yaml" >"$config"
  echo "output_dir: $out" >>"$config"
  make_eo() { make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" CONFIG="$config" "$@"; }

  make_eo all
  cp "$out/models/base.safetensors" "$BATS_TEST_TMPDIR/base"
  rm "$out/training_log.csv"
  run make_eo all
  [ "$status" -eq 0 ]
  [ -s "$out/training_log.csv" ]
  cmp "$out/models/base.safetensors" "$BATS_TEST_TMPDIR/base"
  run make_eo all
  [[ $output != *TRAIN* ]]
  make_eo clean
}

@test "resume: a file of another run is no result of this one; its step runs again, for a timing the session" {
  local config=$BATS_TEST_TMPDIR/exp.yaml out=$BATS_TEST_TMPDIR/out
  sed '/^output_dir/d' "$EO_ROOT/tests/golden/small.yaml" >"$config"
  echo "output_dir: $out" >>"$config"
  make_eo() { make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" CONFIG="$config" "$@"; }

  make_eo all
  cp -a "$out" "$BATS_TEST_TMPDIR/first"
  cp "$out"/models/p0.50-int8.safetensors "$out/models/base.safetensors"
  run make_eo explain
  [[ $output == *"train "*"models/base.safetensors"* ]]
  run make_eo all
  [ "$status" -eq 0 ]
  [[ $output == *TRAIN* && $output != *PRUNE* && $output != *TIME* ]]
  diff -r "$out/models" "$BATS_TEST_TMPDIR/first/models"
  run make_eo all
  [[ $output != *TRAIN* ]]

  cp "$out/rows/p0.00-int8.timing.csv" "$out/rows/p0.50-int8.timing.csv"
  run make_eo all
  [ "$status" -eq 0 ]
  [[ $output == *TIME* && $output != *TRAIN* ]]
  make_eo clean
}
