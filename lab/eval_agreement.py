#!/usr/bin/env python3
"""`refinex eval` beside the measure of the project, ../shared/measure/score.py, on the same rows.

    cargo build --release -p refinex-cli
    python3 lab/eval_agreement.py            # dev sets and human sets, the tagger at three thresholds
    python3 lab/eval_agreement.py --cases    # writes the stored cases of crates/eval/tests/measure

Every figure that both have must agree to the last of four places; prints how many were compared.
Needs the package zstandard.
"""

import importlib.util
import io
import json
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
REFINEX = ROOT / "target/release/refinex"
CASES = ROOT / "crates/eval/tests/measure"


def measure():
    path = SHARED / "measure/score.py"
    if not path.exists():
        sys.exit(f"expected the project's measure at {path}, but found nothing")
    spec = importlib.util.spec_from_file_location("score", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compare(score, name, gold, predicted, arguments=()):
    wanted = score.score(list(score.rows(str(gold))),
                         {row["id"]: row["deletions"] for row in score.rows(str(predicted))})
    said = subprocess.run([REFINEX, "eval", str(gold), str(predicted), "--json", "--rounds", "0", *arguments],
                          check=True, capture_output=True, text=True).stdout
    found = json.loads(said)["refiners"][0]
    shared = sorted(set(wanted) & set(found))
    assert len(shared) == len(wanted), set(wanted) - set(found)
    for key in shared:
        if abs(found[key] - wanted[key]) > 5e-5:
            sys.exit(f"{name}: {key}: expected {wanted[key]}, but found {found[key]}")
    print(f"{name}: {len(shared)} figures agree, {wanted['documents']} documents, F1 {wanted['deletion_f1']:.4f}")
    return len(shared)


def sets():
    score, compared = measure(), 0
    golds = sorted((SHARED / "data/expert").glob("dev*.jsonl.zst")) + sorted((SHARED / "data/human").glob("*.jsonl.zst"))
    for gold in golds:
        for threshold in ("0.2", "0.55", "0.9") if "expert" in str(gold) else ("0.55",):
            with tempfile.TemporaryDirectory() as folder:
                run = pathlib.Path(folder) / "run"
                subprocess.run([REFINEX, "refine", str(gold), "-o", str(run), "--threshold", threshold, "-q"],
                               check=True, capture_output=True)
                compared += compare(score, f"{gold.name} at {threshold}", gold, run)
    print(f"{compared} figures were compared, all agree")


WORDS = ("Menu Home Share Der alte Leuchtturm stand im Regen and nobody came to fetch the letters "
         "café naïve été 天气 很好 Привет 👩‍👩‍👧 e\u0301 \u2028 \u00a0 © 2031 | » read more").split(" ")


def cases():
    """Made-up documents of words written for this, with gold and predictions at random."""
    score, dice = measure(), random.Random(5)
    CASES.mkdir(exist_ok=True)
    rows = []
    for number in range(60):
        lines = [" ".join(dice.choices(WORDS, k=dice.randrange(0, 9))) for _ in range(dice.randrange(0, 9))]
        text = dice.choice(["\n", "\r\n", "\n\n", "\t\n"]).join(lines) + dice.choice(["", "\n"])
        edges = [len(text[:at].encode()) for at in range(len(text) + 1)]

        def spans():
            if dice.random() < 0.15:
                return [[0, edges[-1]]] if edges[-1] else []
            cuts = sorted(dice.sample(edges, min(len(edges), 2 * dice.randrange(0, 4)) // 2 * 2))
            return [list(pair) for pair in zip(cuts[::2], cuts[1::2])]

        predicted = None if number % 11 == 0 else spans()
        rows.append({"id": f"case-{number}", "text": text, "deletions": spans(), "predicted": predicted})
    (CASES / "cases.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    wanted = score.score(rows, {row["id"]: row["predicted"] for row in rows if row["predicted"] is not None})
    (CASES / "scores.json").write_text(json.dumps(wanted, indent=1) + "\n")
    print(json.dumps(wanted))


if __name__ == "__main__":
    cases() if "--cases" in sys.argv else sets()
