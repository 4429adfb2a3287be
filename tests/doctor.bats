#!/usr/bin/env bats
# eo-doctor and --machine: whether the machine is fit for timing; and joules where they are counted. No verdict
# on the real machine is demanded: what the others do with it meanwhile is theirs.

bats_require_minimum_version 1.5.0
load common
load measure

CHECKS="busy neighbours siblings steal interrupts load memory quota governor frequency turbo heat clock reference \
randomisation isolated guest counters energy machine"

setup_file() {
  fixture "$BATS_FILE_TMPDIR"
}

setup() {
  F=$BATS_FILE_TMPDIR
  cd "$BATS_TEST_TMPDIR"
}

teardown() {
  [ -z "${writer:-}" ] || { kill $writer && wait $writer || true; }
}

# put FILE TEXT: below the made-up machine, root
put() {
  mkdir -p "root${1%/*}"
  echo "$2" >"root$1"
}

# found CHECK, verdict CHECK, advice CHECK: cells of the report on standard output
found() { awk -F, -v c="$1" '$1 == c { print $2 }' <<<"$output"; }
verdict() { awk -F, -v c="$1" '$1 == c { print $3 }' <<<"$output"; }
advice() { awk -F, -v c="$1" '$1 == c { print $4 }' <<<"$output"; }

@test "doctor: a row for each check, known verdicts, exit 0 whatever they are" {
  run --separate-stderr eo-doctor
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  [ "${lines[0]}" = check,found,verdict,advice ]
  [ "$(cut -d, -f1 <<<"$output" | tail -n +2 | tr '\n' ' ')" = "$CHECKS " ]
  [ -z "$(tail -n +2 <<<"$output" | grep -vE '^[a-z]+,[^,]+,(good|warn|bad|unknown),[^,]*$')" ]
  # the worst of all is the machine's
  local worst=unknown v
  for v in good warn bad; do ! head -n -1 <<<"$output" | cut -d, -f3 | grep -qx $v || worst=$v; done
  [ "$(verdict machine)" = $worst ]
}

# A machine where all stands still but what the test sets.
machine() {
  put /proc/self/status $'Name:\tx\nCpus_allowed_list:\t0-3'
  put /proc/loadavg '0.10 0.20 0.30 1/90 4242'
  put /proc/meminfo $'MemTotal: 1000 kB\nMemAvailable: 900 kB'
  put /proc/sys/kernel/randomize_va_space 2
  put /sys/devices/system/clocksource/clocksource0/current_clocksource tsc
  put /sys/devices/system/cpu/cpu3/topology/thread_siblings_list 3
  put /sys/devices/system/cpu/cpu3/cpufreq/scaling_governor performance
}

@test "doctor --json: the same checks" {
  eo-doctor --json -o report
  [ "$(for ((i = 0; i < $(json get report checks); i++)); do json get report checks/$i/check; done | tr '\n' ' ')" = \
    "$CHECKS " ]
  [[ "$(json get report checks/0/verdict)" =~ ^(good|warn|bad|unknown)$ ]]
  # What was found is text, of which some is a number.
  grep -q '"check": "randomisation",' report
  run ! grep '"found": [0-9]' report
  documented report
}

