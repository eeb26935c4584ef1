"""Prints a chunk of a PastKV cache tier or a saved session, and widens its keys and values to [heads, T, D] (docs/format.md).

    python3 tools/chunk/read_chunk.py FILE.safetensors [OUT.npz]
"""
import hashlib, json, sys
import numpy as np

F = {"f32": (4, "<f4"), "f16": (2, "<f2"), "bf16": (2, "<u2"), "q8": (1, "i1")}

def widen(raw, kind, heads, dim, slots, tiles, is_key):  # raw: [N] bytes of one plane of one block
    size, dtype = F[kind]
    groups = -(-dim // 32)
    tile = raw.reshape(heads, tiles, -1)
    numbers = np.ascontiguousarray(tile[:, :, : slots * dim * size]).view(dtype)
    if kind == "bf16":
        numbers = (numbers.astype("<u4") << 16).view("<f4")
    numbers = numbers.astype("<f4").reshape((heads, tiles, dim, slots) if is_key else (heads, tiles, slots, dim))
    numbers = numbers.transpose(0, 1, 3, 2) if is_key else numbers
    if kind == "q8":
        scales = np.ascontiguousarray(tile[:, :, slots * dim :]).view("<u2").astype("<u4") << 16
        scales = scales.view("<f4").reshape((heads, tiles, groups, slots) if is_key else (heads, tiles, slots, groups))
        scales = scales.transpose(0, 1, 3, 2) if is_key else scales
        numbers = numbers * np.repeat(scales, 32, axis=3)[..., :dim]
    return numbers.reshape(heads, tiles * slots, dim)

def read(path):
    """Metadata, and keys and values by layer and block: [heads, T of a block, D], absent where a window had evicted them."""
    data = open(path, "rb").read()
    size = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:size])
    meta = header["__metadata__"]
    blank = data[:size].replace(b'"header_sha256":"' + meta["header_sha256"].encode(), b'"header_sha256":"' + b"0" * 64)
    assert meta["format"] in ("pastkv.chunk", "pastkv.session") and meta["format_version"] == "1", "another format"
    assert hashlib.sha256(blank).hexdigest() == meta["header_sha256"], "header damaged"
    assert hashlib.sha256(data[size:]).hexdigest() == meta["data_sha256"], "data damaged"
    block, heads, dim = (int(meta["origin." + name]) for name in ("block_size", "num_kv_heads", "head_dim"))
    latent = int(meta.get("origin.latent_dim", 0))  # with a latent there are keys only; values are their first elements
    slots = min(block, 16)
    tensors = {}
    for number, group in enumerate(json.loads(meta["origin.groups"])):
        entry = header.get("group.%d" % number)
        listed = meta.get("group.%d.blocks" % number)  # a session has no list: its tables name blocks by number
        blocks = range(entry["shape"][0] if entry else 0) if listed is None else [int(b) for b in listed.split(",") if b]
        for i, at in enumerate(blocks):
            start = size + entry["data_offsets"][0] + i * entry["shape"][1]
            for layer in group["layers"]:
                for what in ("keys",) if latent else ("keys", "values"):
                    scales = 2 * -(-dim // 32) if group[what] == "q8" else 0
                    end = start + heads * block * (dim * F[group[what]][0] + scales)
                    plane = np.frombuffer(data[start:end], "u1")
                    tensors[layer, what, at] = widen(plane, group[what], heads, dim, slots, block // slots, what == "keys")
                    start = end
                if latent:
                    tensors[layer, "values", at] = tensors[layer, "keys", at][..., :latent]
    return meta, tensors

def row(meta, tensors, cache, row, layer, what):
    """First held position and [heads, T, D] of a row of a saved session, from there on (sinks before a window left out)."""
    groups = json.loads(meta["origin.groups"])
    group = next(g for g, each in enumerate(groups) if layer in each["layers"])
    saved, size = json.loads(meta["caches"])[cache], int(meta["origin.block_size"])
    table = saved["rows"][row]["tables"][group]
    count = saved["num_slots"] - len(saved["rows"][row]["padding"])
    sinks = -(-groups[group]["sinks"] // size) if table["num_released"] else 0
    first = (sinks + table["num_released"]) * size
    held = [tensors[layer, what, block] for block in table["blocks"][sinks:]]
    return table["first_held"], np.concatenate(held, axis=1)[:, table["first_held"] - first : count - first]

if __name__ == "__main__":
    meta, tensors = read(sys.argv[1])
    for name, text in meta.items():
        print("%-24s %s" % (name, text if len(text) < 200 else text[:197] + "..."))
    for (layer, what, block), numbers in sorted(tensors.items())[:4]:
        print("layer %d, %s, block %d: %s, first %s" % (layer, what, block, numbers.shape, numbers.ravel()[:3]))
    if len(sys.argv) > 2:
        np.savez(sys.argv[2], **{"%d.%s.%d" % key: numbers for key, numbers in tensors.items()})
