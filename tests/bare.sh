#!/bin/sh
# Runs the first two commands of the README on a Debian 12 that has make and git, but nothing else of what they need: as
# root, and as a plain user with sudo. Then installs the package of `make deb` on a Debian 12 without make, git and
# compiler, and runs `eo new` and `eo run` there, as a plain user in an empty folder.
#
#     tests/bare.sh [root] [user] [deb]    all by default; the last line is "bare: N passed, M failed, K skipped"
#
# For each, debootstrap builds a root folder, which gets a clone of what is committed here. Needs root, debootstrap,
# some 3 GB below TMPDIR (/var/tmp by default), and a mirror: the first that apt has here.
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
[ -n "$mirror" ] || skip "needs a mirror of bookworm in apt's sources"

# lend_network ROOT: copies what reaches the mirror from here: names, proxies, certificates
lend_network() {
    cp -L /etc/resolv.conf /etc/hosts /etc/hostname "$1/etc/" 2>/dev/null
    apt-config dump | grep -E '^Acquire::(http|https)::(Proxy|Timeout)' >"$1/etc/apt/apt.conf.d/99bare"
    case $mirror in
    https:*) mkdir -p "$1/etc/ssl/certs" && cp -L /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/" ;;
    esac
}

# bring ROOT USER: the clone in /home/USER/edge-opt, or for `deb` the package
bring() {
    if [ "$2" = deb ]; then
        make --no-print-directory deb B="$work/build" >"$work/log" 2>&1 && cp "$work"/build/edge-opt_*.deb "$1/tmp" &&
            DEBIAN_FRONTEND=noninteractive chroot "$1" sh -c \
                'apt-get update -qq && apt-get install -qq -y --no-install-recommends /tmp/edge-opt_*.deb' \
                >>"$work/log" 2>&1 && mkdir "$1/home/deb/edge-opt" || { tail -n 5 "$work/log" && false; }
    else
        git -c safe.directory='*' clone -q --no-hardlinks . "$1/home/$2/edge-opt"
    fi && chroot "$1" chown -R "$2" "/home/$2"
}

# build ROOT USER: a root folder in which USER finds what the commands need
build() {
    root=$1 packages=make,git
    case $2 in user) packages=$packages,sudo ;; deb) packages=ca-certificates ;; esac
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
    [ "$2" = root ] || chroot "$root" useradd -d "/home/$2" "$2" || return 1
    [ "$2" != user ] || echo "$2 ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/$2"
    bring "$root" "$2"
}

# expected COMMAND LAST-LINE: whether it ended as it should; the experiment recommends one near its end
expected() {
    case $1 in
    *check) echo "$2" | grep -qE '^[1-9][0-9]* passed, 0 failed, [0-9]+ skipped$' ;;
    *) tail -n 9 "$work/log" | grep -q '^ *recommended: level ' ;;
    esac
}

passed=0 failed=0
[ $# -gt 0 ] || set -- root user deb
for who; do
    root=$work/$who
    if ! build "$root" "$who"; then
        echo "bare: $who: the root could not be built from $mirror"
        failed=$((failed + 1))
        continue
    fi
    if [ "$who" = deb ]; then
        echo "eo new mine --epochs 1 </dev/null && eo run mine"
    else
        echo "$commands"
    fi >"$work/commands"
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
