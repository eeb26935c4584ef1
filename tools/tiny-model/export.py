"""Writes the model in Hugging Face's file layout, and the held-out data as JSON."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from tokens import END_ID


def export(folder, model, tokenizer, held_out):
    folder = Path(folder)
    (folder / "heldout").mkdir(parents=True, exist_ok=True)
    weights = {name: w.to(torch.bfloat16).contiguous() for name, w in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    tokenizer.save(str(folder / "tokenizer.json"))
    write_json(folder / "config.json", config(model.shape))
    write_json(folder / "generation_config.json", {"bos_token_id": END_ID, "eos_token_id": END_ID, "do_sample": True,
                                                   "temperature": 0.7, "top_p": 0.9})
    for name, content in held_out.items():
        write_json(folder / "heldout" / f"{name}.json", content, indent=None)


def config(shape):
    return {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": shape.vocab,
        "hidden_size": shape.hidden, "intermediate_size": shape.ffn, "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads, "num_key_value_heads": shape.kv_heads, "head_dim": shape.head_dim,
        "hidden_act": "silu", "rms_norm_eps": shape.eps, "rope_theta": shape.rope_theta,
        "max_position_embeddings": shape.context, "tie_word_embeddings": True, "attention_bias": False,
        "mlp_bias": False, "bos_token_id": END_ID, "eos_token_id": END_ID, "torch_dtype": "bfloat16",
    }


def write_json(path, content, indent=2):
    path.write_text(json.dumps(content, ensure_ascii=False, indent=indent) + "\n", encoding="utf-8")
