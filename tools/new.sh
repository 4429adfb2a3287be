# `eo new`, a part of tools/eo.sh: writes a configuration with a comment at each line. On a terminal it asks for what no
# option says; elsewhere that gets its default.

new_help() {
    cat <<END
usage: eo new [NAME] [OPTION...]

Writes NAME.yaml into the current folder. On a terminal, eo new asks for what no option says; elsewhere, and after
--defaults, that is as shown in parentheses.

options:
  --data DATA        synthetic (digits drawn by program), mnist, fashion-mnist, or a folder of IDX files (synthetic)
  --network NAME     one of $(known_networks) (smallcnn)
  --flash KB         what the device has for the weights, in units of 1,024 bytes (50)
  --board NAME       a board that eo device --boards prints, which then decides what is accepted (none)
  --epochs N         how often training sees each image (5)
  --levels L,L,...   shares of the channels to remove (0,0.25,0.5; more where int8 needs it to fit into --flash)
  --defaults         ask nothing
  --force            replace a file that is there
END
}

known_networks() { "$bin"/eo-config --keys | sed -n 's/^| `model` .*| one of \(.*\), or a list of layers .*/\1/p'; }

# fitting_levels: prints levels of which the last surely fits at int8, if any level up to 0.9 does. A layer with a share
# 1-p of its channels has at most that share of its bytes, and where its inputs are pruned too, the square of it.
fitting_levels() {
    "$bin"/eo-inspect --network "$network" 2>/dev/null | awk -F, -v kb="$flash" '
        function rounded(p) { p = int(20 * p + 0.999999) / 20; return p < 0.05 ? 0.05 : p > 0.9 ? 0.9 : p }
        $1 == "total" { share = 1024 * kb / $8 }
        END {
            if (share == 0 || share >= 1) { print "0,0.25,0.5"; exit }
            few = rounded(1 - sqrt(share)); many = rounded(1 - share)
            printf few < many ? "0,%g,%g\n" : "0,%g\n", few, many
        }'
}

# known_board NAME: prints it as eo-device spells it, where it differs only in the case of letters
known_board() {
    "$bin"/eo-device --boards | WANTED=$1 awk -F, '
        BEGIN { found = ENVIRON["WANTED"] }
        NR > 1 && tolower($1) == tolower(ENVIRON["WANTED"]) { found = $1 }
        END { print found }'
}

# ask VARIABLE QUESTION: an empty answer keeps the default
ask() {
    eval "value=\$$1"
    printf '%s [%s] ' "$2" "${value:-none}" >&2
    IFS= read -r answer || { echo >&2; fail "new: no answer; nothing was written"; }
    [ -z "$answer" ] || eval "$1=\$answer"
}

new() {
    name= data= network= flash= board= epochs= levels= force= defaults=
    while [ $# -gt 0 ]; do
        case $1 in
        --data | --network | --flash | --board | --epochs | --levels)
            [ $# -ge 2 ] && [ -n "$2" ] || misused new "option '$1' needs an argument"
            eval "${1#--}=\$2"
            shift ;;
        --data=?* | --network=?* | --flash=?* | --board=?* | --epochs=?* | --levels=?*)
            option=${1%%=*}
            eval "${option#--}=\${1#*=}" ;;
        --defaults) defaults=yes ;;
        --force) force=yes ;;
        --help | -h) new_help; return ;;
        -*) misused new "unknown option '$1'" ;;
        *)
            [ -z "$name" ] || misused new "expected one name, found '$name' and '$1'"
            name=${1%.yaml} ;;
        esac
        shift
    done
    if [ -z "$defaults" ] && [ -t 0 ] && [ -t 2 ]; then questions; fi
    : "${name:=my}" "${data:=synthetic}" "${network:=smallcnn}" "${flash:=50}" "${epochs:=5}"
    [ "$board" != none ] || board=
    [ -z "$board" ] || board=$(known_board "$board") || exit 1
    case ${name##*/} in '' | [.-]* | *[!A-Za-z0-9._+-]*)
        fail "new: name '$name': expected letters, digits and ._+- alone, because the folder of results is named so" ;;
    esac
    check_flash
    : "${levels:=$(fitting_levels)}"
    file=$name.yaml
    [ -n "$force" ] || [ ! -e "$file" ] || fail "new: $file is there already; --force replaces it"
    write_new
}

