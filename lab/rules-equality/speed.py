"""How many times faster: speed.py THEIR_TIMING DECIDE PROFILE DOCUMENTS. Processor seconds of both;
ours are the median of five runs, with reading the JSON in them."""

import json
import resource
import statistics
import subprocess
import sys

theirs = json.load(open(sys.argv[1]))
decide, profile, documents = sys.argv[2:]


def run():
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    with open(documents, "rb") as file:
        said = json.loads(subprocess.run([decide, profile, "time"], stdin=file, capture_output=True, check=True).stdout)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before, said


runs = [run() for _ in range(5)]
seconds, said = statistics.median(seconds for seconds, _ in runs), runs[0][1]
assert said["kept"] == theirs["kept"] and said["documents"] == theirs["documents"], (said, theirs)
print(f"{profile}: {theirs['bytes'] / 1e6:.1f} MB, datatrove {theirs['seconds']:.2f} s, refinex {seconds:.3f} s "
      f"with reading the JSON ({theirs['bytes'] / 1e6 / seconds:.0f} MB/s): {theirs['seconds'] / seconds:.0f} times faster")
