#!/usr/bin/env bash
# Loads what `refinex export sft` writes, each dialect with its real library as far as that installs
# without torch: `datasets` loads all five by their card; TRL's own data functions and transformers'
# chat templates take the conversational ones; the mask that TRL makes (prompt tokens are a prefix,
# loss on the rest) is computed and decoded back to the program.
#
# Needs: python3 with venv, a package index (PyPI), a built target/release/refinex.
# Usage: lab/sft_load.sh [FOLDER]   (default: a new one under /tmp; it is kept)
set -euo pipefail
cd "$(dirname "$0")/.."
stop() { echo "sft_load: $*" >&2; exit 2; }
refinex=$PWD/target/release/refinex
[ -x "$refinex" ] || stop "expected target/release/refinex, but found none: cargo build --release -p refinex-cli"
work=${1:-$(mktemp -d /tmp/refinex-sft.XXXXXX)}
venv=${REFINEX_SFT_VENV:-/tmp/refinex-sft-venv}
if ! "$venv/bin/python" -c 'import datasets, trl, transformers, jinja2' 2>/dev/null; then
  python3 -m venv "$venv" || stop "expected python3 to make a virtual environment at $venv, but it failed"
  "$venv/bin/pip" install -q datasets tokenizers safetensors regex typer jinja2 huggingface-hub &&
    "$venv/bin/pip" install -q --no-deps trl transformers accelerate ||
    stop "expected datasets, transformers and trl from a package index, but pip failed"
fi
# Labelled documents: the sample pages, refined by the embedded tagger.
"$refinex" refine samples/web -o "$work/run" -q > /dev/null
for dialect in messages prompt-completion llama-factory swift axolotl; do
  "$refinex" export sft "$work/run" -o "$work/$dialect" --dialect "$dialect" > "$work/$dialect.txt"
done
HF_HUB_OFFLINE=1 "$venv/bin/python" lab/sft_load.py "$work"
