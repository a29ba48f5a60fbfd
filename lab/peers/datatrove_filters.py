#!/usr/bin/env python3
"""datatrove's filters as refiners: a document that is dropped is emptied; C4 edits its text too.

    pip install datatrove==0.10.0 spacy nltk regex
    refinex bench gold.jsonl --refiner 'c4=command:python3 lab/peers/datatrove_filters.py --rules c4'

--rules c4         C4QualityFilter with its defaults: lines without terminal punctuation go
--rules c4-lines   the same, but a document that C4 would drop is edited only
--rules gopher     GopherRepetitionFilter, then GopherQualityFilter
--rules fineweb    the order of FineWeb: repetition, quality, C4 (lines may end as they like), FineWeb
"""

import argparse

from rows import delete_all, lines_of, serve


def edited(text, result):
    """The spans of a text of which C4 left `result`: its lines, stripped and without citations."""
    if result == text:
        return []
    left, at, spans = result.split("\n"), 0, []
    end = len(text.encode())
    for line, start, stop in lines_of(text):
        kept = left[at] if at < len(left) else None
        inside = subsequence(line, kept) if kept is not None else None
        if inside is None:
            spans.append([start, min(stop, end)])
        else:
            at += 1
            spans += [[start + a, start + b] for a, b in inside]
    spans = [span for span in spans if span[0] < span[1]]
    if "".join(minus(text, spans).split()) != "".join(result.split()):
        raise ValueError("the edited text could not be said as deletions")
    return spans


def minus(text, spans):
    data, kept, at = text.encode(), [], 0
    for start, end in spans:
        kept.append(data[at:start])
        at = end
    return b"".join(kept + [data[at:]]).decode()


def subsequence(line, kept):
    """What of a line must go to leave `kept`, as bytes of the line; None if it cannot."""
    if not kept:
        return None
    start = line.find(kept)
    if start >= 0:
        head, body = len(line[:start].encode()), len(kept.encode())
        tail = len(line.encode())
        return [[0, head], [head + body, tail]]
    spans, at, byte = [], 0, 0
    for character in line:
        size = len(character.encode())
        if at < len(kept) and character == kept[at]:
            at += 1
        else:
            spans.append([byte, byte + size])
        byte += size
    return spans if at == len(kept) else None


def chain(rules):
    from datatrove.pipeline.filters import (C4QualityFilter, FineWebQualityFilter, GopherQualityFilter,
                                            GopherRepetitionFilter)

    if rules == "c4":
        return [C4QualityFilter()]
    if rules == "c4-lines":
        return [C4QualityFilter(min_num_sentences=-1, filter_lorem_ipsum=False, filter_curly_bracket=False)]
    gopher = [GopherRepetitionFilter(), GopherQualityFilter()]
    if rules == "gopher":
        return gopher
    return gopher + [C4QualityFilter(filter_no_terminal_punct=False), FineWebQualityFilter()]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rules", choices=["c4", "c4-lines", "gopher", "fineweb"], required=True)
    rules = parser.parse_args().rules
    from datatrove.data import Document

    filters = chain(rules)

    def deletions(text):
        document = Document(text=text, id="")
        for step in filters:
            result = step.filter(document)
            if result is False or (isinstance(result, tuple) and not result[0]):
                return delete_all(text)
        return edited(text, document.text)

    serve(deletions)


if __name__ == "__main__":
    main()
