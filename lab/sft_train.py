"""Called by sft_train.sh with the folder of the exports, and the library whose code is to read them.

trl: one real SFTTrainer step of a tiny random model on `messages` and on `prompt-completion`.
llamafactory, swift, axolotl: their own loader and encoder. In each, the tokens that have a loss are
decoded and compared with the program of the row.
"""

import json
import math
import pathlib
import sys

from sft_tokenizer import MARKS, byte_tokenizer

ROWS = 16


def exported(folder):
    return [json.loads(line) for line in open(folder / "train.jsonl")][:ROWS]


def program_of(row):
    return (row["completion"] if "completion" in row else row["messages"])[-1]["content"]


def prompt_of(row):
    return (row["prompt"] if "prompt" in row else row["messages"])[1]["content"]


def check(name, tokenizer, encoded, rows):
    """`encoded`: (input_ids, labels) a row, in any order. The loss is on the program and its end mark
    alone, and each row is there once."""
    assert len(encoded) == len(rows), (name, len(encoded), len(rows))
    with_loss = without = 0
    rest = {prompt_of(row): row for row in rows}
    for ids, labels in encoded:
        assert len(ids) == len(labels)
        whole = tokenizer.decode(ids, skip_special_tokens=False)
        row = rest.pop(next(prompt for prompt in rest if f"\n{prompt}{MARKS[1]}" in whole))
        told = [token for token in labels if token != -100]
        said = tokenizer.decode(told, skip_special_tokens=False)
        for mark in MARKS[1:]:
            said = said.replace(mark, "")
        assert said.strip("\n") == program_of(row).strip("\n"), (name, said, program_of(row))
        with_loss, without = with_loss + len(told), without + len(ids) - len(told)
    print(f"{name}: {len(rows)} rows; {with_loss} tokens with loss decode to the programs, {without} have none")


def tiny_model(tokenizer):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(1)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
            num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=65536,
            eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
        )
    )


def with_trl(work):
    import datasets
    import torch
    import transformers
    import trl

    print(f"torch {torch.__version__}, transformers {transformers.__version__}, trl {trl.__version__}")
    for dialect in ["messages", "prompt-completion"]:
        rows = exported(work / dialect)
        # By its card, as the Hub would. The cache is of this run alone.
        whole = datasets.load_dataset(
            str(work / dialect), split="train", cache_dir=str(work / "cache")
        ).select(range(len(rows)))
        tokenizer = byte_tokenizer()
        settings = trl.SFTConfig(
            output_dir=str(work / f"{dialect}-trained"), max_steps=1, max_length=None, use_cpu=True,
            per_device_train_batch_size=2, report_to=[], bf16=False, save_strategy="no",
            logging_steps=1, assistant_only_loss=dialect == "messages", dataloader_num_workers=0,
            disable_tqdm=True, 
        )
        trainer = trl.SFTTrainer(
            model=tiny_model(tokenizer), args=settings, train_dataset=whole,
            processing_class=tokenizer,
        )
        # The batches that training sees, one row each, through the trainer's own collator.
        def collated(row):
            batch = trainer.data_collator([row])
            return batch["input_ids"][0].tolist(), batch["labels"][0].tolist()
        check(f"trl, {dialect}", tokenizer, [collated(row) for row in trainer.train_dataset], rows)
        before = [p.detach().clone() for p in trainer.model.parameters()]
        loss = trainer.train().training_loss
        moved = sum(bool((a != b).any()) for a, b in zip(before, trainer.model.parameters()))
        assert math.isfinite(loss) and moved > 0, (loss, moved)
        print(f"trl, {dialect}: one step, loss {loss:.3f}, {moved} of {len(before)} tensors moved")


def without(name):
    """An empty module in the place of one that is imported but not needed for text."""
    import importlib.machinery
    import types

    module = types.ModuleType(name)
    module.__spec__ = importlib.machinery.ModuleSpec(name, None)
    sys.modules[name] = module


def saved_model(work):
    """The tiny model and its tokenizer as a folder, for libraries that want one."""
    tokenizer = byte_tokenizer()
    folder = str(work / "tiny")
    tiny_model(tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def with_llamafactory(work):
    without("torchaudio")
    import llamafactory
    from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
    from llamafactory.hparams import DataArguments, ModelArguments
    from transformers import Seq2SeqTrainingArguments

    print(f"llamafactory {getattr(llamafactory, '__version__', '?')}")
    folder, tokenizer = work / "llama-factory", byte_tokenizer()
    data = DataArguments(
        template="chatml", dataset="refinex", dataset_dir=str(folder), cutoff_len=1 << 20,
        overwrite_cache=True, preprocessing_num_workers=1,
    )
    model = ModelArguments(model_name_or_path=saved_model(work))
    training = Seq2SeqTrainingArguments(output_dir=str(work / "lf-out"), report_to=[])
    template = get_template_and_fix_tokenizer(tokenizer, data)
    module = get_dataset(template, model, data, training, stage="sft", tokenizer=tokenizer)
    found = module["train_dataset"]
    rows = exported(folder)
    encoded = [(row["input_ids"], row["labels"]) for row in found.select(range(len(rows)))]
    check("llamafactory", tokenizer, encoded, rows)


def with_swift(work):
    import swift
    from swift.dataset import load_dataset
    from swift.model import get_processor
    from swift.template import get_template

    print(f"ms-swift {swift.__version__}")
    folder = work / "swift"
    processor = get_processor(saved_model(work), model_type="llama", use_hf=True)
    template = get_template(processor, template_type="chatml", max_length=1 << 20)
    template.set_mode("train")
    found, _ = load_dataset([str(folder / "train.jsonl")])
    rows = exported(folder)
    encoded = [template.encode(found[at]) for at in range(len(rows))]
    encoded = [(list(row["input_ids"]), list(row["labels"])) for row in encoded]
    check("ms-swift", byte_tokenizer(), encoded, rows)


def with_axolotl(work):
    import axolotl
    import datasets
    import yaml
    from axolotl.prompt_strategies.chat_template import load
    from axolotl.utils.dict import DictDefault

    print(f"axolotl {getattr(axolotl, '__version__', '?')}")
    folder, tokenizer = work / "axolotl", byte_tokenizer()
    tokenizer.chat_template = tokenizer.chat_template.replace("{% generation %}", "").replace(
        "{% endgeneration %}", "")
    said = yaml.safe_load(open(folder / "axolotl.yaml"))["datasets"][0]
    config = DictDefault({"sequence_len": 1 << 20, "train_on_inputs": False, "chat_template": "tokenizer_default"})
    strategy = load(tokenizer, config, ds_cfg=DictDefault(said))
    rows = exported(folder)
    found = datasets.load_dataset("json", data_files=str(folder / said["path"]), split="train", cache_dir=str(work / "cache"))
    encoded = [strategy.tokenize_prompt(row) for row in found.select(range(len(rows)))]
    check("axolotl", tokenizer, [(row["input_ids"], row["labels"]) for row in encoded], rows)


if __name__ == "__main__":
    globals()[f"with_{sys.argv[2]}"](pathlib.Path(sys.argv[1]))
