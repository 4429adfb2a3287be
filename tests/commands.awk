# The commands that shell scripts call, as far as they stand there by name: "FILE: COMMAND" a line.
#
#     awk -f tests/commands.awk SCRIPT...
#
# Reads a script as a shell does: quotes, here-documents, substitutions, case, [[ ]], functions. What follows env, exec,
# run and the like is a command too, and so is the text behind `sh -c` and trap. Lines that begin with a tab in a
# Makefile are read more roughly. Left out are keywords, what a shell has built in, and functions of any of the scripts.

BEGIN {
    n = split("if then elif else while until do ! { } time fi done esac", w); for (k = 1; k <= n; k++) keyword[w[k]]
    n = split("env exec command run xargs timeout nohup setsid sudo nice stdbuf taskset flock chroot", w)
    for (k = 1; k <= n; k++) prefix[w[k]]
    n = split("alias bg bind break builtin cd command compgen complete compopt continue declare echo" \
        " eval exec exit export false fg for function getopts hash help in jobs kill let local mapfile popd printf" \
        " pushd pwd read readarray readonly return select set shift shopt source test times trap true" \
        " type typeset ulimit umask unalias" \
        " unset wait case load run skip setup teardown setup_file teardown_file bats_require_minimum_version", w)
    for (k = 1; k <= n; k++) builtin_[w[k]]
    for (a = 1; a < ARGC; a++) {
        file = ARGV[a]; src = ""
        while ((getline line < file) > 0) src = src line "\n"
        close(file)
        if (file ~ /Makefile$|\.mk$/) rough(); else { i = 1; pending = 0; code("") }
    }
    for (k in called) { split(k, part, SUBSEP); if (!(part[2] in defined)) print part[1] ": " part[2] }
}

function call(word) {
    if (word ~ /^[a-z][a-z0-9_.+-]*$/ && !(word in keyword) && !(word in builtin_)) called[file, word]
}

# Makefile: a word in the place of a command, in recipes and in variables that hold shell text.
function rough(    text, place, m, word) {
    text = src
    gsub(/else if[a-z]+ /, "", text); gsub(/(^|\n)NOT_YOURS[^\n]*/, "", text)
    gsub(/\\\n/, " ", text); gsub(/(^|\n)[ \t]*#[^\n]*/, "\n", text)
    gsub(/'[^'\n]*'/, "''", text); gsub(/"[^"\n]*"/, "\"\"", text); gsub(/##[^\n]*/, "", text)
    place = "(\n\t[@+-]*|[;|&{] *|[$][$][(] *|[(] |then |do |else |exec |[a-z_]+ = )"
    while (match(text, place "[a-z][a-z0-9_+-]*([ \n;)]|$)")) {
        m = substr(text, RSTART, RLENGTH); text = substr(text, RSTART + RLENGTH - 1)
        sub(/[ \n;)]$/, "", m); if (m ~ /\$\$\(call$/) continue;  word = m; sub(/^.*[^a-z0-9_+-]/, "", word)
        call(word)
    }
}

# All up to `stop`, which is ")" or "`" or, for the whole text, "".
function code(stop,    c, cmd, word, wrapped, dash_c, cases, lit) {
    cmd = 1; wrapped = 0; dash_c = 0; cases = 0
    while (i <= length(src)) {
        c = substr(src, i, 1)
        if (c == stop) { i++; return }
        if (c == " " || c == "\t") { i++; continue }
        if (c == "\\" && substr(src, i + 1, 1) == "\n") { i += 2; continue }
        if (c == "#") { while (i <= length(src) && substr(src, i, 1) != "\n") i++; continue }
        if (c == "\n") { i++; here(); cmd = 1; wrapped = dash_c = 0; continue }
        if (substr(src, i, 2) == ";;") { i += 2; if (cases) pattern(); cmd = 1; wrapped = dash_c = 0; continue }
        if (c == "&" && substr(src, i + 1, 1) == ">") { i++; continue }
        if (c == ";" || c == "&" || c == "|") { i++; cmd = 1; wrapped = dash_c = 0; continue }
        if (c == "(") {
            i++
            if (substr(src, i, 1) == "(") arithmetic()
            else if (substr(src, i, 1) == ")") { i++; cmd = 1 }
            else { code(")"); cmd = 0 }
            continue
        }
        if (c == ")") { i++; continue }
        if (c == "<" || c == ">") {
            if (substr(src, i, 3) == "<<<") { i += 3; blanks(); text_word(0) }
            else if (substr(src, i, 2) == "<<") document()
            else if (substr(src, i + 1, 1) == "(") { i += 2; code(")") }
            else { while (substr(src, i, 1) ~ /[<>&|]/) i++; blanks(); text_word(0) }
            continue
        }
        word = text_word(dash_c)
        lit = is_literal
        if (dash_c) { dash_c = 0; continue }
        if (!cmd) {
            if (wrapped == 1 && lit && word ~ /^[a-z]/ && word !~ /=/) {
                if (word != "in") call(word)
                wrapped = (word in prefix) ? 1 : 0
                if (word == "sh" || word == "bash") wrapped = 2
            } else if (wrapped == 1 && word == "-v") wrapped = 0
            else if (wrapped == 2) { if (word ~ /^-[a-z]*c$/) dash_c = 1; if (word !~ /^-/) wrapped = 0 }
            continue
        }
        if (word ~ /^[A-Za-z_][A-Za-z0-9_]*(\[[^]]*\])?\+?=/) { if (substr(src, i, 1) == "(") { i++; list() } continue }
        if (!lit) { cmd = 0; continue }
        if (word == "[[") { while (i <= length(src) && text_word(0) != "]]") skip_test(); cmd = 0; continue }
        if (word == "case") { blanks(); text_word(0); blanks(); text_word(0); cases++; pattern(); continue }
        if (word == "esac") { if (cases) cases--; cmd = 0; continue }
        if (word == "for" || word == "select") {
            cmd = 0
            while (substr(src, i, 1) == " ") i++
            if (substr(src, i, 2) == "((") { i += 2; arithmetic() }
            continue
        }
        if (word in keyword) { cmd = word != "fi" && word != "done" && word != "}"; continue }
        cmd = 0
        if (substr(src, i, 2) == "()") { defined[word]; i += 2; cmd = 1; continue }
        call(word)
        wrapped = (word in prefix) ? 1 : 0
        if (word == "sh" || word == "bash") wrapped = 2
        if (word == "trap" || word == "eval") dash_c = 1
    }
}

