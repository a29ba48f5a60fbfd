#!/usr/bin/env python3
"""Builds the sample corpus from `documents/*.txt`, or checks it.

    python samples/build.py           write the corpus
    python samples/build.py --check   write nothing; fail if anything is wrong or out of date
    python samples/build.py --stats   print the list of documents

README.md describes the form of the sources. Needs the packages in requirements.txt.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

HERE = Path(__file__).resolve().parent
DOCUMENTS = HERE / "documents"
JSONL_SHARD = "web/pages-00000-of-00002.jsonl.zst"
PARQUET_SHARD = "web/pages-00001-of-00002.parquet"
GOLD = "gold.jsonl.zst"

OPEN, CLOSE = "\u27e6", "\u27e7"
NOISE_MARGIN, KEPT_MARGIN = "- ", "  "
REQUIRED_FIELDS = ("id", "url", "page_type", "lang")
OPTIONAL_FIELDS = ("year", "ends_with_newline")

# What the corpus promises to cover.
PAGE_TYPES = """
    API reference|FAQ|Q&A page|blog post|book review|bug-report thread|
    car forum|changelog|charity page|church newsletter|company about page|cookie wall|
    course syllabus|documentation page|encyclopaedia entry|error page|event page|film review|
    financial report|forum thread|gaming guide|gardening tips|health advice|hotel page|interview|
    job ad|legal text|link directory|local-government notice|login page|mailing-list message|
    museum page|news article|obituary|patent|podcast transcript|press release|product list|
    product page|real-estate listing|recipe|recipe comments|school page|scientific abstract page|
    short story|song page|spam page|sports report|table page|travel guide|weather page|
    wiki talk page
