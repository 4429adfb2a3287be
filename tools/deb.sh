#!/bin/sh
# Makes a Debian package of what `make install` puts into a folder:
#
#     sh tools/deb.sh FOLDER VERSION OUTPUT.deb
#
# FOLDER was installed with PREFIX=/usr; it is changed into the contents of the package. The same sources, compilers and
# packages give the same bytes: times are those of SOURCE_DATE_EPOCH, else of the last commit, else of the version.
set -eu
folder=$1 version=$2 output=$3
export LC_ALL=C
maintainer='edge-opt authors <edge-opt@users.noreply.example>'
time=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y lib/base/version.h)}
export SOURCE_DATE_EPOCH="$time"
command -v dpkg-shlibdeps >/dev/null ||
    { echo "make deb: needs 'dpkg-shlibdeps': apt-get install dpkg-dev" >&2; exit 1; }
umask 022
share=$folder/usr/share doc=$folder/usr/share/doc/edge-opt

# What Debian has in other places or other forms.
mv "$share/zsh/site-functions" "$share/zsh/vendor-completions"
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$folder"/usr/bin/eo-* \
    "$folder"/usr/lib/edge-opt/count.so
gzip -9n "$share"/man/man?/*
find "$share/edge-opt" -name '*.sh' -exec grep -lZ '^#!' {} + | xargs -0 chmod 755
# They are for developers: the package has no sources.
rm -f "$share/edge-opt/tests/device/README.md"

mkdir -p "$doc"
cat >"$doc/copyright" <<END
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: edge-opt

Files: *
$(sed -n 's/^Copyright (c) /Copyright: /p' LICENSE)
License: Expat
$(sed '1,/^Copyright/d' LICENSE | sed '1{/^$/d}; s/^$/./; s/^/ /')
END
cat >"$doc/changelog" <<END
edge-opt ($version) unstable; urgency=medium

  * CHANGELOG.md of the project says what changed.

 -- $maintainer  $(date -u -R -d "@$time")
END
gzip -9n "$doc/changelog"

# The programs' libraries with their least versions, as the packages of these libraries say.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work/debian"
printf 'Source: edge-opt\n\nPackage: edge-opt\nArchitecture: any\n' >"$work/debian/control"
programs=$(cd "$folder" && pwd)
libraries=$(cd "$work" && dpkg-shlibdeps -O "$programs"/usr/bin/eo-* 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
[ -n "$libraries" ] || { echo "make deb: dpkg-shlibdeps finds no package of the programs' libraries" >&2; exit 1; }

# For `eo device`: the packages of `make deps device`. A field is one line.
suggests="bash-completion, $(sed -e :a -e '/\\$/{N;s/\\\n//;ta' -e '}' Makefile |
    sed -n 's/^DEPS_DEVICE := //p' | tr -s '\t ' ' ' | sed 's/ /, /g')"

mkdir "$folder/DEBIAN"
cat >"$folder/DEBIAN/control" <<END
Package: edge-opt
Version: $version
Architecture: $(dpkg --print-architecture)
Maintainer: $maintainer
Installed-Size: $(du -sk --apparent-size "$folder/usr" | cut -f 1)
Depends: $libraries, gnuplot-nox | gnuplot-qt | gnuplot-x11, make
Recommends: ca-certificates, curl, graphviz
Suggests: $suggests
Section: science
Priority: optional
Description: fit a small neural network into a small device
 One YAML file goes in; a family of trained, pruned, quantised and measured
 models comes out, filtered by a memory budget, with Pareto frontiers, a
 recommendation, hardware reports, plots and C code for a device. "eo new"
 writes such a file, and "eo run" makes the models.
END
(cd "$folder" && find usr -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$folder" -exec touch -h -d "@$time" {} +
rm -f "$output.new"
dpkg-deb --root-owner-group -Zxz --build "$folder" "$output.new" >/dev/null
mv "$output.new" "$output"
echo "  DEB      $output"
