#!/usr/bin/env bash
# Runs every test of the workspace, from any folder, on a fresh Debian or Ubuntu that has Rust.
#
#   ops/test.sh                 all tests
#   ops/test.sh -- NAME         only tests whose name contains NAME (all that follows goes to `cargo test`)
#
# Installs what a build needs and the machine lacks, and says so. Builds into CARGO_TARGET_DIR, by default
# ~/.cache/alpha-arena/target, so that several checkouts share one build.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/alpha-arena/target}"

say() { printf '%s\n' "$*"; }
fail() { printf 'ops/test.sh: %s\n' "$*" >&2; exit 1; }

# What is missing. BLAKE3, zstd and the TLS library compile C and assembly of their own; nothing links to the system.
missing=()
command -v cc >/dev/null || missing+=(build-essential)
command -v pkg-config >/dev/null || missing+=(pkg-config)

if ((${#missing[@]})); then
    as_root=()
    if [[ $(id -u) -ne 0 ]]; then
        command -v sudo >/dev/null || fail "needs ${missing[*]}; install them as root, then run this again"
        as_root=(sudo)
    fi
    command -v apt-get >/dev/null || fail "needs ${missing[*]} and knows only apt-get; install a C compiler and pkg-config by hand"
    say "Installing ${missing[*]}: the build needs them and they are not here."
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

# rustup puts cargo here, where a fresh shell may not look yet.
command -v cargo >/dev/null || export PATH="$HOME/.cargo/bin:$PATH"
command -v cargo >/dev/null || fail "needs Rust: https://rustup.rs installs it, then run this again"

[[ ${1:-} != -- ]] || shift

say "Building and testing with $(cargo --version), into $CARGO_TARGET_DIR"
output=$(mktemp)
trap 'rm -f "$output"' EXIT
started=$SECONDS

# The benches build a peer engine to compare with; their own script runs them. With --no-fail-fast one run shows all.
code=0
cargo test --workspace --exclude arena-benches --locked --no-fail-fast "$@" 2>&1 | tee "$output" || code=$?

# "test result: ok. 46 passed; 0 failed; 4 ignored; ..." once a run of a test binary.
summary=$(awk '/^test result:/ { runs++; passed += $4; failed += $6; ignored += $8 }
    END { printf "%d passed, %d failed, %d ignored, in %d runs", passed, failed, ignored, runs }' "$output")

# A filter that matches nothing is fine; a build that tests nothing is not.
[[ $code -ne 0 || $summary != *" in 0 runs" ]] || { say "No test ran at all."; code=1; }

say
say "----------------------------------------------------------------------"
if [[ $code -eq 0 ]]; then
    say "Tests: $summary, after $((SECONDS - started)) s. All good."
else
    grep -E '^test .* \.\.\. FAILED$' "$output" | sort -u || true
    grep -E '^error(\[|:)' "$output" | sort -u | head -n 20 || true
    say "Tests: $summary, after $((SECONDS - started)) s. FAILED (cargo's code $code)."
fi
exit "$code"
