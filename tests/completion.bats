# Completion in bash and zsh: every option of every program, values, keys of the configuration, commands of eo.
bats_require_minimum_version 1.5.0
load common

setup_file() {
  load common
  cd "$BATS_FILE_TMPDIR"
  make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" install PREFIX="$BATS_FILE_TMPDIR/usr" >log 2>&1 ||
    { cat log; return 1; }
}

setup() {
  cd "$BATS_TEST_TMPDIR"
  PATH=$BATS_FILE_TMPDIR/usr/bin:$PATH
  # shellcheck source=/dev/null
  . "$BATS_FILE_TMPDIR/usr/share/bash-completion/completions/eo"
}

# completed WORD...: what bash offers for the last word
completed() {
  local COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  [[ $(complete -p "$1") == "complete -F _edge_opt $1" ]]
  _edge_opt
  printf '%s\n' "${COMPREPLY[@]}"
}

@test "completion: every option of every program" {
  local tool n=0
  for tool in "$EO_ROOT"/tools/eo-*.c; do
    tool=$(basename "$tool" .c)
    [ -L "$BATS_FILE_TMPDIR/usr/share/bash-completion/completions/$tool" ]
    completed "$tool" -- | sort >offered
    "$tool" --help | sed -n '/^options:$/,/^$/p' | grep -oE '^  (-., |    )--[a-z0-9-]+' | grep -oE -e '--.*' |
      sort >options
    diff options offered
    n=$((n + $(wc -l <offered)))
  done
  [ "$n" -gt 200 ]
  [ "$(completed eo-bench -- | wc -l)" = "$(completed eo bench -- | wc -l)" ]
}

@test "completion: keys after eo-config --explain, and the words that an option takes" {
  eo-config --keys | sed -n 's/^| `\([a-z0-9_]*\)`.*/\1/p' | sort >keys
  completed eo-config --explain '' | sort | diff keys -
  [ "$(completed eo-config --explain pruning_l)" = pruning_levels ]
  [ "$(completed eo-config --explain = pruning_l)" = pruning_levels ]
  [ "$(completed eo-quant -p '' | tr '\n' ' ')" = "fp32 fp16 int8 int4 mixed " ]
  [ "$(completed eo-quant --precision f | tr '\n' ' ')" = "fp32 fp16 " ]
  completed eo-prune --criterion '' | grep -qx taylor
  completed eo-eval --isa '' | grep -qx generic
  [ "$(completed eo new --network res)" = resnet8 ]
}

@test "completion: boards and data sets, as the programs know them" {
  mkdir images
  eo-device --boards | sed '1d; s/,.*//' | sort >boards
  completed eo new --board '' | sort | diff boards -
  completed eo-best --device '' | sort | diff boards -
  [ "$(completed eo best --device RP)" = RP2040 ]
  [ "$(completed eo-data --dataset '' | tr '\n' ' ')" = "synthetic mnist fashion-mnist idx " ]
  [ "$(completed eo-data --dataset fa)" = fashion-mnist ]
  [ "$(completed eo new --data '' | tr '\n' ' ')" = "synthetic mnist fashion-mnist images " ]
  [ "$(completed eo data '' | tr '\n' ' ')" = "mnist fashion-mnist " ]
  completed eo data -- | grep -qx -e --report
}

@test "completion: files, folders, configurations and the commands of eo" {
  mkdir folder
  touch file.yaml
  [ "$(completed eo-inspect f | sort | tr '\n' ' ')" = "file.yaml folder " ]
  [ "$(completed eo-eval --data f)" = folder ]
  [ "$(completed eo-eval -c fi)" = file.yaml ]
  completed eo '' >commands
  for command in new run explain export device compare report list data help; do grep -qx "$command" commands; done
  [ "$(completed eo ex | tr '\n' ' ')" = "explain export explore " ]
  completed eo run '' | grep -qx file.yaml
  completed eo run best-m | grep -qx best-mnist
  completed eo new -- | grep -qx -e --flash
}

@test "completion: a person who presses Tab" {
  export TERM=dumb
  printf '%s\n' ". '$BATS_FILE_TMPDIR/usr/share/bash-completion/completions/eo'" 'PS1="> "' >rc
  : >typescript
  (until grep -q '^> ' typescript; do sleep 0.1; done
    printf 'eo-config --expl\tpruning_lev\t\r'
    until grep -q '^pruning_levels: ' typescript || [ $((n += 1)) = 200 ]; do sleep 0.1; done
    printf 'exit\r') |
    timeout 60 script -qfec "bash --noprofile --rcfile rc -i" typescript >/dev/null
  grep -q '^pruning_levels: ' typescript
}

@test "completion: zsh offers the same" {
  command -v zsh >/dev/null || skip "needs zsh"
  cat >drive <<'END'
zmodload zsh/zpty
zpty -b z zsh -f -i
zpty -w z "PS1='> '; fpath=($1 \$fpath); autoload -U compinit; compinit -u -D; bindkey '^I' complete-word"
sleep 3
zpty -w -n z $'eo-config --expl\tpruning_lev\t\r'
for i in {1..50}; do
  sleep 0.2
  while zpty -r z line; do text+=$line; done
  [[ $text != *"pruning_levels: "* ]] || { print found; break }
done
zpty -d z
END
  [ "$(timeout 60 zsh -f drive "$BATS_FILE_TMPDIR/usr/share/zsh/site-functions")" = found ]
}
