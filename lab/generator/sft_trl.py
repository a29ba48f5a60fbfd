"""Full fine-tuning of Qwen3-0.6B-Base as RefineX trained its student (arXiv:2507.03253): learning rate
7e-6, batch 256, at most 16,384 tokens. The paper does not say epochs, schedule and warm-up: those are
guesses. Every field name was looked up in TRL 1.16 and transformers 5.24; `--check` reads the rows,
builds the configuration and stops; `--batch 2 --steps 2` tries it on a CPU, and did so with SmolLM2-135M. No GPU
was at hand.

    refinex export sft labelled/ -o sft --dialect prompt-completion --max-tokens 16000 \
        --tokenizer Qwen3-0.6B-Base/tokenizer.json
    accelerate launch --num_processes 8 lab/generator/sft_trl.py sft/train.jsonl saves/refine-0.6b

The loss is on the program alone, since the rows are prompt and completion. Qwen3's chat template puts
empty thoughts before the last answer, so the model learns them too: ask the served model with
`--extra '{"chat_template_kwargs":{"enable_thinking":false}}'`, which writes them for it.
"""

import argparse
import os


def configuration(output, devices, batch, steps):
    import torch
    from trl import SFTConfig

    per_device = min(4, batch)
    return SFTConfig(
        output_dir=output,
        max_length=16_384,
        completion_only_loss=True,
        packing=False,
        per_device_train_batch_size=per_device,
        gradient_accumulation_steps=max(1, batch // (devices * per_device)),
        learning_rate=7e-6,
        num_train_epochs=2.0,
        max_steps=steps or -1,
        lr_scheduler_type="cosine",
        warmup_steps=0.03,  # a share of all steps
        weight_decay=0.0,
        max_grad_norm=1.0,
        bf16=torch.cuda.is_available(),  # slow beyond use on a CPU
        use_cpu=not torch.cuda.is_available(),
        gradient_checkpointing=True,
        logging_steps=10,
        save_steps=200,
        save_total_limit=3,
        eval_strategy="steps",
        eval_steps=200,
        report_to="none",
        seed=1,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("train", help="train.jsonl of refinex export sft --dialect prompt-completion")
    parser.add_argument("output")
    parser.add_argument("--model", default="Qwen/Qwen3-0.6B-Base")
    parser.add_argument("--batch", type=int, default=256, help="examples of a step, over all devices")
    parser.add_argument("--steps", type=int, help="stop after so many (two try the settings on a CPU)")
    parser.add_argument("--check", action="store_true", help="build the configuration, read the rows, and stop")
    arguments = parser.parse_args()

    from datasets import load_dataset

    settings = configuration(arguments.output, int(os.environ.get("WORLD_SIZE", "1")), arguments.batch, arguments.steps)
    rows = load_dataset("json", data_files=arguments.train, split="train")
    rows = rows.select_columns(["prompt", "completion"])
    parts = rows.train_test_split(test_size=0.01, seed=1)
    if arguments.check:
        print(f"{len(rows)} rows, batch {settings.per_device_train_batch_size} x {settings.gradient_accumulation_steps}")
        return

    from trl import SFTTrainer

    trainer = SFTTrainer(
        model=arguments.model, args=settings, train_dataset=parts["train"], eval_dataset=parts["test"]
    )
    trainer.train(resume_from_checkpoint=os.path.isdir(arguments.output) and any(
        name.startswith("checkpoint-") for name in os.listdir(arguments.output)
    ))
    trainer.save_model(arguments.output)


if __name__ == "__main__":
    main()
