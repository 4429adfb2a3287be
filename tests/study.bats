# eo-study: the table of criteria, levels and recovery.
load common

HEADER=pruning_level,pruning_criterion,precision,seed,fine_tune_epochs,test_accuracy
USAGE=$'\nTry \'eo-study --help\'.\n'

rows() { # rows FILE ROW...
  local file=$1
  shift
  printf '%s\n' "$HEADER" "$@" >"$file"
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return 1
  rows plain.csv 0.00,none,fp32,7,,0.99 0.00,none,fp32,8,,0.992 0.50,l1,fp32,7,,0.8 0.50,l1,fp32,8,,0.82 \
    0.50,random,fp32,7,,0.7 0.50,random,fp32,8,,0.72 0.50,l1,int8,7,,0.1
  rows recovered.csv 0.00,none,fp32,7,,0.99 0.50,l1,fp32,7,2,0.98 0.50,random,fp32,7,2,0.985
}

# filled ROW: the cells of a row that are not empty, each with the heading in lines[0]
filled() {
  printf '%s\n' "${lines[0]}" "$1" | awk -F ' *[|] *' 'NR == 1 { split($0, name, " *[|] *"); next }
    { for (i = 2; i < NF; i++) if ($i != "") { printf "%s%s: %s", separator, name[i], $i; separator = ", " } }'
}

@test "eo-study: means and intervals over the seeds, level 0 once, and where random is not the worst" {
  run eo-study digits=plain.csv digits=recovered.csv
  [ "$status" -eq 0 ]
  [ "${lines[0]}" = "| data | level | recovery | $(criteria | sed 's/, / | /g') |" ]
  # numpy: mean 99.1, 12.7062 * 0.141421 / sqrt(2) = 1.2706
  [ "$(filled "${lines[2]}")" = 'data: digits, level: 0.00, recovery: none, l1: 99.10 (97.83 to 100.00)' ]
  [ "$(filled "${lines[3]}")" = \
    'data: digits, level: 0.50, recovery: none, l1: 81.00 ± 12.71, random: 71.00 ± 12.71' ]
  [ "$(filled "${lines[4]}")" = 'data: digits, level: 0.50, recovery: 2 epochs, l1: 98.00, random: 98.50' ]
  [ "${lines[5]}" = 'Random is the worst criterion in 1 of 2 rows. It is not in:' ]
  [ "${lines[6]}" = '- digits, level 0.50, with recovery: l1 98.00, random 98.50 (the intervals are apart)' ]
  [ "${#lines[@]}" -eq 7 ]
}

@test "eo-study --json: the same figures as shares" {
  eo-study --json -o study digits=plain.csv digits=recovered.csv
  [ "$(json get study rows rows_with_random random_is_worst | tr '\n' ' ')" = "3 2 1 " ]
  [ "$(json get study rows/0/data rows/0/pruning_level rows/0/fine_tune_epochs rows/0/criteria/0/criterion \
    rows/0/criteria/0/seeds rows/0/criteria/0/test_accuracy_ci95_high | tr '\n' ' ')" = "digits 0 0 none 2 1 " ]
  [ "$(json get study rows/1/criteria/0/criterion rows/1/criteria/1/criterion rows/2/fine_tune_epochs \
    rows/2/criteria/1/test_accuracy_ci95_low | tr '\n' ' ')" = "l1 random 2 null " ]
  # The table says 81.00 and 12.71.
  [[ "$(json get study rows/1/criteria/0/test_accuracy rows/1/criteria/0/test_accuracy_ci95_low | tr '\n' ' ')" == \
    "0.81"*" 0.6829"* ]]
  documented study
}

@test "eo-study: data sets keep their order, -p chooses the rows, -o writes a file" {
  eo-study -o table.md b=recovered.csv a=plain.csv
  [ "$(cut -d ' ' -f 2 table.md | sed -n 3,6p | tr '\n' ' ')" = 'b b a a ' ]
  run eo-study -p int8 a=plain.csv
  [ "$(filled "${lines[2]}")" = 'data: a, level: 0.50, recovery: none, l1: 10.00' ]
}

@test "eo-study: bad input is one line" {
  run eo-study a=plain.csv a=plain.csv
  [ "$status" -eq 1 ] && [ "$output" = "eo-study: plain.csv: row 3: second row for the same candidate" ] || return 1
  run eo-study -p fp16 a=plain.csv
  [ "$status" -eq 1 ] && [ "$output" = "eo-study: expected at least one accuracy row of that precision, found none" ] ||
    return 1
  run eo-study a=missing.csv
  [ "$status" -eq 1 ] && [ "$output" = "eo-study: missing.csv: cannot open: No such file or directory" ] || return 1
  for bad in x,l1,fp32,7,,0.5 0.5,l3,fp32,7,,0.5 0.5,l1,fp8,7,,0.5 0.5,l1,fp32,-7,,0.5 0.5,l1,fp32,7,x,0.5 \
    0.5,l1,fp32,7,,1.5; do
    rows bad.csv "$bad"
    run eo-study -o table.md a=bad.csv
    [ "$status" -eq 1 ] && [[ "$output" == "eo-study: bad.csv: row 1: column '"*"': expected"* ]] &&
      [ ! -e table.md ] || return 1
  done
}

@test "eo-study: a table without one of the columns, and labels that no table can hold" {
  for column in pruning_level pruning_criterion precision seed fine_tune_epochs test_accuracy; do
    sed "1s/$column/other/" plain.csv >bad.csv
    run eo-study -o table.md a=bad.csv
    [ "$status" -eq 1 ] && [ "$output" = "eo-study: bad.csv: expected a column '$column', found none" ] &&
      [ ! -e table.md ] || return 1
  done
  run eo-study "a|b=plain.csv"
  [ "$status" -eq 1 ]
  [ "$output" = "eo-study: plain.csv: expected a label without '|' and control characters, found 'a|b'" ]
  run eo-study $'a\nb=plain.csv'
  [ "$status" -eq 1 ] && [ "${#lines[@]}" -eq 1 ] || return 1
  long=$(printf '%0100d' 0)
  run eo-study "$long=plain.csv"
  [ "$status" -eq 1 ]
  [ "$output" = "eo-study: plain.csv: expected a label of at most 39 bytes, found '${long:0:40}...'" ]
}

# In seconds where each row is compared with all earlier ones.
@test "eo-study: twenty thousand rows of the result" {
  { echo "$HEADER"; seq 20000 -1 1 | sed 's/.*/0.50,l1,fp32,7,&,0.9/'; } >many.csv
  eo-study -o table.md a=many.csv
  [ "$(sed -n '3p;$p' table.md | cut -d '|' -f 2-5)" = ' a | 0.50 | 1 epochs | 90.00 
 a | 0.50 | 20000 epochs | 90.00 ' ]
  sed '$p' many.csv >twice.csv
  run eo-study a=twice.csv
  [ "$status" -eq 1 ] && [ "$output" = "eo-study: twice.csv: row 20001: second row for the same candidate" ]
}

@test "eo-study: wrong usage" {
  for arguments in "" "plain.csv" "=plain.csv" "a=" "a=- b=-" "-p fp8 a=plain.csv"; do
    run eo-study $arguments
    [ "$status" -eq 2 ]
    [ "${#lines[@]}" -eq 2 ]
  done
}
