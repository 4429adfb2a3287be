bats_require_minimum_version 1.5.0

# The judge of `make trust-busy`, by rows as eo-pareto writes them. Quiet: a is the fastest, b more accurate, c beaten
# by b.

setup() {
  cd "$BATS_TEST_TMPDIR"
  AWK=$BATS_TEST_DIRNAME/trust/busy.awk
  mkdir quiet001 quiet002 spin001
  sweep quiet001 1.00 certain 2.00 certain 3.00 dominated ok
  sweep quiet002 1.02 certain 2.02 possible 3.02 dominated ok
  sweep spin001 1.02 certain 2.04 possible 3.10 dominated ok
  frontier spin001 int8 fp16
}

# sweep DIR MEDIAN LABEL MEDIAN LABEL MEDIAN LABEL STATUS: the rows of a, b, c
sweep() {
  {
    echo \
      pruning_level,precision,accepted,accuracy,latency_median_ms,seed,pruning_criterion,timing_status,frontier_latency
    echo "0.50,int8,True,0.90,$2,7,l1,$8,$3"
    echo "0.00,fp16,True,0.95,$4,7,none,$8,$5"
    echo "0.00,fp32,True,0.95,$6,7,none,$8,$7"
  } >"$1/sweep.csv"
}

# frontier DIR PRECISION...
frontier() {
  local file=$1/frontier.csv
  head -n 1 "$1/sweep.csv" >"$file"
  shift
  for p; do grep ",$p," "${file%/*}/sweep.csv" >>"$file"; done
}

# judge: what the lines say, without notes
judge() {
  awk -f "$AWK" ./quiet00?/sweep.csv ./spin001/sweep.csv ./spin001/frontier.csv >found
  grep -v ^note found | cut -f 1,2
}

@test "trust-busy: a session like the quiet ones" {
  judge >out
  diff - out <<'END'
candidates that quiet calls certain	1
sessions without a frontier	0
candidates without a median	0
quiet calls them certain, and they are not on the frontier	0
labels certain that are wrong	0.0 %
largest distance of a median from the quiet one	1.0 %
the same, of slow candidates	3.0 %
END
  grep -q 'slow: 0.00-fp16 0.00-fp32$' found
  grep -q '3 rows: ok=3$' found
}

@test "trust-busy: a frontier that lacks what is certain, a wrong label, medians that are off" {
  sweep spin001 1.10 dominated 2.04 possible 2.00 certain noisy
  frontier spin001 fp32
  judge >out
  diff - out <<'END'
candidates that quiet calls certain	1
sessions without a frontier	0
candidates without a median	0
quiet calls them certain, and they are not on the frontier	1
labels certain that are wrong	100.0 %
largest distance of a median from the quiet one	8.9 %
the same, of slow candidates	33.6 %
END
  grep -q '3 rows: noisy=3$' found
}

@test "trust-busy: an empty frontier, a missing candidate; quiet sessions that are certain of nothing" {
  sed -i 3d spin001/sweep.csv
  frontier spin001
  sed -i s/certain/possible/ quiet00?/sweep.csv
  judge >out
  grep -q '^sessions without a frontier	1$' out
  grep -q '^candidates without a median	1$' out
  grep -q '^candidates that quiet calls certain	0$' out
}

@test "trust-busy: a row that is torn, or no busy session, is said" {
  run awk -f "$AWK" ./quiet001/sweep.csv
  [ "$status" -eq 1 ]
  echo 0.70,int8 >>spin001/sweep.csv
  run judge
  [[ $output == *"spin001/sweep.csv:5: expected 9 columns, found 2"* ]]
}
