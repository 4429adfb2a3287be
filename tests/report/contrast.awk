# Contrast of text and ground by WCAG 2, for the colours of lib/stage/report/report.css:
#
#     awk -f contrast.awk report.css
#
# Prints each pair below 4.5 : 1, in light, dark and print; of marks in diagrams below 3 : 1.
function channel(text) {
  text = hex(text) / 255
  return text <= 0.03928 ? text / 12.92 : ((text + 0.055) / 1.055) ^ 2.4
}
function hex(text,    i, value) {
  for (i = 1; i <= 2; i++) value = 16 * value + index("0123456789abcdef", substr(text, i, 1)) - 1
  return value
}
function luminance(name,    c) {
  c = colour[theme, name]
  if (c == "") c = colour["light", name]
  if (c == "") { print "no colour " name " in " theme; faults++; return 0 }
  return 0.2126 * channel(substr(c, 2, 2)) + 0.7152 * channel(substr(c, 4, 2)) + 0.0722 * channel(substr(c, 6, 2))
}
function check(text, ground, least,    a, b, ratio) {
  a = luminance(text); b = luminance(ground)
  ratio = a > b ? (a + 0.05) / (b + 0.05) : (b + 0.05) / (a + 0.05)
  pairs++
  if (ratio < least) { printf "%s: %s on %s: %.2f, expected %.1f\n", theme, text, ground, ratio, least; faults++ }
}
BEGIN { theme = "light" }
/prefers-color-scheme: dark/ { theme = "dark" }
/@media print/ { theme = "print" }
{
  line = $0
  while (match(line, /--[a-z0-9-]+: #[0-9a-f]+/)) {
    pair = substr(line, RSTART + 2, RLENGTH - 2)
    line = substr(line, RSTART + RLENGTH)
    colour[theme, substr(pair, 1, index(pair, ":") - 1)] = substr(pair, index(pair, "#"))
  }
}
END {
  for (k = split("light dark print", themes, " "); k > 0; k--) {
    theme = themes[k]
    n = split("ground raised chosen", grounds, " ")
    for (i = 1; i <= n; i++) {
      check("text", grounds[i], 4.5)
      check("link", grounds[i], 4.5)
      check("soft", grounds[i], 4.5)
    }
    check("text", "warn", 4.5)
    n = split("fp32 fp16 int8 int4 mixed limit", marks, " ")
    for (i = 1; i <= n; i++) check(marks[i], "ground", 4.5)
    if (theme == "print") continue
    for (i = 0; i < 8; i++) check("k" i, "ground", 4.5)
    for (i = 1; i < 3; i++) check("text", "h" i, 4.5)
    check("light-on", "h3", 4.5); check("dark-on", "h4", 4.5); check("dark-on", "h5", 4.5)
    for (i = 1; i < 6; i++) check("text", "r" i, 4.5)
    for (i = 0; i < 4; i++) check("text", "t" i, 4.5)
  }
  if (pairs < 60) { print "expected 60 pairs or more, found " pairs + 0; faults++ }
  exit faults > 0
}
