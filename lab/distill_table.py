#!/usr/bin/env python3
"""Our distiller beside Python's difflib, on real rewrites and on human-labelled pages.

    cargo build --release -p refinex-cli
    cargo build --release --manifest-path bench/distill/Cargo.toml
    python3 lab/distill_table.py [--human 2000] [--slow 200] [--seconds 60] >> lab/LOG.md

Needs the package zstandard. One table: share of pairs kept, residue, and characters rightly
deleted, for (a) ours, (b) difflib with its defaults and the paper's filter, (c) difflib with
autojunk=False and the paper's filter. Then the speed of all on the same pairs, in this run.

difflib without autojunk takes time that grows with the square of a page and more, so it is run on
--slow pairs of each set, evenly chosen, and a pair on which it takes longer than --seconds is cut
off and counted. Its row speaks of the pairs that it finished; the speeds are on these pairs.
"""

import argparse
import difflib
import io
import itertools
import json
import multiprocessing
import pathlib
import random
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
SPOILS, FEWEST = 20, 10
NOT_RUN = "not run"


def rows(path):
    import zstandard

    with open(path, "rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file)
        for line in io.TextIOWrapper(stream, encoding="utf-8", newline="\n"):
            yield json.loads(line)


def minus(text, spans):
    kept, at = [], 0
    data = text.encode()
    for start, end, *_ in spans:
        kept.append(data[at:start])
        at = end
    kept.append(data[at:])
    return b"".join(kept).decode()


def human_pairs(count):
    """Pages of all sets in turn, each set in a seeded order, until there are enough."""
    sets = []
    for path in sorted((DATA / "human").glob("*.jsonl.zst")):
        pages = list(rows(path))
        random.Random(3).shuffle(pages)
        sets.append(pages)
    turns = (page for turn in itertools.zip_longest(*sets) for page in turn if page is not None)
    pages = sorted(itertools.islice(turns, count), key=lambda page: page["id"])
    return [{"id": page["id"], "raw": page["text"],
             "refined": minus(page["text"], page["deletions"]),
             "gold": [tuple(span[:2]) for span in page["deletions"]]} for page in pages]


def e2e_pairs(name):
    return [{"id": row["id"], "raw": row["text"], "refined": row["refined"], "gold": None}
            for row in rows(DATA / name)]


def byte_offsets(text):
    offsets, at = [], 0
    for character in text:
        offsets.append(at)
        at += len(character.encode())
    return offsets + [at]


def difflib_answer(pair, autojunk):
    """Deletions as difflib's opcodes say, and what they insert or replace."""
    raw, refined = pair["raw"], pair["refined"]
    codes = difflib.SequenceMatcher(None, raw, refined, autojunk=autojunk).get_opcodes()
    offsets = byte_offsets(raw)
    deleted = [(offsets[a], offsets[b]) for tag, a, b, _, _ in codes if tag == "delete"]
    other = [max(b - a, d - c) for tag, a, b, c, d in codes if tag in ("insert", "replace")]
    characters = sum(b - a for tag, a, b, _, _ in codes if tag == "delete")
    kept = not any(size >= SPOILS for size in other) and characters >= FEWEST
    return {"deleted": deleted, "kept": kept, "residue": len(other), "residue_size": sum(other)}


def difflib_worker(pairs, autojunk, pipe):
    for pair in pairs:
        begun = time.perf_counter()
        answer = difflib_answer(pair, autojunk)
        answer["seconds"] = time.perf_counter() - begun
        pipe.send(answer)


def difflib_answers(pairs, autojunk, seconds):
    """One answer a pair; None where it took too long and was cut off."""
    answers = []
    while len(answers) < len(pairs):
        here, there = multiprocessing.Pipe(duplex=False)
        rest = pairs[len(answers):]
        worker = multiprocessing.Process(target=difflib_worker, args=(rest, autojunk, there))
        worker.start()
        while len(answers) < len(pairs) and here.poll(seconds):
            answers.append(here.recv())
        if len(answers) < len(pairs):
            answers.append(None)
        worker.terminate()
        worker.join()
    return answers


def our_answers(pairs, policy):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "pairs.jsonl"
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            for pair in pairs:
                row = {"id": pair["id"], "raw": pair["raw"], "refined": pair["refined"]}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        out = pathlib.Path(folder) / "out"
        subprocess.run([ROOT / "target/release/refinex", "distill", path, "-o", out, "--quiet",
                        "--policy", policy], check=True, stdout=subprocess.DEVNULL)
        return [our_answer(row) for row in rows(out / "programs/pairs.jsonl.zst")]


def our_answer(row):
    said = row["distilled"]
    residue = [item for item in said.get("residue", []) if item["kind"] != "whitespace"]
    return {"deleted": [tuple(span[:2]) for span in row["deletions"]],
            "kept": said["verdict"] != "dropped", "part": said["verdict"] == "salvaged",
            "residue": len(residue), "fallback": "fallback" in said,
            "residue_size": sum(max(item["characters"]) for item in residue),
            "pure": said.get("pure_deletion", False)}


def black_bytes(text, spans):
    """The bytes under the spans, those of white space aside."""
    data, found = text.encode(), set()
    for start, end in spans:
        found.update(at for at in range(start, end) if data[at] > 32)
    return found


def is_subsequence(refined, raw):
    rest = iter(raw)
    return all(character in rest for character in refined)


def score(pairs, answers, gold):
    """Precision and recall of deleted characters over all pairs; a dropped pair deletes nothing."""
    right = said = wanted = 0
    for pair, answer, truth in zip(pairs, answers, gold):
        if not is_done(answer) or truth is None:
            continue
        deleted = black_bytes(pair["raw"], answer["deleted"]) if answer["kept"] else set()
        target = black_bytes(pair["raw"], truth)
        right, said, wanted = right + len(deleted & target), said + len(deleted), wanted + len(target)
    return right / max(said, 1), right / max(wanted, 1)


def is_done(answer):
    return isinstance(answer, dict)


def line(name, pairs, answers, gold):
    done = [(pair, answer) for pair, answer in zip(pairs, answers) if is_done(answer)]
    kept = sum(answer["kept"] for _, answer in done)
    pure = [(pair, answer) for pair, answer in done if is_subsequence(pair["refined"], pair["raw"])]
    pure_kept = sum(answer["kept"] for _, answer in pure)
    residue = sum(answer["residue"] for _, answer in done)
    size = sum(answer["residue_size"] for _, answer in done)
    exact = sum(minus(pair["raw"], answer["deleted"]) == pair["refined"] for pair, answer in done
                if answer["kept"])
    precision, recall = score(pairs, answers, gold)
    cut = sum(answer is None for answer in answers)
    print(f"| {name} | {len(done)} | {cut} | {100 * kept / len(done):.1f} % "
          f"| {pure_kept} of {len(pure)} | {exact} | {residue} places, {size} characters "
          f"| {precision:.4f} | {recall:.4f} |")


def table(title, pairs, seconds, slow):
    print(f"\n### {title}: {len(pairs)} pairs, "
          f"{sum(len(pair['raw'].encode()) for pair in pairs) / 1e6:.2f} MB\n")
    print("| tool and policy | pairs | cut off | kept | pure deletions kept | made exactly | residue "
          "(white space aside for ours) | deleted rightly: precision | recall |")
    print("|---|---|---|---|---|---|---|---|---|")
    ours = our_answers(pairs, "default")
    gold = [pair["gold"] if pair["gold"] is not None else answer["deleted"] if answer["pure"] else None
            for pair, answer in zip(pairs, ours)]
    line("(a) ours, default", pairs, ours, gold)
    line("(a) ours, the paper's filter", pairs, our_answers(pairs, "refinex-paper"), gold)
    timed = {}
    for name, autojunk in [("(b) difflib, defaults", True), ("(c) difflib, autojunk=False", False)]:
        answers = [NOT_RUN] * len(pairs)
        few = range(0, len(pairs), max(1, len(pairs) // slow[autojunk]))
        answered = difflib_answers([pairs[at] for at in few], autojunk, seconds)
        for at, answer in zip(few, answered):
            answers[at] = answer
        line(f"{name}, the paper's filter", pairs, answers, gold)
        timed[name] = answers
    print(f"\nOurs used a fallback on {sum(answer['fallback'] for answer in ours)} pairs.")
    return timed


def speed(title, pairs, timed):
    """All tools on the pairs that difflib finished, in this run."""
    slow = timed["(c) difflib, autojunk=False"]
    chosen = [(pair, answer) for pair, answer in zip(pairs, slow) if is_done(answer)]
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8", newline="\n") as file:
        for pair, _ in chosen:
            row = {"raw": pair["raw"], "refined": pair["refined"]}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        file.flush()
        bench = ROOT / "bench/distill/target/release/refinex-bench-distill"
        said = subprocess.run([bench, "pairs", file.name], check=True, capture_output=True, text=True)
    found = {row["tool"]: row for row in map(json.loads, said.stdout.splitlines())}
    ours = found["refinex"]["seconds"]
    print(f"\nSpeed, {title}: one thread, characters, {len(chosen)} pairs, the same for all.\n")
    print("| tool | seconds | times ours | answers without insertion |")
    print("|---|---|---|---|")
    for name, row in found.items():
        print(f"| {name} | {row['seconds']:.4f} | {row['seconds'] / ours:.1f} "
              f"| {row['pure_deletions']} |")
    for name, answers in timed.items():
        seconds = sum(a["seconds"] for a, b in zip(answers, slow) if is_done(a) and is_done(b))
        print(f"| {name} | {seconds:.2f} | {seconds / ours:.0f} | |")


def main():
    if not DATA.is_dir():
        sys.exit(f"expected the data sets at {DATA}, but found none: this script measures on data "
                 "that is not part of the project")
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--human", type=int, default=2000, help="pairs of human labels")
    parser.add_argument("--seconds", type=float, default=60, help="longest time for one pair")
    parser.add_argument("--only-human", action="store_true", help="leave the rewrites out")
    parser.add_argument("--slow", type=int, default=200,
                        help="pairs of a set, evenly chosen, for difflib without autojunk")
    parser.add_argument("--quick", type=int, default=2000,
                        help="the same for difflib with its defaults")
    parser.add_argument("--date", default="undated", help="for the heading")
    arguments = parser.parse_args()
    print(f"\n## {arguments.date}: `lab/distill_table.py --human {arguments.human} --quick "
          f"{arguments.quick} --slow {arguments.slow} --seconds {arguments.seconds:g}`")
    sets = [("human labels", human_pairs(arguments.human))] if arguments.human else []
    if not arguments.only_human:
        sets = [("real rewrites (e2e)", e2e_pairs("e2e.jsonl.zst")),
                ("rewrites that drift (e2e_drift)", e2e_pairs("e2e_drift.jsonl.zst")), *sets]
    for title, pairs in sets:
        timed = table(title, pairs, arguments.seconds,
                      {True: arguments.quick, False: arguments.slow})
        speed(title, pairs, timed)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