function blanks() { while (substr(src, i, 1) ~ /[ \t]/) i++ }
# Up to the next word of a test, over its operators.
function skip_test() { while (substr(src, i, 1) ~ /[ \t\n<>&|()!]/ && i <= length(src)) i++ }

# The elements of an array, up to its ")".
function list() {
    while (i <= length(src)) {
        if (substr(src, i, 1) ~ /[ \t\n]/) i++
        else if (substr(src, i, 1) == "#") { while (substr(src, i, 1) != "\n") i++ }
        else if (substr(src, i, 1) == ")") { i++; return }
        else text_word(0)
    }
}

# The patterns of a case, up to ")", or "esac".
function pattern(    word) {
    while (i <= length(src)) {
        if (substr(src, i, 1) ~ /[ \t\n|(]/) i++
        else if (substr(src, i, 1) == "#") { while (substr(src, i, 1) != "\n") i++ }
        else if (substr(src, i, 1) == ")") { i++; return }
        else if (substr(src, i, 4) == "esac" && substr(src, i + 4, 1) !~ /[a-z]/) return
        else text_word(0)
    }
}

# Behind "((", up to "))".
function arithmetic(    depth, c) {
    depth = 2
    while (i <= length(src) && depth) {
        c = substr(src, i++, 1)
        if (c == "(") depth++
        if (c == ")") depth--
    }
}

# The delimiter of a here-document, whose text follows the line.
function document(    word) {
    i += 2
    strip[pending + 1] = substr(src, i, 1) == "-"
    if (strip[pending + 1]) i++
    blanks()
    word = text_word(0)
    ends[++pending] = word
}

function here(    k, line, e) {
    for (k = 1; k <= pending; k++) {
        while (i <= length(src)) {
            e = index(substr(src, i), "\n"); line = substr(src, i, e - 1); i += e
            if (strip[k]) sub(/^\t+/, "", line)
            if (line == ends[k]) break
        }
    }
    pending = 0
}

# One word with its quotes taken off; is_literal says whether all of it stands there. is_code: its text is a script.
function text_word(is_code,    c, out, e, literal, start) {
    out = ""; literal = 1; start = i
    while (i <= length(src)) {
        c = substr(src, i, 1)
        if (c ~ /[ \t\n;&|()<>]/ || (c == "`" && ticks)) break
        if (c == "\\") { out = out substr(src, i + 1, 1); i += 2 }
        else if (c == "'") {
            e = index(substr(src, i + 1), "'"); if (!e) e = length(src)
            if (is_code) script(substr(src, i + 1, e - 1))
            out = out substr(src, i + 1, e - 1); i += e + 1
        } else if (c == "\"") { i++; literal = quoted(is_code) && literal; out = out quoted_text }
        else if (c == "$" || c == "`") { dollar(); literal = 0; out = out "$" }
        else { out = out c; i++ }
    }
    if (i == start) i++
    is_literal = literal
    return out
}

# Behind a double quote, up to the next; quoted_text is what stands there without substitutions.
function quoted(is_code,    c, literal, out) {
    literal = 1; out = ""
    while (i <= length(src)) {
        c = substr(src, i, 1)
        if (c == "\"") { i++; break }
        if (c == "\\") { out = out substr(src, i + 1, 1); i += 2 }
        else if (c == "$" || c == "`") { dollar(); literal = 0; out = out "$" }
        else { out = out c; i++ }
    }
    if (is_code) script(out)
    quoted_text = out
    return literal
}

# A substitution or a variable.
function dollar(    c, depth) {
    if (substr(src, i, 1) == "`") { i++; ticks++; code("`"); ticks--; return }
    i++
    c = substr(src, i, 1)
    if (substr(src, i, 2) == "((") { i += 2; arithmetic() }
    else if (c == "(") { i++; code(")") }
    else if (c == "{") {
        for (depth = 0; i <= length(src); i++) {
            c = substr(src, i, 1)
            if (c == "\\") i++
            else if (substr(src, i, 2) == "$(" && depth) { i += 2; code(")"); i-- }
            else if (c == "{") depth++
            else if (c == "}" && --depth == 0) { i++; break }
        }
    } else if (c == "'") {
        for (i++; i <= length(src) && substr(src, i, 1) != "'"; i++) if (substr(src, i, 1) == "\\") i++
        i++
    }
    else if (c ~ /[A-Za-z_]/) { while (substr(src, i, 1) ~ /[A-Za-z0-9_]/) i++ }
    else if (c ~ /[@*#?$!0-9-]/) i++
}

function script(text,    old, at, was) {
    old = src; at = i; was = pending
    src = text "\n"; i = 1; pending = 0
    code("")
    src = old; i = at; pending = was
}
