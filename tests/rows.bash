# Rows of candidates with invented figures, for the tests of selection, reports and plots.

ACCURACY_HEADER=pruning_level,precision,seed,model_sha256,images,correct,accuracy,accuracy_ci95_low,accuracy_ci95_high,\
accuracy_bootstrap95_low,accuracy_bootstrap95_high,test_images,test_correct,test_accuracy,test_accuracy_ci95_low,\
test_accuracy_ci95_high,pruning_criterion,pruning_scope,conv1_channels,conv2_channels,fine_tune_epochs,qat_epochs,\
quantization_backend,quantization_observer,weight_granularity,bias_correction,cross_layer_equalization
TIMING_HEADER=pruning_level,precision,seed,model_sha256,isa,kernel,threads,batch_size,samples,host_latency_ms,\
host_latency_median_ms,host_latency_std_ms,host_latency_p95_ms,host_latency_min_ms,host_throughput_sps,\
host_batch_latency_ms,host_single_latency_ms,host_single_latency_median_ms,host_single_latency_std_ms,\
host_single_latency_p95_ms,host_single_latency_min_ms,host_single_throughput_sps,model_bytes,peak_activation_bytes,\
workspace_bytes,macs,parameters,pruning_criterion

# LEVEL below may have a criterion behind it, as in file names: 0.50-taylor; without, it is l1, or none at level 0.
level_of() {
  echo "${1%%-*}"
}
criterion_of() {
  case $1 in
    *-*) echo "${1#*-}" ;;
    0.00) echo none ;;
    *) echo l1 ;;
  esac
}

# accuracy_row LEVEL PRECISION SEED ACCURACY [SHA]: a file's text
accuracy_row() {
  echo "$ACCURACY_HEADER"
  echo \
    "$(level_of "$1"),$2,$3,${5:-aaaa},1000,,$4,$(awk "BEGIN { printf \"%.4f,%.4f\", $4 - 0.01, ($4 > 0.99 ? 1 : $4 + \
0.01) }"),,,,,0.5,0.4,0.6,$(criterion_of "$1"),layer,8,16,2,,,,,,"
}

# timing_row LEVEL PRECISION SEED HOST_LATENCY_MS MODEL_BYTES [SHA]: other latencies follow from the first
timing_row() {
  echo "$TIMING_HEADER"
  awk -v l="$4" -v key="$(level_of "$1"),$2,$3,${6:-aaaa}" -v bytes="$5" -v criterion="$(criterion_of "$1")" 'BEGIN {
    printf "%s,generic,k,1,128,20,%s,%s,%s,%s,%s,%s,%s", key, l, l, l / 10, l * 2, l / 2, 1000 / l, l * 128
    printf ",%s,%s,%s,%s,%s,%s,%s,1000,2000,3000,4000,%s\n", l * 4, l * 4, l / 5, l * 8, l * 2, 250 / l, bytes,
      criterion
  }'
}

# also FILE COLUMN=VALUE...: appends columns to a table of one row
also() {
  local file=$1 pair names= values=
  shift
  for pair; do
    names+=,${pair%%=*}
    values+=,${pair#*=}
  done
  sed -i "1s/\$/$names/; 2s/\$/$values/" "$file"
}

# candidate LEVEL PRECISION SEED ACCURACY HOST_LATENCY_MS MODEL_BYTES: both files, in the current directory
candidate() {
  accuracy_row "$1" "$2" "$3" "$4" >"acc-$3-$1-$2.csv"
  timing_row "$1" "$2" "$3" "$5" "$6" >"time-$3-$1-$2.csv"
}

# hits_row LEVEL PRECISION SEED HITS [SHA]: a file's text
hits_row() {
  local ones=${4//0/}
  echo pruning_level,precision,seed,model_sha256,images_sha256,images,correct,hits,pruning_criterion
  echo "$(level_of "$1"),$2,$3,${5:-aaaa},pixels,${#4},${#ones},$4,$(criterion_of "$1")"
}

# rounds_rows LEVEL PRECISION SEED MS...: a file's text, one round for each time, of the session 00000000000000aa;
# single images take twice as long
rounds_rows() {
  echo \
    pruning_level,precision,seed,session,round,slot,disturbed,batch_size,samples,host_median_ms,host_mean_ms,\
single_samples,host_single_median_ms,host_single_mean_ms,reference_ns,wall_s,cpu_s,involuntary_switches,migrations,\
page_faults,steal_s,frequency_start_khz,frequency_end_khz,resident_bytes,pruning_criterion
  awk -v key="$(level_of "$1"),$2,$3" -v criterion="$(criterion_of "$1")" 'BEGIN { for (i = 4; i < ARGC; i++)
    print key ",00000000000000aa," i - 4 ",0,0,128,20," ARGV[i] "," ARGV[i] ",20," 2 * ARGV[i] "," 2 * ARGV[i] \
      ",20000,1,1,0,0,0,0,,,9000000," criterion }' "$@"
}

# error_row LEVEL PRECISION SEED STAGE MESSAGE
error_row() {
  echo pruning_level,precision,seed,stage,error,pruning_criterion
  echo "$(level_of "$1"),$2,$3,$4,$5,$(criterion_of "$1")"
}

# column FILE NAME: the values of a column of a file without quoted fields, joined by spaces
column() {
  awk -F, -v name="$2" \
    'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next } { printf "%s%s", sep, $c; sep = " " }' "$1"
}

# measured_model FILE C1 C2 LEVEL PRECISION SEED ACCURACY HOST_LATENCY_MS: a model, and both rows of it as FILE.acc.csv,
# .time.csv
measured_model() {
  local sha
  make_model "$2" "$3" "$6" "$4" "$5" >"$1"
  sha=$(sha256sum <"$1" | cut -d' ' -f1)
  accuracy_row "$4" "$5" "$6" "$7" "$sha" >"$1.acc.csv"
  timing_row "$4" "$5" "$6" "$8" 20000 "$sha" >"$1.time.csv"
}

# record FOLDER NAME STAGE MADE... -- READ...: the record of a step in FOLDER/config/steps, as Make writes it; *FILE:
# its bytes depend on the machine
record() {
  local folder=$1 name=$2 stage=$3 file mark=' '
  shift 3
  mkdir -p "$folder/config/steps"
  {
    echo "$stage"
    for file; do
      [ "$file" != -- ] || { echo; continue; }
      case $file in \**) mark='*' file=${file#\*} ;; *) mark=' ' ;; esac
      printf '%s %s%s\n' "$(sha256sum <"$folder/$file" | cut -c1-64)" "$mark" "$file"
    done
  } >"$folder/config/steps/$name"
}
