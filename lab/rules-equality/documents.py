"""Writes every document of ../shared/data (human and corpus) as rows {"id", "text"}."""

import glob
import io
import json
import os
import sys

import zstandard

data = sys.argv[1]
for folder in ("human", "corpus"):
    for path in sorted(glob.glob(os.path.join(data, folder, "*.jsonl.zst"))):
        with open(path, "rb") as file:
            stream = zstandard.ZstdDecompressor().stream_reader(file)
            for number, line in enumerate(io.TextIOWrapper(stream, encoding="utf-8", newline="\n")):
                row = json.loads(line)
                name = f"{os.path.basename(path)}#{number}"
                print(json.dumps({"id": name, "text": row["text"]}, ensure_ascii=True))
