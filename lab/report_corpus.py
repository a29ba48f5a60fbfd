"""Writes synthetic web pages to measure `refinex report` on: python3 lab/report_corpus.py FOLDER [DOCUMENTS].

Ten shards of JSON lines; a page is a menu, some sentences of made-up words, a date, a footer: about 600
bytes in 12 lines, with source, language and address. The same arguments give the same bytes.
"""

import json
import random
import sys
from pathlib import Path

MENU = ["Home", "About us", "Contact", "Sign in", "Log in", "Search", "Products", "News", "Archive", "Help"]
FOOT = ["Share this on Facebook", "Subscribe to our newsletter", "All rights reserved", "Read more",
        "Privacy policy | Terms of use", "Leave a comment", "Accept all cookies"]


def words(random, count):
    return " ".join(random.choice(WORDS) for _ in range(count))


def page(random, number):
    lines = random.sample(MENU, 3) + [words(random, 5).capitalize()]
    lines.append(f"Posted on {random.randint(1, 28)} May {random.randint(1999, 2024)}")
    for _ in range(3):
        lines.append(words(random, 18).capitalize() + ".")
    lines += random.sample(FOOT, 3) + [f"{random.randint(0, 500)} comments", f"© {random.randint(2000, 2024)} Site {number % 5000}"]
    host = f"site{int(random.paretovariate(0.6)) % 50000}.example"
    return {"id": f"page-{number}", "source": f"crawl-{number % 7}", "lang": random.choice(["en", "en", "en", "de", "fr"]),
            "url": f"https://www.{host}/{number}", "text": "\n".join(lines)}


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("expected a folder to write to, but found none")
    folder, documents = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    seeded = random.Random(1)
    letters = "abcdefghijklmnoprstuvw"
    WORDS = ["".join(seeded.choice(letters) for _ in range(seeded.randint(2, 9))) for _ in range(5000)]
    folder.mkdir(parents=True, exist_ok=True)
    shards = 10
    for shard in range(shards):
        with open(folder / f"part-{shard}.jsonl", "w", encoding="utf-8") as out:
            for number in range(documents * shard // shards, documents * (shard + 1) // shards):
                out.write(json.dumps(page(seeded, number)) + "\n")
