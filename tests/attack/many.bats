#!/usr/bin/env bats
# As many candidates as a configuration may have, and as many files as they make.

bats_require_minimum_version 1.5.0
load attack

@test "attack: no recipe of 1986 candidates is longer than a line of the shell may be" {
  sed -i '/^pruning_levels/d; /^precisions/d; /^pruning_criterion/d; /^seed/d' "$config"
  { echo "seeds: [7, 11]"
    echo "pruning_criterion: [l1, l2, fpgm, activation, taylor, random]"
    echo "pruning_levels: [0$(seq -s '' -f ', 0.%.0f' 101 155)]" | sed 's/, 0.\([0-9]\)/, 0.\1/g'
    echo "precisions: [fp32, fp16, int8]"
  } >>"$config"
  make_eo -n all CONFIG="$config" >said
  # 128 KiB, with the NUL at its end; lines that end with a backslash go on
  awk '/^#/ { next }
    { line = line $0 "\n" }
    !/\\$/ { if (length(line) > 131071) { print length(line), substr(line, 1, 200); exit 1 }; line = "" }' said
  [ "$(grep -c -- 'eo-eval ' said)" -ge 1986 ]
}

@test "attack: a folder with very many files that were changed by hand" {
  local i
  trained
  mkdir -p "$out/rows" "$out/config/steps"
  {
    echo eval
    for ((i = 0; i < 1500; i++)); do
      printf '%064d  rows/%0200d.csv\n' 0 "$i"
      echo x >"$out/rows/$(printf %0200d "$i").csv"
    done
    echo
  } >"$out/config/steps/rows+many"
  run make_eo explain CONFIG="$config"
  [ "$status" -eq 0 ]
  [[ $output == *"steps would run"* ]]
  idle
}