check_flash() {
    case $flash in '' | *[!0-9.]* | *.*.* | .) fail "new: --flash '$flash': expected a number of KB" ;; esac
}

# Asks only for what no option says.
questions() {
    [ -n "$name" ] || { name=my; ask name "Name of the experiment:"; name=${name%.yaml}; }
    [ -n "$data" ] || {
        data=synthetic
        ask data "Images (synthetic, mnist, fashion-mnist, or a folder of IDX files):"
    }
    [ -n "$network" ] || { network=smallcnn; ask network "Network ($(known_networks)):"; }
    [ -n "$flash" ] || { flash=50; ask flash "KB that the device has for the weights:"; }
    [ -n "$board" ] || ask board "Board to measure for (eo device --boards lists them):"
    [ -n "$epochs" ] || { epochs=5; ask epochs "Epochs of training:"; }
    check_flash
    [ -n "$levels" ] || { levels=$(fitting_levels); ask levels "Shares of the channels to remove:"; }
}

write_new() {
    trap 'rm -f "$file.new"' EXIT
    trap 'exit 1' HUP INT TERM
    { new_text >"$file.new"; } 2>/dev/null || fail "new: $file cannot be written here"
    said=$("$bin"/eo-config --check "$file.new" 2>&1) ||
        fail "new: nothing was written: ${said#eo-config: "$file.new": }"
    mv -- "$file.new" "$file" || exit 1
    printf '%s\n' "$file: written; 'eo run $file' makes out/${name##*/}, and 'eo-config --help' describes all keys"
    case $data in mnist | fashion-mnist)
        "$bin"/eo-data --folder -c "$file" >/dev/null 2>&1 ||
            echo "the images are not here: 'eo data $data' downloads them" ;;
    esac
}

new_text() {
    # In units of 1,024 x 1,024 bytes, with the digits that tell single bytes.
    budget=$(awk -v kb="$flash" 'BEGIN { printf "%.10g", kb / 1024 }')
    case $data in
    synthetic | mnist | fashion-mnist) images="dataset: $data" ;;
    *) images="dataset: idx                  # images of your own (eo-data --from converts pictures and tables)
data_dir: $data" ;;
    esac
    cat <<END
# $name: written by eo new. Lines can be changed at any time; eo run then does again only what they affect.

$images
seed: 7                       # another seed gives other weights to begin with
validation: holdout           # choose by images that were held out from training; the test set decides nothing

model: $network               # the network; eo-config(5) says how to list layers of your own
batch_size: 64                # images in a step of training
epochs: $epochs                     # how often training sees each image; more take longer and may help
learning_rate: 0.002          # the size of a step
learning_rate_schedule: cosine # steps become smaller towards the end
fine_tune_epochs: $(((epochs + 1) / 2))           # training after channels were removed, which recovers accuracy

pruning_levels: [$levels] # shares of the channels to remove: a candidate for each
precisions: [fp32, fp16, int8] # a candidate for each as well; int8 has a quarter of the bytes

memory_budgets_mb: [$budget]  # columns of the table: does a candidate fit into so many MiB?
active_memory_budget_mb: $budget # the one that decides: $flash KB
${board:+devices: [$board]           # eo device measures what the candidates take on this board
active_device: $board         # only what fits there is accepted; for this, eo run needs QEMU and cross compilers
}cpu_frequency_scale: 0.7      # how fast the device is, compared with this machine
power_watts: 5.0              # and how much power it takes, for the energy column
END
}
