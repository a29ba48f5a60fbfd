"""Compares decisions: compare.py REFERENCE OURS. Prints counts; exit code 1 if anything differs."""

import collections
import json
import sys

FIELDS = ["words", "words_hash", "sentences", "gopher_repetition", "gopher_quality", "c4", "c4_text",
          "c4_any_end", "c4_any_end_text", "fineweb", "fineweb_after_c4"]
# datatrove divides by zero on an empty text; refinex drops it with a reason of its own.
SAME = {"ZeroDivisionError": "empty_text"}

documents, differences, reasons = 0, collections.Counter(), collections.Counter()
edited, foreign, shown = 0, 0, 0
for theirs, ours in zip(open(sys.argv[1]), open(sys.argv[2]), strict=True):
    theirs, ours = json.loads(theirs), json.loads(ours)
    assert theirs["id"] == ours["id"], (theirs["id"], ours["id"])
    documents += 1
    counted = theirs.setdefault("sentences", ours["sentences"])
    if isinstance(counted, list):
        theirs["sentences"] = counted[0]
    for field in FIELDS:
        wanted, found = theirs.get(field), ours.get(field)
        wanted = SAME.get(wanted, wanted) if isinstance(wanted, str) else wanted
        if wanted != found:
            differences[field] += 1
            if shown < 20:
                print("differs:", theirs["id"], field, "datatrove:", wanted, "refinex:", found)
                shown += 1
    for field in ("c4", "c4_any_end"):
        if field + "_text" in ours:
            edited += 1
            foreign += ours[field + "_foreign"] > 0
            # Without foreign breaks the deletions give the very text.
            if not ours[field + "_deletions"] and ours[field + "_foreign"] == 0:
                differences[field + "_deletions"] += 1
    for field in ("gopher_repetition", "gopher_quality", "c4", "c4_any_end", "fineweb", "fineweb_after_c4"):
        reasons[field, theirs.get(field, "-")] += 1

for (field, reason), count in sorted(reasons.items(), key=str):
    print(f"  {field}: {reason or 'kept'}: {count}")
print(f"{documents} documents; edited texts {edited}, of these with breaks that are no line feeds {foreign}; "
      f"differences: {dict(differences) or 0}")
sys.exit(bool(differences))
