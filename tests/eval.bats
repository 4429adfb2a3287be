bats_require_minimum_version 1.5.0
load common
load measure

HEADER=pruning_level,precision,seed,model_sha256,images,correct,accuracy,accuracy_ci95_low,accuracy_ci95_high
HEADER+=,accuracy_bootstrap95_low,accuracy_bootstrap95_high
HEADER+=,test_images,test_correct,test_accuracy,test_accuracy_ci95_low,test_accuracy_ci95_high
HEADER+=,pruning_criterion,pruning_scope,conv1_channels,conv2_channels,fine_tune_epochs,qat_epochs
HEADER+=,quantization_backend,quantization_observer,weight_granularity,bias_correction,cross_layer_equalization
HEADER+=,images_sha256,test_images_sha256,chance_accuracy,teacher_sha256,rounding
HINT="Try 'eo-eval --help'."

setup_file() {
  fixture "$BATS_FILE_TMPDIR"
}

setup() {
  F=$BATS_FILE_TMPDIR
  cd "$BATS_TEST_TMPDIR"
}

@test "eval: a header and one row, with the model's name and checksum" {
  eo-eval -c $F/cfg.yaml $F/base.safetensors >row.csv
  [ "$(wc -l <row.csv)" -eq 2 ]
  [ "$(head -n 1 row.csv)" = "$HEADER" ]
  sum=$(sha256sum <$F/base.safetensors | cut -d' ' -f1)
  [[ $(tail -n 1 row.csv) == 0.00,fp32,5,$sum,310,* ]]
  [ "$(column test_images row.csv)" = 90 ]
}

@test "eval: what the metadata say about the model" {
  eo-eval -c $F/cfg.yaml $F/base.safetensors >row.csv
  [ "$(column pruning_criterion row.csv),$(column conv1_channels row.csv),$(column conv2_channels row.csv)" = none,4,6 ]
  [ "$(column quantization_backend row.csv),$(column pruning_scope row.csv)" = , ]
  eo-eval -c $F/cfg.yaml $F/int8.safetensors >row.csv
  [ "$(column quantization_backend row.csv)" = fbgemm ]
}

@test "eval: --network runs another network, on images of its size and of signed bytes" {
  other_network >net.safetensors
  printf 'input 2x3x2\na: conv 1 3x2 batch_norm\nclassifier: linear 4\n' >net.txt
  printf 'dataset: idx\ndata_dir: .\nval_subset: 2\nvalidation: test\nseed: 1\n' >cfg.yaml
  { printf '\0\0\x09\4\0\0\0\3\0\0\0\2\0\0\0\3\0\0\0\2'
    for first in '\xfe' '\1' '\0'; do printf $first; head -c 11 /dev/zero; done; } >t10k-images-idx4-ubyte
  printf '\0\0\x08\1\0\0\0\3\3\0\3' >t10k-labels-idx1-ubyte
  eo-eval -c cfg.yaml --network net.txt --input-mean 0.50196078431372548 --input-std 0.003921568627450980 \
    --logits l.csv --confusion c.csv net.safetensors >row.csv
  awk -F, 'NR > 1 { $0 = sprintf("%d,%d,%.3f,%.3f,%.3f,%.3f", $1, $2, $3, $4, $5, $6) } 1' l.csv | diff - <(cat <<'END'
index,label,class0,class1,class2,class3
0,3,2.000,3.000,4.000,5.000
1,0,-1.000,0.000,1.000,2.000
END
)
  [ "$(column images row.csv),$(column correct row.csv),$(column test_images row.csv)" = 2,1,3 ]
  [ "$(column conv1_channels row.csv)" = "" ]
  [ "$(wc -l <c.csv)" = 17 ]
  printf 'input 2x4x2\na: conv 1 3x2 mean\nclassifier: linear 4\n' >tall.txt
  fails 1 "eo-eval: './t10k-images-idx4-ubyte': byte 8: expected images of 2 x 4 x 2, found 2 x 3 x 2" \
    eo-eval -c cfg.yaml --network tall.txt --input-mean 0 --input-std 1 net.safetensors
  printf 'input 2x3x2\na: conv 1 3x2\nclassifier: linear 3\n' >three.txt
  fails 1 "eo-eval: net.safetensors: tensor 'classifier.weight': expected shape [3, 1], found [4, 1]" \
    eo-eval -c cfg.yaml --network three.txt net.safetensors
  fails 1 "eo-eval: net.safetensors: tensor 'conv1.weight': missing" eo-eval -c cfg.yaml net.safetensors
}

