"""Writes the documents of ../shared/data (human and corpus) as rows {"id", "text"}: documents.py DATA
[EVERY], every EVERY-th of them (all by default)."""

import glob
import io
import json
import os
import sys

import zstandard

data, every = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
seen = 0
for folder in ("human", "corpus"):
    for path in sorted(glob.glob(os.path.join(data, folder, "*.jsonl.zst"))):
        with open(path, "rb") as file:
            stream = zstandard.ZstdDecompressor().stream_reader(file)
            for number, line in enumerate(io.TextIOWrapper(stream, encoding="utf-8", newline="\n")):
                seen += 1
                if (seen - 1) % every:
                    continue
                row = json.loads(line)
                name = f"{os.path.basename(path)}#{number}"
                print(json.dumps({"id": name, "text": row["text"]}, ensure_ascii=True))
