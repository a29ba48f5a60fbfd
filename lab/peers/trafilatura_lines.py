#!/usr/bin/env python3
"""trafilatura as a refiner of plain text: each line is a paragraph of a page; lines that it does not
extract go.

    pip install trafilatura
    refinex bench gold.jsonl --refiner 'trafilatura=command:python3 lab/peers/trafilatura_lines.py'

trafilatura was made for HTML: of what it looks at there, only the text of the paragraphs is left.
"""

from rows import delete_all, delete_lines, serve


def main():
    import html

    import trafilatura

    def deletions(text):
        body = "".join(f"<p>{html.escape(line)}</p>" for line in text.split("\n") if line.strip())
        page = f"<html><body><article>{body}</article></body></html>"
        found = trafilatura.extract(page, include_comments=True, deduplicate=False, fast=True)
        if not found:
            return delete_all(text)
        left = {}
        for line in found.split("\n"):
            key = " ".join(line.split())
            left[key] = left.get(key, 0) + 1

        def keep(line):
            key = " ".join(line.split())
            if left.get(key, 0):
                left[key] -= 1
                return True
            return False

        return delete_lines(text, keep)

    serve(deletions)


if __name__ == "__main__":
    main()
