# Shared by all bats files: where the programs are, where the data is, and a small data set.
EO_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
EO_BIN=${EO_BIN:-$EO_ROOT/out/bin}
PATH=$EO_BIN:$PATH
export LC_ALL=C

if [ -z "${EO_DATA_DIR:-}" ] && [ -d "$EO_ROOT/../shared/data" ]; then
  EO_DATA_DIR=$(cd "$EO_ROOT/../shared/data" && pwd)
fi

# Real data, or the test is skipped by name: need_data mnist
need_data() {
  [ -n "${EO_DATA_DIR:-}" ] && [ -d "$EO_DATA_DIR/$1" ] || skip "needs the real $1 data: set EO_DATA_DIR"
  export EO_DATA_DIR
}
