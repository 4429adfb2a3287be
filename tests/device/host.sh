#!/bin/sh
# Checks exported code on this machine: by each compiler and level of optimisation, and with sanitizers, all scores of
# all test images must be those of the model.
#
#     host.sh BIN CONFIG DATA OUT <NAMES
#
# NAME is that of a candidate, and NAME-fast its fast code: OUT/device/NAME/net.c. A line is printed for each, then what
# was left out because this machine has no such compiler, and last the count; ends with 1 when a score differs. WAYS
# takes the place of the compilers and options below, separated by commas: WAYS='gcc -O2,clang -O3 -m32'.
set -eu
bin=$1 config=$2 data=$3 out=$4
default='gcc -O0,gcc -O1,gcc -O2,gcc -O3,gcc -O2 -m32,clang -O0,clang -O1,clang -O2,clang -O3'
default=$default,'gcc -O1 -fsanitize=address -fsanitize=undefined -fno-sanitize-recover=all'
tmp=$(mktemp -d "${TMPDIR:-/tmp}/eo-host.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# A compiler with its options is a script, because eo-export takes one word.
count=0 left_out=
printf '%s\n' "${WAYS:-$default}" | tr , '\n' >"$tmp/ways"
while read -r compiler options; do
  printf '#!/bin/sh\nexec %s "$@" %s\n' "$compiler" "$options" >"$tmp/cc$count"
  chmod +x "$tmp/cc$count"
  if printf '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n' >"$tmp/t.c" &&
    "$tmp/cc$count" -o "$tmp/t" "$tmp/t.c" 2>/dev/null; then
    echo "$compiler $options" >"$tmp/name$count"
    count=$((count + 1))
  else
    left_out="$left_out$compiler $options (no such program, or no library for it); "
  fi
done <"$tmp/ways"

[ "$count" -gt 0 ] || {
  echo "export-check: expected one of these compilers, found none: $(paste -sd, "$tmp/ways"); install gcc or clang," \
    "or name others in WAYS" >&2
  exit 1
}

passed=0 failed=0
tr ' ' '\n' >"$tmp/names"
while read -r name; do
  code=$out/device/$name/net.c model=$out/models/${name%-fast}.safetensors right=0 images=
  # There is no fast code for this model.
  [ -s "$code" ] || continue
  for i in $(seq 0 $((count - 1))); do
    if "$bin/eo-export" --check "$code" --cc "$tmp/cc$i" -c "$config" --data "$data" "$model" \
      >"$tmp/out" 2>"$tmp/err"; then
      right=$((right + 1)) images=$(sed 's/.* scores for //' "$tmp/out")
    else
      failed=$((failed + 1))
      echo "export-check: $(cat "$tmp/name$i"): $(tail -n 1 "$tmp/err")" >&2
    fi
  done
  passed=$((passed + right))
  printf '   %-24s %d of %d ways equal: %s\n' "$name" "$right" "$count" "$images"
done <"$tmp/names"
[ -z "$left_out" ] || echo "   left out: ${left_out%; }"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
