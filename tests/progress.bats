# What `make all` shows on a terminal, and that it shows nothing elsewhere.
bats_require_minimum_version 1.5.0
load common

setup() {
  cd "$BATS_TEST_TMPDIR"
  sed '/^output_dir/d' "$EO_ROOT/tests/golden/small.yaml" >small.yaml
  printf 'epochs: 6\noutput_dir: %s\n' "$PWD/out" >more
  sed -i '/^epochs/d' small.yaml
  cat more >>small.yaml
}

# on_terminal TERM ARGUMENT...: make all as on a terminal of 60 columns; what it printed is in `typescript`
on_terminal() {
  local term=$1
  shift
  printf 'stty cols 60\nexec env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL TERM=%s make -C "%s" B="%s" %s %s\n' \
    "$term" "$EO_ROOT" "$(dirname "$EO_BIN")" "CONFIG=\"$PWD/small.yaml\"" "$*" >call
  script -qefc "sh call" typescript >/dev/null </dev/null
}

@test "progress: on a terminal, stage, candidates, steps and time left; no line is longer than the terminal" {
  on_terminal xterm all -j2
  tr '\r' '\n' <typescript | sed 's/\x1b\[[KA]//g' >lines
  grep -qE '^[A-Z]+: [0-9]+ of 6 candidates, [0-9]+ of [0-9]+ steps, about [0-9]+:[0-9]{2} left$' lines
  grep -E ' steps, |^training: ' lines | awk 'length > 59 { exit 1 }'
  # all that was printed is there, each on a line of its own, and nothing is left of what was shown
  grep -q '^  MANIFEST ' lines
  grep -q '^recommended: level ' lines
  awk '/^  TRAIN / { n++ } END { exit n != 1 }' lines
  [ -s out/config/times ]
  [ ! -e "$(dirname "$EO_BIN")/build/lock/$(tr / + <<<"$PWD/out").progress" ]
  # no escape sequence but these two: no colours
  run ! grep -qP '\x1b\[(?![KA])' typescript
}

@test "progress: nothing in a pipe, with -s, and on a dumb terminal" {
  on_terminal dumb all
  run ! grep -q $'\x1b' typescript
  [ ! -e out/config/times ]
  rm -rf out
  on_terminal xterm -s all
  run ! grep -q $'\x1b' typescript
  rm -rf out
  make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" CONFIG="$PWD/small.yaml" all >said 2>&1
  run ! grep -q $'\x1b' said
}

@test "progress: a failure is said, and its status is that of the call" {
  sed -i 's/^epochs: .*/epochs: 0/' small.yaml
  run on_terminal xterm all
  [ "$status" -ne 0 ]
  grep -q "epochs" typescript
}

@test "progress: Ctrl-C ends everything, and the next call goes on" {
  sed -i 's/^epochs: .*/epochs: 2000/' small.yaml
  printf 'exec env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL TERM=xterm make -C "%s" B="%s" CONFIG="%s" all\n' \
    "$EO_ROOT" "$(dirname "$EO_BIN")" "$PWD/small.yaml" >call
  : >typescript
  (until grep -q ' steps, about' typescript; do sleep 0.1; done; printf '\003'; sleep 5) |
    timeout 60 script -qfc "sh call" typescript >/dev/null
  # nothing holds the lock, and nothing is left of what was shown
  sed -i 's/^epochs: .*/epochs: 1/' small.yaml
  timeout 60 make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" CONFIG="$PWD/small.yaml" all >said 2>&1
  run ! grep -q 'another make' said
  [ ! -e "$(dirname "$EO_BIN")/build/lock/$(tr / + <<<"$PWD/out").progress" ]
}

@test "eo-progress: passes everything on; wrong usage and a bad configuration" {
  printf 'a\n\n  TRAIN    x/y\nno end' >text
  eo-progress --folder out --work . -c small.yaml <text | cmp - text
  fails 1 "eo-progress: (standard stream): cannot write: No space left on device" \
    sh -c 'eo-progress --folder out --work . -c small.yaml <text >/dev/full'
  # it reads to the end: what writes to it is not ended by a signal
  (set -o pipefail; head -c 1000000 /dev/zero | tr '\0' '\n' | cat 2>writer |
    { eo-progress --folder out --work . -c small.yaml 2>reader >/dev/full || true; })
  misused "eo-progress: options '--folder', '--work' and '-c' are required" eo-progress --folder out
  fails_like 1 "eo-progress: none.yaml: cannot open: No such file or directory" \
    eo-progress --folder out --work . -c none.yaml
}

@test "progress: a pipe among the files of the programs is not waited for" {
  mkdir -p out/config work
  mkfifo work/tool.1 work/plan
  { sleep 1.5; echo a line; } | timeout -k 1 10 eo-progress --folder "$PWD/out" --work work -c small.yaml >said
  grep -qx 'a line' <(tr '\r' '\n' <said | sed 's/\x1b\[[KA]//g')
}
