"""Activations of the golden families with dense blocks or experts, computed apart from PastKV in double precision.

    python3 tools/reference/dense_activations.py testkit/golden/hf testkit/golden/activations CASE...

Reads hf/CASE/{config.json,model.safetensors,expected.safetensors}, runs the prompt in numpy, requires the logits
of transformers (1e-5), and writes activations/CASE.safetensors: every standard hook of TransformerLens' kind under its name, at
the last two positions of the prompt. Needs numpy alone.
"""

import json
import math
import os
import re
import struct
import sys

import numpy as np

KEPT = 2  # positions, at the end of the prompt
INTERLEAVED = {"gptj", "codegen", "cohere", "cohere2", "glm", "glm4", "ernie4_5", "helium", "ernie4_5_moe", "llama4_text",
               "deepseek_v2", "deepseek_v3", "longcat_flash"}
ONE_NORM_PARALLEL = {"gptj", "codegen", "phi", "cohere", "cohere2"}
NORM_AFTER = {"olmo3", "exaone4"}
DTYPES = {"F32": "<f4", "I64": "<i8", "U8": "u1"}
FP4 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, 0, -0.5, -1, -1.5, -2, -3, -4, -6])


def read(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    header.pop("__metadata__", None)
    return {name: np.frombuffer(data[t["data_offsets"][0] : t["data_offsets"][1]], DTYPES[t["dtype"]]).reshape(t["shape"])
            for name, t in header.items()}


def write(path, tensors):
    header, data = {}, b""
    for name, value in tensors.items():
        raw = np.ascontiguousarray(value, "<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def erf(x):
    return np.vectorize(math.erf)(x)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


ACTIVATIONS = {
    "silu": lambda x: x * sigmoid(x),
    "relu2": lambda x: np.maximum(x, 0) ** 2,
    "gelu": lambda x: 0.5 * x * (1 + erf(x / math.sqrt(2))),
    "gelu_new": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
}
ACTIVATIONS["gelu_pytorch_tanh"] = ACTIVATIONS["gelu_new"]


class Run:
    def __init__(self, config, weights):
        self.c, self.w, self.kind = config, weights, config["model_type"]
        self.acts = {}
        get = lambda *keys: next((config[k] for k in keys if config.get(k) is not None), None)
        self.width = get("hidden_size", "n_embd", "d_model")
        self.layers = get("num_hidden_layers", "n_layer", "n_layers", "num_layers")
        self.heads = get("num_attention_heads", "n_head", "n_heads", "attention_heads")
        self.kv = get("num_key_value_heads") or self.heads
        if self.kind == "falcon":
            self.kv = config["num_kv_heads"] if config["new_decoder_architecture"] else 1 if config["multi_query"] else self.heads
        self.dim = get("head_dim") or self.width // self.heads
        self.eps = get("rms_norm_eps", "layer_norm_epsilon", "layer_norm_eps", "norm_epsilon", "norm_eps")
        if self.kind in ("olmo", "biogpt", "xglm"):
            self.eps = 1e-5
        self.rms = "rms_norm_eps" in config and self.kind != "phimoe"
        self.plus_one = 1 if self.kind in ("gemma", "nemotron") else 0
        self.act = get("activation_function", "hidden_act", "activation") or "gelu"
        rope = config.get("rope_parameters") or {}
        self.theta = rope.get("rope_theta", 10000.0)
        self.rope_config = rope
        if config.get("kv_lora_rank"):
            self.dim = config["qk_rope_head_dim"]  # what is rotated
        self.rotated = config.get("rotary_dim") or int(self.dim * (rope.get("partial_rotary_factor") or 1))
        if self.kind in ("gpt_bigcode", "mpt", "xglm", "biogpt") or config.get("alibi"):
            self.rotated = 0

    def get(self, *names):
        for name in names:
            if name in self.w:
                return self.w[name].astype(np.float64)
        return None

    def linear(self, x, name):
        bias = self.get(name + ".bias")
        y = x @ self.get(name + ".weight").T
        return y if bias is None else y + bias

    def norm(self, x, name, hook=None, rms=None, weight=None, bias=None, plain=False):
        rms = self.rms if rms is None else rms
        weight = self.get(name + ".weight") if name else weight
        bias = self.get(name + ".bias") if name else bias
        centered = x if rms else x - x.mean(-1, keepdims=True)
        scale = np.sqrt((centered**2).mean(-1, keepdims=True) + self.eps)
        normed = centered / scale
        if hook:
            self.acts[hook + ".hook_scale"], self.acts[hook + ".hook_normalized"] = scale, normed
        y = normed if weight is None else normed * (weight + (0 if plain else self.plus_one))
        return y if bias is None else y + bias

    def rope(self, x):  # [T, heads, D]
        r = self.rotated
        inv, factor = self.frequencies(r)
        angle = np.arange(x.shape[0])[:, None] * inv  # [T, r/2]
        cos, sin = factor * np.cos(angle)[:, None], factor * np.sin(angle)[:, None]
        y = x.copy()
        first, second = (slice(0, r, 2), slice(1, r, 2)) if self.kind in INTERLEAVED else (slice(0, r // 2), slice(r // 2, r))
        a, b = x[..., first], x[..., second]
        y[..., first], y[..., second] = a * cos - b * sin, b * cos + a * sin
        return y

    def frequencies(self, r):
        inv, rope = self.theta ** (-np.arange(0, r, 2) / r), self.rope_config
        if rope.get("rope_type") == "longrope":
            length = self.count > rope["original_max_position_embeddings"]
            return (inv / np.array(rope["long_factor" if length else "short_factor"]),
                    rope["long_mscale" if length else "short_mscale"])
        if rope.get("rope_type") != "yarn":
            return inv, 1.0
        pair = lambda turns: r * math.log(rope["original_max_position_embeddings"] / (turns * 2 * math.pi)) / (2 * math.log(self.theta))
        low, high = pair(rope.get("beta_fast", 32)), pair(rope.get("beta_slow", 1))
        if rope.get("truncate", True):
            low, high = math.floor(low), math.ceil(high)
        low, high = max(low, 0), min(high, r - 1)
        ramp = np.clip((np.arange(r // 2) - low) / (high - low if high != low else 0.001), 0, 1)
        grown = lambda s: 0.1 * s * math.log(rope["factor"]) + 1
        both = rope.get("mscale") and rope.get("mscale_all_dim")
        factor = grown(rope["mscale"]) / grown(rope["mscale_all_dim"]) if both else grown(1)
        return inv / rope["factor"] * ramp + inv * (1 - ramp), factor

    def is_windowed(self, layer):
        types = self.c.get("layer_types")
        if types:
            return types[layer] == "sliding_attention"
        if self.kind == "qwen3_moe":
            return bool(self.c.get("use_sliding_window"))
        if self.kind == "gpt_oss":
            return layer % 2 == 0
        return self.kind in ("starcoder2", "mixtral", "phimoe") and bool(self.c.get("sliding_window"))

    def rotates(self, layer):
        if self.kind in ("smollm3", "llama4_text"):
            return bool(self.c["no_rope_layers"][layer])
        if self.kind in ("cohere2", "exaone4"):
            return self.is_windowed(layer)
        return self.rotated > 0

    def slopes(self):
        n = self.heads
        if self.kind == "mpt":
            p = 2 ** math.ceil(math.log2(n))
            s = [2 ** (-8 * m / p) for m in range(1, p + 1)]
            return np.array(s if p == n else (s[1::2] + s[0::2])[:n])
        p = 2 ** math.floor(math.log2(n))
        s = [2 ** (-8 * m / p) for m in range(1, p + 1)]
        return np.array(s + [2 ** (-8 * m / (2 * p)) for m in range(1, 2 * p + 1, 2)][: n - p])

    def qkv(self, x, p):
        T, H, G, D = len(x), self.heads, self.kv, self.dim
        if self.kind == "codegen":
            blocks = self.linear(x, p + "attn.qkv_proj").reshape(T, 4, 3, H // 4, D)  # q, v, k
            q, v, k = (blocks[:, :, i].reshape(T, H, D) for i in range(3))
        elif self.kind == "mpt":
            q, k, v = (part.reshape(T, H, D) for part in np.split(self.linear(x, p + "attn.Wqkv"), 3, -1))
        elif self.kind == "gpt_bigcode":
            fused = self.linear(x, p + "attn.c_attn")
            if self.c["multi_query"]:
                q, k, v = fused[:, : H * D].reshape(T, H, D), fused[:, None, H * D : H * D + D], fused[:, None, H * D + D :]
            else:
                q, k, v = np.moveaxis(fused.reshape(T, H, 3, D), 2, 0)
        elif self.kind == "falcon":
            fused = self.linear(x, p + "self_attention.query_key_value")
            if not self.c["new_decoder_architecture"] and not self.c["multi_query"]:
                q, k, v = np.moveaxis(fused.reshape(T, H, 3, D), 2, 0)
            else:
                groups = fused.reshape(T, G, H // G + 2, D)
                q, k, v = groups[:, :, :-2].reshape(T, H, D), groups[:, :, -2], groups[:, :, -1]
        else:
            a = p + ("attn." if self.kind == "gptj" else "self_attn.")
            q, k, v = (self.linear(x, a + n).reshape(T, h, D) for n, h in (("q_proj", H), ("k_proj", G), ("v_proj", G)))
        clip = self.c.get("clip_qkv") or self.c.get("attn_config", {}).get("clip_qkv")
        self.clip = (lambda y: np.clip(y, -clip, clip)) if clip else (lambda y: y)
        return (q, k, self.clip(v)) if self.kind == "olmoe" else [self.clip(y) for y in (q, k, v)]

    def head_norm(self, x, p, side, hook):
        names = {"stablelm": None, "hunyuan_v1_dense": {"q": "query_layernorm", "k": "key_layernorm"}[side]}
        name = names.get(self.kind, side + "_norm")
        if self.kind == "llama4_text":
            if not self.c["use_qk_norm"]:
                return x
            weight, rms = np.ones(self.dim), True
        elif self.kind == "stablelm":
            parts = [self.get(f"{p}self_attn.{side}_layernorm.norms.{h}.weight") for h in range(x.shape[1])]
            if parts[0] is None:
                return x
            weight, rms = np.stack(parts), False
        else:
            weight, rms = self.get(p + "self_attn." + name + ".weight"), self.kind != "cohere"
        if weight is None:
            return x
        wide = weight.ndim == 1 and weight.shape[0] != self.dim
        y = self.norm(x.reshape(len(x), -1) if wide else x, None, hook, rms, weight, plain=True)
        if not wide:
            for key in (".hook_scale", ".hook_normalized"):
                self.acts[hook + key] = self.acts[hook + key].reshape(x.shape[0] * x.shape[1], -1)
        return y.reshape(x.shape)

    def rms_norm(self, x, name):  # of latents
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6) * self.get(name + ".weight")

    def latent_attention(self, x, layer, p):
        """Expanded, as transformers computes it"""
        b, T, H, c = f"blocks.{layer}.attn.", len(x), self.heads, self.c
        nope, rope, a = c["qk_nope_head_dim"], c["qk_rope_head_dim"], p + "self_attn." + self.half(layer, "{}.")
        if a + "q_proj.weight" in self.w:
            q = self.linear(x, a + "q_proj")
        else:
            q = self.linear(self.rms_norm(self.linear(x, a + "q_a_proj"), a + "q_a_layernorm"), a + "q_b_proj")
        scaled = lambda rank: math.sqrt(self.width / c[rank]) if self.kind == "longcat_flash" else 1
        q = q.reshape(T, H, nope + rope) * scaled("q_lora_rank")
        both = self.linear(x, a + "kv_a_proj_with_mqa")
        latent, r = self.rms_norm(both[:, : c["kv_lora_rank"]], a + "kv_a_layernorm"), both[:, None, c["kv_lora_rank"] :]
        kv = self.linear(latent * scaled("kv_lora_rank"), a + "kv_b_proj").reshape(T, H, -1)
        k, v = kv[..., :nope], kv[..., nope:]
        join = lambda nopes, ropes: np.concatenate([nopes, np.broadcast_to(ropes, (T, H, rope))], -1)
        self.acts[b + "hook_q"], self.acts[b + "hook_k"], self.acts[b + "hook_v"] = q, join(k, r), v
        split = lambda y: np.concatenate([y[..., ::2], y[..., 1::2]], -1) if self.kind in ("deepseek_v3", "longcat_flash") else y
        r, q = split(self.rope(r)), join(q[..., :nope], split(self.rope(q[..., nope:])))
        self.acts[b + "hook_latent"], self.acts[b + "hook_rot_latent_k"], self.acts[b + "hook_rot_q"] = latent, r[:, 0], q
        factor = self.rope_config.get("mscale_all_dim") or 0
        grown = 0.1 * factor * math.log(self.rope_config["factor"]) + 1 if factor else 1
        scores = np.einsum("ihd,jhd->hij", q, join(k, r)) * (nope + rope) ** -0.5 * grown**2
        scores = np.where(np.arange(T)[None] > np.arange(T)[:, None], -np.inf, scores)
        pattern = np.exp(scores - scores.max(-1, keepdims=True))
        pattern /= pattern.sum(-1, keepdims=True)
        z = np.einsum("hij,jhd->ihd", pattern, v)
        self.acts[b + "hook_attn_scores"], self.acts[b + "hook_pattern"], self.acts[b + "hook_z"] = scores, pattern, z
        return self.linear(z.reshape(T, -1), a + "o_proj")

    def attention(self, x, layer, p):
        if self.c.get("kv_lora_rank"):
            return self.latent_attention(x, layer, p)
        b, T = f"blocks.{layer}.attn.", len(x)
        q, k, v = self.qkv(x, p)
        self.acts[b + "hook_q"], self.acts[b + "hook_k"], self.acts[b + "hook_v"] = q, k, v
        rotate = self.rope if self.rotates(layer) else lambda y: y
        norms = lambda q, k: (self.head_norm(q, p, "q", b + "q_norm"), self.head_norm(k, p, "k", b + "k_norm"))
        if self.kind == "hunyuan_v1_dense" or self.kind == "llama4_text" and self.rotates(layer):
            q, k = norms(rotate(q), rotate(k))
        elif self.kind == "llama4_text":
            if self.c["attn_temperature_tuning"]:
                q = q * (1 + self.c["attn_scale"] * np.log(1 + np.floor((np.arange(T) + 1) / self.c["floor_scale"])))[:, None, None]
        elif self.kind == "olmoe":
            q, k = (rotate(self.clip(y)) for y in norms(q, k))
        else:
            q, k = (rotate(y) for y in norms(q, k))
        if self.rotates(layer):
            self.acts[b + "hook_rot_q"], self.acts[b + "hook_rot_k"] = q, k
        share = self.heads // self.kv
        scale = self.c.get("attention_multiplier") or self.c.get("attn_config", {}).get("softmax_scale") or self.dim**-0.5
        scores = np.einsum("ihd,jhd->hij", q, np.repeat(k, share, 1)) * scale
        i, j = np.arange(T)[:, None], np.arange(T)[None]
        if self.kind == "mpt":
            scores = scores + self.slopes()[:, None, None] * (j - i)  # softmax does not see a constant of the row
        elif self.c.get("alibi"):
            scores = scores + self.slopes()[:, None, None] * (j - i) * self.dim**-0.5
        hidden = j > i
        if self.is_windowed(layer):
            hidden = hidden | (j <= i - self.c["sliding_window"])
        if (self.c.get("layer_types") or [None] * (layer + 1))[layer] == "chunked_attention":
            hidden = hidden | (j // self.c["attention_chunk_size"] < i // self.c["attention_chunk_size"])
        scores = np.where(hidden, -np.inf, scores)
        sinks = self.get(p + "self_attn.sinks")
        sinks = np.full((self.heads, 1, 1), -np.inf) if sinks is None else sinks[:, None, None]
        top = np.maximum(scores.max(-1, keepdims=True), sinks)
        pattern = np.exp(scores - top)
        pattern /= pattern.sum(-1, keepdims=True) + np.exp(sinks - top)
        z = np.einsum("hij,jhd->ihd", pattern, np.repeat(v, share, 1))
        self.acts[b + "hook_attn_scores"], self.acts[b + "hook_pattern"], self.acts[b + "hook_z"] = scores, pattern, z
        out = next(n for n in ("self_attn.o_proj", "self_attn.out_proj", "self_attn.dense", "self_attention.dense",
                               "attn.out_proj", "attn.c_proj") if p + n + ".weight" in self.w)
        return self.linear(z.reshape(T, -1), p + out)

    def dense(self, x, gate, up, down):
        return self.linear(ACTIVATIONS[self.act](self.linear(x, gate)) * self.linear(x, up), down)

    def mxfp4(self, name):
        """[X, outputs, inputs]"""
        blocks, scales = self.w[name + "_blocks"], self.w[name + "_scales"]
        numbers = FP4[np.stack([blocks & 15, blocks >> 4], -1)].reshape(*scales.shape, 32)
        return (numbers * 2.0 ** (scales.astype(int) - 127)[..., None]).reshape(*scales.shape[:2], -1)

    def stacked(self, name):
        """[X, inputs, outputs], as gpt-oss and Llama 4 store them"""
        return self.mxfp4(name).swapaxes(1, 2) if name + "_blocks" in self.w else self.get(name)

    def expert(self, x, m, e):
        if self.kind == "longcat_flash" and e >= self.c["n_routed_experts"]:
            return x
        if self.kind == "granitemoe":
            gate, up = np.split(x @ self.get(m + "input_linear.weight")[e].T, 2, -1)
            return (ACTIVATIONS[self.act](gate) * up) @ self.get(m + "output_linear.weight")[e].T
        if self.kind == "gpt_oss":
            inner = x @ self.stacked(m + "experts.gate_up_proj")[e] + self.get(m + "experts.gate_up_proj_bias")[e]
            gate, up = np.minimum(inner[:, ::2], 7), np.clip(inner[:, 1::2], -7, 7)
            return (gate * sigmoid(1.702 * gate) * (up + 1)) @ self.stacked(m + "experts.down_proj")[e] + self.get(m + "experts.down_proj_bias")[e]
        if self.kind == "llama4_text":
            gate, up = np.split(x @ self.get(m + "experts.gate_up_proj")[e], 2, -1)
            return (ACTIVATIONS[self.act](gate) * up) @ self.get(m + "experts.down_proj")[e]
        names = ("w1", "w3", "w2") if m + f"experts.{e}.w1.weight" in self.w else ("gate_proj", "up_proj", "down_proj")
        return self.dense(x, *(m + f"experts.{e}.{n}" for n in names))

    def route(self, z, m):
        """Chosen experts and their weights, [T, k] each, best first."""
        c, T = self.c, len(z)
        k = c.get("moe_k") or c.get("moe_topk") or c["num_experts_per_tok"]
        softmax = lambda y: np.exp(y - y.max(-1, keepdims=True)) / np.exp(y - y.max(-1, keepdims=True)).sum(-1, keepdims=True)
        best = lambda y: np.argsort(-y, -1, kind="stable")[:, :k]
        take = lambda y, i: np.take_along_axis(y, i, -1)
        if self.kind in ("granitemoe", "gpt_oss"):
            i = best(z)
            return i, softmax(take(z, i))
        if self.kind == "llama4_text":
            i = best(z)
            return i, sigmoid(take(z, i))
        if self.kind == "phimoe":
            eps, rest, chosen, weights = c["router_jitter_noise"], z.copy(), [], []
            for _ in range(2):
                i = rest.argmax(-1)[:, None]
                top = take(z, i)
                far = (top - z) / np.maximum(np.abs(z), top) > 2 * eps
                weights.append(take(softmax(np.where(far, -np.inf, rest)), i))
                chosen.append(i)
                np.put_along_axis(rest, i, -np.inf, -1)
            return np.concatenate(chosen, -1), np.concatenate(weights, -1)
        if self.kind in ("dots1", "glm4_moe", "deepseek_v3"):
            scores = sigmoid(z)
            ranked = scores + self.get(m + "gate.e_score_correction_bias")
            groups = ranked.reshape(T, c["n_group"], -1)
            order = np.argsort(-np.sort(groups, -1)[..., -2:].sum(-1), -1, kind="stable")[:, c["topk_group"] :]
            for row, dropped in enumerate(order):
                groups[row, dropped] = -np.inf
            i = best(groups.reshape(T, -1))
            w = take(scores, i)
            return i, (w / (w.sum(-1, keepdims=True) + 1e-20) if c["norm_topk_prob"] else w) * c["routed_scaling_factor"]
        scores = softmax(z)
        if self.kind == "ernie4_5_moe":
            i = best(scores + self.get(m + "moe_statics.e_score_correction_bias"))
            w = take(scores, i)
            return i, w / np.maximum(w.sum(-1, keepdims=True), c["moe_norm_min"])
        if self.kind == "longcat_flash":
            i = best(scores + self.get(m + "router.e_score_correction_bias"))
            return i, take(scores, i) * c["routed_scaling_factor"]
        if self.kind == "deepseek_v2":
            groups = scores.reshape(T, c["n_group"] if c["topk_method"] == "group_limited_greedy" else 1, -1).copy()
            order = np.argsort(-groups.max(-1), -1, kind="stable")[:, c["topk_group"] or 1 :]
            for row, dropped in enumerate(order):
                groups[row, dropped] = 0
            i = best(groups.reshape(T, -1))
            return i, take(scores, i) * c["routed_scaling_factor"]
        i = best(scores)
        w = take(scores, i)
        return i, w / w.sum(-1, keepdims=True) if self.kind == "mixtral" or c.get("norm_topk_prob") else w

    def experts(self, x, layer, p, m, router):
        b = f"blocks.{layer}.mlp."
        z = self.linear(x, router)
        chosen, weights = self.route(z, m)
        before = self.kind == "llama4_text"
        outs = np.zeros((*chosen.shape, x.shape[1]))
        for e in range(z.shape[1]):
            token, place = np.nonzero(chosen == e)
            given = x[token] * (weights[token, place][:, None] if before else 1)
            outs[token, place] = self.expert(given, m, e) if len(token) else 0
        self.acts[b + "hook_router_logits"], self.acts[b + "hook_expert_weights"] = z, weights
        self.acts[b + "hook_expert_indices"], self.acts[b + "hook_expert_out"] = chosen.astype(float), outs
        y = (outs * (1 if before else weights[..., None])).sum(1)
        shared = next((m + s for s in ("shared_experts", "shared_expert") if m + s + ".up_proj.weight" in self.w), None)
        if shared:
            out = self.dense(x, *(f"{shared}.{n}_proj" for n in ("gate", "up", "down")))
            if m + "shared_expert_gate.weight" in self.w:
                out = out * sigmoid(self.linear(x, m + "shared_expert_gate"))
            self.acts[b + "hook_shared_expert_out"] = out
            y = y + out
        return y

    def mlp(self, x, layer, p):
        b = f"blocks.{layer}.mlp."
        for m in ("mlp.", "block_sparse_moe.", "feed_forward."):
            for router in ("gate", "router", "router.layer"):
                if p + m + router + ".weight" in self.w:
                    return self.experts(x, layer, p, p + m, p + m + router)
        name = lambda *names: next((p + n for n in names if p + n + ".weight" in self.w), None)
        half = self.half(layer, "mlps.{}.")
        down = name(half + "down_proj", "mlp.down_proj", "feed_forward.down_proj", "mlp.fc_out", "mlp.fc2", "mlp.c_proj", "mlp.dense_4h_to_h", "ffn.down_proj", "fc2")
        fused, gate = name("mlp.gate_up_proj"), name(half + "gate_proj", "mlp.gate_proj", "feed_forward.gate_proj")
        up = name(half + "up_proj", "mlp.up_proj", "feed_forward.up_proj", "mlp.fc_in", "mlp.fc1", "mlp.c_fc", "mlp.dense_h_to_4h", "ffn.up_proj", "fc1")
        if fused or gate:
            pre, linear = np.split(self.linear(x, fused), 2, -1) if fused else (self.linear(x, gate), self.linear(x, up))
            self.acts[b + "hook_pre_linear"] = linear
            post = ACTIVATIONS[self.act](pre) * linear
        else:
            pre = self.linear(x, up)
            post = self.xielu(pre, p) if self.act == "xielu" else ACTIVATIONS[self.act](pre)
        self.acts[b + "hook_pre"], self.acts[b + "hook_post"] = pre, post
        return self.linear(post, down)

    def xielu(self, x, p):
        softplus = lambda name: np.log1p(np.exp(self.get(p + "mlp.act_fn." + name)))
        positive, negative = softplus("alpha_p"), 0.5 + softplus("alpha_n")
        return np.where(x > 0, positive * x**2, negative * (np.expm1(np.minimum(x, -1e-6)) - x)) + 0.5 * x

    def half(self, layer, name):
        """LongCat stores two layers as one, and numbers their parts"""
        return name.format(layer % 2) if self.kind == "longcat_flash" else ""

    def block(self, x, layer):
        stored = layer // 2 if self.kind == "longcat_flash" else layer
        p = next(m.group() for m in (re.match(rf".*?\.(layers|h|blocks)\.{stored}\.", k) for k in self.w) if m)
        b = f"blocks.{layer}."

        def keep(name, value):
            self.acts[b + name] = value
            return value

        name = lambda *names: next((p + n for n in names if p + n + ".weight" in self.w), None)
        keep("hook_resid_pre", x)
        before = name("input_layernorm" + self.half(layer, ".{}"), "ln_1", "norm_1", "ln_attn", "self_attn_layer_norm", "attention_layernorm")
        second = name("post_attention_layernorm" + self.half(layer, ".{}"), "ln_2", "norm_2", "ln_mlp", "final_layer_norm", "feedforward_layernorm")
        residual = self.c.get("residual_multiplier", 1)
        after_only = self.kind in NORM_AFTER
        parallel = (self.kind in ONE_NORM_PARALLEL or self.c.get("use_parallel_residual")
                    or self.kind == "falcon" and (self.c["new_decoder_architecture"] or self.c["parallel_attn"]))
        read = x if after_only else self.norm(x, before, b + "ln1")
        attention = self.attention(read, layer, p)
        if after_only:
            attention = self.norm(attention, p + "post_attention_layernorm", b + "ln1")
        if self.kind == "glm4":
            attention = self.norm(attention, p + "post_self_attn_layernorm", b + "ln1_post")
        attention = keep("hook_attn_out", attention * residual)
        middle = x if parallel else keep("hook_resid_mid", x + attention)
        one_norm = parallel and second is None
        read = middle if after_only else self.norm(middle, before if one_norm else second, b + "ln2")
        mlp = self.mlp(read, layer, p)
        if self.kind == "longcat_flash":  # the experts of an even layer are added in the next
            if layer % 2:
                mlp = mlp + self.shortcut
            else:
                self.shortcut = keep("mlp.hook_shortcut_out", self.experts(read, layer, p, p + "mlp.", p + "mlp.router.classifier"))
        if after_only:
            mlp = self.norm(mlp, p + "post_feedforward_layernorm", b + "ln2")
        if self.kind == "glm4":
            mlp = self.norm(mlp, p + "post_mlp_layernorm", b + "ln2_post")
        mlp = keep("hook_mlp_out", mlp * residual)
        return keep("hook_resid_post", x + attention + mlp)

    def positions(self, count):
        if self.kind == "gpt_bigcode":
            return self.get("transformer.wpe.weight")[:count]
        if self.kind == "biogpt":
            return self.get("biogpt.embed_positions.weight")[2 : count + 2]
        if self.kind == "xglm":
            half = self.width // 2
            angle = (np.arange(count)[:, None] + 2) * np.exp(-np.arange(half) * math.log(10000) / (half - 1))
            return np.concatenate([np.sin(angle), np.cos(angle)], -1)
        return None

    def run(self, tokens):
        self.count = len(tokens)
        table = self.get("model.embed_tokens.weight", "transformer.wte.weight", "transformer.word_embeddings.weight",
                         "biogpt.embed_tokens.weight")
        x = table[tokens] * self.c.get("embedding_multiplier", 1)
        if self.kind == "gemma" or self.c.get("scale_embedding"):
            x = x * math.sqrt(self.width)
        self.acts["hook_embed"] = x
        positions = self.positions(len(tokens))
        if positions is not None:
            self.acts["hook_pos_embed"] = positions
            x = x + positions
        for layer in range(self.layers):
            x = self.block(x, layer)
        final = next((n for n in ("model.norm", "transformer.ln_f", "transformer.norm_f", "model.final_layernorm",
                                  "model.layer_norm", "biogpt.layer_norm") if n + ".weight" in self.w), None)
        x = self.norm(x, final, "ln_final")
        self.acts["unembed.hook_in"] = x
        head = self.get("lm_head.weight", "output_projection.weight")
        logits = x @ (table if head is None else head).T
        bias = self.get("lm_head.bias")
        logits = logits if bias is None else logits + bias
        self.acts["unembed.hook_out"] = logits
        return logits * (self.c.get("logit_scale") or 1) / self.c.get("logits_scaling", 1)


def kept(name, value, count):
    """The last positions, with a batch axis of 1 as TransformerLens has it; rows of norms of heads are position-major."""
    if (".q_norm." in name or ".k_norm." in name) and len(value) > count:
        return value[-KEPT * (len(value) // count) :]
    if name.endswith(("hook_attn_scores", "hook_pattern")):
        return value[None, :, -KEPT:]
    return value[None, -KEPT:]


def main(golden, out, cases):
    os.makedirs(out, exist_ok=True)
    for case in cases:
        folder = os.path.join(golden, case)
        expected = read(os.path.join(folder, "expected.safetensors"))
        with open(os.path.join(folder, "config.json")) as file:
            run = Run(json.load(file), read(os.path.join(folder, "model.safetensors")))
        tokens = expected["tokens"]
        gap = np.abs(run.run(tokens) - expected["logits"]).max()
        print(f"{case}: gap of logits {gap:.1e}", "" if gap < 1e-5 else "TOO LARGE")
        if gap < 1e-5:
            write(os.path.join(out, case + ".safetensors"), {n: kept(n, v, len(tokens)) for n, v in run.acts.items()})


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:] or sorted(os.listdir(sys.argv[1])))
