#!/usr/bin/env bats
# Where a tool is to write is looked at before it works: nobody waits for what then cannot be kept.
bats_require_minimum_version 1.5.0
load common

setup() {
  cd "$BATS_TEST_TMPDIR"
  mkdir dir
  ln -s dir link
}

evaluate() {
  eo-eval -c missing.yaml "$@" missing
}

# The inputs are missing too, and would be named if they came first.
@test "a folder that is not there is named before any input is read" {
  for command in "eo-prune --level 0.5 --scores nowhere/f -o m" "eo-prune --level 0.5 -o nowhere/f" \
    "eo-prune --sensitivity nowhere/f" "eo-quant --precision int8 --report nowhere/f -o m" \
    "eo-quant --precision int8 -o nowhere/f" \
    "eo-eval --hits nowhere/f" "eo-eval --predictions nowhere/f" "eo-eval -o nowhere/f" "eo-bench -o nowhere/f" \
    "eo-bench --samples nowhere/f" "eo-bench --rounds nowhere/f" "eo-bench --machine nowhere/f" \
    "eo-mlperf -o nowhere/f" \
    "eo-layers -o nowhere/f"; do
    fails 1 "${command%% *}: nowhere/f: cannot create: No such file or directory" $command -c missing.yaml missing
  done
  fails 1 "eo-train: nowhere/f: cannot create: No such file or directory" eo-train -c missing.yaml --log nowhere/f -o m
  fails 1 "eo-train: nowhere/f: cannot create: No such file or directory" eo-train -c missing.yaml -o nowhere/f
  fails 1 "eo-bench: nowhere/p0.50-int8.timing.csv: cannot create: No such file or directory" \
    eo-bench --from missing --into nowhere p0.50-int8
  fails 1 "eo-bench: dir/seed8/p0.50-int8.timing.csv: cannot create: No such file or directory" \
    eo-bench --from missing --into dir seed8/p0.50-int8
}

@test "a folder in the place of the file, a file in that of the folder" {
  fails 1 "eo-eval: dir: cannot write: is a directory" evaluate -o dir
  touch file
  fails 1 "eo-eval: file/f: cannot write: Not a directory" evaluate -o file/f
  # The new file is renamed over the old one, whose own rights do not matter.
  chmod a-w file
  fails_like 1 "eo-eval: missing.yaml: cannot open*" evaluate -o file
}

@test "no name behind the folder; wrong usage comes first" {
  fails 1 "eo-eval: dir/: cannot write: is a directory" evaluate -o dir/
  fails 1 "eo-eval: nowhere/: cannot create: No such file or directory" evaluate -o nowhere/
  fails 2 "eo-eval: the config and the model cannot both come from standard input
Try 'eo-eval --help'." eo-eval -c - -o nowhere/f -
}

