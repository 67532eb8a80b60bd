#!/bin/sh
# The npm and the Rust client against a sandbox. Prints their findings, one JSON object a line. Not part of CI: they download
# and build much. $1: the `arena` binary. $2: the recording. $3: a folder for what is installed.
# Exit code 77: there is no node, or the package index cannot be reached; nothing was tried.
set -eu
arena=$1 recording=$2 folder=$3
here=$(cd "$(dirname "$0")" && pwd)
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
mkdir -p "$folder/npm"
cp "$here/typescript.mjs" "$folder/npm/"
command -v npm >&2 || exit 77
(cd "$folder/npm" && npm install --silent --no-save @polymarket/clob-client-v2@1.1.0 viem@2 >&2) || exit 77
(cd "$here/rust" && CARGO_TARGET_DIR="$folder/rust" cargo build --quiet >&2)

"$arena" --json sandbox --log "$recording" --format polymarket-l2 --port 0 --warm-up 300 --speed 1 --welcome 10000 \
    >"$folder/sandbox.out" 2>"$folder/sandbox.err" &
sandbox=$!
trap 'kill $sandbox 2>/dev/null || true' EXIT
for _ in $(seq 100); do
    [ -s "$folder/sandbox.out" ] && break
    kill -0 $sandbox 2>/dev/null || { cat "$folder/sandbox.err" >&2; exit 1; }
    sleep 0.2
done
SANDBOX_URL=$(sed -n 's/.*"url":"\([^"]*\)".*/\1/p' "$folder/sandbox.out")
export SANDBOX_URL
echo '{"client": "typescript"}'
(cd "$folder/npm" && timeout 120 node typescript.mjs)
echo '{"client": "rust"}'
# The first market is as good as any.
SANDBOX_TOKEN_ID=$(curl -s "$SANDBOX_URL/sampling-markets" | sed -n 's/.*"token_id":"\([0-9]*\)".*/\1/p')
export SANDBOX_TOKEN_ID
timeout 120 "$folder/rust/debug/interop-client"
kill -TERM $sandbox
wait $sandbox
trap - EXIT
