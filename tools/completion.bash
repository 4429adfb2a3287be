# bash completion of eo and of all eo-* programs. It asks the programs themselves (--help), so it repeats no option.
# bash-completion loads this file by the name of the command; zsh loads it through tools/completion.zsh, so it keeps to
# what both shells know.

# The lines "  -l, --level LEVEL            share of ..." of a program's help.
_edge_opt_help() { "$@" --help 2>/dev/null | sed -n '/^options:$/,/^$/s/^  //p'; }

# _edge_opt_values TEXT: the words after "one of" in a line of help
_edge_opt_values() {
  local text=$1
  [[ $text == *"one of "* ]] || return 0
  text=${text#*one of }
  text=${text%%[(;:]*}
  text=${text//, / }
  printf '%s\n' "${text// or / }"
}

_edge_opt_boards() { eo-device --boards 2>/dev/null | sed '1d; s/,.*//'; }
_edge_opt_datasets() {
  _edge_opt_values "$(eo-config --keys 2>/dev/null | sed -n 's/^| `dataset` | [^|]* | \([^|]*\) |.*/\1/p')"
}

# _edge_opt_option OPTION COMMAND...: completes the argument of the option; fails where it takes none
_edge_opt_option() {
  local option=$1 line argument
  shift
  line=$(_edge_opt_help "$@" | grep -E -e "^(-[a-zA-Z], | *)$option( |\$)" -e "^$option, ") || return
  argument=$(printf '%s\n' "$line" | sed -nE 's/^(-., | *)--[a-z0-9-]+ ([^ ]+) .*/\2/p')
  [ -n "$argument" ] || return
  case $option:$argument in
    --explain:KEY) _edge_opt_words "$("$1" --keys | sed -n 's/^| `\([a-z_0-9]*\)` .*/\1/p')" ;;
    --isa:*) _edge_opt_words "$("$1" --version | sed -n 's/^instruction sets: //p')" ;;
    --board:NAME | --device:NAME) _edge_opt_words "$(_edge_opt_boards)" ;;
    --dataset:NAME) _edge_opt_words "$(_edge_opt_datasets)" ;;
    --data:DATA)
      _edge_opt_words "$(_edge_opt_datasets | sed 's/ idx//')"
      _edge_opt_files -d ;;
    *:DIR) _edge_opt_files -d ;;
    *)
      _edge_opt_words "$(_edge_opt_values "$line")"
      [ ${#COMPREPLY[@]} -gt 0 ] || [[ $line == *"one of "* ]] || _edge_opt_files -f ;;
  esac
}

# Both add to what is offered. One name is one line.
_edge_opt_words() {
  local IFS=$' \t\n' found
  found=$(compgen -W "$1" -- "$current") || return 0
  IFS=$'\n'
  # shellcheck disable=SC2206
  COMPREPLY+=($found)
}
_edge_opt_files() {
  local IFS=$'\n'
  # shellcheck disable=SC2207
  COMPREPLY+=($(compgen "$1" -- "$current")) || :
  # zsh has no compopt, and outside of a completion it fails.
  compopt -o filenames 2>/dev/null || :
}

# _edge_opt_program COMMAND...: completes the words of a program
_edge_opt_program() {
  local before=$previous
  [ "$current" != = ] || current=
  [ "$previous" != = ] || before=${COMP_WORDS[COMP_CWORD - 2]}
  if [[ $before == -* ]] && _edge_opt_option "$before" "$@"; then
    return
  fi
  if [[ $current == -* ]]; then
    _edge_opt_words "$(_edge_opt_help "$@" | sed -nE 's/^ *((-.), )?(--[a-z0-9-]+).*/\2 \3/p')"
  else
    _edge_opt_files -f
  fi
}

_edge_opt() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]-} eo
  COMPREPLY=()
  if [[ ${COMP_WORDS[0]##*/} != eo ]]; then
    _edge_opt_program "${COMP_WORDS[0]}"
    return
  fi
  eo=${COMP_WORDS[0]}
  if [ "$COMP_CWORD" = 1 ]; then
    _edge_opt_words "$("$eo" help | sed -n '/^commands:$/,/^$/s/^  \([a-z]*\).*/\1/p')"
    return
  fi
  case $command in
    new) _edge_opt_program "$eo" new ;;
    data)
      if [[ $current == -* ]] || [[ $previous == -* ]]; then
        _edge_opt_program eo-data
      else
        _edge_opt_words "mnist fashion-mnist"
      fi ;;
    list | help) ;;
    *)
      if "$eo" help | grep -q "^  $command CONFIG\|^  $command A B"; then
        _edge_opt_files -f
        _edge_opt_words "$("$eo" list | sed 's/ .*//')"
      else
        _edge_opt_program "eo-$command"
      fi ;;
  esac
}

complete -F _edge_opt eo
for _edge_opt_name in $(compgen -c eo- | sort -u); do complete -F _edge_opt "$_edge_opt_name"; done
unset _edge_opt_name
