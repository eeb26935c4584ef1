"""Makes the reference cases of variants that no published golden case has: numpy in double precision, plain to read.

    python3 tools/reference/variants.py tests/src/test/resources/golden

writes variants/<name>/ with config.json, model.safetensors (but for Bloom, which runs on the weights of hf/bloom_6heads)
and expected.safetensors (tokens, logits). The formulas are those of transformers' modeling_bloom.py and modeling_opt.py.
"""
import json, math, os, struct, sys
import numpy as np


def load(path):
    with open(path, "rb") as f:
        n = struct.unpack("<Q", f.read(8))[0]
        header, data = json.loads(f.read(n)), f.read()
    return {k: np.frombuffer(data[v["data_offsets"][0]:v["data_offsets"][1]], {"F32": "<f4", "I64": "<i8"}[v["dtype"]])
            .reshape(v["shape"]) for k, v in header.items() if k != "__metadata__"}


def save(path, tensors):
    header, offset = {}, 0
    for name, t in tensors.items():
        header[name] = {"dtype": "I64" if t.dtype == np.int64 else "F32", "shape": list(t.shape),
                        "data_offsets": [offset, offset + t.nbytes]}
        offset += t.nbytes
    text = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(np.ascontiguousarray(t).tobytes() for t in tensors.values()))


def layer_norm(x, eps, weight=1, bias=0):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps) * weight + bias


def attend(q, k, v, bias):  # q, k, v [T, H, D]; bias [H, T] by key position
    T = len(q)
    s = np.einsum("thd,shd->hts", q, k) / math.sqrt(q.shape[2]) + bias[:, None, :]
    s = np.where(np.tril(np.ones((T, T), bool)), s, -np.inf)
    p = np.exp(s - s.max(-1, keepdims=True))
    return np.einsum("hts,shd->thd", p / p.sum(-1, keepdims=True), v).reshape(T, -1)


def bloom(config, w, tokens):
    H, E, eps = config["n_head"], config["hidden_size"], config["layer_norm_epsilon"]
    w = {k.removeprefix("transformer."): t.astype(np.float64) for k, t in w.items()}
    norm = lambda x, name: layer_norm(x, eps, w[name + ".weight"], w[name + ".bias"])
    linear = lambda x, name: x @ w[name + ".weight"].T + w[name + ".bias"]
    power = 2 ** math.floor(math.log2(H))
    slopes = [2 ** (-8 * (i + 1) / power) for i in range(power)] + [2 ** (-4 * (2 * i + 1) / power) for i in range(H - power)]
    x = norm(w["word_embeddings.weight"][tokens], "word_embeddings_layernorm")
    for layer in range(config["n_layer"]):
        name = f"h.{layer}."
        a = norm(x, name + "input_layernorm")  # the residual is the normalized stream
        q, k, v = np.moveaxis(linear(a, name + "self_attention.query_key_value").reshape(len(x), H, 3, E // H), 2, 0)
        x = a + linear(attend(q, k, v, np.outer(slopes, np.arange(len(x)))), name + "self_attention.dense")
        a = norm(x, name + "post_attention_layernorm")
        u = linear(a, name + "mlp.dense_h_to_4h")
        u = 0.5 * u * (1 + np.tanh(math.sqrt(2 / math.pi) * (u + 0.044715 * u ** 3)))
        x = a + linear(u, name + "mlp.dense_4h_to_h")
    return norm(x, "ln_f") @ w["word_embeddings.weight"].T


def opt(config, w, tokens):
    H, E = config["num_attention_heads"], config["hidden_size"]
    w = {k.removeprefix("model.decoder."): t.astype(np.float64) for k, t in w.items()}
    linear = lambda x, name: x @ w[name + ".weight"].T
    x = linear(w["embed_tokens.weight"][tokens], "project_in") + w["embed_positions.weight"][2:2 + len(tokens)]
    for layer in range(config["num_hidden_layers"]):
        name = f"layers.{layer}."
        q, k, v = (linear(x, f"{name}self_attn.{p}_proj").reshape(len(x), H, E // H) for p in "qkv")
        x = layer_norm(x + linear(attend(q, k, v, np.zeros((H, len(x)))), name + "self_attn.out_proj"), 1e-5)
        x = layer_norm(x + linear(np.maximum(linear(x, name + "fc1"), 0), name + "fc2"), 1e-5)
    return linear(x, "project_out") @ w["embed_tokens.weight"].T


def opt_weights(config, rng):
    V, P, E, F = config["vocab_size"], config["word_embed_proj_dim"], config["hidden_size"], config["ffn_dim"]
    shapes = {"embed_tokens": (V, P), "embed_positions": (config["max_position_embeddings"] + 2, E), "project_in": (E, P),
              "project_out": (P, E)}
    for layer in range(config["num_hidden_layers"]):
        shapes |= {f"layers.{layer}.self_attn.{p}_proj": (E, E) for p in ("q", "k", "v", "out")}
        shapes |= {f"layers.{layer}.fc1": (F, E), f"layers.{layer}.fc2": (E, F)}
    return {f"model.decoder.{name}.weight": (rng.standard_normal(shape) / math.sqrt(shape[1]) * 1.7).astype(np.float32)
            for name, shape in shapes.items()}


def write(folder, config, weights, tokens, logits):
    os.makedirs(folder, exist_ok=True)
    json.dump(config, open(f"{folder}/config.json", "w"), indent=1, sort_keys=True)
    if weights:
        save(f"{folder}/model.safetensors", weights)
    save(f"{folder}/expected.safetensors", {"tokens": np.array(tokens, np.int64), "logits": logits.astype(np.float32)})


def main(golden):
    rng = np.random.Generator(np.random.PCG64(1))
    config = json.load(open(f"{golden}/hf/bloom_6heads/config.json")) | {"apply_residual_connection_post_layernorm": True}
    tokens = rng.integers(4, config["vocab_size"], 21)
    write(f"{golden}/variants/bloom_normed", config, None, tokens,
          bloom(config, load(f"{golden}/hf/bloom_6heads/model.safetensors"), tokens))
    config = {"architectures": ["OPTForCausalLM"], "model_type": "opt", "vocab_size": 61, "word_embed_proj_dim": 10,
              "hidden_size": 24, "ffn_dim": 38, "num_hidden_layers": 3, "num_attention_heads": 4, "enable_bias": False,
              "max_position_embeddings": 40, "do_layer_norm_before": False, "layer_norm_elementwise_affine": False}
    weights, tokens = opt_weights(config, rng), rng.integers(0, config["vocab_size"], 19)
    write(f"{golden}/variants/opt_normed", config, weights, tokens, opt(config, weights, tokens))


main(sys.argv[1])
