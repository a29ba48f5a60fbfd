#!/usr/bin/env python3
"""How far logits of the generator in single precision are from those in double precision.

usage: lab/generator_logits.py MODEL IDS    MODEL: a folder in F32 or a GGUF file; IDS: a file of token ids

The reference is written here, in numpy, and reads the weights by itself (a GGUF file by the package
gguf). Beside it stand refinex (cargo build --release -p refinex-model --example generator_logits),
the same numpy code in single precision, and transformers in single precision where it is installed
(a folder alone). Needs numpy, and gguf for a GGUF file. REFINEX_LOGITS names the built example.
"""
import json, os, struct, subprocess, sys, tempfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
PARTS = {"input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
         "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm",
         "self_attn.k_norm": "attn_k_norm", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate",
         "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}


def of_folder(path):
    config = json.load(open(f"{path}/config.json"))
    with open(f"{path}/model.safetensors", "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        data = file.read()
    weights = {}
    for name, place in header.items():
        if name != "__metadata__":
            assert place["dtype"] == "F32", f"expected F32, but found {place['dtype']} in {name}"
            start, end = place["data_offsets"]
            weights[name] = np.frombuffer(data[start:end], "<f4").reshape(place["shape"])
    theta = config.get("rope_theta") or config["rope_parameters"]["rope_theta"]
    heads = config["num_attention_heads"]
    head = config.get("head_dim") or config["hidden_size"] // heads
    return weights, (config["num_hidden_layers"], head, theta, config["rms_norm_eps"])


def of_gguf(path):
    import gguf
    file = gguf.GGUFReader(path)
    kind = bytes(file.fields["general.architecture"].parts[-1]).decode()
    number = lambda name: file.fields[f"{kind}.{name}"].parts[-1][0].item()
    heads, layers = number("attention.head_count"), number("block_count")
    raw = {t.name: gguf.quants.dequantize(t.data, t.tensor_type) for t in file.tensors}
    head = raw["blk.0.attn_q.weight"].shape[0] // heads
    weights = {"model.embed_tokens.weight": raw["token_embd.weight"], "model.norm.weight": raw["output_norm.weight"]}
    if "output.weight" in raw:
        weights["lm_head.weight"] = raw["output.weight"]
    for at in range(layers):
        for name, theirs in PARTS.items():
            value = raw.get(f"blk.{at}.{theirs}.weight")
            if value is None:
                continue
            if kind == "llama" and theirs in ("attn_q", "attn_k"):  # llama.cpp turns neighbours
                value = value.reshape(-1, head // 2, 2, value.shape[1]).swapaxes(1, 2).reshape(value.shape)
            weights[f"model.layers.{at}.{name}.weight"] = value
    epsilon = number("attention.layer_norm_rms_epsilon")
    # The epsilon of the file is a 32-bit number; the configuration's is the decimal that it stands for.
    return weights, (layers, head, number("rope.freq_base"), float(f"{epsilon:.6g}"))


def logits(weights, shape, ids, kind, kept=lambda x: x):
    """The decoder in numbers of a kind; `kept` is what becomes of keys and values."""
    layers, head, theta, epsilon = shape
    w = lambda name: weights[f"{name}.weight"].astype(kind)
    norm = lambda x, scale: x / np.sqrt((x * x).mean(-1, keepdims=True) + kind(epsilon)) * scale
    split = lambda x: x.reshape(len(ids), -1, head).swapaxes(0, 1)  # heads × tokens × head
    angle = np.arange(len(ids))[:, None] * theta ** (-np.arange(head // 2) / (head // 2))
    cos, sin = np.cos(angle).astype(kind), np.sin(angle).astype(kind)

    def turn(x):
        a, b = x[..., :head // 2], x[..., head // 2:]
        return np.concatenate([a * cos - b * sin, b * cos + a * sin], -1)

    later = np.triu(np.ones((len(ids), len(ids)), bool), 1)
    x = w("model.embed_tokens")[ids]
    for at in range(layers):
        of = lambda name: w(f"model.layers.{at}.{name}")
        n = norm(x, of("input_layernorm"))
        q, k, v = (split(n @ of(f"self_attn.{p}_proj").T) for p in "qkv")
        if f"model.layers.{at}.self_attn.q_norm.weight" in weights:
            q, k = norm(q, of("self_attn.q_norm")), norm(k, of("self_attn.k_norm"))
        k, v = (np.repeat(kept(t), len(q) // len(t), 0) for t in (turn(k), v))
        scores = turn(q) @ k.swapaxes(1, 2) / kind(head ** 0.5)
        scores[:, later] = -np.inf
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        taken = scores / scores.sum(-1, keepdims=True) @ v
        x = x + taken.swapaxes(0, 1).reshape(len(ids), -1) @ of("self_attn.o_proj").T
        n = norm(x, of("post_attention_layernorm"))
        gate = n @ of("mlp.gate_proj").T
        x = x + (gate / (1 + np.exp(-gate)) * (n @ of("mlp.up_proj").T)) @ of("mlp.down_proj").T
    head = "lm_head" if "lm_head.weight" in weights else "model.embed_tokens"
    return norm(x, w("model.norm")) @ w(head).T


def in_16_bits(x):
    """Keys and values as the cache of small numbers keeps them."""
    scale = np.abs(x).max(-1, keepdims=True) / 32767
    return (np.round(x / scale) * scale).astype(x.dtype)


def of_refinex(model, ids, vocabulary):
    program = os.environ.get("REFINEX_LOGITS", f"{HERE}/../target/release/examples/generator_logits")
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run([program, model, ids, out.name], check=True)
        return np.fromfile(out.name, "<f4").reshape(-1, vocabulary)


def of_transformers(model, ids):
    try:
        import torch, transformers
    except ImportError:
        return None
    network = transformers.AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32, attn_implementation="eager")
    with torch.no_grad():
        return network(torch.tensor([ids])).logits[0].numpy()


def main(model, file):
    ids = [int(word) for word in open(file).read().split()]
    weights, shape = of_folder(model) if os.path.isdir(model) else of_gguf(model)
    true = logits(weights, shape, ids, np.float64)
    print(f"{len(ids)} tokens; logits: standard deviation {true.std():.2f}, largest {np.abs(true).max():.1f}")

    def say(name, found):
        if found is None:
            return print(f"{name}: not installed")
        far = np.abs(found - true)
        same = (found.argmax(-1) == true.argmax(-1)).sum()
        print(f"{name}: mean difference {far.mean():.1e}, largest {far.max():.1e}, the same first token {same} times", flush=True)
        return found

    say("refinex, single precision", of_refinex(model, file, true.shape[1]))
    say("numpy, single precision", logits(weights, shape, ids, np.float32))
    say("numpy, double precision, keys and values in 16 bits", logits(weights, shape, ids, np.float64, in_16_bits))
    if os.path.isdir(model):
        theirs = say("transformers, single precision", of_transformers(model, ids))
        if theirs is not None:
            ours = of_refinex(model, file, true.shape[1])
            print(f"refinex to transformers: mean {np.abs(ours - theirs).mean():.1e}, largest {np.abs(ours - theirs).max():.1e}")


if __name__ == "__main__":
    main(*sys.argv[1:])
