# What the README states about the programs, it states in their words.
load common

@test "readme: the table of keys is what eo-config prints" {
  run eo-config --keys
  [ "$status" -eq 0 ]
  while IFS= read -r line; do
    grep -qxF -- "$line" "$EO_ROOT/README.md" || { echo "not in the README: $line"; false; }
  done <<<"$output"
}

@test "readme: every program and every package of make deps is named" {
  for tool in "$EO_ROOT"/tools/eo-*.c; do
    grep -qF "$(basename "$tool" .c)" "$EO_ROOT/README.md" || { echo "not in the README: $tool"; false; }
  done
  for package in $(sed -n 's/^DEPS_[A-Z]* := //p' "$EO_ROOT/Makefile"); do
    grep -qwF -- "$package" "$EO_ROOT/README.md" || { echo "not in the README: $package"; false; }
  done
}

@test "help: every program explains itself, tells its version, and refuses an unknown option" {
  for tool in "$EO_ROOT"/tools/eo-*.c; do
    name=$(basename "$tool" .c)
    run "$name" --help
    [ "$status" -eq 0 ]
    [[ ${lines[0]} == "usage: $name "* ]]
    run "$name" --version
    [ "$status" -eq 0 ]
    [[ $output == "$name (edge-opt) "*"instruction sets: "*generic ]]
    run "$name" --no-such-option
    [ "$status" -eq 2 ]
    [ "${lines[0]}" = "$name: unknown or ambiguous option '--no-such-option'" ]
    [ "${lines[1]}" = "Try '$name --help'." ]
    run sh -c "$name --help >/dev/full"
    [ "$status" -eq 1 ]
  done
}
