#!/usr/bin/env bats
# make tidy: what it lists and removes of a folder, and what it leaves alone. No run is needed for that.

bats_require_minimum_version 1.5.0
load common

setup() {
  cd "$BATS_TEST_TMPDIR"
  out=$PWD/r
  config=$PWD/exp.yaml
  printf '%s\n' "output_dir: $out" "seeds: [3, 8]" "pruning_levels: [0.0, 0.5]" "pruning_criterion: [l1, taylor]" \
    "precisions: [fp32, int8]" >"$config"
  mkdir -p "$out/config/steps" "$out/models/seed8" "$out/rows/seed8"
  echo "$config" >"$out/config/source"
}

# Make in the project's root, whatever a make above this one was told.
make_eo() {
  env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" \
    CONFIG="$config" "$@"
}

# of NAME...: files below the folder
of() {
  local file
  for file; do mkdir -p "$(dirname "$out/$file")" && echo x >"$out/$file"; done
}

kept() {
  of models/base.safetensors models/seed8/{base.safetensors,training_log.csv} \
    models/{p0.00,p0.50,p0.50-taylor,p0.50-taylor-int8}.safetensors \
    models/p0.50-finetune_log.csv rows/{,seed8/}p0.00-fp32.accuracy.csv rows/p0.50.prune.err \
    config/steps/models+p0.50-int8.safetensors \
    config/seed9/train.yaml training_log.csv sweep_results.csv \
    config/steps/{sweep_results.csv,config+seed9+train.yaml} \
    models/{p0.25,p0.25-int8.onnx,notes-p0.25.safetensors,p0.250.safetensors,p0.25-l1.safetensors,\
p0.25-int8.safetensors.bak,p1.5.7.safetensors} \
    models/seed09/p0.25.safetensors mine/models/p0.25.safetensors rows/p0.25.csv rows/p0.00-taylor-int8.hits.csv \
    p0.25.safetensors \
    rows/deep/seed9/p0.25-int8.hits.csv models/'p0.25 .safetensors' \
    device/{,seed8/}p0.50-int8{,-fast}/{net.c,net.h,m4.csv} device/p0.25-int8-slow/net.c device/p0.25-int8/notes \
    device/p0.25-int8.csv core_costs.csv config/steps/device+p0.50-int8-fast+m4.csv
}

gone() {
  of models/{p0.25,p0.25-taylor,p0.50-random-int8,p0.50-fp16,p0.25x0.50}.safetensors models/p0.25-finetune_log.csv \
    models/seed9/{base.safetensors,training_log.csv,p0.50.safetensors} rows/seed9/p0.50-int8.accuracy.csv \
    rows/p0.25.prune.err \
    rows/seed8/p0.25-int8.{quant.err,accuracy.err,hits.csv,confusion.csv,timing.csv,timing.err,rounds.csv} \
    config/steps/{models+p0.25.safetensors,rows+seed9+p0.50-int8.accuracy.csv,device+p0.75-int8-fast+net.c} \
    device/{p0.75-int8,p0.75-int8-fast,seed9/p0.50-int8}/{net.c,net.h,m4.csv}
}

files() { (cd "$out" && find . ! -type d -printf '%P\n' | sort); }

@test "tidy: lists with -n, removes artefacts of candidates that are none any more, and those alone" {
  kept
  ln -s "$PWD/elsewhere" "$out/models/p0.75.safetensors"
  ln -s "$PWD/elsewhere" "$out/rows/seed7"
  mkdir elsewhere && echo mine >elsewhere/p0.25.prune.err
  files >kept
  gone
  files >all
  comm -13 kept all | sed "s|^|rm $out/|" >expected
  [ "$(wc -l <expected)" -eq 30 ]
  run --separate-stderr make_eo -n tidy
  [ "$status" -eq 0 ]
  diff expected <(grep '^rm' <<<"$output")
  files | diff all -
  make_eo tidy >listed
  diff expected listed
  files | diff kept -
  [ -e elsewhere/p0.25.prune.err ] && [ -e "$out/rows/seed7" ] && [ -d "$out/rows/seed8" ] || return 1
  [ ! -e "$out/models/seed9" ] && [ ! -e "$out/rows/seed9" ] && [ ! -e "$out/device/seed9" ] || return 1
  [ ! -e "$out/device/p0.75-int8" ] && [ -d "$out/device/p0.25-int8" ] || return 1
  run make_eo tidy
  [ "$status" -eq 0 ]
  [ "$output" = "make: tidy: $out has nothing of candidates that $config does not have" ]
}

@test "tidy: not through links, not in the folder of another configuration, not with other goals" {
  mkdir other
  echo x | tee other/p0.25.safetensors >other/p0.25.prune.err
  rmdir "$out/models/seed8" "$out/models" && ln -s "$PWD/other" "$out/models"
  make_eo tidy
  rm "$out/models" && mkdir "$out/models"
  of models/p0.25.safetensors
  run make_eo tidy all
  [ "$status" -ne 0 ] && [[ $output == *"tidy and all cannot share one call"* ]] || return 1
  echo /dev/null >"$out/config/source"
  for n in "" -n; do
    run make_eo $n tidy
    [ "$status" -ne 0 ]
    [[ $output == *"tidy: $out does not hold the results of $config; nothing was removed"* ]]
  done
  [ -e other/p0.25.safetensors ] && [ -e other/p0.25.prune.err ] && [ -e "$out/models/p0.25.safetensors" ]
}
