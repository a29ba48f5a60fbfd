"""What the real datatrove decides: reads rows {"id", "text"} from standard input, writes one row of
decisions for each. Runs under either version; the version that is installed is the profile.

With --time it decides without remembering words between filters and prints seconds and bytes, one
filter after the other as a pipeline would run them.
"""

import argparse
import hashlib
import json
import sys
import time

from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import get_filter_result
from datatrove.pipeline.filters.c4_filters import C4QualityFilter
from datatrove.pipeline.filters.fineweb_quality_filter import FineWebQualityFilter
from datatrove.pipeline.filters.gopher_quality_filter import GopherQualityFilter
from datatrove.pipeline.filters.gopher_repetition_filter import GopherRepetitionFilter
from datatrove.utils.word_tokenizers import load_word_tokenizer


def short(text):
    return hashlib.md5(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Remembered:
    """A tokeniser that remembers the last few texts, so that four filters tokenise once."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.words = {}

    def word_tokenize(self, text):
        if text not in self.words:
            if len(self.words) > 3:
                self.words.clear()
            self.words[text] = self.tokenizer.word_tokenize(text)
        return self.words[text]

    def sent_tokenize(self, text):
        return self.tokenizer.sent_tokenize(text)

    def span_tokenize(self, text):
        return self.tokenizer.span_tokenize(text)


def english():
    """The tokeniser of English, by the name that the version has for it."""
    try:
        return load_word_tokenizer("eng"), True
    except Exception:
        return load_word_tokenizer("en"), False


def remember_sentences(limit=200_000):
    """Two C4 filters count the sentences of the same lines; count them once."""
    import datatrove.pipeline.filters.c4_filters as c4

    if not hasattr(c4, "split_into_sentences"):
        return
    plain, known = c4.split_into_sentences, {}

    def remembered(text, language):
        if text not in known:
            if len(known) > limit:
                known.clear()
            known[text] = plain(text, language)
        return known[text]

    c4.split_into_sentences = remembered


def decide(name, keep, text):
    document = Document(text=text, id="0")
    try:
        kept, reason = get_filter_result(keep.filter(document))
    except ZeroDivisionError:
        return name, "ZeroDivisionError", text
    return name, None if kept else reason, document.text


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--time", action="store_true")
    arguments.add_argument("--sentences", action="store_true", help="count those of the whole text too")
    arguments.add_argument("--texts", action="store_true", help="write edited texts, not hashes")
    arguments = arguments.parse_args()
    tokenizer, is_new = english()
    filters = {
        "gopher_repetition": GopherRepetitionFilter(),
        "gopher_quality": GopherQualityFilter(),
        "c4": C4QualityFilter(),
        "c4_any_end": C4QualityFilter(filter_no_terminal_punct=False),
        "fineweb": FineWebQualityFilter(),
    }
    if is_new:
        # A token IS_ALPHA breaks spaCy from the second time on; begin in that state.
        tokenizer.word_tokenize("IS_ALPHA IS_ALPHA")
        tokenizer.word_tokenize("IS_ALPHA IS_ALPHA")
    if arguments.time:
        return timed(filters)
    remembered = Remembered(tokenizer)
    remember_sentences()
    if not is_new:
        for one in filters.values():
            one.tokenizer = remembered
    for line in sys.stdin:
        row = json.loads(line)
        text = row["text"]
        out = {"id": row["id"]}
        words = remembered.word_tokenize(text)
        out["words"], out["words_hash"] = len(words), short("\n".join(words))
        if arguments.sentences:
            out["sentences"] = sentences(tokenizer, text, is_new)
        edited = None
        for name, keep in filters.items():
            _, reason, after = decide(name, keep, text)
            out[name] = reason
            if name.startswith("c4") and reason is None:
                out[name + "_text"] = after if arguments.texts else short(after)
                if name == "c4_any_end":
                    edited = after
        if edited is not None:
            out["fineweb_after_c4"] = decide("", filters["fineweb"], edited)[1]
        print(json.dumps(out, ensure_ascii=True))


def sentences(tokenizer, text, is_new):
    if is_new:
        return len(tokenizer.span_tokenize(text))
    found = tokenizer.sent_tokenize(text)
    return [len(found), short("\n".join(found))]


def timed(filters):
    rows = [json.loads(line)["text"] for line in sys.stdin]
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in rows)
    order = ["gopher_repetition", "gopher_quality", "c4_any_end", "fineweb"]
    begin = time.process_time()
    kept = 0
    for text in rows:
        document = Document(text=text, id="0")
        for name in order:
            if not get_filter_result(filters[name].filter(document))[0]:
                break
        else:
            kept += 1
    seconds = time.process_time() - begin
    print(json.dumps({"documents": len(rows), "bytes": size, "seconds": seconds, "kept": kept}))


if __name__ == "__main__":
    main()
