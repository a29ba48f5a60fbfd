"""Writes the texts of the cases that crates/rules/tests/cases.jsonl stores: written for this, not taken
from any corpus. Every rule stands just inside and just outside of its threshold.

  cases.py texts                     rows {"id", "text"}
  cases.py join TEXTS OLD NEW        rows with what datatrove 0.3.0 and 0.10.0 decided
"""

import json
import sys

GOOD = [
    "The harbour master keeps a log of all the boats that come in before noon.",
    "Most of them have been out since the evening, and their crews are tired.",
    "A cook waits on the quay with a kettle of soup that nobody ever pays for.",
    "When the wind turns to the north, the smaller boats stay behind the wall.",
    "Children run along it to be the first to see what the nets have brought.",
    "An old pilot told me once that he could smell fog an hour before it came.",
    "We did not believe him until the bells began to ring at the lighthouse.",
    "Everything that is sold here was swimming past the island only yesterday.",
    "Nobody remembers who built the second pier, which leans a little more each year.",
    "In winter the ferry comes twice a week, if the captain likes the look of the sky.",
]
PAGE = "\n".join(GOOD)
cases = []


def add(name, text):
    cases.append({"id": name, "text": text})


def variants(name, make, counts):
    for count in counts:
        add(f"{name} {count}", make(count))


add("good page", PAGE)
add("good page with blank lines", "\n\n".join(GOOD) + "\n")
variants("repeated lines", lambda n: "\n".join(GOOD[: 10 - n] + GOOD[:1] * n), range(2, 6))
variants("repeated paragraphs", lambda n: "\n\n".join(GOOD[: 10 - n] + GOOD[:1] * n), range(2, 6))
variants("a long repeated line", lambda n: "\n".join(GOOD + [" ".join(GOOD[:n])] * 2), range(1, 7))
variants("words", lambda n: " ".join(PAGE.replace(".", "").replace(",", "").split()[:n]) + ".", range(47, 53))
for n, gram in ((2, "salt fish"), (3, "salt dried fish"), (4, "salt dried fish here")):
    variants(f"top {n}-gram", lambda k: PAGE + (" " + gram) * k, range(0, 40, 4))
variants("a sentence again and again", lambda n: PAGE + "\n" + " ".join(GOOD[3:4] * n), range(1, 6))
variants("a part again", lambda n: PAGE + " x " + " ".join(PAGE.split()[: n]), range(8, 40, 4))
variants("hashes", lambda n: PAGE + " #" * n, range(12, 24, 2))
variants("ellipses", lambda n: PAGE.replace(" the ", " the... ", n), range(8, 18, 2))
variants("ellipses apart", lambda n: PAGE + " ..." * n, range(12, 24, 2))
variants("bullets", lambda n: "\n".join(("- " if at < n else "") + line for at, line in enumerate(GOOD)), (8, 9, 10))
variants("lines that end in an ellipsis", lambda n: "\n".join(line[:-1] + ("…" if at < n else ".") for at, line in enumerate(GOOD)), range(2, 5))
variants("numbers", lambda n: PAGE + " 12" * n, range(16, 44, 4))
variants("short words", lambda n: PAGE + " a" * n, range(0, 160, 20))
variants("long words", lambda n: PAGE + " incomprehensibilities" * n, range(0, 100, 20))
stop = {"the", "be", "to", "of", "and", "that", "have", "with"}
BARE = "\n".join(" ".join(word for word in line.split() if word not in stop) for line in GOOD)
for end in ("", " the", " the the", " the of", " The Of", " with, to."):
    add("stop words" + end, BARE + end)
variants("lines without end", lambda n: "\n".join(line[:-1] if at < n else line for at, line in enumerate(GOOD)), range(7, 11))
variants("short lines", lambda n: "\n".join(GOOD + ["A short line stands here."] * 0 + [f"A short line of {at}." for at in range(n)]), range(16, 25, 2))
variants("line feeds", lambda n: PAGE + "\n" * n, range(20, 60, 10))
for mark in ("?", "!", '"', "'", "...", "…", "。", "؟", ".)", ".”", ";", ""):
    add("lines that end in " + mark, "\n".join(line[:-1] + mark for line in GOOD))
for noise in ("This page needs JavaScript to run.", "Lorem ipsum dolor sit amet.", "Read our Privacy Policy, please.", "We use coo\u212aies here.",
              "function of page () { return; }", "Two words.", "Three short words.", "A citation[12] and [edit] another[citation needed].",
              "[1] [2] [3]", "w" * 1001 + " and more words.", "w" * 1000 + " and more words.", "javascript {", "{ javascript lorem ipsum", "A brace { of a kind."):
    add("a line of C4: " + noise[:20], PAGE + "\n" + noise)
for text in ("One. Two. Three. Four.", "One two three. Four five six. Seven. Eight. Nine ten."):
    add("sentences: " + text, text)
for text in ("Mr. J. Bach came at 5 p.m. on Jan. 3. He left (at once.) Then \"he came back.\" No. 7 was closed. U.S. Steel fell 3.5%... Later it rose!",
             "It's John's, they'd say; we'll see. I can't, cannot, gonna, wanna go. 'Tis more'n d'ye think. Rock'n'roll ain't dead, y'all!",
             "See http://example.com/a,b?c=d#e, mail a.b@example.org or ftp://x.example.net:21/. File.txt,other.txt and end.Next here.",
             "(:-) :( <3 o.O 5km/h, 10% of $5.50 (US$7) at 9a.m. — that’s “it”… C++ and/or w/o <tags> [x] {y} a--b a---b 1-2 3+4 ~x~y",
             "Ünïcode ﬁne ſtop İstanbul Kelvin 東京。 今日は！ Привет, мир. مرحبا؟ नमस्ते। 𝒳 e\u0301 \u00bd \u00b2 ٣٤",
             "tabs\tand\u00a0spaces\u2003of\u3000all\x1ckinds\x85here\u2028and\u2029there\r\nend", "IS_ALPHA and (IS_ALPHA) again", "", " ", "\n\n", "...", "'", "\"", "``quoted''"):
    add("words of " + text[:16], text)
    add("a page with " + text[:16], PAGE + "\n" + text)

if sys.argv[1] == "texts":
    for case in cases:
        print(json.dumps(case, ensure_ascii=True))
else:
    texts, old, new = ([json.loads(line) for line in open(path)] for path in sys.argv[2:5])
    for case, before, after in zip(texts, old, new, strict=True):
        for decided in (before, after):
            assert decided.pop("id") == case["id"]
        case["datatrove-0.3.0"], case["datatrove-0.10.0"] = before, after
        print(json.dumps(case, ensure_ascii=False))
