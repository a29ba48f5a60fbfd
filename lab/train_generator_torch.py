#!/usr/bin/env python3
"""Compares the loss and the gradients of `refinex train generator` with those of torch autograd.

usage: lab/train_generator_torch.py REFINEX MODEL    MODEL: a Llama- or Qwen3-type folder in F32

One document is one example. Training is killed after its first step; the mean of Adam is then a tenth
of the gradient, and is compared tensor by tensor. Needs torch, numpy and tokenizers (pip).
"""
import json, os, re, struct, subprocess, sys, tempfile, time

import numpy as np
import torch
from tokenizers import Tokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
LINES = ["Home | About | Contact", "The ferry to the island sails every hour. Share this!", "It takes "
         "forty minutes, and dogs travel free of charge.", "Subscribe to our newsletter"]
PROGRAM = 'remove_lines(1, 1)\nremove_str(2, " Share this!")\nremove_lines(4, 4)'


def read(path):
    with open(path, "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        data = file.read()
    facts = header.pop("__metadata__", {})
    out = {}
    for name, place in header.items():
        assert place["dtype"] == "F32", name
        a, b = place["data_offsets"]
        out[name] = np.frombuffer(data[a:b], dtype="<f4").reshape(place["shape"])
    return out, facts


def norm(x, w, eps):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * w


def turn(x, theta):  # heads × tokens × head
    half = x.shape[-1] // 2
    rate = theta ** (-torch.arange(half, dtype=torch.float64) / half)
    angle = torch.arange(x.shape[1], dtype=torch.float64)[:, None] * rate
    cos, sin = angle.cos().float(), angle.sin().float()
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def loss(w, c, prompt, program):
    tokens = torch.tensor(prompt + program[:-1])
    eps, head = c["rms_norm_eps"], c.get("head_dim") or c["hidden_size"] // c["num_attention_heads"]
    split = lambda x: x.view(len(tokens), -1, head).transpose(0, 1)
    x = w["model.embed_tokens.weight"][tokens]
    mask = torch.full((len(tokens), len(tokens)), -torch.inf).triu(1)
    for at in range(c["num_hidden_layers"]):
        of = lambda name: w[f"model.layers.{at}.{name}.weight"]
        n = norm(x, of("input_layernorm"), eps)
        q, k, v = (split(n @ of(f"self_attn.{p}_proj").T) for p in "qkv")
        if f"model.layers.{at}.self_attn.q_norm.weight" in w:
            q, k = norm(q, of("self_attn.q_norm"), eps), norm(k, of("self_attn.k_norm"), eps)
        q, k = turn(q, c["rope_theta"]), turn(k, c["rope_theta"])
        k, v = (t.repeat_interleave(len(q) // len(t), 0) for t in (k, v))
        looked = (q @ k.transpose(1, 2) / head ** 0.5 + mask).softmax(-1) @ v
        x = x + looked.transpose(0, 1).reshape(len(tokens), -1) @ of("self_attn.o_proj").T
        n = norm(x, of("post_attention_layernorm"), eps)
        gate, up = n @ of("mlp.gate_proj").T, n @ of("mlp.up_proj").T
        x = x + (torch.nn.functional.silu(gate) * up) @ of("mlp.down_proj").T
    x = norm(x[len(prompt) - 1:], w["model.norm.weight"], eps)
    logits = x @ w.get("lm_head.weight", w["model.embed_tokens.weight"]).T
    return torch.nn.functional.cross_entropy(logits, torch.tensor(program))


def one_step(refinex, model, folder):
    """The loss of the first step, and its gradient by tensor."""
    text = "\n".join(LINES)
    gone = [(0, len(LINES[0]) + 1)]
    share = text.index(" Share this!")
    gone += [(share, share + len(" Share this!")), (text.index("\nSubscribe"), len(text))]
    with open(f"{folder}/one.jsonl", "w") as file:
        file.write(json.dumps({"id": "one", "text": text, "deletions": gone}))
    out = f"{folder}/out"
    run = subprocess.Popen([refinex, "train", "generator", "--base", model, "--data", f"{folder}/one.jsonl",
        "-o", out, "--epochs", "50", "--held-out", "0", "--clip", "1e9", "--keep-every", "1", "--threads", "1"],
        stderr=subprocess.DEVNULL)
    state = f"{out}/checkpoints/state.safetensors"
    while not os.path.exists(state):
        assert run.poll() is None, "refinex ended before its first step"
        time.sleep(0.01)
    run.kill()
    run.wait()
    tensors, facts = read(state)
    assert facts["step"] == "1", facts
    rows = [json.loads(line) for line in open(f"{out}/metrics.jsonl")]
    return next(row for row in rows if row["step"] == 1), tensors["mean"] * 10


def main(refinex, model):
    weights, _ = read(f"{model}/model.safetensors")
    config = json.load(open(f"{model}/config.json"))
    w = {name: torch.tensor(value, requires_grad=True) for name, value in weights.items()}
    instruction = open(f"{HERE}/../crates/core/prompts/program-v1.md").read().strip()
    lines = "\n".join(f"[{n}] {line}" for n, line in enumerate(LINES, 1))
    prompt = f"<|im_start|>system\n{instruction}<|im_end|>\n<|im_start|>user\n{lines}<|im_end|>\n<|im_start|>assistant\n"
    tokenizer = Tokenizer.from_file(f"{model}/tokenizer.json")
    ids = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
    with tempfile.TemporaryDirectory() as folder:
        row, ours = one_step(refinex, model, folder)
    theirs = loss(w, config, ids(prompt), ids(PROGRAM + "<|im_end|>"))
    theirs.backward()
    print(f"loss: torch {theirs.item():.6f}, refinex {row['loss']:.6f}; {row['tokens']} tokens")
    # The order of one flat vector: embeddings, layers, last norm, head.
    parts = ["input_layernorm", "q_proj", "k_proj", "v_proj", "q_norm", "k_norm", "o_proj",
             "post_attention_layernorm", "gate_proj", "up_proj", "down_proj"]
    def place(name):
        layer = re.match(r"model\.layers\.(\d+)\.", name)
        if layer:
            return 1, int(layer[1]), parts.index(name.split(".")[-2])
        return ({"model.embed_tokens.weight": 0, "model.norm.weight": 2, "lm_head.weight": 3}[name], 0, 0)
    start, worst = 0, (0, "")
    for name in sorted(weights, key=place):
        g = w[name].grad.numpy().ravel()
        far = np.linalg.norm(ours[start:start + g.size] - g) / np.linalg.norm(g)
        start += g.size
        worst = max(worst, (far, name))
        if name.split(".")[-2] in ("embed_tokens", "norm") or ".layers.0." in name:
            print(f"{name}: |torch| {np.linalg.norm(g):.5f}, difference {far:.1e} of it")
    assert start == ours.size
    print(f"worst of {len(weights)} tensors: {worst[1]}, {worst[0]:.1e}")
    assert worst[0] < 1e-3 and abs(theirs.item() - row["loss"]) < 1e-4


main(*sys.argv[1:])
