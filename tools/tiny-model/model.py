"""A small Llama-style decoder in plain PyTorch; its parameter names are those of Hugging Face's LlamaForCausalLM."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Shape:
    vocab: int = 2048
    layers: int = 6
    hidden: int = 192
    heads: int = 4
    kv_heads: int = 2
    head_dim: int = 64
    ffn: int = 512
    context: int = 1024
    rope_theta: float = 10000.0
    eps: float = 1e-5


class RmsNorm(nn.Module):
    def __init__(self, size, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x):
        return F.rms_norm(x, x.shape[-1:], self.weight, self.eps)


class Attention(nn.Module):
    """Causal attention in which heads/kv_heads query heads share each key/value head."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.q_proj = nn.Linear(shape.hidden, shape.heads * shape.head_dim, bias=False)
        self.k_proj = nn.Linear(shape.hidden, shape.kv_heads * shape.head_dim, bias=False)
        self.v_proj = nn.Linear(shape.hidden, shape.kv_heads * shape.head_dim, bias=False)
        self.o_proj = nn.Linear(shape.heads * shape.head_dim, shape.hidden, bias=False)

    def forward(self, x, cos, sin, hidden):
        batch, length, _ = x.shape
        s = self.shape

        def split(y, heads):
            return y.view(batch, length, heads, s.head_dim).transpose(1, 2)

        q = rotate(split(self.q_proj(x), s.heads), cos, sin)
        k = rotate(split(self.k_proj(x), s.kv_heads), cos, sin)
        v = split(self.v_proj(x), s.kv_heads)
        y = attend(q, k, v, hidden)
        return self.o_proj(y.transpose(1, 2).reshape(batch, length, -1))


class Mlp(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.gate_proj = nn.Linear(shape.hidden, shape.ffn, bias=False)
        self.up_proj = nn.Linear(shape.hidden, shape.ffn, bias=False)
        self.down_proj = nn.Linear(shape.ffn, shape.hidden, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.input_layernorm = RmsNorm(shape.hidden, shape.eps)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = RmsNorm(shape.hidden, shape.eps)
        self.mlp = Mlp(shape)

    def forward(self, x, cos, sin, hidden):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, hidden)
        return x + self.mlp(self.post_attention_layernorm(x))


class Decoder(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocab, shape.hidden)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = RmsNorm(shape.hidden, shape.eps)


class TinyLlama(nn.Module):
    """Token ids [batch, length] to logits [batch, length, vocab]; the output layer is the embedding, transposed."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.model = Decoder(shape)
        cos, sin = rope_tables(shape)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self.initialize()

    def initialize(self):
        """What a layer adds is zero at first, so that the embeddings reach all of them undisturbed."""
        for name, weight in self.named_parameters():
            if name.endswith(("o_proj.weight", "down_proj.weight")):
                nn.init.zeros_(weight)
            elif weight.dim() == 2:
                nn.init.normal_(weight, std=0.05)
        seed_induction(self)

    def forward(self, ids):
        length = ids.shape[1]
        cos, sin = self.cos[:length], self.sin[:length]
        hidden = torch.full((length, length), float("-inf")).triu(1)
        x = self.model.embed_tokens(ids)
        for layer in self.model.layers:
            x = layer(x, cos, sin, hidden)
        return F.linear(self.model.norm(x), self.model.embed_tokens.weight)


def rope_tables(shape):
    half = torch.arange(0, shape.head_dim, 2, dtype=torch.float32) / shape.head_dim
    angle = torch.outer(torch.arange(shape.context, dtype=torch.float32), shape.rope_theta ** -half)
    angle = torch.cat((angle, angle), -1)
    return angle.cos(), angle.sin()


def rotate(x, cos, sin):
    """Rotary positions in the half-split layout of Hugging Face's Llama."""
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat((-b, a), -1) * sin


def attend(q, k, v, hidden):
    """Attention as plain matrix products, on the CPU faster here than PyTorch's own kernel in both precisions.
    The query heads of one group are laid one below the other, so that keys and values need no copies."""
    batch, heads, length, size = q.shape
    kv_heads = k.shape[1]
    q = (q * size ** -0.5).reshape(batch, kv_heads, heads // kv_heads * length, size)
    scores = (q @ k.transpose(-1, -2)).view(batch, kv_heads, -1, length, length)
    weights = torch.softmax(scores + hidden, -1).view(batch, kv_heads, -1, length).to(v.dtype)
    return (weights @ v).view(batch, heads, length, size)


@torch.no_grad()
def seed_induction(model, constant=0.1, sharp=2.3, written=0.06, match=0.35, copied=0.2):
    """Starts one head of the first layer as a weak previous-token head and one of the second as an induction head.

    In a trial from a random start no copying had formed after 3.9 million tokens; from this start, and with repeats
    alone at first, it was there after 0.2 million, and training makes of the heads what it needs. The first head knows
    "one back" from the rotary positions alone: a constant part of the embeddings, turned by one position. It writes the
    token it finds into directions of its own, and the second head looks there for the token it stands on, and copies
    the token that it sees.
    """
    shape, size = model.shape, model.shape.head_dim
    basis = torch.linalg.qr(torch.randn(shape.hidden - 1, shape.hidden - 1))[0]
    basis = F.pad(basis, (1, 0))
    token, before = basis[:size], basis[size:2 * size]
    model.model.embed_tokens.weight[:, 0] = constant
    first, second = model.model.layers[0].self_attn, model.model.layers[1].self_attn

    fast = torch.arange(12)
    angle = shape.rope_theta ** (-2.0 * fast / size)
    first.q_proj.weight[:2 * size] *= 0.2
    first.k_proj.weight[:size] *= 0.2
    first.k_proj.weight[fast, 0] = sharp
    first.q_proj.weight[fast, 0] = sharp * angle.cos()
    first.q_proj.weight[size // 2 + fast, 0] = -sharp * angle.sin()
    first.v_proj.weight[:size] = token
    first.o_proj.weight[:, :size] = written * before.T

    slow = torch.cat((torch.arange(14, size // 2), torch.arange(size // 2 + 14, size)))
    second.k_proj.weight[:size] = 0
    second.k_proj.weight[slow] = match * before[:len(slow)]
    second.q_proj.weight[:size] = 0
    second.q_proj.weight[slow] = 3 * match * token[:len(slow)]
    second.v_proj.weight[:size] = token
    second.o_proj.weight[:, :size] = copied * token.T


def rounded(model):
    """A float32 copy whose weights are what a bf16 file holds: everything is evaluated on this one."""
    copy = TinyLlama(model.shape)
    copy.load_state_dict({name: w.to(torch.bfloat16).float() for name, w in model.state_dict().items()})
    return copy.eval()
