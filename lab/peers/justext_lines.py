#!/usr/bin/env python3
"""jusText as a refiner of plain text: each line is a paragraph; boilerplate goes.

    pip install justext
    refinex bench gold.jsonl --refiner 'justext=command:python3 lab/peers/justext_lines.py'

jusText was made for HTML: link density and heading tags, which it knows there, are not in the text.
--language says whose stop words (English).
"""

import argparse

from rows import delete_lines, serve


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--language", default="English")
    language = parser.parse_args().language
    import html

    import justext

    words = justext.get_stoplist(language)

    def deletions(text):
        paragraphs = [line for line in text.split("\n") if line.strip()]
        page = "<html><body>" + "".join(f"<p>{html.escape(line)}</p>" for line in paragraphs) + "</body></html>"
        found = justext.justext(page.encode(), words, encoding="utf-8")
        verdicts = {}
        for paragraph in found:
            verdicts.setdefault(" ".join(paragraph.text.split()), []).append(not paragraph.is_boilerplate)

        def keep(line):
            told = verdicts.get(" ".join(line.split()))
            return (told.pop(0) if len(told) > 1 else told[0]) if told else False

        return delete_lines(text, keep)

    serve(deletions)


if __name__ == "__main__":
    main()
