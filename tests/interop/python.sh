#!/bin/sh
# The two Python clients against a sandbox, each from its own index. Prints their findings, one JSON object a line.
# $1: the `arena` binary. $2: the recording. $3: a folder for what is installed (kept, to be used again).
# Exit code 77: the package index cannot be reached, nothing was tried.
set -eu
arena=$1 recording=$2 folder=$3
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 PIP_DISABLE_PIP_VERSION_CHECK=1

if [ ! -x "$folder/venv/bin/python" ]; then
    "$python" -m venv "$folder/venv" >&2 || exit 77
fi
if ! "$folder/venv/bin/pip" install -q py-clob-client-v2==1.2.1 polymarket-client==0.14.0 >"$folder/pip.log" 2>&1; then
    cat "$folder/pip.log" >&2
    exit 77
fi

"$arena" --json sandbox --log "$recording" --format polymarket-l2 --port 0 --warm-up 300 --speed 1 --seed 7 \
    --welcome 10000 --record "$folder/log.$$" >"$folder/sandbox.out" 2>"$folder/sandbox.err" &
sandbox=$!
trap 'kill $sandbox 2>/dev/null || true' EXIT
for _ in $(seq 100); do
    [ -s "$folder/sandbox.out" ] && break
    kill -0 $sandbox 2>/dev/null || { cat "$folder/sandbox.err" >&2; exit 1; }
    sleep 0.2
done
read -r SANDBOX_URL SANDBOX_TOKEN <<EOF
$("$python" -c 'import json,sys; d=json.loads(sys.stdin.readline()); print(d["url"], d["admin_token"])' <"$folder/sandbox.out")
EOF
export SANDBOX_URL SANDBOX_TOKEN
for client in standalone unified; do
    echo "{\"client\": \"$client\"}"
    (cd "$here" && PYTHONDONTWRITEBYTECODE=1 timeout 120 "$folder/venv/bin/python" "$client.py")
done
kill -TERM $sandbox
wait $sandbox
trap - EXIT
echo "{\"log\": \"$folder/log.$$\"}"
