"""Called by sft_load.sh with the folder of the exports."""

import json
import pathlib
import sys

import datasets
import transformers
import trl
from sft_tokenizer import byte_tokenizer
from trl.data_utils import apply_chat_template, is_conversational

work = pathlib.Path(sys.argv[1])
print(f"datasets {datasets.__version__}, transformers {transformers.__version__}, trl {trl.__version__}")

tokenizer = byte_tokenizer()


def ids(text):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


counts = set()
for dialect in ["messages", "prompt-completion", "llama-factory", "swift", "axolotl"]:
    folder = work / dialect
    # By the card alone, as the Hub would.
    rows = datasets.load_dataset(str(folder), split="train", cache_dir=str(work / "cache"))
    lines = [json.loads(line) for line in open(folder / "train.jsonl")]
    assert rows.num_rows == len(lines), (dialect, rows.num_rows, len(lines))
    assert is_conversational(rows[0]), dialect
    counts.add(rows.num_rows)
    for row, line in zip(rows, lines):
        messages = row["messages"] if "messages" in row else row["prompt"] + row["completion"]
        wanted = line["messages"] if "messages" in line else line["prompt"] + line["completion"]
        assert messages == wanted
        assert [m["role"] for m in messages] == ["system", "user", "assistant"]
        if dialect == "prompt-completion":
            # What SFTTrainer does: the prompt alone, the whole, a mask that is 1 where they differ.
            text = apply_chat_template({k: row[k] for k in ("prompt", "completion")}, tokenizer)
            prompt, whole = ids(text["prompt"]), ids(text["prompt"] + text["completion"])
            assert whole[: len(prompt)] == prompt
            said = tokenizer.decode(whole[len(prompt):], skip_special_tokens=True).strip()
            assert said == row["completion"][0]["content"].strip(), said
    print(f"{dialect}: {rows.num_rows} rows, columns {rows.column_names}")
assert len(counts) == 1, counts
info = json.load(open(work / "llama-factory/dataset_info.json"))["refinex"]
assert (work / "llama-factory" / info["file_name"]).exists()
assert info["formatting"] == "sharegpt" and info["columns"]["messages"] == "messages"
swift = json.load(open(work / "swift/dataset_info.json"))
assert (work / "swift" / swift[0]["dataset_path"]).exists()
print("all load; the loss mask of prompt-completion decodes to the program in every row")
