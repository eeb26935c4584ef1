package io.github.pastkv.model.gguf;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names of an architecture's tensors in Hugging Face checkpoints, and how its converter changed the tensors. Names
 * without {@code .weight} and {@code .bias}; those of a layer without {@code blk.N.}. Begins as Llama's; each method
 * changes one thing and returns a new table.
 */
record TensorNames(String layers, Map<String, String> outer, Map<String, String> inner, Map<String, RowOrder> orders,
        boolean normsPlusOne) {
    private static final Pattern LAYER = Pattern.compile("blk\\.(\\d{1,9})\\.(.+)\\.(weight|bias)");
    private static final Pattern OUTER = Pattern.compile("(.+)\\.(weight|bias)");

    /** Llama's, without the rotary order that only its own architecture has. */
    static final TensorNames LLAMA = new TensorNames("model.layers.",
            Map.of("token_embd", "model.embed_tokens", "output_norm", "model.norm", "output", "lm_head"),
            Map.of("attn_norm", "input_layernorm", "ffn_norm", "post_attention_layernorm", "attn_q",
                    "self_attn.q_proj", "attn_k", "self_attn.k_proj", "attn_v", "self_attn.v_proj", "attn_output",
                    "self_attn.o_proj", "ffn_gate", "mlp.gate_proj", "ffn_up", "mlp.up_proj", "ffn_down",
                    "mlp.down_proj"),
            Map.of(), false);

    TensorNames {
        outer = Map.copyOf(outer);
        inner = Map.copyOf(inner);
        orders = Map.copyOf(orders);
    }

    /**
     * A tensor's place in Hugging Face's checkpoint.
     *
     * @param name its name there; that of the file where the architecture knows none
     * @param order of its rows
     * @param plusOne whether the file holds its numbers with one added
     * @param part which rows of the file's tensor it is
     */
    record Place(String name, RowOrder order, boolean plusOne, Part part) {}

    /** All rows of a tensor, or those of queries, keys or values in a joined one. */
    enum Part {
        ALL, QUERIES, KEYS, VALUES
    }

    /**
     * Where a tensor of the file belongs: in one place, or in three if the file joins queries, keys and values that the
     * checkpoint has apart.
     */
    List<Place> places(String fileName) {
        Matcher layer = LAYER.matcher(fileName);
        if (layer.matches()) {
            String stem = layer.group(2);
            String suffix = layer.group(3);
            if (stem.equals("attn_qkv") && !inner.containsKey(stem) && inner.containsKey("attn_q")) {
                return List.of(inLayer(layer.group(1), "attn_q", suffix, Part.QUERIES),
                        inLayer(layer.group(1), "attn_k", suffix, Part.KEYS),
                        inLayer(layer.group(1), "attn_v", suffix, Part.VALUES));
            }
            if (inner.containsKey(stem)) {
                return List.of(inLayer(layer.group(1), stem, suffix, Part.ALL));
            }
        }
        Matcher single = OUTER.matcher(fileName);
        if (single.matches() && outer.containsKey(single.group(1))) {
            return List.of(new Place(outer.get(single.group(1)) + "." + single.group(2), RowOrder.SAME,
                    isPlusOne(single.group(1), single.group(2)), Part.ALL));
        }
        return List.of(new Place(fileName, RowOrder.SAME, false, Part.ALL));
    }

    private Place inLayer(String number, String stem, String suffix, Part part) {
        return new Place(layers + number + "." + inner.get(stem) + "." + suffix,
                orders.getOrDefault(stem, RowOrder.SAME), isPlusOne(stem, suffix), part);
    }

    private boolean isPlusOne(String stem, String suffix) {
        return normsPlusOne && stem.endsWith("norm") && suffix.equals("weight");
    }

    /** Other names outside the layers, instead of all before. */
    TensorNames outer(String newLayers, Map<String, String> newOuter) {
        return new TensorNames(newLayers, newOuter, inner, orders, normsPlusOne);
    }

    /** Further or other names in a layer. */
    TensorNames with(Map<String, String> changed) {
        Map<String, String> all = new HashMap<>(inner);
        all.putAll(changed);
        return new TensorNames(layers, outer, all, orders, normsPlusOne);
    }

    /** Other names in a layer, instead of all before. */
    TensorNames inner(Map<String, String> newInner) {
        return new TensorNames(layers, outer, newInner, orders, normsPlusOne);
    }

    TensorNames order(Map<String, RowOrder> newOrders) {
        return new TensorNames(layers, outer, inner, newOrders, normsPlusOne);
    }

    /** Norm weights are stored with one added, as Gemma's converter does. */
    TensorNames withNormsPlusOne() {
        return new TensorNames(layers, outer, inner, orders, true);
    }
}
