"""Trains the tiny model: tokenizer, weights, evaluation and export, all from one seed. See README.md."""

import argparse
import math
import platform
import random
import time
from dataclasses import dataclass
from pathlib import Path

import numpy
import safetensors
import tokenizers
import torch
import torch.nn.functional as F

from corpus import Corpus
from evaluate import generate, loss_by_position, summary
from export import export
from heldout import SEED as HELD_OUT_SEED, make_held_out
from model import Shape, TinyLlama, rounded
from tokens import IdSource, Windows, train_tokenizer

@dataclass(frozen=True)
class Stage:
    """A part of the training: windows of one length, a mix of documents, and how long random repeats may be."""
    steps: int
    rows: int
    length: int
    longest_random: int
    shares: dict


STAGES = [
    Stage(300, 16, 128, 40, {"repeated_ids": 0.85, "repeated_text": 0.15}),
    Stage(350, 16, 256, 100, {"story": 0.55, "ioi": 0.20, "repeated_text": 0.05, "repeated_ids": 0.20}),
    Stage(1000, 16, 256, 100, {"story": 0.73, "ioi": 0.15, "repeated_text": 0.04, "repeated_ids": 0.08}),
    Stage(150, 4, 1024, 400, {"story": 0.75, "ioi": 0.13, "repeated_text": 0.04, "repeated_ids": 0.08}),
]



def arguments():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", required=True, help="the folder of the exported model")
    options.add_argument("--log", default="training-log.txt")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--rate", type=float, default=1.5e-3)
    options.add_argument("--warmup", type=int, default=60)
    options.add_argument("--every", type=int, default=100, help="steps between two evaluations")
    options.add_argument("--threads", type=int, default=2)
    return options.parse_args()


class Log:
    def __init__(self, path):
        self.file, self.start = open(path, "w", encoding="utf-8"), time.time()

    def __call__(self, text):
        line = f"[{time.time() - self.start:6.0f} s] {text}"
        print(line, flush=True)
        print(line, file=self.file, flush=True)


def describe(log, model, options):
    log(f"processor: {processor()}, {options.threads} threads, bf16 autocast")
    log(f"python {platform.python_version()}, torch {torch.__version__}, tokenizers {tokenizers.__version__}, "
        f"safetensors {safetensors.__version__}, numpy {numpy.__version__}")
    log(f"seed {options.seed}, held-out seed {HELD_OUT_SEED}, {model.shape}")
    log(f"{sum(p.numel() for p in model.parameters()):,} parameters, rate {options.rate}, warmup {options.warmup}")
    for stage in STAGES:
        log(str(stage))


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


def make_tokenizer(seed, size):
    corpus = Corpus(seed)
    texts = [corpus.story() for _ in range(8000)] + [corpus.ioi() for _ in range(20000)]
    return train_tokenizer(texts, size)


def make_optimizer(model, rate):
    """AdamW; only matrices decay."""
    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.95), fused=True)


def rate_at(step, steps, options):
    """Warmup, then a cosine down to a fiftieth."""
    if step < options.warmup:
        return options.rate * (step + 1) / options.warmup
    done = (step - options.warmup) / (steps - options.warmup)
    return options.rate * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))


def train_step(model, optimizer, ids, weights):
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(ids[:, :-1])
    loss = F.cross_entropy(logits.float().flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
    loss = (loss * weights[:, 1:].flatten()).sum() / weights[:, 1:].sum()
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


def train(model, tokenizer, held_out, options, log):
    """All stages; gives the number of tokens seen."""
    source = IdSource(Corpus(options.seed + 1), tokenizer, STAGES[0].shares)
    optimizer = make_optimizer(model, options.rate)
    plan = [stage for stage in STAGES for _ in range(stage.steps)]
    stage, mean = None, None
    for step, now in enumerate(plan):
        if now is not stage:
            stage, windows, mean = now, Windows(source), None
            source.begin(stage.shares, stage.longest_random)
        for group in optimizer.param_groups:
            group["lr"] = rate_at(step, len(plan), options)
        loss = train_step(model, optimizer, *windows.batch(stage.rows, stage.length + 1))
        mean = loss if mean is None else 0.95 * mean + 0.05 * loss
        if (step + 1) % 50 == 0:
            log(f"step {step + 1}/{len(plan)}, length {stage.length}, loss {mean:.4f}, "
                f"rate {rate_at(step, len(plan), options):.2e}")
        if (step + 1) % options.every == 0:
            check(model, tokenizer, held_out, step + 1, options, log)
    return sum(stage.rows * stage.length for stage in plan)


def check(model, tokenizer, held_out, step, options, log):
    """Evaluates the rounded weights, and saves them."""
    copy = rounded(model)
    log(f"step {step}: {summary(copy, held_out)}")
    if step % (5 * options.every) == 0:
        log("sample: " + generate(copy, tokenizer, "Once upon a time", 250, 0.8, 0.95, step))
    export(options.out, copy, tokenizer, held_out)


def finish(model, tokenizer, held_out, options, log):
    copy = rounded(model)
    log(f"final: {summary(copy, held_out)}")
    fresh = Windows(IdSource(Corpus(HELD_OUT_SEED + 3), tokenizer, {"story": 1.0}))
    stretches = ", ".join(f"{loss:.3f}" for loss in loss_by_position(copy, fresh, 24))
    log(f"final: loss on full windows of held-out stories by stretches of 128 positions: {stretches}")
    for number in range(3):
        log(f"story {number + 1}: " + generate(copy, tokenizer, "Once upon a time", 400, 0.8, 0.95, number))
    log("greedy story: " + generate(copy, tokenizer, "Once upon a time", 400))
    export(options.out, copy, tokenizer, held_out)


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    random.seed(options.seed)
    log = Log(options.log)
    tokenizer = make_tokenizer(options.seed, Shape().vocab)
    held_out = make_held_out(tokenizer)
    model = TinyLlama(Shape())
    describe(log, model, options)
    tokens = train(model, tokenizer, held_out, options, log)
    log(f"trained on {tokens:,} tokens")
    finish(model, tokenizer, held_out, options, log)


if __name__ == "__main__":
    main()
