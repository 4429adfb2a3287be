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

@test "hosts: a number of RUN=slurm that is none is refused in one line" {
  local word
  make_eo programs
  for word in eight 0 1001 -1 2x '' 99999999999999999999; do
    fails 1 "make: EO_SHARDS: expected an integer in 1..1000, found '$word'" make_eo explore RUN=slurm EO_SHARDS="$word"
  done
  fails 1 "make: EO_CPUS: expected an integer in 1..256, found 'all'" make_eo accuracy RUN=slurm EO_CPUS=all
  fails 1 "make: EO_MINUTES: expected minutes or auto, found '1h'" make_eo accuracy RUN=slurm EO_MINUTES=1h
  fails 1 "make: EO_MEM: expected megabytes, a number with K, M, G or T, or auto, found '2GB'" \
    make_eo accuracy RUN=slurm EO_MEM=2GB
  [ ! -e out/models ]
}

@test "hosts: under RUN=slurm programs have EO_CPUS threads, those of shards too" {
  make_eo programs
  echo "threads: 2" >>exp.yaml
  run make_eo -n explore RUN=slurm EO_CPUS=3 EO_SHARDS=2
  [ "$status" -eq 0 ]
  [[ $output == *"eo-explore "*" --threads 3 "*" --shard "* ]] || { echo "$output"; false; }
  [[ $output != *"--threads 2"* ]]
  run make_eo -n explore
  [[ $output == *"eo-explore "*" --threads 2 "* ]]
}

@test "hosts: limits of a job are keys of the configuration, and a variable wins over its key" {
  local limits="make_eo -n accuracy RUN=slurm"
  make_eo programs
  run $limits
  [[ $output == *$'\n# a job: EO_CPUS=1 EO_MEM=2048M EO_MINUTES=60\n'* ]] || { echo "$output"; false; }
  printf '%s\n' "job_minutes: 90" "job_memory_mb: null" "job_threads: null" "threads: 3" >>exp.yaml
  run $limits
  [[ $output == *$'\n# a job: EO_CPUS=3 EO_MEM=auto EO_MINUTES=90\n'* ]] || { echo "$output"; false; }
  [[ $output == *"eo-train "*" --threads 3 "* ]]
  EO_MINUTES=auto EO_CPUS= run $limits EO_MEM=4G
  [[ $output == *$'\n# a job: EO_CPUS=3 EO_MEM=4G EO_MINUTES=auto\n'* ]] || { echo "$output"; false; }
  # of no meaning on this host alone
  run make_eo -n accuracy
  [[ $output != *"# a job:"* ]]
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

# same_as_local RUN: makes all models on a host that RUN stands for; then nothing is left to do
same_as_local() {
  run make_eo accuracy RUN="$1"
  [ "$status" -eq 0 ] || { echo "$1: $output"; return 1; }
  sh "$EO_ROOT/tests/same-artefacts.sh" local out || return 1
  # no time of the other host's clock
  [ -z "$(find out -newermt '1 minute')" ] && [ -z "$(find out -not -newermt '-30 minutes')" ] || return 1
  run make_eo accuracy
  [ "$status" -eq 0 ] && [[ ! $output =~ (^|$'\n')\ \ [A-Z] ]] || { echo "$1, again: $output"; return 1; }
}

@test "hosts: clocks that are an hour wrong change no byte, and nothing is made twice" {
  local skew library=$EO_TESTS/skew.so
  [ -z "$EO_SANITIZE" ] || skip "sanitized programs do not survive a preloaded library"
  make_eo accuracy >/dev/null
  cp -r out local
  # The library does what it says, with the files of a program, too.
  [ $(($(LD_PRELOAD=$library EO_SKEW=3600 date +%s) - $(date +%s))) -ge 3590 ]
  LD_PRELOAD=$library EO_SKEW=3600 eo-config --keys -o keys
  [ -n "$(find keys -newermt '30 minutes')" ]
  for skew in 3600 -3600; do
    rm -r out
    same_as_local "env LD_PRELOAD=$library EO_SKEW=$skew"
  done
  # An edit on hosts that are wrong by an hour in the other direction.
  sed -i 's/^fine_tune_epochs: 1/fine_tune_epochs: 2/' exp.yaml
  rm -r local && cp -r out edited
  make_eo accuracy >/dev/null
  mv out local && mv edited out
  same_as_local "env LD_PRELOAD=$library EO_SKEW=3600"
}

@test "hosts: results seen through a second mount have the same bytes, and nothing is made twice" {
  unshare -rm true 2>/dev/null || skip "needs unshare -rm, which this host does not permit"
  make_eo accuracy >/dev/null
  cp -r out local
  rm -r out
  # Each program sees the folder of results as a file system of its own, as on another host.
  cat >other-mount <<'END'
#!/bin/sh
exec unshare -rm sh -c 'mount --bind "$0" "$0" && cd . && exec "$@"' "$EO_OTHER" "$@"
END
  chmod +x other-mount
  mkdir out
  EO_OTHER=$PWD/out "$PWD/other-mount" sh -c 'grep -q " $1 " /proc/self/mountinfo' sh "$PWD/out"
  EO_OTHER=$PWD/out same_as_local "$PWD/other-mount"
}
