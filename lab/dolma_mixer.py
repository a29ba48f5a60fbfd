"""Steps of dolma_mixer.sh: sample, mix, compare."""

import glob
import gzip
import importlib.util
import json
import os
import random
import sys


def sample():
    rows = [json.loads(line) for line in sys.stdin]
    random.seed(3)
    for row in random.sample(rows, 1500):
        row = {key: row[key] for key in ("id", "text", "deletions")}
        print(json.dumps(row, ensure_ascii=False))


def mix(work):
    # The compiled module alone: the package around it wants far more than the mixer needs.
    site = glob.glob(f"{work}/venv/lib/python*/site-packages/dolma/dolma*.so")[0]
    spec = importlib.util.spec_from_file_location("dolma", site)
    dolma = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(dolma)
    for folder in ("in", "out"):
        os.makedirs(f"{work}/{folder}")
    stream = {
        "name": "mixed",
        "documents": [f"{work}/dolma/documents/*"],
        "attributes": ["noise"],
        "output": {"path": f"{work}/mixed", "max_size_in_bytes": 10**10},
        "span_replacement": [
            {"span": "$.attributes.noise", "min_score": 0.5, "replacement": ""}
        ],
    }
    work_dir = {"input": f"{work}/in", "output": f"{work}/out"}
    dolma.mixer_entrypoint(
        json.dumps({"streams": [stream], "processes": 1, "work_dir": work_dir})
    )


def compare(work):
    with open(f"{work}/refined.jsonl", encoding="utf-8") as file:
        ours = {row["id"]: row["text"] for row in map(json.loads, file)}
    theirs = {}
    for path in glob.glob(f"{work}/mixed/*"):
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
            theirs.update((row["id"], row["text"]) for row in map(json.loads, file))
    same = sum(theirs.get(key) == text for key, text in ours.items())
    print(f"{len(ours)} documents of refinex, {len(theirs)} of dolma, {same} the same")
    sys.exit(0 if same == len(ours) == len(theirs) else 1)


if __name__ == "__main__":
    step, *rest = sys.argv[1:]
    {"sample": sample, "mix": mix, "compare": compare}[step](*rest)
