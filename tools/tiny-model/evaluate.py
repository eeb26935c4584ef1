"""What is measured: the right name, the loss on a second copy, and the loss on held-out stories, also by position."""

import torch
import torch.nn.functional as F

from tokens import END_ID, ids_of


@torch.no_grad()
def losses(model, ids):
    """The loss of each next token of one sequence, a tensor one shorter than it."""
    logits = model(torch.tensor([ids]))[0]
    return F.cross_entropy(logits[:-1], torch.tensor(ids[1:]), reduction="none")


@torch.no_grad()
def ioi_scores(model, held_out):
    """The share of prompts where the right name wins, and the mean distance of the logits, for each half."""
    result = {}
    for name, first in (("first", True), ("second", False)):
        prompts = [p for p in held_out["prompts"] if p["repeated_first"] == first]
        logits = last_logits(model, [p["tokens"] for p in prompts])
        answers, wrongs = (torch.tensor([p[key] for p in prompts]) for key in ("answer", "wrong"))
        distance = (logits.gather(1, answers[:, None]) - logits.gather(1, wrongs[:, None])).squeeze(1)
        result[name] = {"right": (distance > 0).float().mean().item(), "distance": distance.mean().item(),
                        "best": (logits.argmax(-1) == answers).float().mean().item(), "least": distance.min().item()}
    return result


def last_logits(model, prompts):
    """The logits at the last token of each prompt; they are filled up on the right, which causal attention ignores."""
    longest = max(len(ids) for ids in prompts)
    logits = model(torch.tensor([ids + [END_ID] * (longest - len(ids)) for ids in prompts]))
    return torch.stack([row[len(ids) - 1] for row, ids in zip(logits, prompts)])


@torch.no_grad()
def repeat_losses(model, held_out):
    """The mean loss on the first and on the second copy; the first token of all has none."""
    length, ids = held_out["length"], torch.tensor(held_out["sequences"])
    loss = F.cross_entropy(model(ids)[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), reduction="none").view(len(ids), -1)
    return loss[:, :length - 1].mean().item(), loss[:, length - 1:].mean().item()


def text_loss(model, held_out):
    return torch.cat([losses(model, document["tokens"]) for document in held_out["documents"]]).mean().item()


def loss_by_position(model, windows, count, bucket=128):
    """The mean loss in each stretch of positions, over full windows of held-out stories."""
    context = model.shape.context
    loss = torch.stack([losses(model, [token for token, _ in windows.window(context)]) for _ in range(count)]).mean(0)
    return [loss[start:start + bucket].mean().item() for start in range(0, context, bucket)]


@torch.no_grad()
def generate(model, tokenizer, prompt, longest, temperature=0.0, top_p=1.0, seed=0):
    """A continuation, greedy at temperature 0, up to the end token."""
    chooser, ids = torch.Generator().manual_seed(seed), ids_of(tokenizer, prompt)
    while len(ids) < longest:
        logits = model(torch.tensor([ids]))[0, -1]
        if temperature == 0:
            token = logits.argmax().item()
        else:
            token = sample(torch.softmax(logits / temperature, -1), top_p, chooser)
        if token == END_ID:
            break
        ids.append(token)
    return tokenizer.decode(ids)


def sample(probabilities, top_p, chooser):
    ordered, index = probabilities.sort(descending=True)
    ordered[ordered.cumsum(0) - ordered > top_p] = 0
    return index[torch.multinomial(ordered, 1, generator=chooser)].item()


def summary(model, held_out):
    """One line of results."""
    ioi, (once, twice) = ioi_scores(model, held_out["ioi"]), repeat_losses(model, held_out["repeats"])
    halves = ", ".join(f"{name} {half['right']:.1%} (best of all {half['best']:.1%}, distance {half['distance']:.2f}, "
                       f"least {half['least']:.2f})" for name, half in ioi.items())
    return (f"ioi: {halves}; repeats: {once:.3f} then {twice:.3f}, ratio {twice / once:.3f}; "
            f"held-out text: {text_loss(model, held_out['text']):.4f}")
