#!/usr/bin/env bash
# Runs the fuzzers, each for some seconds, and says how many inputs they tried and what they found.
#
#   ops/fuzz.sh                 every target, 600 s each
#   ops/fuzz.sh 60              every target, 60 s each
#   ops/fuzz.sh 60 journal      this target alone
#
# Needs cargo-fuzz (cargo install cargo-fuzz) and a C++ compiler. Runs on the stable toolchain, without sanitizers: all
# code here is safe Rust, so what is looked for are panics, overflows and broken promises. An input that fails is kept
# in fuzz/artifacts/TARGET; `ops/fuzz.sh` prints the command that runs it again.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/alpha-arena/target}/fuzz"
# What cargo-fuzz asks of the compiler is stable in all but name.
export RUSTC_BOOTSTRAP=1

say() { printf '%s\n' "$*"; }
fail() { printf 'ops/fuzz.sh: %s\n' "$*" >&2; exit 1; }

seconds=${1:-600}
[[ $seconds =~ ^[0-9]+$ ]] || fail "the first argument is a number of seconds"
shift || true
targets=("$@")
((${#targets[@]})) || targets=(frame journal segment snapshot anchor checkpoints pruned market_frames user_frames)
cargo fuzz --version >/dev/null 2>&1 || fail "needs cargo-fuzz: cargo install cargo-fuzz"

cargo fuzz build -s none

crashed=0
for target in "${targets[@]}"; do
    log=$(mktemp)
    mkdir -p "fuzz/corpus/$target"
    code=0
    # No input may ask for more memory than the longest frame and its copies.
    cargo fuzz run -s none "$target" -- -max_total_time="$seconds" -max_len=4096 -timeout=20 \
        -malloc_limit_mb=300 -rss_limit_mb=1500 -print_final_stats=1 >"$log" 2>&1 || code=$?
    tried=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if ((code == 0)); then
        say "fuzz: $target: ${tried:-?} inputs in $seconds s, 0 failures"
        rm -f "$log"
    else
        crashed=$((crashed + 1))
        say "fuzz: $target: FAILED after ${tried:-?} inputs; what it said is in $log"
        grep -E "panicked at|ERROR: libFuzzer|^[[:space:]]*cargo fuzz run" "$log" | head -n 5 || true
    fi
done
((crashed == 0))