@test "two outputs in one file, however it is spelt" {
  for pair in "f f" "f ./f" "dir/f link/f" "dir/../f f" "$PWD/f f" "nowhere/f nowhere/f"; do
    fails 2 "eo-eval: two outputs cannot go to one file, '${pair#* }'
Try 'eo-eval --help'." evaluate --hits ${pair% *} -o ${pair#* }
  done
  for pair in "f g" "f dir/f" "- f" "- ./-" "./- -"; do
    fails_like 1 "eo-eval: missing.yaml: cannot open*" evaluate --hits ${pair% *} -o ${pair#* }
  done
}

@test "standard output under its other names, and what else is open, is written and not replaced" {
  echo 'epochs: 3' >cfg.yaml
  eo-config --print cfg.yaml >expected
  for name in /dev/stdout /dev/fd/1 /proc/self/fd/1; do
    echo before >found
    eo-config --print -o $name cfg.yaml >>found
    [ "$(cat found)" = "before
$(cat expected)" ]
  done
  eo-config --print -o /dev/stderr cfg.yaml 2>found
  cmp found expected
  eo-config --print -o /dev/fd/5 cfg.yaml 5>found
  cmp found expected
  # however they are reached
  mkdir there
  ln -s ../out there/again
  ln -s /proc/self/fd/1 out
  ln -s /dev/fd files
  for name in out ./out dir/../out there/again link/../there/again files/1 /proc/self/cwd/out; do
    eo-config --print -o $name cfg.yaml >found
    cmp found expected
  done
  [ -L out ] && [ -L there/again ] && [ -L files ] || return 1
  eo-config --print -o files/5 cfg.yaml 5>found
  cmp found expected
  [ "$(readlink /dev/stdout),$(readlink /dev/stderr)" = /proc/self/fd/1,/proc/self/fd/2 ]
  fails 2 "eo-eval: only one output can go to standard output; give the others a file
Try 'eo-eval --help'." evaluate --hits - -o /dev/stdout
}

@test "what is open for reading alone, or closed, is not written" {
  echo 'epochs: 3' >cfg.yaml
  fails 1 "eo-config: /dev/fd/5: cannot write: Bad file descriptor" eo-config --print -o /dev/fd/5 cfg.yaml 5<cfg.yaml
  fails 1 "eo-eval: (standard stream): cannot write: Bad file descriptor" bash -c 'eo-eval -c missing.yaml missing >&-'
  [ "$(cat cfg.yaml)" = 'epochs: 3' ]
  status=0
  eo-config --print -o /dev/stderr cfg.yaml 2>&- || status=$?
  [ "$status" -eq 1 ]
}

@test "a file is replaced by whatever way its folder is reached" {
  echo 'epochs: 3' >cfg.yaml
  eo-config --print cfg.yaml >expected
  for name in /proc/self/cwd/f /dev/fd/5/f; do
    for again in 1 2; do eo-config --print -o $name cfg.yaml 5<.; done
    cmp f expected
  done
}

# write FILE: what is there afterwards is what was to be written
write() {
  timeout -k 1 10 eo-config --print -o "$1" cfg.yaml
  eo-config --print cfg.yaml | cmp - "$1"
}

@test "what is found under the name of the temporary file is removed, not written to" {
  echo 'epochs: 3' >cfg.yaml
  echo precious >other
  mkfifo .f.tmp
  write f
  ln other .f.tmp
  write g
  rm f
  write f
  [ "$(cat other)" = precious ]
  ln -s other .h.tmp
  write h
  echo left by a killed run >.i.tmp
  chmod 600 .i.tmp
  write i
  [ "$(cat other)" = precious ]
  [ -z "$(find . -name '.*.tmp')" ]
  mkdir .j.tmp
  fails 1 "eo-config: j: cannot remove the temporary file that is there: Is a directory" eo-config --print -o j cfg.yaml
}

@test "a lock stops a writer only where it is that of another one" {
  echo 'epochs: 3' >cfg.yaml
  touch .f.tmp
  chmod 600 .f.tmp
  flock .f.tmp sh -c 'eo-config --print -o f cfg.yaml' 2>err && false
  [ "$(cat err)" = "eo-config: f: cannot write: another process is writing this file" ]
  # Others can open this one, so they can lock it as well.
  chmod 644 .f.tmp
  flock .f.tmp timeout 10 eo-config --print -o f cfg.yaml
  eo-config --print cfg.yaml | cmp - f
}

@test "a file that is replaced keeps its mode, a new one has that of the umask" {
  echo 'epochs: 3' >cfg.yaml
  for mode in 600 444 664; do
    echo old >f && chmod $mode f
    write f
    [ "$(stat -c %a f)" = $mode ]
    rm f
  done
  (umask 027; write g)
  [ "$(stat -c %a g)" = 640 ]
}

@test "equal bytes keep the file: its time, its mode and its other names" {
  echo 'epochs: 3' >cfg.yaml
  write f
  ln f twin
  touch -d 2001-02-03 f
  echo left by a killed run >.f.tmp
  write f
  [ "$(stat -c '%y %h' f | cut -c 1-10,36-)" = "2001-02-03 2" ]
  [ ! -e .f.tmp ]
  echo 'epochs: 4' >cfg.yaml
  write f
  [ "$(stat -c '%y %h' f | cut -c 1-10,36-)" != "2001-02-03 2" ]
  grep -q 'epochs: 3' twin
  # What a link leads to is not this file.
  ln -s f link-to-f
  write link-to-f
  [ ! -L link-to-f ]
}

# as_owner COMMAND...: where root is no more than the owner of its files
as_owner() {
  [ "$(id -u)" -ne 0 ] || set -- setpriv --bounding-set=-dac_override,-dac_read_search "$@"
  "$@"
}

@test "a folder may be closed to readers, and to writers" {
  echo 'epochs: 3' >cfg.yaml
  chmod 333 dir
  as_owner eo-config --print -o dir/f cfg.yaml
  chmod 555 dir
  fails 1 "eo-eval: dir/f: cannot create: Permission denied" as_owner eo-eval -c missing.yaml -o dir/f missing
  eo-config --print cfg.yaml | cmp - dir/f
}

@test "every file of a sweep is looked at" {
  for ending in timing.csv rounds.csv timing.err; do
    mkdir dir/p0.50-int8.$ending
    fails 1 "eo-bench: dir/p0.50-int8.$ending: cannot write: is a directory" eo-bench --from missing --into dir \
      p0.50-int8
    rmdir dir/p0.50-int8.$ending
    fails 1 "eo-bench: dir/p0.50-int8.$ending: two outputs cannot go to one file" \
      eo-bench --from missing --into dir --machine link/p0.50-int8.$ending p0.50-int8
  done
}

@test "names with control characters stay on one line" {
  fails 1 "eo-eval: nowhere/a?b: cannot create: No such file or directory" evaluate -o $'nowhere/a\nb'
  fails 2 "eo-eval: two outputs cannot go to one file, 'a?b'
Try 'eo-eval --help'." evaluate --hits $'a\eb' -o $'a\eb'
}

@test "devices and pipes are no files to be replaced" {
  fails_like 1 "eo-eval: missing.yaml: cannot open*" evaluate -o /dev/null
  fails_like 1 "eo-eval: missing.yaml: cannot open*" evaluate -o /dev/stdout
  mkfifo pipe
  fails_like 1 "eo-eval: missing.yaml: cannot open*" evaluate -o pipe
}

@test "without memory for an input, the message names it" {
  [ -z "$EO_SANITIZE" ] || skip "sanitizers need more address space than the test leaves"
  truncate -s 60M big
  for tool in eo-inspect "eo-prune -l 0.5 -o out" eo-verify "eo-study x=big"; do
    fails 1 "${tool%% *}: big: out of memory: 62914560 bytes" \
      bash -c "ulimit -v 50000; exec $tool $([[ $tool == *big ]] || echo big)"
  done
  fails 1 "eo-prune: (standard stream): out of memory: 62914560 bytes" \
    bash -c "ulimit -v 50000; exec eo-prune -l 0.5 -o out <big"
  [ ! -e out ]
}
