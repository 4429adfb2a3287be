#!/bin/sh
# Prints one line about everything that Make is about to need and that is missing, before any work is done:
#
#     tools/needs.sh [-t] [-p] [-f] [COMPILER OPTION...]
#
# COMPILER must run and find the headers of the libraries. -t also checks what the tests need, -p gnuplot for plots, and
# -f clang and its libFuzzer. The exit status is 1 when something is missing.
headers="stdio.h:libc6-dev yaml.h:libyaml-dev png.h:libpng-dev zlib.h:zlib1g-dev sha2.h:libmd-dev"
commands=
goals=deps
fuzzer=
while getopts tpf option; do
    case $option in
    t)
        headers="$headers jansson.h:libjansson-dev"
        commands="$commands bats:bats gnuplot:gnuplot-nox" goals="deps check" ;;
    p) commands="$commands gnuplot:gnuplot-nox" ;;
    f) commands="$commands clang:clang" fuzzer=yes goals="deps fuzz" ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))

missing=
# lacks THING:PACKAGE
lacks() {
    case $missing in *"${1%%:*} "*) ;; *) missing="$missing, ${1%%:*} (${1#*:})" ;; esac
}

for command in ${1:+"$1:the compiler"} $commands; do
    command -v "${command%%:*}" >/dev/null || lacks "$command"
done
if [ $# -gt 0 ] && [ -z "$missing" ]; then
    found=$(for header in $headers; do
        printf '#if !__has_include(<%s>)\nlacks %s\n#endif\n' "${header%%:*}" "${header%%:*}"
    done | "$@" -E -P -x c - 2>&1) || {
        found=$(printf '%s\n' "$found" | head -n 1)
        echo "make: the compiler '$1' does not work here: ${found:-it says nothing}" >&2
        exit 1
    }
    for header in $headers; do
        case $found in *"lacks ${header%%:*}"*) lacks "$header" ;; esac
    done
fi
if [ -n "$fuzzer" ] && [ -z "$missing" ]; then
    [ -n "$(find "$(clang -print-runtime-dir)" "$(clang -print-resource-dir)" -name 'libclang_rt.fuzzer*' \
        2>/dev/null)" ] ||
        lacks "clang's libFuzzer:libclang-rt-dev"
fi
[ -n "$missing" ] || exit 0
me=make advice="'make $goals' installs what the project needs"
[ -z "${EO_SHARE:-}" ] || me=eo advice="install the Debian packages in parentheses"
echo "$me: missing here: ${missing#, }; $advice" >&2
exit 1
