#!/bin/sh
# The unit tests and the fuzz corpora as a big-endian machine runs them: built for s390x, run by qemu's user mode. The
# last line is "N passed, N failed, N skipped"; where a compiler, qemu or the libraries are missing, that is one test
# that is skipped by name. It takes long, because qemu runs the statistics of the tests too.
#
#     make check-big-endian        builds into out/s390x, with libraries in out/sysroot-s390x
cd "$(dirname "$0")/.." || exit 1
build=out/s390x
sysroot=out/sysroot-s390x
cc=s390x-linux-gnu-gcc
qemu=qemu-s390x-static

skip() {
    echo "skipped: big-endian ($1)"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}
for program in $cc $qemu; do
    command -v $program >/dev/null || skip "$program is not installed; make deps check-big-endian"
done
mkdir -p out
sh tests/sysroot.sh s390x $sysroot || skip "no s390x libraries to be had"

# With -std=c11, gcc for s390x computes float expressions in double unless told otherwise.
env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make --no-print-directory -j"$(nproc)" B=$build SANITIZE= OPT=-O1 \
    CFLAGS="-g0 -fexcess-precision=fast" CC=$cc AR=s390x-linux-gnu-ar CPPFLAGS="-isystem $sysroot/usr/include" \
    LDFLAGS="-static -L$sysroot/usr/lib/s390x-linux-gnu" FAULTS= unit-tests >$build.log 2>&1 || {
    tail -n 20 $build.log
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
}

# Two tests start themselves again, which works only where the system runs s390x programs by qemu.
left_out=test_pin
echo "skipped: test_pin (counts the threads of its process, and qemu has one of its own)"
$build/build/tests/test_buf >/dev/null 2>&1 || for test in test_bench test_resume; do
    echo "skipped: $test (starts itself, and the system runs no s390x programs)"
    left_out="$left_out $test"
done
rm -rf $build/chosen
mkdir $build/chosen
for test in $build/build/tests/test_* $build/build/tests/fuzz_*; do
    case " $left_out " in *" ${test##*/} "*) continue ;; esac
    case ${test##*/} in *.*) ;; *) ln -s "$PWD/$test" $build/chosen ;; esac
done
EO_EMULATOR=$qemu EO_TESTS=$PWD/$build/chosen sh tests/run.sh unit
