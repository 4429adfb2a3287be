#!/usr/bin/env bats
# eo-attempt: success, failure, failure of an earlier stage, bugs and interrupts.

bats_require_minimum_version 1.5.0
load common

HEADER=pruning_level,precision,seed,stage,error,pruning_criterion

setup() {
  cd "$BATS_TEST_TMPDIR"
}

attempt() {
  eo-attempt --row row.csv --candidate p0.50-int8 --seed 7 --stage quant "$@"
}

@test "success: the header alone, the command's output and messages pass through" {
  run --separate-stderr attempt -- sh -c 'echo result; echo note >&2'
  [ "$status" -eq 0 ]
  [ "$output" = result ]
  [ "$stderr" = note ]
  [ "$(cat row.csv)" = "$HEADER" ]
}

@test "exit 1: a row with the last message, status 0" {
  run --separate-stderr attempt -- sh \
    -c 'echo first >&2; echo "sh: m.safetensors: bad, \"very\" bad" >&2; echo >&2; exit 1'
  [ "$status" -eq 0 ]
  [ "$(cat row.csv)" = "$HEADER
0.50,int8,7,quant,\"m.safetensors: bad, \"\"very\"\" bad\",l1" ]
  [ "${stderr_lines[1]}" = 'sh: m.safetensors: bad, "very" bad' ]
}

@test "a message without a line break, and none at all" {
  attempt -- sh -c 'printf "no end" >&2; exit 1' 2>/dev/null
  [ "$(tail -n 1 row.csv)" = "0.50,int8,7,quant,no end,l1" ]
  attempt -- false
  [ "$(tail -n 1 row.csv)" = "0.50,int8,7,quant,exit status 1 without a message,l1" ]
}

@test "a very long message is cut, all of it passes through" {
  run --separate-stderr attempt -- sh -c 'head -c 100000 /dev/zero | tr "\0" x >&2; exit 1'
  [ "$status" -eq 0 ]
  [ "${#stderr}" -eq 100000 ]
  [ "$(tail -n 1 row.csv)" = "0.50,int8,7,quant,$(printf 'x%.0s' $(seq 511)),l1" ]
}

@test "the prefix is that of the program as called, path or not" {
  printf '#!/bin/sh\necho "tool: it is broken" >&2\nexit 1\n' >tool
  chmod +x tool
  attempt -- ./tool 2>/dev/null
  [ "$(tail -n 1 row.csv)" = "0.50,int8,7,quant,it is broken,l1" ]
}

@test "whoever ignores SIGCHLD does not make it wait for ever" {
  env --ignore-signal=CHLD true 2>/dev/null || skip "no env --ignore-signal"
  run env --ignore-signal=CHLD timeout 20 eo-attempt --row row.csv --candidate p0.50-int8 --seed 7 --stage quant \
    -- sh -c 'echo bad >&2; exit 1'
  [ "$status" -eq 0 ]
  [ "$(tail -n 1 row.csv)" = 0.50,int8,7,quant,bad,l1 ]
}

@test "the same outcome again leaves the row its time, another one does not" {
  is_old() { [ "$(stat -c %Y row.csv)" = "$(date -d 2001-01-01 +%s)" ]; }
  attempt -- false
  cp row.csv earlier.csv
  touch -d '2001-01-01' row.csv
  attempt -- false
  is_old
  attempt --after earlier.csv -- true
  is_old
  attempt -- sh -c 'echo otherwise >&2; exit 1' 2>/dev/null
  run ! is_old
  [ "$(tail -n 1 row.csv)" = "0.50,int8,7,quant,otherwise,l1" ]
  attempt -- true
  touch -d '2001-01-01' row.csv
  attempt -- true
  is_old
}

@test "other exit statuses and signals are passed on and leave the row alone" {
  attempt -- true
  cp row.csv before.csv
  run attempt -- sh -c 'exit 2'
  [ "$status" -eq 2 ]
  run attempt -- sh -c 'exit 77'
  [ "$status" -eq 77 ]
  run attempt -- sh -c 'kill -TERM $$'
  [ "$status" -eq 143 ]
  cmp row.csv before.csv
}

