"""How many times faster: speed.py THEIR_TIMING DECIDE PROFILE DOCUMENTS. Processor seconds of deciding,
without reading, of both; ours are the median of five runs."""

import json
import statistics
import subprocess
import sys

theirs = json.load(open(sys.argv[1]))
decide, profile, documents = sys.argv[2:]


def run():
    with open(documents, "rb") as file:
        return json.loads(subprocess.run([decide, profile, "time"], stdin=file, capture_output=True, check=True).stdout)


runs = [run() for _ in range(5)]
seconds, said = statistics.median(run["seconds"] for run in runs), runs[0]
assert said["kept"] == theirs["kept"] and said["documents"] == theirs["documents"], (said, theirs)
megabytes = theirs["bytes"] / 1e6
print(f"{profile}: {megabytes:.1f} MB, datatrove {theirs['seconds']:.2f} s, refinex {seconds:.3f} s "
      f"({megabytes / seconds:.0f} MB/s): {theirs['seconds'] / seconds:.0f} times faster")
