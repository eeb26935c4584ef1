"""A small random model of a configuration, and what Hugging Face transformers computes with it: a case of testkit/golden.

    python3 tools/reference/transformers_case.py CONFIG.json OUT [--logits-only]

Copies the configuration to OUT as it is, in either spelling, draws the weights (seed 1), and writes model.safetensors and
expected.safetensors in double precision; without --logits-only also case.json, greedy text, the cache and a left-padded batch, as
testkit/golden/README.md describes them. Needs torch and transformers.
"""

import json
import os
import random
import shutil
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

PROMPT, GREEDY, BATCH_GREEDY, ROWS = 27, 24, 8, (13, 5, 17)


def draw(name, parameter, generator):
    """Numbers of a size at which no part of the model vanishes or saturates."""
    noise = torch.randn(parameter.shape, generator=generator).to(parameter.dtype)
    if name.endswith(("alpha_p", "alpha_n")) or ("norm" in name or "ln_" in name) and not name.endswith("bias"):
        return parameter + 0.2 * noise
    if name.endswith((".beta", ".eps")):
        return parameter
    if parameter.dim() == 1:
        return noise * (1 if name.endswith("sinks") else 0.1 if "correction" in name else 0.2)
    return noise * (0.7 if "embed" in name or "wte" in name or "wpe" in name else 1.2 / parameter.shape[-1] ** 0.5)


def build(config):
    config._experts_implementation = "eager"  # the others want float32 and aligned sizes
    attention = "sdpa" if getattr(config, "alibi", False) else "eager"
    model = AutoModelForCausalLM.from_config(config, attn_implementation=attention).eval()
    generator = torch.Generator().manual_seed(1)
    buffers = [(name, buffer) for name, buffer in model.named_buffers() if "correction" in name]
    with torch.no_grad():
        for name, parameter in list(model.named_parameters()) + buffers:
            parameter.copy_(draw(name, parameter, generator))
    for part in model.modules():
        if hasattr(part, "topk_group"):
            part.num_experts = config.n_routed_experts  # DeepSeek V2 reads it and never sets it
    return model.double()


def run(model, tokens):
    return model(torch.tensor([tokens]), use_cache=False).logits[0]


def continued(model, tokens, count):
    """Greedy text, and the logits that each token was chosen from."""
    rows = []
    for _ in range(count):
        rows.append(run(model, tokens)[-1])
        tokens = tokens + [int(rows[-1].argmax())]
    return tokens[-count:], torch.stack(rows)


def cache(model, tokens):
    layers = model(torch.tensor([tokens]), use_cache=True).past_key_values.layers
    return {f"past_{kind}.{i}": getattr(layer, kind)[0] for i, layer in enumerate(layers) for kind in ("keys", "values")}


def batch(model, rows):
    width = max(map(len, rows))
    pads = [[0] * (width - len(row)) for row in rows]
    logits = [torch.cat([torch.zeros(len(pad), model.config.vocab_size, dtype=torch.double), run(model, row)])
              for pad, row in zip(pads, rows)]
    return {"batch_tokens": torch.tensor([pad + row for pad, row in zip(pads, rows)]),
            "batch_mask": torch.tensor([pad + [1] * len(row) for pad, row in zip(pads, rows)]),
            "batch_logits": torch.stack(logits),
            "batch_greedy": torch.tensor([continued(model, row, BATCH_GREEDY)[0] for row in rows])}


def main(config_file, out, *flags):
    os.makedirs(out, exist_ok=True)
    shutil.copy(config_file, os.path.join(out, "config.json"))
    config = AutoConfig.from_pretrained(out)
    drawn = random.Random(1)
    some = lambda count: [drawn.randrange(4, config.vocab_size) for _ in range(count)]
    tokens, rows = some(PROMPT), [some(count) for count in ROWS]
    model = build(config)
    with torch.no_grad():
        expected = {"tokens": torch.tensor(tokens), "logits": run(model, tokens)}
        if "--logits-only" not in flags:
            greedy, greedy_logits = continued(model, tokens, GREEDY)
            expected |= {"greedy": torch.tensor(greedy), "greedy_logits": greedy_logits}
            expected |= cache(model, tokens) | batch(model, rows)
            with open(os.path.join(out, "case.json"), "w") as file:
                json.dump({"tokens": tokens, "greedy": greedy}, file)
    save_file({name: t.contiguous() if t.dtype == torch.int64 else t.float().contiguous() for name, t in expected.items()},
              os.path.join(out, "expected.safetensors"))
    model.float().save_pretrained(out)
    shutil.copy(config_file, os.path.join(out, "config.json"))  # saving writes it in the newer spelling
    for extra in ("generation_config.json",):
        if os.path.exists(os.path.join(out, extra)):
            os.remove(os.path.join(out, extra))


if __name__ == "__main__":
    main(*sys.argv[1:])
