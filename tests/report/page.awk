# What a reader with another eye, or none, needs of a page, and what a page must not have:
#
#     awk -f page.awk report.html
#
# Prints a line for each fault. The page is what eo-report writes: attributes in double quotes, no comments.
BEGIN { RS = "<"; void = " meta link img input br hr " }
function fault(text) { print text; faults++ }
function attribute(name,    at) {
  at = index(tag, " " name "=\"")
  if (!at) return ""
  at = substr(tag, at + length(name) + 3)
  return substr(at, 1, index(at, "\"") - 1)
}
function has(name) { return index(tag, " " name "=\"") > 0 }
NR == 1 { next }
{
  if (in_raw && $0 !~ "^/" in_raw ">") next
  in_raw = ""
  end = index($0, ">")
  tag = substr($0, 1, end - 1)
  text = substr($0, end + 1)
  kind = tag
  sub(/[ \/\n].*/, "", kind)
  if (substr($0, 1, 1) == "/") {
    kind = substr(tag, 2)
    if (open[depth] != kind) fault("</" kind "> closes <" open[depth] ">")
    depth--
    if (kind == "table") {
      if (!captions) fault("a table has no caption")
      if (!headings) fault("a table has no headings")
      tables++
    }
    if (kind == "details" && !summaries) fault("details without a summary")
    next
  }
  if (kind == "!DOCTYPE") next
  if (tag ~ /=[^"]/ && tag !~ /"[^"]*=[^"]*"/) fault("an attribute without quotes: " tag)
  if (has("id")) { id = attribute("id"); if (id in ids) fault("id " id " stands twice"); ids[id] = 1 }
  if (has("href")) {
    href = attribute("href")
    if (href ~ /^#/) wanted[substr(href, 2)] = 1
    else if (href ~ /^[a-z]*:|^\//) fault("a link leads away: " href)
    else files[href] = 1
  }
  if (has("src") && attribute("src") !~ /^data:image\/png;base64,/) fault("something is loaded: " attribute("src"))
  if (tag ~ / on[a-z]+=/) fault("a handler in a tag: " tag)
  if (kind == "img" && attribute("alt") == "") fault("a picture has no text")
  if (kind == "svg" && (attribute("aria-label") == "" || attribute("role") != "img")) fault("a diagram has no label")
  if (kind == "th" && !has("scope")) fault("a heading of a table has no scope")
  if (kind == "table") captions = headings = 0
  if (kind == "caption") captions++
  if (kind == "th") headings++
  if (kind == "details") summaries = 0
  if (kind == "summary") summaries++
  if (kind == "h1") h1++
  if (kind ~ /^h[1-6]$/) {
    level = substr(kind, 2) + 0
    if (level > last_level + 1) fault("a heading of level " level " follows one of level " last_level ": " text)
    last_level = level
  }
  if (kind == "html" && attribute("lang") == "") fault("the page has no language")
  if (kind == "script" || kind == "style") in_raw = kind
  if (!index(void, " " kind " ") && tag !~ /\/$/) open[++depth] = kind
}
END {
  if (h1 != 1) fault("expected one h1, found " h1 + 0)
  if (depth) fault("<" open[depth] "> is not closed")
  for (id in wanted) if (!(id in ids)) fault("no place " id)
  for (file in files) if ((getline line <file) < 0) fault("no file " file)
  if (!tables) fault("no table")
  exit faults > 0
}