@test "doctor: a made-up machine, before and after its advice" {
  machine
  put /sys/devices/system/cpu/cpu3/cpufreq/scaling_governor powersave
  put /sys/devices/system/cpu/intel_pstate/no_turbo 0
  put /sys/devices/system/cpu/cpu3/cpufreq/scaling_driver intel_pstate
  put /sys/devices/system/cpu/cpu3/topology/thread_siblings_list 1,3
  put /sys/devices/system/clocksource/clocksource0/current_clocksource hpet
  put /proc/sys/kernel/randomize_va_space 0
  EO_HOST_ROOT=root run eo-doctor
  [ "$status" -eq 0 ]
  [ "$(found governor),$(verdict governor),$(advice governor)" = \
    "powersave (intel_pstate),warn,cpupower frequency-set -g performance" ]
  [ "$(found turbo),$(advice turbo)" = "on,echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo" ]
  [ "$(found siblings),$(advice siblings)" = \
    "processor 1 shares the core,echo off > /sys/devices/system/cpu/smt/control" ]
  [ "$(verdict clock),$(verdict machine)" = bad,bad ]
  [[ $(found clock) == hpet\;* ]]
  [ "$(advice machine)" = "clock: echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource" ]
  [ "$(advice randomisation)" = "sysctl kernel.randomize_va_space=2" ]
  # nothing moved in /proc/stat, for there is none
  [ "$(verdict busy),$(verdict steal)" = unknown,unknown ]
  machine
  put /sys/devices/system/cpu/intel_pstate/no_turbo 1
  EO_HOST_ROOT=root run eo-doctor
  local check
  for check in siblings load memory governor turbo clock randomisation; do
    [ "$(verdict $check)" = good ] || { echo "$check: $output"; return 1; }
  done
}

@test "doctor: of a guest nothing is asked that its host alone decides" {
  machine
  rm -r root/sys/devices/system/cpu/cpu3/cpufreq
  put /proc/cpuinfo $'processor\t: 0\nflags\t\t: fpu hypervisor avx2'
  EO_HOST_ROOT=root run eo-doctor
  [ "$(found guest),$(verdict guest)" = yes,unknown ]
  local check
  for check in governor frequency turbo heat guest; do
    [ "$(verdict $check),$(advice $check)" = unknown, ] || { echo "$check: $output"; return 1; }
  done
}

@test "doctor: --strict fails on a bad machine, after the report; --cpu chooses the processor" {
  machine
  export EO_HOST_ROOT=root
  put /sys/devices/system/clocksource/clocksource0/current_clocksource jiffies
  run --separate-stderr eo-doctor --strict -o report.csv
  [ "$status" -eq 1 ]
  [ -z "$output" ]
  [ "$stderr" = "eo-doctor: this machine is not fit for timing: the report says why" ]
  grep -q '^machine,.*,bad,clock: ' report.csv
  fails 1 "eo-doctor: expected a processor that this process may run on, found 4" eo-doctor --cpu 4
  put /sys/devices/system/cpu/cpu2/cpufreq/scaling_governor ondemand
  run eo-doctor --cpu 2
  [ "$(found governor)" = ondemand ]
}

@test "doctor: counters of time that move" {
  machine
  # Half of processor 3 is taken by others, and a tenth by other guests; processor 0 is idle.
  local start=${EPOCHREALTIME/./}
  while :; do
    t=$(((${EPOCHREALTIME/./} - start) / 1000))
    printf 'cpu0 0 0 0 %d 0 0 0 0 0 0\ncpu3 %d 0 0 %d 0 0 0 %d 0 0\n' $((100000 + t)) $((100000 + t * 5)) \
      $((100000 + t * 4)) $((100000 + t)) >stat
    mkdir -p root/proc && mv stat root/proc/stat
  done &
  writer=$!
  while [ ! -e root/proc/stat ]; do sleep 0.01; done
  EO_HOST_ROOT=root run eo-doctor
  [ "$(verdict busy),$(advice busy)" = "bad,eo-bench --cpu 0" ] || { echo "$output"; return 1; }
  [ "$(found busy)" = "50 % of processor 3" ]
  [ "$(found steal),$(verdict steal)" = "10.0 %,bad" ]
  [ "$(found neighbours),$(verdict neighbours)" = "0 % of the other processors,good" ]
}

@test "doctor: wrong usage" {
  misused "eo-doctor: unexpected operand 'x'" eo-doctor x
  misused "eo-doctor: unknown or ambiguous option '--config'" eo-doctor --config x
  misused "eo-bench: only one output can go to standard output; give the others a file" eo-bench \
    --machine - $F/base.safetensors
}

@test "doctor: a full disk is an error" {
  fails_like 1 "eo-doctor: /dev/full: cannot write: No space left on device" eo-doctor -o /dev/full
}

