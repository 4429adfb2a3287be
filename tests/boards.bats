# Boards as constraints: board_fits.csv, and what eo-pareto accepts by it.
bats_require_minimum_version 1.5.0
load common
load rows

setup() {
  cd "$BATS_TEST_TMPDIR"
  cat >core_costs.csv <<'END'
candidate,build,core,flash_bytes,ram_bytes,instructions,scores_equal
p0.00-int8,,m0,23076,1440,5860000,1
p0.00-int8,,m4dsp,23366,2728,1200000,1
p0.00-int8,fast,m4dsp,35416,2200,1000000,1
p0.50-int8,,m4dsp,8192,1024,300000,1
END
  cat >c.yaml <<'END'
devices:
  - STM32L4R5
  - RP2040
  - {name: tiny, core: M4, code: m4dsp, clock_mhz: 10, flash_kib: 8, ram_kib: 1}
  - {name: STM32F411, cycles_per_instruction: 1.25, milliwatts: 40}
END
}

@test "eo-device: what fits, by the last byte, and estimates where there is a basis" {
  eo-device -c c.yaml core_costs.csv >board_fits.csv
  diff board_fits.csv - <<END
candidate,build,board,core,code,fits,flash_bytes,flash_free_bytes,ram_bytes,ram_free_bytes,scores_equal,instructions,\
cycles_per_instruction,latency_ms,energy_mj
p0.00-int8,,STM32L4R5,Cortex-M4F,m4dsp,True,23366,2073786,2728,652632,1,1200000,,,
p0.00-int8,,RP2040,Cortex-M0+,m0,True,23076,2074076,1440,268896,1,5860000,,,
p0.00-int8,,tiny,M4,m4dsp,False,23366,-15174,2728,-1704,1,1200000,,,
p0.00-int8,,STM32F411,Cortex-M4F,m4dsp,True,23366,500922,2728,128344,1,1200000,1.25,15.0,0.6
p0.00-int8,fast,STM32L4R5,Cortex-M4F,m4dsp,True,35416,2061736,2200,653160,1,1000000,,,
p0.00-int8,fast,tiny,M4,m4dsp,False,35416,-27224,2200,-1176,1,1000000,,,
p0.00-int8,fast,STM32F411,Cortex-M4F,m4dsp,True,35416,488872,2200,128872,1,1000000,1.25,12.5,0.5
p0.50-int8,,STM32L4R5,Cortex-M4F,m4dsp,True,8192,2088960,1024,654336,1,300000,,,
p0.50-int8,,tiny,M4,m4dsp,True,8192,0,1024,0,1,300000,,,
p0.50-int8,,STM32F411,Cortex-M4F,m4dsp,True,8192,516096,1024,130048,1,300000,1.25,3.75,0.15
END
  sed -i 's/8192,1024/8192,1025/' core_costs.csv
  eo-device -c c.yaml core_costs.csv | grep -q '^p0.50-int8,,tiny,M4,m4dsp,False,8192,0,1025,-1,'
}

@test "make device ends with what fits on each board, and where the recommended candidate does" {
  eo-device -c c.yaml core_costs.csv >board_fits.csv
  awk -f "$EO_ROOT/tools/boards.awk" board_fits.csv >said
  diff said - <<END
STM32L4R5: 2 of 2 candidates fit
RP2040: 1 of 1 candidates fit
tiny: 1 of 2 candidates fit
STM32F411: 2 of 2 candidates fit
END
  printf '{\n  "recommended": {\n    "model": "models/p0.00-int8.safetensors",\n  "x": {\n  "recommended": {\n' >s.json
  echo '    "model": "models/p0.50-int8.safetensors"' >>s.json
  awk -f "$EO_ROOT/tools/boards.awk" s.json board_fits.csv >said
  diff said - <<END
STM32L4R5: 2 of 2 candidates fit; p0.00-int8, the recommended one, leaves 2073786 bytes of flash and 652632 of RAM
RP2040: 1 of 1 candidates fit; p0.00-int8, the recommended one, leaves 2074076 bytes of flash and 268896 of RAM
tiny: 1 of 2 candidates fit; p0.00-int8, the recommended one, does not
STM32F411: 2 of 2 candidates fit; p0.00-int8, the recommended one, leaves 500922 bytes of flash and 128344 of RAM
END
}

@test "eo-device --json: the cells as numbers, truth and null" {
  eo-device --json -c c.yaml core_costs.csv >fits
  [ "$(json get fits fits fits/0/candidate fits/0/build fits/0/fits fits/2/fits fits/2/flash_free_bytes \
    fits/3/latency_ms fits/4/build | tr '\n' ' ')" = "10 p0.00-int8 null true false -15174 15 fast " ]
  documented fits
  eo-device --boards -j -o boards
  [ "$(json get boards boards)" = "$(eo-device --boards | sed 1d | wc -l)" ]
  [ "$(json get boards boards/0/board)" = "$(eo-device --boards | sed -n '2s/,.*//p')" ]
  documented boards
}

