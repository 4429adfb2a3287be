#!/bin/sh
# Runs the first two commands of the README on a Debian 12 that has make and git, but nothing else of what they need: as
# root, and as a plain user with sudo.
#
#     tests/bare.sh [root] [user]       both by default; the last line is "bare: N passed, M failed, K skipped"
#
# For each, debootstrap builds a root folder, which gets a clone of what is committed here. Needs root, debootstrap,
# some 3 GB below TMPDIR (/var/tmp by default), and a mirror: the first that apt has here, else deb.debian.org.
# Everything runs in namespaces of its own, so no mount and no process outlives the script.
set -u
cd "$(dirname "$0")/.." || exit 1
commands=$(sed -n 's/^    \(make deps [a-z]*\) *#.*/\1/p' README.md)

skip() {
    echo "skipped: bare ($1)"
    echo "bare: 0 passed, 0 failed, 1 skipped"
    exit 0
}
[ "$(id -u)" = 0 ] || skip "needs root"
command -v debootstrap >/dev/null || skip "needs debootstrap: apt-get install debootstrap"
if [ "${EO_BARE_INSIDE:-}" != yes ]; then
    unshare --mount --pid --fork true 2>/dev/null || skip "namespaces are not to be had here"
    EO_BARE_INSIDE=yes exec unshare --mount --pid --fork --kill-child sh tests/bare.sh "$@"
fi

work=$(mktemp -d -p "${TMPDIR:-/var/tmp}" eo-bare.XXXXXX) || exit 1
# Unmount before removing, because rm must not remove what is below a mount.
trap 'umount -lR "$work"/*/proc "$work"/*/sys "$work"/*/dev/shm "$work"/*/dev/pts 2>/dev/null
    rm -rf --one-file-system "$work"' EXIT
trap 'exit 1' HUP INT TERM

# shellcheck disable=SC2016 # names of apt's
mirror=$(apt-get indextargets --format '$(SITE) $(ORIGIN) $(CODENAME)' 'Created-By: Packages' 2>/dev/null |
    awk '$2 == "Debian" && $3 == "bookworm" { print $1; exit }')
mirror=${mirror:-http://deb.debian.org/debian}

# lend_network ROOT: copies what reaches the mirror from here: names, proxies, certificates
lend_network() {
    cp -L /etc/resolv.conf /etc/hosts /etc/hostname "$1/etc/" 2>/dev/null
    apt-config dump | grep -E '^Acquire::(http|https)::(Proxy|Timeout)' >"$1/etc/apt/apt.conf.d/99bare"
    case $mirror in
    https:*) mkdir -p "$1/etc/ssl/certs" && cp -L /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/" ;;
    esac
}

# build ROOT USER: a root folder with the clone in /home/USER/edge-opt
build() {
    root=$1 packages=make,git
    [ "$2" = root ] || packages=$packages,sudo
    debootstrap --variant=minbase --include=$packages bookworm "$root" "$mirror" >"$work/log" 2>&1 || {
        tail -n 5 "$work/log"
        return 1
    }
    rm -f "$root"/var/cache/apt/archives/*.deb
    lend_network "$root"
    mount -t proc proc "$root/proc" && mount --rbind -o ro /sys "$root/sys" &&
        mkdir -p "$root/dev/shm" "$root/dev/pts" && mount -t tmpfs tmpfs "$root/dev/shm" &&
        mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts" || return 1
    mkdir -p "$root/home/$2"
    if [ "$2" != root ]; then
        chroot "$root" useradd -d "/home/$2" "$2" || return 1
        echo "$2 ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/$2"
    fi
    git -c safe.directory='*' clone -q --no-hardlinks . "$root/home/$2/edge-opt" &&
        chroot "$root" chown -R "$2" "/home/$2"
}

# expected COMMAND LAST-LINE: whether it ended as it should; the experiment recommends one near its end
expected() {
    case $1 in
    *check) echo "$2" | grep -qE '^[1-9][0-9]* passed, 0 failed, [0-9]+ skipped$' ;;
    *) tail -n 9 "$work/log" | grep -q '^ *recommended: level ' ;;
    esac
}

passed=0 failed=0
[ $# -gt 0 ] || set -- root user
for who; do
    root=$work/$who
    if ! build "$root" "$who"; then
        echo "bare: $who: the root could not be built from $mirror"
        failed=$((failed + 1))
        continue
    fi
    echo "$commands" >"$work/commands"
    while read -r command; do
        start=$(date +%s)
        # shellcheck disable=SC2016 # what is there of proxies
        env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb HOME="/home/$who" \
            ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
            chroot "$root" su -p -s /bin/sh "$who" -c "cd /home/$who/edge-opt && $command" >"$work/log" 2>&1 </dev/null
        status=$?
        last=$(tail -n 1 "$work/log")
        if [ $status = 0 ] && expected "$command" "$last"; then
            passed=$((passed + 1))
            verdict=good
        else
            failed=$((failed + 1))
            verdict="FAILED with status $status"
            grep -A 12 -E '^not ok|, [1-9][0-9]* failed' "$work/log" | sed 's/^/    /'
            tail -n 5 "$work/log" | sed 's/^/    /'
        fi
        grep '^skipped' "$work/log" | sed 's/^/    /'
        echo "bare: $who: $command: $verdict, $(($(date +%s) - start)) s," \
            "$(du -cm "$root/var/cache/apt/archives" | awk 'END { print $1 }') MB of packages so far: $last"
    done <"$work/commands"
    umount -lR "$root/proc" "$root/sys" "$root/dev/shm" "$root/dev/pts"
    rm -rf --one-file-system "$root"
done
echo "bare: $passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