@test "eval: every column follows from the predictions" {
  eo-eval -c $F/cfg.yaml --predictions p.csv $F/int8.safetensors >row.csv
  [ "$(column precision row.csv)" = int8 ]
  [ "$(head -n 1 p.csv)" = index,label,predicted ]
  hits=$(awk -F, 'NR > 1 { if ($1 != NR - 2) exit 1; n += $2 == $3 } END { print n + 0 }' p.csv)
  [ "$(column correct row.csv)" = "$hits" ]
  [ "$hits" -gt 100 ] # it has learnt the bands: chance would be 31
  column accuracy row.csv | awk -v h=$hits '{ exit !($1 - h / 310 < 1e-15 && h / 310 - $1 < 1e-15) }'
  column chance_accuracy row.csv | awk -v n="$(cut -d, -f2 p.csv | sort | uniq -c | sort -n | awk 'END { print $1 }')" \
    '{ exit !($1 - n / 310 < 1e-15 && n / 310 - $1 < 1e-15) }'
  awk -F, 'NR > 1 { exit !($8 < $7 && $7 < $9 && $10 <= $7 && $7 <= $11 && $15 <= $14 && $14 <= $16) }' row.csv
}

@test "eval: classes have the names of class_names, and a table of their own" {
  names='[shirt, "a, b", two, 3, c4, c5, c6, c7, c8, c9]'
  { cat $F/cfg.yaml; echo "class_names: $names"; } >cfg.yaml
  eo-eval -c $F/cfg.yaml --predictions p.csv --confusion n.csv --classes k.csv $F/base.safetensors >row.csv
  eo-eval -c cfg.yaml --logits l.csv --predictions q.csv --confusion c.csv --classes t.csv $F/base.safetensors \
    >again.csv
  cmp row.csv again.csv
  cmp p.csv q.csv
  # the same names beside the data
  cp -r $F/set set
  printf '%s\n' shirt 'a, b' two 3 c4 c5 c6 c7 c8 c9 >set/classes.txt
  eo-eval -c $F/cfg.yaml --data set --logits l2.csv --confusion c2.csv --classes t2.csv $F/base.safetensors >again.csv
  cmp row.csv again.csv
  for table in l c t; do cmp $table.csv ${table}2.csv; done
  fails_like 1 "eo-eval: key 'class_names': expected the order of 'set/classes.txt', where 'c9' is class 9, found *" \
    eo-eval -c <(sed 's/c8, c9/c9, c8/' cfg.yaml) --data set $F/base.safetensors
  [ "$(head -n 1 l.csv)" = 'index,label,shirt,"a, b",two,3,c4,c5,c6,c7,c8,c9' ]
  [ "$(sed -n 2,4p c.csv | cut -d, -f1,2)" = 'shirt,shirt
shirt,"a
shirt,two' ]
  [ "$(sed 's/"a, b"/1/g; s/shirt/0/g; s/two/2/g; s/c\([4-9]\)\([,.]\)/\1\2/g' c.csv)" = "$(cat n.csv)" ]
  [ "$(sed -n 3p t.csv | cut -d, -f1,2)" = '"a, b"' ]
  [ "$(head -n 1 k.csv | cut -d, -f1-6)" = class,images,correct,accuracy,accuracy_ci95_low,accuracy_ci95_high ]
  [ "$(head -n 1 k.csv | cut -d, -f7-)" = predicted,precision,model_sha256 ]
  # against the predictions, image by image
  tail -n +2 p.csv | awk -F, '{ n[$2]++; p[$3]++; if ($2 == $3) c[$2]++ }
    END { for (k = 0; k < 10; k++)
      printf "%d,%d,%d,%.6f,%d,%.6f\n", k, n[k], c[k], c[k] / n[k], p[k], p[k] ? c[k] / p[k] : 0 }' >want
  tail -n +2 k.csv | awk -F, '{ printf "%d,%d,%d,%.6f,%d,%.6f\n", $1, $2, $3, $4, $7, $8 }' | cmp - want
  [ "$(awk -F, 'NR > 1 { n += $2; c += $3 } END { print n "," c }' k.csv)" = \
    "$(column images row.csv),$(column correct row.csv)" ]
}

@test "eval: a class without an image has no accuracy; each channel has its own mean" {
  other_network >net.safetensors
  printf 'input 2x3x2\na: conv 1 3x2 batch_norm\nclassifier: linear 4\n' >net.txt
  printf 'dataset: idx\ndata_dir: .\nvalidation: test\nseed: 1\n' >cfg.yaml
  { printf '\0\0\x08\4\0\0\0\2\0\0\0\2\0\0\0\3\0\0\0\2'; head -c 24 /dev/zero; } >t10k-images-idx4-ubyte
  printf '\0\0\x08\1\0\0\0\2\0\0' >t10k-labels-idx1-ubyte
  run_net() { eo-eval -c cfg.yaml --network net.txt "$@" net.safetensors >row.csv; }
  run_net --input-mean 0,9 --input-std 1 --logits zero.csv --classes k.csv
  run_net --input-mean 2,0 --input-std 1,0.5 --logits two.csv
  # the weights look at the first channel alone: (0 - 0) / 1 and (0 - 2) / 1
  [ "$(sed -n 2p zero.csv),$(sed -n 2p two.csv)" = 0,0,0,1,2,3,0,0,2,3,4,5 ]
  [ "$(tail -n +2 k.csv | cut -d, -f1-3,7,8)" = '0,2,0,0,
1,0,0,0,
2,0,0,0,
3,0,0,2,0.0' ]
  [ "$(sed -n 3p k.csv | cut -d, -f4-6)" = ,, ]
  fails 2 \
    "eo-eval: option '--input-mean': expected 1 number, or 1 for each channel of the input (2), found 3"$'\n'"$HINT" \
    run_net --input-mean 1,2,3 --input-std 1
  fails 2 "eo-eval: option '--input-std': expected a number in 0.001..1000, found '0'"$'\n'"$HINT" \
    run_net --input-mean 0 --input-std 1,0
}

@test "eval: logits, predictions and confusion matrix agree" {
  eo-eval -c $F/cfg.yaml --logits l.csv --predictions p.csv --confusion c.csv $F/base.safetensors >row.csv
  [ "$(head -n 1 l.csv)" = index,label,class0,class1,class2,class3,class4,class5,class6,class7,class8,class9 ]
  [ "$(head -n 1 c.csv)" = true_class,predicted_class,count,model_sha256 ]
  [ "$(tail -n +2 c.csv | cut -d, -f4 | sort -u)" = "$(sha256sum <$F/base.safetensors | cut -c1-64)" ]
  [ "$(wc -l <l.csv) $(wc -l <p.csv) $(wc -l <c.csv)" = "311 311 101" ]
  awk -F, 'NR == 1 { print "index,label,predicted"; next }
    { best = 0; for (k = 1; k < 10; k++) if ($(k + 3) + 0 > $(best + 3) + 0) best = k; print $1 "," $2 "," best }' \
    l.csv | cmp - p.csv
  awk -F, 'NR == FNR { if (FNR > 1) n[$2 "," $3]++; next } FNR > 1 { if ($3 != n[$1 "," $2] + 0) exit 1 }' p.csv c.csv
}

@test "eval: --hits says of each validation image whether the model is right" {
  eo-eval -c $F/cfg.yaml --predictions p.csv --hits h.csv $F/int8.safetensors >row.csv
  [ "$(wc -l <h.csv)" -eq 2 ]
  [ "$(head -n 1 h.csv)" = \
    pruning_level,precision,seed,model_sha256,images_sha256,images,correct,hits,pruning_criterion ]
  [ "$(tail -n 1 h.csv | cut -d, -f1-4)" = "$(tail -n 1 row.csv | cut -d, -f1-4)" ]
  [ "$(column images h.csv),$(column correct h.csv)" = "$(column images row.csv),$(column correct row.csv)" ]
  [ "$(column pruning_criterion h.csv)" = none ]
  [ "$(column hits h.csv)" = "$(awk -F, 'NR > 1 { printf "%d", $2 == $3 }' p.csv)" ]
  # the last 310 of the 620 training images: their pixels, then their labels
  { tail -c $((310 * 784)) $F/set/train-images-idx3-ubyte; tail -c 310 $F/set/train-labels-idx1-ubyte; } >seen
  [ "$(column images_sha256 h.csv)" = "$(sha256sum <seen | cut -d' ' -f1)" ]
  # the official test set never enters
  eo-eval -c $F/cfg.yaml --split validation --threads 3 --isa generic --hits v.csv $F/int8.safetensors >row.csv
  cmp v.csv h.csv
  eo-eval -c $F/cfg.yaml --hits other.csv $F/half.safetensors >row.csv
  [ "$(column images_sha256 other.csv)" = "$(column images_sha256 h.csv)" ]
  misused "eo-eval: option '--hits' needs the validation split, which '--split test' leaves out" \
    eo-eval -c $F/cfg.yaml --split test --hits t.csv $F/int8.safetensors
}

@test "eval: --compare says how far another program's logits are, and for how many images the class is another" {
  eo-eval -c $F/cfg.yaml --logits l.csv --predictions p.csv $F/base.safetensors >row.csv
  run --separate-stderr eo-eval -c $F/cfg.yaml --compare l.csv --differences d.csv $F/base.safetensors
  [ "$status" -eq 0 ]
  [ "$output" = "$(cat row.csv)" ]
  [[ $stderr == "eo-eval: l.csv: 310 images: logits differ by at most "*"; the class of 0 images differs" ]]
  [ "$(wc -l <d.csv)" = 311 ]
  awk -F, 'NR > 1 && ($3 != $4 || $5 > 1e-8) { exit 1 }' d.csv
  # other columns and rows: no label, the index last, two images of which one gets another class
  awk -F, 'NR == 1 { print "z0,z1,z2,z3,z4,z5,z6,z7,z8,z9,index" }
    $1 == 7 { $6 += 0.25 } $1 == 300 { c = NR } $1 == 300 { for (k = 3; k < 13; k++) $k = 0; $9 = 64 }
    $1 == 7 || $1 == 300 { print $3 "," $4 "," $5 "," $6 "," $7 "," $8 "," $9 "," $10 "," $11 "," $12 "," $1 }' \
    OFMT=%.9g CONVFMT=%.9g l.csv >theirs.csv
  run --separate-stderr eo-eval -c $F/cfg.yaml --compare theirs.csv --differences d.csv $F/base.safetensors
  [[ $stderr == "eo-eval: theirs.csv: 2 images: logits differ by at most "*" (image 300, class 6); the class of "* ]]
  [ "$(cut -d, -f1,4 d.csv | tr '\n' ' ')" = "index,theirs 7,$(sed -n 9p p.csv | cut -d, -f3) 300,6 " ] ||
    [ "$(sed -n 2p d.csv | cut -d, -f4)" = 3 ]
  awk -F, '$1 == 7 && ($5 < 0.2499999 || $5 > 0.2500001) { exit 1 }' d.csv
}

@test "eval: --compare refuses what is of other images" {
  eo-eval -c $F/cfg.yaml --logits l.csv $F/base.safetensors >row.csv
  awk -F, -v OFS=, 'NR == 4 { $2 = ($2 + 1) % 10 } 1' l.csv >bad
  label=$(sed -n 4p l.csv | cut -d, -f2)
  fails 1 "eo-eval: bad: row 3: expected label $label, which image 2 has, found $(((label + 1) % 10)): other images" \
    eo-eval -c $F/cfg.yaml --compare bad $F/base.safetensors
  sed '4s/^2,/310,/' l.csv >bad
  fails 1 "eo-eval: bad: row 3: expected one of the 310 images, 0 to 309, found 310" \
    eo-eval -c $F/cfg.yaml --compare bad $F/base.safetensors
  cut -d, -f1-11 l.csv >bad
  fails 1 "eo-eval: bad: expected 10 columns of logits beside index and label, found 9" \
    eo-eval -c $F/cfg.yaml --compare bad $F/base.safetensors
  sed '5s/,[^,]*$/,nan/' l.csv >bad
  fails_like 1 "eo-eval: bad: row 4: class 9: expected a number *found 'nan'" \
    eo-eval -c $F/cfg.yaml --compare bad -o none $F/base.safetensors
  [ ! -e none ]
  head -n 1 l.csv >bad
  fails 1 "eo-eval: bad: expected at least one row, found none" eo-eval -c $F/cfg.yaml --compare bad $F/base.safetensors
  fails 2 "eo-eval: option '--differences' needs '--compare'"$'\n'"$HINT" \
    eo-eval -c $F/cfg.yaml --differences d $F/base.safetensors
}

@test "eval: the same bytes for every number of threads and instruction set" {
  for m in base half int8; do
    eo-eval -c $F/cfg.yaml --threads 1 --isa generic --logits l1 --predictions p1 --confusion c1 -o r1 $F/$m.safetensors
    for n in 2 3 7; do
      eo-eval -c $F/cfg.yaml --threads $n --logits l2 --predictions p2 --confusion c2 -o r2 $F/$m.safetensors
      cmp l1 l2
      cmp p1 p2
      cmp c1 c2
      cmp r1 r2
    done
  done
}

@test "eval: --split leaves the other half empty" {
  eo-eval -c $F/cfg.yaml $F/base.safetensors >both
  eo-eval -c $F/cfg.yaml --split both $F/base.safetensors | cmp - both
  eo-eval -c $F/cfg.yaml --split validation $F/base.safetensors >validation
  eo-eval -c $F/cfg.yaml --split test $F/base.safetensors >test
  [ "$(tail -n 1 validation)" = \
    "$(tail -n 1 both | cut -d, -f1-11),,,,,,$(tail -n 1 both | cut -d, -f17-28),,$(tail -n 1 both | cut -d, -f30-)" ]
  [ "$(tail -n 1 test)" = "$(tail -n 1 both |
    awk -F, -v OFS=, '{ for (i = 5; i <= 11; i++) $i = ""; $28 = $30 = ""; print }')" ]
}

@test "eval: with --split test the tables are about the test set" {
  eo-eval -c $F/cfg.yaml --split test --logits l --predictions p --confusion c $F/base.safetensors >row
  [ "$(wc -l <l) $(wc -l <p)" = "91 91" ]
  [ "$(awk -F, 'NR > 1 { n += $3 } END { print n }' c)" = 90 ]
  [ "$(awk -F, 'NR > 1 && $2 == $3' p | wc -l)" = "$(column test_correct row)" ]
}

@test "eval: only the files that are needed are read" {
  mkdir set
  cp $F/set/t10k-* set
  eo-eval -c $F/cfg.yaml --data set --split test $F/base.safetensors >row
  [ "$(column test_images row)" = 90 ]
  sed 's/^val_subset.*/val_subset: 50/' $F/cfg.yaml >cfg.yaml
  echo 'validation: test' >>cfg.yaml
  eo-eval -c cfg.yaml --data set --predictions p $F/base.safetensors >row
  [ "$(column images row)" = 50 ]
  [ "$(awk -F, 'NR > 1 && $2 == $3' p | wc -l)" = "$(column correct row)" ]
  rm set/*
  cp $F/set/train-* set
  eo-eval -c $F/cfg.yaml --data set --split validation $F/base.safetensors >row
  [ "$(column images row)" = 310 ]
}

@test "eval: the model from standard input, the row into a file" {
  eo-eval -c $F/cfg.yaml $F/base.safetensors >expected
  eo-eval -c $F/cfg.yaml <$F/base.safetensors | cmp - expected
  eo-eval -c $F/cfg.yaml -o row - <$F/base.safetensors
  cmp row expected
  eo-eval -c - $F/base.safetensors <$F/cfg.yaml | cmp - expected
}

@test "eval: the bootstrap is drawn by the config's seed, all else stays" {
  sed 's/^seed.*/seed: 6/' $F/cfg.yaml >six.yaml
  eo-eval -c $F/cfg.yaml $F/base.safetensors | cut -d, -f1-9,12- >a
  eo-eval -c six.yaml $F/base.safetensors | cut -d, -f1-9,12- | cmp - a
  for s in 5 6 7 8 9 10 11 12; do
    sed "s/^seed.*/seed: $s/" $F/cfg.yaml >s.yaml
    eo-eval -c s.yaml --split validation $F/base.safetensors | tail -n 1 | cut -d, -f10,11
  done | sort -u >intervals
  [ "$(wc -l <intervals)" -gt 1 ]
}

@test "eval: EO_ISA and --isa" {
  EO_ISA=generic eo-eval -c $F/cfg.yaml --split test $F/base.safetensors >a
  eo-eval -c $F/cfg.yaml --split test --isa generic $F/base.safetensors | cmp - a
  EO_ISA=z80 eo-eval -c $F/cfg.yaml --split test --isa generic $F/base.safetensors | cmp - a
  EO_ISA=z80 fails_like 1 "eo-eval: EO_ISA: *'z80'*" eo-eval -c $F/cfg.yaml $F/base.safetensors
  run --separate-stderr eo-eval -c $F/cfg.yaml --isa z80 $F/base.safetensors
  [ "$status" -eq 2 ]
  [[ $stderr == "eo-eval: option '--isa': "*"'z80'"* ]]
}

@test "eval: wrong usage exits 2" {
  m=$F/base.safetensors
  fails 2 "eo-eval: option '-c' is required"$'\n'"$HINT" eo-eval $m
  fails 2 "eo-eval: option '--split': expected validation, test or both, found 'train'"$'\n'"$HINT" \
    eo-eval -c $F/cfg.yaml --split train $m
  fails 2 "eo-eval: option '--threads': expected an integer in 1..256, found '0'"$'\n'"$HINT" \
    eo-eval -c $F/cfg.yaml --threads 0 $m
  fails 2 "eo-eval: unknown or ambiguous option '--batch'"$'\n'"$HINT" eo-eval -c $F/cfg.yaml --batch $m
  fails 2 "eo-eval: unexpected operand 'two'"$'\n'"$HINT" eo-eval -c $F/cfg.yaml $m two
  fails 2 "eo-eval: only one output can go to standard output; give the others a file"$'\n'"$HINT" \
    eo-eval -c $F/cfg.yaml --logits - $m
  fails 2 "eo-eval: the config and the model cannot both come from standard input"$'\n'"$HINT" eo-eval -c -
}

@test "eval: bad input exits 1 with one line and leaves no file" {
  m=$F/base.safetensors
  out="-o row --logits l --predictions p --confusion c --classes k --hits h"
  fails 1 "eo-eval: none.yaml: cannot open: No such file or directory" eo-eval -c none.yaml $out $m
  fails 1 "eo-eval: none.safetensors: cannot open: No such file or directory" eo-eval -c $F/cfg.yaml $out \
    none.safetensors
  fails 1 "eo-eval: dataset 'idx': expected a folder 'none' (--data), found none" \
    eo-eval -c $F/cfg.yaml --data none $out $m
  mkdir empty
  fails_like 1 "eo-eval: 'empty': expected *" eo-eval -c $F/cfg.yaml --data empty $out $m
  printf 'PK\3\4 this is not a model' >zip
  fails_like 1 "eo-eval: zip: expected a safetensors file, found a zip archive; unpack it" eo-eval -c $F/cfg.yaml $out \
    zip
  head -c 3000 $m >short
  fails_like 1 "eo-eval: (standard stream): *" eo-eval -c $F/cfg.yaml $out - <short
  sed 's/^val_subset.*/val_subset: 621/' $F/cfg.yaml >cfg.yaml
  fails 1 "eo-eval: $F/set: 'val_subset': expected at most the 620 training images, found 621" \
    eo-eval -c cfg.yaml $out $m
  for f in row l p c k h; do
    [ ! -e $f ]
  done
}

@test "eval: a full disk exits 1" {
  for o in -o --logits --predictions --confusion --classes --hits; do
    fails 1 "eo-eval: /dev/full: cannot write: No space left on device" \
      eo-eval -c $F/cfg.yaml -o row $o /dev/full $F/base.safetensors
    [ ! -e row ]
  done
  run --separate-stderr bash -c "eo-eval -c $F/cfg.yaml $F/base.safetensors >/dev/full"
  [ "$status" -eq 1 ]
  [ "$stderr" = "eo-eval: (standard stream): cannot write: No space left on device" ]
}

@test "eval: real test images" {
  need_data mnist
  printf \
    'dataset: mnist\nseed: 1\ntrain_subset: 1500\nval_subset: 500\nepochs: 4\nbatch_size: 32\nconv1_channels: '\
'4\nconv2_channels: 8\n' >cfg.yaml
  eo-train -q -c cfg.yaml -o m
  eo-quant -p int8 -c cfg.yaml -o q m
  eo-eval -c cfg.yaml q >row
  [ "$(column images row) $(column test_images row)" = "500 10000" ]
  column test_accuracy row | awk '{ exit !($1 > 0.6 && $1 < 1) }'
}