@test "eo-device: what is no number, and a table of nothing" {
  for column in 4:flash_bytes 5:ram_bytes 6:instructions 7:scores_equal; do
    awk -F, -v OFS=, -v column=${column%:*} 'NR == 2 { $column = "x" } { print }' core_costs.csv >bad.csv
    run --separate-stderr eo-device -c c.yaml bad.csv
    [ "$status" = 1 ]
    [ "$stderr" = "eo-device: bad.csv: row 1: column '${column#*:}': expected an integer in 0..9007199254740991, \
found 'x'" ]
  done
  head -n 1 core_costs.csv >none.csv
  [ "$(eo-device -c c.yaml none.csv | wc -l)" = 1 ]
  printf 'p0.00-fp32,,m33,1,1,1,1\n' >>core_costs.csv
  [ -z "$(eo-device -c c.yaml core_costs.csv | grep ^p0.00-fp32)" ]
}

@test "eo-device: in floating point the code of m4 stands for m4dsp" {
  printf 'p0.00-fp32,,m4,80000,7000,2000000,1\np0.00-fp32,,m3,90000,7000,20000000,0\n' >>core_costs.csv
  eo-device -c c.yaml core_costs.csv | grep ^p0.00-fp32 | cut -d, -f3-6 >found
  [ "$(paste -sd' ' found)" = \
    "STM32L4R5,Cortex-M4F,m4,True tiny,M4,m4,False STM32F411,Cortex-M4F,m4,True" ]
}

@test "eo-device --boards: every known board can be named" {
  eo-device --boards | awk -F, 'NR > 1 { print $1 }' >names
  [ "$(wc -l <names)" -ge 11 ]
  echo "devices: [$(paste -sd, names)]" >all.yaml
  eo-config --check all.yaml
  # What a power or a cycle count is from stands beside it.
  [ -z "$(eo-device --boards |
    awk -F, 'NR > 1 && ($7 == "" || ($8 != "") != ($9 != "") || ($10 != "") != ($11 != ""))')" ]
}

@test "devices: a configuration prints as itself, and its slice as the slice" {
  eo-config --print c.yaml >once
  grep -qxF 'devices: [STM32L4R5, RP2040, {name: tiny, core: M4, code: m4dsp, clock_mhz: 10.0, flash_kib: 8.0, '\
'ram_kib: 1.0}, {name: STM32F411, cycles_per_instruction: 1.25, milliwatts: 40.0}]' once
  eo-config --print once | cmp - once
  eo-config --stage select c.yaml >slice
  eo-config --stage select slice | cmp - slice
}

# refused MESSAGE LINE...: the configuration of these lines
refused() {
  local message=$1
  shift
  printf '%s\n' "$@" >bad.yaml
  fails 1 "eo-config: bad.yaml: $message" eo-config --check bad.yaml
}

@test "devices: what is no board, and limits without a basis" {
  refused "1:10: key 'devices': board 'X1': expected one of STM32G0B1, STM32F103, STM32L4R5, STM32F411, STM32F746, \
STM32U575, STM32H7A3, nRF52840, RP2040, ESP32-C3, GD32VF103, or a mapping with 'code'" 'devices: [X1]'
  refused "1:11: key 'devices': expected a mapping with 'name', found none" 'devices: [{code: m0}]'
  refused "1:21: key 'devices': 'code': expected one of m0, m3, m4, m4dsp, m55, rv32imc, found 'zz'" \
    'devices: [{name: x, code: zz, clock_mhz: 80, flash_kib: 256, ram_kib: 64}]'
  refused "1:19: key 'devices': expected different entries, found 'RP2040'" 'devices: [RP2040, RP2040]'
  refused "1:19: key 'devices': expected different names, found 'RP2040' again" 'devices: [RP2040, {name: RP2040}]'
  refused "1:26: key 'devices': expected one 'name', found it twice" 'devices: [{name: RP2040, name: b}]'
  refused "1:26: key 'devices': expected one of name, core, code, clock_mhz, flash_kib, ram_kib, \
cycles_per_instruction, milliwatts, found 'clock'" 'devices: [{name: RP2040, clock: 1}]'
  refused "1:26: key 'devices': 'clock_mhz': expected a number in 0.001..100000, found 'fast'" \
    'devices: [{name: RP2040, clock_mhz: fast}]'
  refused "1:12: key 'devices': 'name': expected at most 31 letters, digits and any of ._+-, found 'a b'" \
    'devices: [{name: a b}]'
  refused "1:37: key 'devices': expected a name or a number, found a list" 'devices: [{name: RP2040, clock_mhz: [1]}]'
  refused "1:12: key 'devices': expected the name of a field, found a list" 'devices: [{[1]: RP2040}]'
  refused "1:16: key 'active_device': expected the name of one of devices, found 'RP2040'" 'active_device: RP2040'
  refused "1:1: key 'max_latency_ms': expected 'active_device' beside it, found none" 'max_latency_ms: 3'
  refused "3:1: key 'max_latency_ms': expected 'cycles_per_instruction' of the active device, found none: measure it \
and give it in devices" 'devices: [RP2040]' 'active_device: RP2040' 'max_latency_ms: 3'
  refused "3:1: key 'max_energy_mj': expected 'milliwatts' of the active device, found none: measure it and give it in \
devices" 'devices: [{name: RP2040, cycles_per_instruction: 1.5}]' 'active_device: RP2040' 'max_energy_mj: 3'
}

