#!/bin/sh
# Does Dolma's own mixer make of our exported attributes what refinex makes of the deletions?
#
#   lab/dolma_mixer.sh            # installs dolma from PyPI into a folder of its own
#
# 1,500 documents of ../shared/data/human (all scripts) are exported with `refinex export dolma`; the
# mixer of dolma 1.2.1 replaces the spans by nothing; the texts must be those of `labels import`.
set -eu
cd "$(dirname "$0")/.."
data=../shared/data/human
[ -d "$data" ] || { echo "lab/dolma_mixer.sh: expected $data, but found nothing there" >&2; exit 2; }
refinex=${REFINEX:-target/release/refinex}
[ -x "$refinex" ] || { echo "lab/dolma_mixer.sh: expected $refinex (cargo build --release)" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-deps dolma==1.2.1
for file in "$data"/*.zst; do zstd -dc "$file"; done |
    python3 lab/dolma_mixer.py sample > "$work/set.jsonl"
"$refinex" export dolma "$work/set.jsonl" -o "$work/dolma" --attribute noise
"$refinex" labels import "$work/set.jsonl" -o "$work/run"
"$work/venv/bin/python" lab/dolma_mixer.py mix "$work"
zstd -dc "$work/run/documents/labels.jsonl.zst" > "$work/refined.jsonl"
python3 lab/dolma_mixer.py compare "$work"
