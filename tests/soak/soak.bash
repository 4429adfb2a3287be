#!/bin/bash
# Interrupts `make -j2 all` of a small experiment at random times, runs `make all` afterwards, and compares the
# artefacts with those of a run that nobody disturbed (same-artefacts.sh: byte for byte, apart from what a clock
# measured).
#
#     tests/soak/soak.bash ROUNDS [SEED [SIGNAL ...]]      EO_BIN names the folder of the programs
#
# Signals (KILL by default) take turns. KILL goes to the whole process group. INT does, too, as from a terminal; TERM
# goes to Make alone, as from kill(1), and Make has to tell the others. After those two nothing may still be running,
# and no temporary file be left.
#
# The experiment has two forms, A and B, with everything different in B, that take turns as well: what is interrupted is
# a rebuild over complete older artefacts, and in every third round a build from nothing. The last line is "N of
# ROUNDS".
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/processes.bash
rounds=${1:?usage: soak.bash ROUNDS [SEED [SIGNAL ...]]}
RANDOM=${2:-1}
signals=("${@:3}")
[ ${#signals[@]} -gt 0 ] || signals=(KILL)
EO_BIN=$(cd "${EO_BIN:-out/bin}" && pwd) || exit 1

S=$(mktemp -d -p "${BATS_TEST_TMPDIR:-${TMPDIR:-/tmp}}" soak.XXXXXX) || exit 1
export TMPDIR=$S EO_LOCK_DIR=$S LC_ALL=C # the lock of benchmarks is there
unset EO_DATA_DIR EO_ISA
group=
tidy() {
  [ -z "$group" ] || kill -KILL -- "-$group" 2>/dev/null
  make_eo clean >/dev/null 2>&1
  rm -rf "$S"
}
trap tidy EXIT
trap 'exit 130' INT TERM

# In the foreground of its own session where `exec` is given first: a process group to be killed.
make_eo() {
  $first make --no-print-directory B="$(dirname "$EO_BIN")" CONFIG="$S/exp.yaml" "$@"
}
first=

write_config() {
  local seed=3 rate=0.004 keep=0.5
  [ "$1" = A ] || { seed=4 rate=0.003 keep=2.5; }
  cat tests/golden/tiny.yaml - >"$S/exp.yaml" <<EOF
data_dir: $S/set
output_dir: $S/out
seed: $seed
train_subset: 240
val_subset: 60
batch_size: 40
learning_rate: $rate
power_watts: $keep
EOF
}

now() { # milliseconds
  local t=${EPOCHREALTIME/[.,]/}
  echo "${t:0:-3}"
}

# interrupt SIGNAL MILLISECONDS: starts Make, ends it. Status 1 when it had been faster. A job in the background would
# ignore SIGINT.
interrupt() {
  local status
  first="exec env --default-signal=INT setsid" make_eo -j2 all >"$S/log" 2>&1 </dev/null &
  group=$!
  sleep "$(printf '%d.%03d' $(($2 / 1000)) $(($2 % 1000)))"
  case $1 in
  TERM) kill -TERM "$group" 2>/dev/null ;;
  *) kill "-$1" -- "-$group" 2>/dev/null ;;
  esac
  wait "$group" 2>/dev/null
  status=$?
  [ $status != 0 ]
}

# What may not be there after Make has ended because of INT or TERM.
check_ended() {
  local left
  left=$(processes_of "$group")
  [ -z "$left" ] || { echo "still running: $left"; return 1; }
  left=$(find "$S/out" \( -name '*.tmp' -o -name '*.new' \) 2>/dev/null)
  [ -z "$left" ] || { echo "left behind: $left"; return 1; }
}

# round NUMBER: 0 when all is as it should be; what is wrong otherwise on standard output
round() {
  local form=A from_nothing=0 signal=${signals[$1 % ${#signals[@]}]} at
  [ $(($1 % 2)) = 0 ] || form=B
  if [ $(($1 % 3)) = 0 ]; then
    from_nothing=1
    make_eo clean >/dev/null 2>&1
  fi
  write_config $form
  at=$(((RANDOM * 32768 + RANDOM) % (whole * 95 / 100)))
  echo "round $1: form $form, from nothing $from_nothing, $signal after $at of $whole ms" >"$S/round"
  # Too late: it is done, so the other form is next, and earlier.
  while ! interrupt "$signal" $at; do
    [ $at -gt 20 ] || break
    at=$((at * 2 / 3))
    if [ $form = A ]; then form=B; else form=A; fi
    write_config $form
    echo "  too late; form $form after $at ms" >>"$S/round"
  done
  [ "$signal" = KILL ] || check_ended || return 1
  group=
  make_eo -j2 all >"$S/log" 2>&1 </dev/null || { echo "the next make fails:"; tail -n 5 "$S/log"; return 1; }
  sh tests/same-artefacts.sh "$S/$form" "$S/out" >"$S/same" || { cat "$S/same"; return 1; }
}

# ---- The runs to compare with.
"$EO_BIN/eo-data" --generate "$S/set" --train 300 --test 60 || exit 1
for form in A B; do
  write_config $form
  from=$(now)
  make_eo -j2 all >"$S/log" 2>&1 </dev/null || { cat "$S/log"; exit 1; }
  whole=$(($(now) - from))
  cp -a "$S/out" "$S/$form"
  [ $form = B ] || make_eo clean >/dev/null
done

good=0
for ((i = 1; i <= rounds; i++)); do
  if wrong=$(round $i); then
    good=$((good + 1))
  else
    cat "$S/round"
    printf '  %s\n' "$wrong"
    [ -z "$group" ] || kill -KILL -- "-$group" 2>/dev/null
    group=
    make_eo clean >/dev/null 2>&1 || rm -rf "$S/out"
  fi
  [ ! -t 2 ] || printf '\r%d of %d, %d good\033[K' $i "$rounds" $good >&2
done
[ ! -t 2 ] || printf '\r\033[K' >&2
echo "$good of $rounds"
[ $good = "$rounds" ]
