#compdef eo -P eo-*
# zsh completion of eo and of all eo-* programs: that of bash, which is installed beside this file.
autoload -U +X bashcompinit && bashcompinit
source ${functions_source[_eo]:A:h}/../../bash-completion/completions/eo
_bash_complete -F _edge_opt