@test "machine: the report beside the rows, none when --strict refuses them" {
  eo-bench -c $F/cfg.yaml --exact --machine machine.csv -o row.csv $F/base.safetensors
  [ "$(cut -d, -f1 machine.csv | tail -n +2 | tr '\n' ' ')" = "$CHECKS " ]
  [ "$(wc -l <row.csv)" -eq 2 ]
  rm machine.csv
  # of a single sample no row is ok
  fails_like 1 "eo-bench: * expected timing status ok, found short: *" \
    eo-bench -c $F/cfg.yaml --exact --trials 1 --repeats 1 --strict --machine machine.csv $F/base.safetensors
  [ ! -e machine.csv ]
}

@test "a quota of the control group below the threads stands in the row" {
  put /proc/self/cgroup 0::/c
  put /sys/fs/cgroup/c/cpu.max "50000 100000"
  EO_HOST_ROOT=root eo-bench -c $F/cfg.yaml --exact $F/base.safetensors >row.csv
  [[ $(column timing_reason row.csv) == *"quota: the control group may use 0.50 processors"* ]]
  put /sys/fs/cgroup/c/cpu.max "100000 100000"
  EO_HOST_ROOT=root eo-bench -c $F/cfg.yaml --exact $F/base.safetensors >row.csv
  [[ $(column timing_reason row.csv) != *quota* ]]
}

@test "energy: not counted here or there, and why" {
  EO_HOST_ROOT=/nonexistent eo-bench -c $F/cfg.yaml --exact $F/base.safetensors >row.csv
  [ "$(column energy_source row.csv)" = "unavailable: no powercap" ]
  [ -z "$(column energy_measured_j row.csv)$(column idle_power_w row.csv)" ]
  put /sys/class/powercap/intel-rapl:0/name package-0
  put /sys/class/powercap/intel-rapl:0/energy_uj garbage
  EO_HOST_ROOT=root eo-bench -c $F/cfg.yaml --exact $F/base.safetensors >row.csv
  [ "$(column energy_source row.csv)" = "unavailable: energy of package-0 is no count of microjoules" ]
  # a counter that stands still
  put /sys/class/powercap/intel-rapl:0/max_energy_range_uj 9000000000000
  put /sys/class/powercap/intel-rapl:0/energy_uj 1000
  EO_HOST_ROOT=root eo-bench -c $F/cfg.yaml --exact $F/base.safetensors >row.csv
  [ "$(column energy_source row.csv)" = "unavailable: the counters stand still" ]
}

@test "energy: joules of an image less those of the idle machine, in rows of their own" {
  local zone=/sys/class/powercap/intel-rapl:0 start=${EPOCHREALTIME/./}
  put $zone/name package-0
  put $zone/max_energy_range_uj 9000000000000
  put $zone:1/name dram
  put $zone:1/max_energy_range_uj 9000000000000
  put $zone:1/energy_uj 5
  # The power rises all the time, so that the machine takes more while it works than before. Numbers of one length,
  # written over each other, are never seen half.
  put $zone/energy_uj 1000000000000
  while :; do
    t=$((${EPOCHREALTIME/./} - start))
    printf '%d\n' $((1000000000000 + t * t / 100000)) 1<>root$zone/energy_uj
    sleep 0.005
  done &
  writer=$!
  EO_HOST_ROOT=root eo-bench -c $F/cfg.yaml --exact $F/base.safetensors $F/int8.safetensors >row.csv
  kill $writer && wait $writer || true
  writer=
  [ "$(column energy_source row.csv | sort -u)" = "rapl:package-0+dram" ]
  [ "$(column idle_power_w row.csv | sort -u | wc -l)" -eq 1 ]
  # Ten watts in the first second and more later; an image takes some microseconds of that.
  awk -F, -v w="$(column idle_power_w row.csv | head -n 1)" 'BEGIN { exit !(w > 5 && w < 1000) }'
  column energy_measured_j row.csv | awk '!($1 > 1e-7 && $1 < 1) { bad = 1 } END { exit bad || NR != 2 }'
}