"""
PAGE_TYPES = {name.strip() for name in PAGE_TYPES.split("|")}
LANGUAGES = {"ar", "de", "en", "es", "fi", "fr", "it", "pl", "pt", "ru", "sv", "zh"}
MIN_DOCUMENTS, MIN_CLEAN, MIN_ALL_NOISE = 72, 12, 5
STATUS = {"error page": 404, "maintenance page": 503}

PAGE_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("url", pa.string(), nullable=False),
        pa.field("page_type", pa.string(), nullable=False),
        pa.field("lang", pa.string(), nullable=False),
        pa.field("year", pa.int32()),
        pa.field(
            "metadata",
            pa.struct(
                [
                    ("site", pa.struct([("host", pa.string()), ("depth", pa.int32())])),
                    ("fetch", pa.struct([("date", pa.string()), ("status", pa.int32())])),
                    ("script", pa.list_(pa.string())),
                ]
            ),
        ),
    ]
)


class SourceError(Exception):
    """A source file that does not follow the form."""


@dataclass(frozen=True)
class Line:
    """A line of a document, without its terminator."""

    pieces: tuple[tuple[str, bool], ...]  # (text, is noise)
    is_noise: bool

    @property
    def text(self) -> str:
        return "".join(piece for piece, _ in self.pieces)

    @property
    def kept(self) -> str:
        return "".join(piece for piece, noise in self.pieces if not noise)


@dataclass(frozen=True)
class Document:
    """A page with its gold labels."""

    fields: dict[str, str]
    lines: tuple[Line, ...]
    terminated: bool

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines) + "\n" * self.terminated

    @property
    def refined(self) -> str:
        """What is left, put together from the source and not from the offsets."""
        kept = [line.kept for line in self.lines if not line.is_noise]
        return "\n".join(kept) + "\n" * bool(kept and self.terminated)

    def deletions(self) -> list[list[int]]:
        """Sorted byte ranges that neither touch nor overlap."""
        spans: list[list[int]] = []

        def delete(start: int, end: int) -> None:
            if start == end:
                return
            if spans and spans[-1][1] == start:
                spans[-1][1] = end
            else:
                spans.append([start, end])

        last = len(self.lines) - 1
        last_kept = max((i for i, line in enumerate(self.lines) if not line.is_noise), default=-1)
        # The last line goes but has no terminator: that of the last line that stays goes with it.
        drop_break = last_kept if not self.terminated and last_kept < last else -1
        at = 0
        for i, line in enumerate(self.lines):
            for piece, noise in line.pieces:
                end = at + len(piece.encode())
                if noise:
                    delete(at, end)
                at = end
            if i < last or self.terminated:
                if line.is_noise or i == drop_break:
                    delete(at, at + 1)
                at += 1
        return spans

    def page_row(self) -> dict:
        url = urlsplit(self.fields["url"])
        digest = hashlib.sha256(self.fields["id"].encode()).digest()
        text = self.text
        return {
            "id": self.fields["id"],
            "text": text,
            "url": self.fields["url"],
            "page_type": self.fields["page_type"],
            "lang": self.fields["lang"],
            "year": int(self.fields["year"]) if "year" in self.fields else None,
            "metadata": {
                "site": {"host": url.netloc, "depth": len([p for p in url.path.split("/") if p])},
                "fetch": {
                    "date": f"2024-{digest[0] % 12 + 1:02}-{digest[1] % 28 + 1:02}",
                    "status": STATUS.get(self.fields["page_type"], 200),
                },
                "script": sorted(scripts(text)),
            },
        }

    def gold_row(self) -> dict:
        return {
            "id": self.fields["id"],
            "text": self.text,
            "deletions": self.deletions(),
            "lang": self.fields["lang"],
            "page_type": self.fields["page_type"],
        }


def scripts(text: str) -> set[str]:
    """The writing systems that occur in a text (the few that the corpus uses)."""
    ranges = {
        "Latn": "[A-Za-z\u00c0-\u024f]",
        "Cyrl": "[\u0400-\u04ff]",
        "Arab": "[\u0600-\u06ff]",
        "Hani": "[\u4e00-\u9fff]",
    }
    return {name for name, pattern in ranges.items() if re.search(pattern, text)}


def parse_line(source: str, where: str) -> Line:
    if source.rstrip("\r") == "":  # an editor took the blanks of an empty kept line
        return Line(((source, False),), False)
    if source.rstrip("\r") == "-":
        return Line(((source[1:], True),), True)
    margin, rest = source[:2], source[2:]
    if margin == NOISE_MARGIN:
        if OPEN in rest or CLOSE in rest:
            raise SourceError(f"{where}: a bracket inside a line that is noise")
        return Line(((rest, True),), True)
    if margin != KEPT_MARGIN:
        raise SourceError(f"{where}: no margin")
    pieces = []
    for piece in re.split(f"({OPEN}[^{OPEN}{CLOSE}]+{CLOSE})", rest):
        noise = piece.startswith(OPEN)
        piece = piece[1:-1] if noise else piece
        if OPEN in piece or CLOSE in piece:
            raise SourceError(f"{where}: brackets do not match")
        if piece or not pieces:
            pieces.append((piece, noise))
    if len(pieces) > 1 and pieces[0] == ("", False):
        del pieces[0]
    line = Line(tuple(pieces), False)
    if line.kept != line.text:
        # What stays has to stand by itself.
        if not line.kept.strip() or line.kept != line.kept.strip(" ") or "  " in line.kept:
            raise SourceError(f"{where}: inline noise leaves {line.kept!r}")
    return line


def parse(path: Path) -> Document:
    source = path.read_bytes().decode()
    head, separator, body = source.partition("\n---\n")
    if not separator or not body.endswith("\n"):
        raise SourceError(f"{path.name}: no header, or no newline at the end")
    fields = dict(line.split(": ", 1) for line in head.split("\n"))
    for field in REQUIRED_FIELDS:
        if field not in fields:
            raise SourceError(f"{path.name}: no field {field}")
    for field in fields:
        if field not in REQUIRED_FIELDS + OPTIONAL_FIELDS:
            raise SourceError(f"{path.name}: unknown field {field}")
    first = head.count("\n") + 3
    lines = tuple(
        parse_line(line, f"{path.name}:{first + i}") for i, line in enumerate(body[:-1].split("\n"))
    )
    return Document(fields, lines, fields.get("ends_with_newline") == "yes")


def read_documents() -> list[Document]:
    return [parse(path) for path in sorted(DOCUMENTS.glob("*.txt"))]


def jsonl_zst(rows: list[dict]) -> bytes:
    """One zstd frame with its length and a checksum."""
    data = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    return zstandard.ZstdCompressor(level=19, write_checksum=True).compress(data)


def parquet(rows: list[dict]) -> bytes:
    out = io.BytesIO()
    table = pa.Table.from_pylist(rows, schema=PAGE_SCHEMA)
    # Small row groups, so that a reader meets more than one.
    pq.write_table(table, out, compression="zstd", compression_level=19, row_group_size=16)
    return out.getvalue()


def build(documents: list[Document]) -> dict[str, bytes]:
    half = (len(documents) + 1) // 2
    pages = [document.page_row() for document in documents]
    return {
        JSONL_SHARD: jsonl_zst(pages[:half]),
        PARQUET_SHARD: parquet(pages[half:]),
        GOLD: jsonl_zst([document.gold_row() for document in documents]),
    }


def read_rows(name: str, data: bytes) -> list[dict]:
    if name.endswith(".parquet"):
        return pq.read_table(io.BytesIO(data)).to_pylist()
    text = zstandard.ZstdDecompressor().decompress(data).decode()
    return [json.loads(line) for line in text.split("\n") if line]


def base_type(page_type: str) -> str:
    return page_type.removesuffix(" (clean)")


def problems_of(document: Document) -> Iterator[str]:
    """What is wrong with the labels of a document."""
    raw = document.text.encode()
    spans = document.deletions()
    at = -1
    for start, end in spans:
        if not at < start < end <= len(raw):
            yield f"span {start}..{end} is empty, out of order or out of range"
            return
        at = end
    try:
        bounds = [0, *(x for span in spans for x in span), len(raw)]
        refined = "".join(
            raw[bounds[i] : bounds[i + 1]].decode() for i in range(0, len(bounds), 2)
        )
    except UnicodeDecodeError:
        yield "a span cuts a character"
        return
    if refined != document.refined:
        yield "the spans do not leave what the source keeps"
    if OPEN in document.text or CLOSE in document.text:
        yield "a bracket in the text"

    # A blank line between two deleted blocks goes with them.
    state = ["deleted"]
    for line in document.lines:
        kind = "deleted" if line.is_noise else "kept" if line.text.strip() else "blank"
        if kind != "blank" or state[-1] != "blank":
            state.append(kind)
    state.append("deleted")
    for before, here, after in zip(state, state[1:], state[2:]):
        if here == "blank" and before == after == "deleted":
            yield "a blank line between two deleted blocks stays"
    blank_runs = re.compile(r"\n(?:[ \r]*\n){2}")
    if blank_runs.search(document.refined) and not blank_runs.search(document.text):
        yield "the deletions leave a double blank line"
    if document.refined != document.refined.strip("\n") + "\n" * document.terminated * bool(
        document.refined
    ):
        yield "a blank line stays at an end"

    if not urlsplit(document.fields["url"]).netloc.endswith(".example"):
        yield "the host is not below .example"
    noise = sum(line.is_noise for line in document.lines)
    if document.fields["page_type"].endswith("(clean)") and spans:
        yield "a clean document has deletions"
    if not document.refined and noise != len(document.lines):
        yield "nothing is left, but not all lines are noise"


def check(documents: list[Document], files: dict[str, bytes]) -> list[str]:
    problems = [
        f"{document.fields['id']}: {problem}"
        for document in documents
        for problem in problems_of(document)
    ]
    for field in ("id", "url"):
        for value, count in Counter(d.fields[field] for d in documents).items():
            if count > 1:
                problems.append(f"{field} {value} occurs {count} times")
    types = {base_type(document.fields["page_type"]) for document in documents}
    problems += [f"no page of type {name}" for name in sorted(PAGE_TYPES - types)]
    languages = {document.fields["lang"] for document in documents}
    problems += [f"no page in {name}" for name in sorted(LANGUAGES - languages)]
    clean = sum(not document.deletions() for document in documents)
    gone = sum(not document.refined for document in documents)
    for count, least, what in (
        (len(documents), MIN_DOCUMENTS, "documents"),
        (clean, MIN_CLEAN, "clean documents"),
        (gone, MIN_ALL_NOISE, "documents that are all noise"),
    ):
        if count < least:
            problems.append(f"only {count} {what}")
    whole = "".join(document.text for document in documents)
    for name, character in (
        ("carriage return", "\r"),
        ("tab", "\t"),
        ("no-break space", "\u00a0"),
        ("line separator", "\u2028"),
    ):
        if character not in whole:
            problems.append(f"no {name} in the corpus")

    if build(documents) != files:
        problems.append("two builds differ")
    for name, data in files.items():
        path = HERE / name
        # Compare the rows: another release of the libraries may pack them into other bytes.
        if not path.exists():
            problems.append(f"{name} is missing")
        elif path.read_bytes() != data and read_rows(name, path.read_bytes()) != read_rows(
            name, data
        ):
            problems.append(f"{name} is out of date")
    known = set(files)
    for path in sorted(HERE.glob("**/*")):
        name = path.relative_to(HERE).as_posix()
        if path.suffix in (".zst", ".parquet") and name not in known:
            problems.append(f"{name} is not built from here")
    return problems


def summary(documents: list[Document]) -> str:
    size = sum(len(document.text.encode()) for document in documents)
    characters = sum(len(document.text) for document in documents)
    left = sum(len(document.refined) for document in documents)
    lines = sum(len(document.lines) for document in documents)
    inline = sum(
        line.kept != line.text for document in documents for line in document.lines if not line.is_noise
    )
    return (
        f"{len(documents)} documents, {size} bytes, {lines} lines, "
        f"{100 * (characters - left) / characters:.1f}% of the characters deleted, "
        f"{inline} lines with inline noise, "
        f"{sum(not d.deletions() for d in documents)} clean, "
        f"{sum(not d.refined for d in documents)} all noise"
    )


def stats(documents: list[Document]) -> None:
    for document in documents:
        text = document.text
        share = 100 * (len(text) - len(document.refined)) / len(text)
        print(
            f"{document.fields['id']:<42} {document.fields['lang']:<3} "
            f"{document.fields['page_type']:<28} {len(document.lines):>4} lines "
            f"{len(text.encode()):>6} bytes {share:>5.1f}% deleted"
        )
    for field in ("page_type", "lang"):
        counts = Counter(document.fields[field] for document in documents)
        print(f"{field}: " + ", ".join(f"{k} {v}" for k, v in sorted(counts.items())))


def main() -> int:
    parser = argparse.ArgumentParser(description="Build or check the sample corpus.")
    parser.add_argument("--check", action="store_true", help="write nothing, report problems")
    parser.add_argument("--stats", action="store_true", help="list the documents")
    arguments = parser.parse_args()
    try:
        documents = read_documents()
    except SourceError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.stats:
        stats(documents)
    files = build(documents)
    if not arguments.check and not arguments.stats:
        for name, data in files.items():
            path = HERE / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    problems = check(documents, files)
    for problem in problems:
        print(problem, file=sys.stderr)
    print(summary(documents))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
