"""Writes the tables of crates/rules/data from the real things: CPython's Unicode tables, spaCy's
tokeniser of English, datatrove's sets, and the Punkt model of English.

tables.py OUT_FOLDER, run under the environment of datatrove 0.10.0, with the folder of Punkt's files
(tokenizers/punkt_tab/english) as second argument.
"""

import json
import os
import re
import sys
import unicodedata

import spacy
from datatrove.utils.text import PUNCTUATION, PUNCTUATION_SET, TERMINAL_PUNCTUATION
from spacy.lang.char_classes import ALPHA, ALPHA_LOWER, ALPHA_UPPER, CONCAT_QUOTES, CURRENCY, LIST_ELLIPSES, LIST_ICONS, PUNCT, UNITS
from spacy.pipeline import Sentencizer
from spacy.symbols import ORTH

out, punkt = sys.argv[1], sys.argv[2]
ALL = [chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
nlp = spacy.blank("en")
tokenizer = nlp.tokenizer


def ranges(test):
    found, begin = [], None
    for c in range(0x110001):
        inside = c < 0x110000 and not 0xD800 <= c <= 0xDFFF and bool(test(chr(c)))
        if inside and begin is None:
            begin = c
        elif not inside and begin is not None:
            found.append(f"{begin:X}" if begin == c - 1 else f"{begin:X}-{c - 1:X}")
            begin = None
    return " ".join(found)


def in_class(inner):
    return re.compile(f"[{inner}]").match


def write(name, text):
    with open(os.path.join(out, name), "w", encoding="utf-8", newline="") as file:
        file.write(text)


prefix, suffix = tokenizer.prefix_search, tokenizer.suffix_search
length = lambda match: match.end() - match.start() if match else 0
icons = re.compile("|".join(["…"] + LIST_ICONS)).match
before_dot = re.compile(r"(?<=[0-9{al}{e}{p}(?:{q})])\.$".format(al=ALPHA_LOWER, e=r"%²\-\+", q=CONCAT_QUOTES, p=PUNCT))
# The very pattern must stand in spaCy's own.
assert before_dot.pattern in tokenizer.suffix_search.__self__.pattern
assert LIST_ELLIPSES == [r"\.\.+", "…"]
classes = {
    "space": str.isspace,
    "alpha": str.isalpha,
    "decimal": re.compile(r"\d").match,
    "word": re.compile(r"\w").match,
    "upper": str.isupper,
    "lower": str.islower,
    "punctuation_category": lambda c: unicodedata.category(c).startswith("P"),
    "punctuation_0_3": lambda c: c in set(PUNCTUATION),
    "punctuation_0_10": lambda c: c in PUNCTUATION_SET,
    "terminal": lambda c: c in TERMINAL_PUNCTUATION,
    "spacy_prefix": lambda c: length(prefix(c)) == 1,
    "spacy_suffix": lambda c: length(suffix(c)) == 1,
    "spacy_icon": icons,
    "spacy_before_dot": lambda c: before_dot.search(c + "."),
    "spacy_upper": in_class(ALPHA_UPPER),
    "spacy_alpha": in_class(ALPHA),
    "spacy_infix_before_dot": in_class(ALPHA_LOWER + CONCAT_QUOTES),
    "spacy_infix_after_dot": in_class(ALPHA_UPPER + CONCAT_QUOTES),
    "spacy_domain": in_class(ALPHA_LOWER),
    "spacy_sentence": lambda c: c in Sentencizer.default_punct_chars,
}
head = f"# CPython {sys.version.split()[0]}, Unicode {unicodedata.unidata_version}, spaCy {spacy.__version__}; made by lab/rules-equality/tables.py.\n"
write("classes.txt", head + "".join(f"{name}: {ranges(test)}\n" for name, test in classes.items()))
assert all(len(c) == 1 for c in Sentencizer.default_punct_chars)

specials = {text: [piece[ORTH] for piece in pieces] for text, pieces in tokenizer.rules.items()}
matched = lambda text: tokenizer.find_prefix(text) or tokenizer.find_infix(text) or tokenizer.find_suffix(text) or " " in text
rows = [json.dumps([matched(text) and 1 or 0, text] + specials[text], ensure_ascii=False) for text in sorted(specials)]
write("spacy_specials.jsonl", "\n".join(rows) + "\n")

units = UNITS.split("|")
currency = [re.sub(r"\\", "", c) for c in CURRENCY.split("|")]
assert all(length(suffix("5" + c)) == len(c) or len(c) == 1 for c in units + currency), [c for c in units + currency if length(suffix("5" + c)) != len(c)]
write("spacy_after_digit.txt", "\n".join(sorted(set(units + currency))) + "\n")

read = lambda name: open(os.path.join(punkt, name), encoding="utf-8").read().rstrip("\n").split("\n")
ortho = dict(line.split("\t") for line in read("ortho_context.tab"))
sections = [("abbreviations", sorted(read("abbrev_types.txt"))), ("collocations", sorted(read("collocations.tab"))), ("starters", sorted(read("sent_starters.txt")))]
by_flag = {}
for word, flag in ortho.items():
    by_flag.setdefault(int(flag), []).append(word)
for flag in sorted(by_flag):
    sections.append((f"context {flag}", sorted(by_flag[flag])))
assert all(word.isascii() for _, words in sections for word in words)
write("punkt_english.txt", "".join(f"[{name}]\n" + "".join(word + "\n" for word in words) for name, words in sections))

# What the letters of NLTK's contractions match when case is ignored, beside ASCII.
for letter in "acdegilmnorstvwy'":
    odd = [c for c in ALL if re.match(letter, c, re.I) and not c.isascii()]
    if odd:
        print(letter, [f"{ord(c):X}" for c in odd])
print("lower to ASCII:", [(f"{ord(c):X}", c.lower()) for c in ALL if not c.isascii() and any(x.isascii() for x in c.lower())])