@test "eo-device: wrong usage, and tables that are none" {
  misused "eo-device: option '-c' is required" eo-device core_costs.csv
  echo 'seed: 1' >none.yaml
  [ "$(eo-device -c none.yaml core_costs.csv | wc -l)" = 1 ]
  echo 'devices: [{name: q, code: m55, clock_mhz: 1, flash_kib: 1, ram_kib: 1}]' >q.yaml
  fails 1 "eo-device: core_costs.csv: board 'q': expected rows of the core 'm55', found none" \
    eo-device -c q.yaml core_costs.csv
  sed 's/23366/-1/' core_costs.csv >bad.csv
  fails_like 1 "eo-device: bad.csv: row 2: column 'flash_bytes': *" eo-device -c c.yaml -o out.csv bad.csv
  cut -d, -f1-6 core_costs.csv >short.csv
  fails 1 "eo-device: short.csv: expected a column 'scores_equal', found none" eo-device -c c.yaml -o out.csv short.csv
  [ ! -e out.csv ]
}

# select_on BOARD [LINE...]: level, precision, acceptance, build and flash of each candidate
select_on() {
  local board=$1
  shift
  { cat c.yaml; echo "active_device: $board"; printf '%s\n' "$@"; } >s.yaml
  eo-device -c s.yaml -o board_fits.csv core_costs.csv
  eo-pareto -c s.yaml --devices board_fits.csv --sweep sweep.csv rows.csv
  awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    { print $at["pruning_level"], $at["precision"], $at["accepted"], $at["device_build"], $at["flash_bytes"] }' \
    sweep.csv | paste -sd';'
}

@test "eo-pareto --devices: what fits on the active device is accepted, by the build with the fewest instructions" {
  cat >rows.csv <<'END'
pruning_level,precision,seed,accuracy,host_latency_ms,model_bytes
0.0,fp32,7,0.95,0.2,40000
0.0,int8,7,0.94,0.1,20000
0.5,int8,7,0.90,0.05,6000
END
  [ "$(select_on STM32F411)" = "0.00 fp32 False  ;0.00 int8 True fast 35416;0.50 int8 True plain 8192" ]
  [ "$(column sweep.csv frontier_flash)" = " possible certain" ]
  eo-pareto -c s.yaml --devices board_fits.csv -x device_instructions rows.csv >frontier.csv
  [ "$(column frontier.csv device_instructions)" = "300000 1000000" ]
  [ "$(select_on tiny)" = "0.00 fp32 False  ;0.00 int8 False plain 23366;0.50 int8 True plain 8192" ]
  fast="0.00 int8 True fast 35416" small="0.50 int8 True plain 8192"
  none="0.00 fp32 False  " slow=${fast/True/False}
  [ "$(select_on STM32F411 'max_latency_ms: 3.75')" = "$none;$slow;$small" ]
  [ "$(select_on STM32F411 'max_latency_ms: 3.74')" = "$none;$slow;${small/True/False}" ]
  [ "$(select_on STM32F411 'max_energy_mj: 0.5')" = "$none;$fast;$small" ]
  # Code whose scores are wrong is not accepted, whatever it takes.
  sed -i 's/300000,1/300000,0/' core_costs.csv
  [ "$(select_on STM32F411)" = "0.00 fp32 False  ;0.00 int8 True fast 35416;0.50 int8 False plain 8192" ]
  fails 1 "eo-pareto: s.yaml: key 'active_device': expected option '--devices' with board_fits.csv, found none" \
    eo-pareto -c s.yaml rows.csv
  sed 's/,35416,/,x,/' board_fits.csv >bad.csv
  fails_like 1 "eo-pareto: bad.csv: row *: column 'flash_bytes': *" eo-pareto -c s.yaml --devices bad.csv rows.csv
}
