"""Loads the exported folder with Hugging Face's transformers, measures again, and writes heldout/golden.json.

golden.json holds prompts with their greedy continuations and best logits, by which other implementations are checked.
"""

import argparse
import json
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from evaluate import summary
from export import write_json

GOLDEN = ["Once upon a time", "When Mary and John went to the store, John gave a drink to",
          "One day, Anna found a small red key in the garden. She"]
ROUND_TRIPS = ["Grüße aus Köln, schöne Straße! ß ẞ", "🙂 👩‍👩‍👧 🇩🇪",
               "for (int i = 0; i < n; i++) {\n\treturn x[i] == '\\n';\n}",
               "日本語 и русский", "  two  spaces\t\n\n", "", "\u0000\u007f\ufeff"]


class Plain(torch.nn.Module):
    """A transformers model as a function from ids to logits."""

    def __init__(self, model):
        super().__init__()
        self.inner = model

    def forward(self, ids):
        return self.inner(input_ids=ids, use_cache=False).logits


def golden(model, tokenizer, length=40, best=5):
    entries = []
    for text in GOLDEN:
        ids = tokenizer.encode(text, add_special_tokens=False)
        with torch.no_grad():
            top = model(torch.tensor([ids])).squeeze(0)[-1].topk(best)
        continuation, gap = greedy(model, ids, length)
        entries.append({"prompt": text, "tokens": ids, "continuation": continuation,
                        "continuation_text": tokenizer.decode(continuation), "smallest_gap": gap,
                        "top": [{"id": i, "logit": v} for v, i in zip(top.values.tolist(), top.indices.tolist())]})
    return {"arithmetic": "float64 on the bf16 weights", "prompts": entries}


@torch.no_grad()
def greedy(model, ids, length):
    """The greedy continuation without a cache, and the least distance of the best logit from the second."""
    ids, gap, start = list(ids), float("inf"), len(ids)
    while len(ids) < start + length:
        top = model(torch.tensor([ids]))[0, -1].topk(2)
        gap = min(gap, (top.values[0] - top.values[1]).item())
        ids.append(top.indices[0].item())
        if ids[-1] == model.inner.config.eos_token_id:
            break
    return ids[start:], gap


def check_round_trips(tokenizer):
    for text in ROUND_TRIPS:
        back = tokenizer.decode(tokenizer.encode(text, add_special_tokens=False), clean_up_tokenization_spaces=False)
        if back != text:
            raise ValueError(f"{text!r} became {back!r}")
    if tokenizer.encode("Once upon a time") != tokenizer.encode("Once upon a time", add_special_tokens=False):
        raise ValueError("the tokenizer adds tokens")


def tell(model, tokenizer, **how):
    ids = tokenizer("Once upon a time", return_tensors="pt", return_token_type_ids=False)
    made = model.generate(**ids, max_new_tokens=500, pad_token_id=0, **how)[0]
    ended = made[-1].item() == model.config.eos_token_id
    print(tokenizer.decode(made, skip_special_tokens=True), "" if ended else "[no end]", end="\n\n")


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--stories", type=int, default=5)
    options = options.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(options.folder)
    model, loading = AutoModelForCausalLM.from_pretrained(options.folder, dtype=torch.float32, output_loading_info=True)
    print({name: value for name, value in loading.items() if value} or "every tensor in its place")
    check_round_trips(tokenizer)
    held_out = {name: json.loads((options.folder / "heldout" / f"{name}.json").read_text(encoding="utf-8"))
                for name in ("ioi", "repeats", "text")}
    print(summary(Plain(model), held_out))
    torch.manual_seed(1)
    for _ in range(options.stories):
        tell(model, tokenizer)
    tell(model, tokenizer, do_sample=False, temperature=None, top_p=None)
    write_json(options.folder / "heldout" / "golden.json", golden(Plain(model.double()), tokenizer))


if __name__ == "__main__":
    main()
