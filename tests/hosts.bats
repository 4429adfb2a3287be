# On which hosts programs run, and who may: RUN, and makes of other hosts.
load common

setup() {
  cd "$BATS_TEST_TMPDIR"
  bats_require_minimum_version 1.5.0
  sed '/^output_dir/d' "$EO_ROOT/tests/golden/small.yaml" >exp.yaml
  echo "output_dir: $PWD/out" >>exp.yaml
  lock=$(dirname "$EO_BIN")/build/lock/$(sed 's,/,+,g' <<<"$PWD/out").owner
}

teardown() { rm -f "$lock"; }

make_eo() {
  env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" \
    CONFIG="$PWD/exp.yaml" "$@"
}

@test "hosts: RUN is a word of the table or a command; another word is refused in one line" {
  make_eo programs
  fails 1 "make: RUN=slrum: expected local, slurm, or a command that runs each program, such as RUN='nice -n 10'; \
there is no command 'slrum'" make_eo "$PWD/out/dataset.csv" RUN=slrum
  fails 1 "make: RUN=slurm -N 2: expected slurm alone, found more words" \
    make_eo "$PWD/out/dataset.csv" RUN="slurm -N 2"
  [ ! -e out ]
  run make_eo "$PWD/out/models/base.safetensors" RUN=local
  [ "$status" -eq 0 ]
  rm out/models/base.safetensors
  run make_eo "$PWD/out/models/base.safetensors" RUN='nice -n 10'
  [ "$status" -eq 0 ]
}

@test "hosts: without Slurm's programs, and without a kind of nodes to time on, RUN=slurm says so before any work" {
  fails 1 "make: RUN=slurm: candidates are timed on nodes of one kind: expected EO_KIND=NAME, a feature that these \
nodes have; sinfo -o '%20N %f' lists features" make_eo all RUN=slurm
  rm -rf path && mkdir path
  cp -s /usr/sbin/* /usr/bin/* /bin/* path 2>/dev/null || true
  rm -f path/sbatch
  PATH=$PWD/path fails 1 "make: slurm: RUN=slurm needs sbatch, of Slurm's programs for users" \
    make_eo accuracy RUN=slurm
}

@test "hosts: a make waits for one of another host, and says how to go on without it" {
  make_eo programs
  mkdir -p "${lock%/*}"
  echo "login2 4711 2026-11-29 10:00:00" >"$lock"
  make_eo "$PWD/out/dataset.csv" >said 2>&1 3>&- &
  for i in {1..100}; do
    [ ! -s said ] || break
    sleep 0.1
  done
  [ "$(cat said)" = "make: another make is at work on $PWD/exp.yaml (host login2, process 4711, since 2026-11-29 \
10:00:00); waiting until it is done. If that process is gone: rm $lock" ] || { cat said; false; }
  [ ! -e out/dataset.csv ]
  rm "$lock"
  wait $!
  [ -s out/dataset.csv ]
  [ ! -e "$lock" ]
}

@test "hosts: what a killed make of this host left is no obstacle" {
  echo "$(uname -n) 4194303 2026-11-29 10:00:00" >"$lock"
  run make_eo "$PWD/out/dataset.csv"
  [ "$status" -eq 0 ]
  [[ $output != *"another make"* ]]
  [ -z "$(ls "$lock"* 2>/dev/null)" ]
}
