#!/bin/sh
# Fetches the libraries of another architecture, which programs for it are linked with. tests/check-bytes.sh needs those
# of arm64, tests/big-endian.sh those of s390x:
#
#     tests/sysroot.sh arm64 out/sysroot-aarch64
#
# They are unpacked there and not installed: apt-get works on lists and a cache of its own, so the system's
# architectures and packages stay as they are, and no privileges are needed. Silent when they are there already.

packages="libyaml-dev libpng-dev zlib1g-dev libmd-dev libjansson-dev"
arch=${1:?usage: sysroot.sh ARCHITECTURE FOLDER}
target=${2:?usage: sysroot.sh ARCHITECTURE FOLDER}
[ -d "$target" ] && exit 0

work=$target.new
rm -rf "$work"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/debs" "$work/root" || exit 1
work=$(cd "$work" && pwd) || exit 1
trap 'rm -rf "$work"' EXIT

apt() {
    apt-get -qq -o APT::Architecture="$arch" -o APT::Architectures::="$arch" -o Dir::State::Lists="$work/lists" \
        -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root -o Debug::NoLocking=1 \
        -o Acquire::Retries=1 -o Acquire::http::Timeout=20 "$@" >>"$work/log" 2>&1
}

# A list that cannot be fetched may not matter; if it does, its warning is printed below as the reason.
echo "  DEPS    $arch libraries for the tests, in $target"
apt update
cd "$work/debs" || exit 1
# shellcheck disable=SC2086 # a list
apt download $packages || {
    grep '^[EW]:' "$work/log" | head -n 3 >&2
    exit 1
}
for deb in *.deb; do
    dpkg -x "$deb" "$work/root" || exit 1
done
cd "$OLDPWD" && mv "$work/root" "$target"