@test "--after with a row: nothing runs, stage and message are kept, the candidate is this one" {
  printf '%s
0.50,any,7,prune,"a, b",l1
' "$HEADER" >earlier.csv
  run attempt --after earlier.csv -- touch ran
  [ "$status" -eq 0 ]
  [ ! -e ran ]
  [ "$(cat row.csv)" = "$HEADER
0.50,int8,7,prune,\"a, b\",l1" ]
}

@test "a name without a precision: a step that all precisions share" {
  run eo-attempt --row row.csv --candidate p0.125 --stage prune -- sh -c 'echo "eo-train: no luck" >&2; exit 1'
  [ "$status" -eq 0 ]
  [ "$(tail -n 1 row.csv)" = "0.125,any,0,prune,no luck,l1" ]
}

@test "--after without a row: the command runs" {
  echo "$HEADER" >earlier.csv
  attempt --after earlier.csv -- touch ran
  [ -e ran ]
  [ "$(cat row.csv)" = "$HEADER" ]
}

@test "names with a seed, a criterion and a level for each layer; level 0 has no criterion" {
  eo-attempt --row row.csv --candidate seed8/p0.50x0.25-taylor --stage prune -- false
  [[ $(tail -n 1 row.csv) == 0.50x0.25,any,8,prune,*,taylor ]]
  eo-attempt --row row.csv --candidate p0.00 --seed 3 --stage prune -- false
  [[ $(tail -n 1 row.csv) == 0.00,any,3,prune,*,none ]]
  # as it was before there were criteria
  printf 'pruning_level,precision,seed,stage,error\n0.50,any,7,prune,bad\n' >earlier.csv
  eo-attempt --row row.csv --candidate p0.50-fpgm-int8 --stage quant --after earlier.csv -- true
  [ "$(tail -n 1 row.csv)" = 0.50,int8,0,prune,bad,fpgm ]
}

# refuses STATUS FIRST-LINE-OF-STDERR ARGUMENT...: and writes no file
refuses() {
  local want=$1 message=$2
  shift 2
  fails_with "$want" "$message" eo-attempt "$@"
  [ ! -e row.csv ]
}

@test "bad input and a full disk: exit 1, one line" {
  local options=(--row row.csv --candidate p0.00-fp32 --stage eval)
  refuses 1 "eo-attempt: 'no-such-program': cannot run: No such file or directory" "${options[@]}" -- no-such-program
  printf 'a,b\n' >earlier.csv
  refuses 1 "eo-attempt: earlier.csv: expected a column 'pruning_level', found none" \
    "${options[@]}" --after earlier.csv -- true
  printf '%s\n0,int8,7,a,b,l1\n0,int8,7,a,b,l1\n' "$HEADER" >earlier.csv
  refuses 1 "eo-attempt: earlier.csv: expected at most 1 row, found 2" "${options[@]}" --after earlier.csv -- true
  run --separate-stderr eo-attempt --row /dev/full --candidate p0.00-fp32 --stage eval -- true
  [ "$status" -eq 1 ]
  [[ $stderr == "eo-attempt: /dev/full: "*"No space left on device" ]]
}

@test "wrong usage: exit 2" {
  refuses 2 "eo-attempt: option '--row' is required" --candidate p0.00-fp32 --stage eval -- true
  refuses 2 "eo-attempt: option '--candidate' is required" --row row.csv --stage eval -- true
  refuses 2 "eo-attempt: option '--stage' is required" --row row.csv --candidate p0.00-fp32 -- true
  for name in p0.5-int8 p0.50-l1-int8 p0.00-taylor p2-int8 seed08/p0.50 seed0/p0.50 seed8/ p0.50-bf16 0.50 x/p0.50 p; do
    refuses 2 \
      "eo-attempt: option '--candidate': expected a candidate's name, as p0.50-int8 or seed8/p0.50-taylor-int8, found \
'$name'" \
      --row row.csv --candidate "$name" --stage eval -- true
  done
  refuses 2 "eo-attempt: expected a command after '--'" --row row.csv --candidate p0.00-fp32 --stage eval
}
