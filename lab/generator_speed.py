#!/usr/bin/env python3
"""The generator in process beside llama.cpp: the same GGUF, the same tokens, in turns.

    cargo build --release -p refinex-model --features tokenizers --example generator_speed
    pip install llama-cpp-python zstandard   # CMAKE_ARGS=-DGGML_NATIVE=ON, built on this machine
    lab/generator_speed.py MODEL.gguf [ROUNDS] [CHUNKS] [THREADS …]

Prints medians of tokens a second, by the clock and by processor time, and the ratios; then whole
answers about CHUNKS chunks of the expert dev set (0: none), and what drafts save on their programs.
"""
import io, json, os, statistics, subprocess, sys, time

import llama_cpp
import zstandard

HERE = os.path.dirname(os.path.abspath(__file__))
OURS = os.environ.get("GENERATOR_SPEED", f"{HERE}/../target/release/examples/generator_speed")
DATA = f"{HERE}/../../shared/data/expert/dev.jsonl.zst"
MODEL = sys.argv[1] if len(sys.argv) > 1 else sys.exit(__doc__)
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
CHUNKS = int(sys.argv[3]) if len(sys.argv) > 3 else 20
THREADS = [int(count) for count in sys.argv[4:]] or [1, 2]
WRITE, MOST = 48, 64


def ours(threads, *arguments, text=None):
    out = subprocess.run([OURS, MODEL, str(threads), *map(str, arguments)], input=text, text=True,
                         check=True, stdout=subprocess.PIPE).stdout
    return [json.loads(line) for line in out.splitlines()]


class Clock:
    def __init__(self):
        self.begun = time.perf_counter(), time.process_time()

    def told(self):
        return {"seconds": time.perf_counter() - self.begun[0], "cpu": time.process_time() - self.begun[1]}


def theirs(threads, flash):
    return llama_cpp.Llama(MODEL, n_ctx=4096, n_threads=threads, n_threads_batch=threads, n_batch=512,
                           n_ubatch=512, flash_attn=flash, verbose=False)


def their_speed(model, ids):
    model.reset()
    clock = Clock()
    model.eval(ids)
    read, clock = clock.told(), Clock()
    for _ in range(WRITE):
        model.eval([model.sample(temp=0.0)])
    return {"read": read, "wrote": clock.told()}


def their_answers(model, questions, end):
    told = []
    for ids in questions:
        clock, count = Clock(), 0
        for token in model.generate(ids, temp=0.0):  # keeps what the last question began with
            if token == end or count == MOST:
                break
            count += 1
        told.append({"tokens": count, "time": clock.told()})
    return told


def line(what, threads, mine, other, amount):
    for by in ["seconds", "cpu"]:
        a, b = statistics.median(amount / x[by] for x in mine), statistics.median(amount / x[by] for x in other)
        print(f"{what:10} {threads} threads, by {by:7}: refinex {a:7.1f} llama.cpp {b:7.1f} tokens/s, ratio {a / b:.2f}")


def main():
    if not os.path.exists(DATA):
        sys.exit(f"expected the expert dev set at {DATA}, but found nothing there")
    stream = zstandard.ZstdDecompressor().stream_reader(open(DATA, "rb"))
    rows = [json.loads(row) for row in io.TextIOWrapper(stream, encoding="utf8")]
    rows = [row for row in rows if len(row["text"].encode()) <= 12000][:max(CHUNKS, 4)]
    text = "".join(json.dumps({"text": row["text"], "program": row["program"]}) + "\n" for row in rows)
    questions = ours(1, "questions", text=text)
    ids = max(questions, key=len)[:1200]
    with open("/tmp/generator_speed.ids", "w") as file:
        file.write(" ".join(map(str, ids)))
    print(f"{MODEL}: {len(ids)} tokens read, {WRITE} written; llama-cpp-python {llama_cpp.__version__}")
    for threads in THREADS:
        models = [theirs(threads, False), theirs(threads, True)]
        mine, other = [], [[], []]
        for _ in range(ROUNDS):
            mine += ours(threads, "speed", "/tmp/generator_speed.ids", WRITE)
            for model, told in zip(models, other):
                told.append(their_speed(model, ids))
        for what, amount in [("read", len(ids)), ("wrote", WRITE)]:
            of = lambda told: [x[what] for x in told]
            best = min(other, key=lambda told: statistics.median(x["seconds"] for x in of(told)))
            line(what, threads, of(mine), of(best), amount)
        if threads == 1 and CHUNKS:
            end = models[0].token_eos()
            for draft in [0, 2]:
                mine = ours(1, "whole", MOST, draft, text=text)
                answers = their_answers(models[1], questions, end)
                for by in ["seconds", "cpu"]:
                    a, b = sum(x["time"][by] for x in mine), sum(x["time"][by] for x in answers)
                    print(f"{len(rows)} answers, draft {draft}, by {by}: refinex {a:.2f} s ({sum(x['tokens'] for x in mine)} tokens), "
                          f"llama.cpp {b:.2f} s ({sum(x['tokens'] for x in answers)}), ratio {b / a:.2f}")
    for draft in [0, 1, 2, 4, 6, 0] if CHUNKS else []:
        told = ours(1, "draft", 900, draft, text=text)
        tokens, steps = sum(x["tokens"] for x in told), sum(x["steps"] for x in told)
        print(f"gold programs, draft {draft}: {tokens} tokens in {steps} steps, "
              f"{sum(x['time']['seconds'] for x in told):.2f} s, cpu {sum(x['time']['cpu'] for x in told):.2f} s")


main()
