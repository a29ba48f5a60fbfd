#!/usr/bin/env python3
"""Pairs for `bench/distill`: one file of JSON lines for each set that the log speaks of.

    python3 lab/distill_pairs.py FOLDER

Writes human.jsonl (2,000 pages, the same as lab/distill_table.py), expert.jsonl, e2e.jsonl,
drift.jsonl and page.jsonl (pages of wcxb joined to a text of a megabyte). Needs the package
zstandard, and the data sets, which are not part of the project.
"""

import json
import pathlib
import sys

from distill_table import DATA, e2e_pairs, human_pairs, minus, rows

PAGE = 990_000


def labelled(paths):
    for path in paths:
        for row in rows(path):
            yield {"raw": row["text"], "refined": minus(row["text"], row["deletions"])}


def one_page():
    """Pages of wcxb, one behind the other, up to a megabyte."""
    raw, refined, size = [], [], 0
    for pair in labelled([DATA / "human/wcxb.jsonl.zst"]):
        raw.append(pair["raw"])
        refined.append(pair["refined"])
        size += len(pair["raw"].encode()) + 1
        if size >= PAGE:
            break
    return {"raw": "\n".join(raw), "refined": "\n".join(refined)}


def write(path, pairs):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for pair in pairs:
            row = {"raw": pair["raw"], "refined": pair["refined"]}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(path)


def main():
    if not DATA.is_dir():
        sys.exit(f"expected the data sets at {DATA}, but found none: this script measures on data "
                 "that is not part of the project")
    if len(sys.argv) != 2:
        sys.exit("expected one argument, the folder to write to")
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "human.jsonl", human_pairs(2000))
    write(folder / "expert.jsonl", labelled(sorted((DATA / "expert").glob("*.jsonl.zst"))))
    write(folder / "e2e.jsonl", e2e_pairs("e2e.jsonl.zst"))
    write(folder / "drift.jsonl", e2e_pairs("e2e_drift.jsonl.zst"))
    write(folder / "page.jsonl", [one_page()])


if __name__ == "__main__":
    main()
