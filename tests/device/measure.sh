#!/bin/sh
# Compiles exported code for a core, runs it in QEMU and prints what it takes, as one line of CSV.
#
#     measure.sh header [layers]
#     measure.sh FOLDER CORE NAME BUILD [LAYERS]
#
# FOLDER holds net.h and net.c, exported with --prefix net. NAME and BUILD ("fast" or "") begin the line. LAYERS is a
# file to write: a line for each layer, and first one for what comes before the first layer, called "input".
# CORE: m0, m3, m4 (plain C), m4dsp, m55 or rv32imc. EO_TESTS names the folder of the plug-in count.so, and
# EO_EMULATOR_SECONDS the limit of a run (600). Flash is that of a program that runs the model, with what it needs of
# libraries, less that of an empty one. Instructions are counted from the call of net_run() to its return; they are not
# cycles.
set -eu
columns=candidate,build,core,flash_bytes,const_bytes,state_bytes,stack_bytes,ram_bytes,macs,instructions
columns=$columns,instructions_per_mac,scores_equal,compiler,flags
[ "$1" != header ] || [ $# -eq 1 ] || columns=candidate,build,core,layer,macs,instructions,share,instructions_per_mac
[ "$1" != header ] || { echo "$columns"; exit 0; }
here=$(dirname "$0") folder=$1 core=$2 name=$3 kind=$4 layers=${5:-/dev/null}
# There is no code for this model.
[ -s "$1/net.c" ] || { : >"$layers"; exit 0; }
build=$folder/$core
mkdir -p "$build"
trap 'rm -rf "$build"' EXIT
trap 'exit 1' HUP INT TERM

limit=${EO_EMULATOR_SECONDS:-600} arm='arm-none-eabi-' flash=0 ram=0x20000000 libs="--specs=nano.specs" extra=
case $core in
  m0) machine="arm -M mps2-an385" flags="-mcpu=cortex-m0 -mthumb" ;;
  m3) machine="arm -M mps2-an385" flags="-mcpu=cortex-m3 -mthumb" ;;
  m4) machine="arm -M mps2-an386" flags="-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16" extra=-DNET_PLAIN \
    ;;
  m4dsp) machine="arm -M mps2-an386" flags="-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16" ;;
  m55) machine="arm -M mps3-an547" flags="-mcpu=cortex-m55 -mthumb -mfloat-abi=hard" ;;
  rv32imc) arm=riscv64-unknown-elf- flash=0x80000000 ram=0x80400000 machine="riscv32 -M virt -bios none"
    flags="-march=rv32imc -mabi=ilp32 -mcmodel=medany" libs="--specs=picolibc.specs" ;;
  *) echo "measure.sh: unknown core '$core'" >&2; exit 2 ;;
esac
cc="${arm}gcc $libs $flags $extra -std=c99 -O2 -ffunction-sections -fdata-sections -I$folder -I$here"
cpp="${arm}gcc $libs $flags -std=gnu99 -O2 $extra -ffunction-sections -fdata-sections -I$folder -I$here"
link="-nostartfiles -Wl,--gc-sections -T $here/board.ld -Wl,--defsym=FLASH=$flash -Wl,--defsym=RAM=$ram"
warn="-Wall -Wextra -Wconversion -Wshadow -pedantic"

# $1 = name of the program, then flags of the harness and the objects
program() {
  out=$build/$1
  shift
  $cpp "$@" "$here/board.c" $link -o "$out"
}
size_of() {
  "${arm}size" -A "$build/$1" | awk '/^\.(text|rodata|data|ARM)/ { n += $2 } END { print n + 0 }'
}
# The address of a function, without the bit that says Thumb.
address() {
  "${arm}nm" "$build/$1" | awk -v f="$2" '$3 == f { print "0x" $1 }'
}
emulate() {
  program=$1
  shift
  timeout $limit qemu-system-$machine -display none -serial none -monitor none \
    -semihosting-config enable=on,target=native -kernel "$build/$program" "$@" 2>&1
}

$cc $warn -c "$folder/net.c" -o "$build/net.o"
$cc $warn -DNET_NO_SELFTEST -c "$folder/net.c" -o "$build/bare.o"
$cc '-DNET_STEP(k)=board_step(k)' -include "$here/step.h" -DNET_NO_SELFTEST -c "$folder/net.c" -o "$build/step.o"
program empty -DEMPTY "$here/flash.c"
program flash -DNET_NO_SELFTEST "$here/flash.c" "$build/bare.o"
program test "$here/run.c" "$build/net.o"
program run -DNET_NO_SELFTEST "$here/run.c" "$build/bare.o"
program layers -DNET_NO_SELFTEST "$here/run.c" "$build/step.o"

header() {
  echo "NET_$1" | $cc -DNET_NO_SELFTEST -include net.h -E -P - | tail -n 1
}
value() {
  sed -n "s/^$1 //p" "$build/said"
}

fail() {
  echo "measure.sh: $folder/net.c: core $core: $1: QEMU ended with status $2 (124: after $limit s), expected 0; it" \
    "said: $(tail -n 1 "$build/said")" >&2
  exit 1
}

# Faults say so, and end with another result. Floating point of Cortex-M0 takes half a minute and more.
emulate test >"$build/said" || fail "self-test" $?
state=$(header STATE_BYTES) stack=$(value stack) macs=$(header MACS)
equal=$([ "$(value result)" = 0 ] && echo 1 || echo 0)
marks=
for mark in board_mark board_step_begin board_step_end; do marks=$marks,mark=$(address layers $mark); done
# The program runs the model twice, the second time between two marks 0. What lies between marks 2 and 1 belongs to the
# layer that was named before.
emulate layers -plugin "$EO_TESTS/count.so$marks" >"$build/said" || fail "layers" $?
awk -v name="$name,$kind,$core" -v layers="$(header LAYERS)" -v names="$(header LAYER_NAMES)" \
  -v macs="$(header LAYER_MACS)" '
  function row(label, n, macs) {
    printf "%s,%s,%d,%d,%.4f,", name, label, macs, n, n / all
    if (macs)
      printf "%.3f", n / macs
    printf "\n"
  }
  function count(to) { n[layer] += to - at; all += to - at }
  $1 == "mark" && $2 == 0 { inside++; layer = "input"; at = $3 }
  $1 == "mark" && $2 == 1 && inside == 1 { count($3) }
  $1 == "mark" && $2 == 2 { at = $3 }
  $1 == "layer" { layer = $2 }
  END {
    gsub(/[" ]/, "", names)
    split(names, label, ",")
    split(macs, of, ",")
    row("input", n["input"], 0)
    for (k = 0; k < layers; k++)
      row(label[k + 1], n[k], of[k + 1])
  }' "$build/said" >"$layers"
emulate run -plugin "$EO_TESTS/count.so,mark=$(address run board_mark)" >"$build/said" || fail "instructions" $?
instructions=$(awk '/^mark/ { a[n++] = $3 } END { print a[1] - a[0] - 1 }' "$build/said")
echo \
  "$name,$kind,$core,$(($(size_of flash) - $(size_of empty))),$(header \
  CONST_BYTES),$state,$stack,$((state + stack)),$macs,\
$instructions,$(awk -v i="$instructions" -v m="$macs" 'BEGIN { printf "%.3f", i / m }'),$equal,\
$("${arm}gcc" -dumpfullversion),$flags -O2"
