"""The adapter of `refinex bench` for peers in Python: rows come in, rows of a sidecar go out.

A peer is a function from a text to its deletions, as byte spans of the UTF-8 text. At a blank line
everything so far must be answered; the answers are flushed then.
"""

import json
import sys


def serve(deletions):
    for line in sys.stdin.buffer:
        if not line.strip():
            sys.stdout.flush()
            continue
        row = json.loads(line)
        try:
            answer = {"id": row["id"], "deletions": deletions(row["text"])}
        except Exception as error:  # a peer that fails on a text is counted, and goes on
            answer = {"id": row["id"], "failed": f"{type(error).__name__}: {error}"[:80]}
        sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def lines_of(text):
    """Each line with the bytes that it takes, its newline included."""
    at = 0
    for line in text.split("\n"):
        size = len(line.encode()) + 1
        yield line, at, at + size
        at += size


def delete_lines(text, keep):
    """The spans of the lines that are not kept; `keep` says of each line in turn. Blank lines stay
    with what stands before them."""
    end = len(text.encode())
    spans, kept = [], True
    for line, start, stop in lines_of(text):
        if line.strip():
            kept = keep(line)
        if not kept:
            spans.append([start, min(stop, end)])
    return [span for span in spans if span[0] < span[1]]


def delete_all(text):
    end = len(text.encode())
    return [[0, end]] if end else []
