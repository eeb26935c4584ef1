package io.github.pastkv.model.gguf;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an architecture's tensors are called in Hugging Face's checkpoints, and what its converter did to them. Names
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
     */
    record Place(String name, RowOrder order, boolean plusOne) {}

    /** Where a tensor of the file belongs. */
    Place place(String fileName) {
        Matcher layer = LAYER.matcher(fileName);
        if (layer.matches() && inner.containsKey(layer.group(2))) {
            String stem = layer.group(2);
            return new Place(layers + layer.group(1) + "." + inner.get(stem) + "." + layer.group(3),
                    orders.getOrDefault(stem, RowOrder.SAME), normsPlusOne && stem.endsWith("norm"));
        }
        Matcher single = OUTER.matcher(fileName);
        if (single.matches() && outer.containsKey(single.group(1))) {
            return new Place(outer.get(single.group(1)) + "." + single.group(2), RowOrder.SAME,
                    normsPlusOne && single.group(1).endsWith("norm"));
        }
        return new Place(fileName, RowOrder.SAME, false);
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
