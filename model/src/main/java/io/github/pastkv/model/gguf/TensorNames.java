package io.github.pastkv.model.gguf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names of an architecture's tensors in Hugging Face checkpoints, and how its converter changed the tensors. Names
 * without {@code .weight} and {@code .bias}; those of a layer without {@code blk.N.}. A name with its suffix stands for
 * that tensor alone and has none in the checkpoint. A {@code *} in the name of stacked experts stands for the expert.
 * Begins as Llama's; each method changes one thing and returns a new table.
 */
record TensorNames(String layers, Map<String, String> outer, Map<String, String> inner, Map<String, RowOrder> orders,
        boolean normsPlusOne) {
    /** In {@link Place#expert}, where a tensor is not of all experts. */
    static final int NO_EXPERT = -1;

    private static final String EXPERTS_SUFFIX = "_exps";
    private static final String GATES = "ffn_gate_exps";
    private static final String UPS = "ffn_up_exps";
    private static final String GATES_AND_UPS = "ffn_gate_up_exps";
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
     * @param part what of the file's tensor, or of one expert in it, it is
     * @param expert its index in a tensor of all experts, {@link #NO_EXPERT} elsewhere
     */
    record Place(String name, RowOrder order, boolean plusOne, Part part, int expert) {
        boolean isWhole() {
            return part == Part.ALL && expert == NO_EXPERT;
        }
    }

    /** All rows, those of queries, keys or values in a joined tensor, or those of gate or up in a joined one. */
    enum Part {
        ALL, QUERIES, KEYS, VALUES, GATES, UPS
    }

    /**
     * Where a tensor of the file belongs: in one place, in three if the file joins queries, keys and values that the
     * checkpoint has apart, or in one or two for each expert.
     *
     * @param numExperts in tensors of all experts
     */
    List<Place> places(String fileName, int numExperts) {
        Matcher layer = LAYER.matcher(fileName);
        if (layer.matches()) {
            String stem = layer.group(2);
            String suffix = layer.group(3);
            String whole = inner.get(stem + "." + suffix);
            if (whole != null) {
                return List.of(new Place(layers + layer.group(1) + "." + whole, RowOrder.SAME, false, Part.ALL,
                        NO_EXPERT));
            }
            if (stem.endsWith(EXPERTS_SUFFIX) && inner.containsKey(GATES)) {
                return ofExperts(layer.group(1), stem, suffix, numExperts);
            }
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
                    isPlusOne(single.group(1), single.group(2)), Part.ALL, NO_EXPERT));
        }
        return List.of(new Place(fileName, RowOrder.SAME, false, Part.ALL, NO_EXPERT));
    }

    private List<Place> ofExperts(String number, String stem, String suffix, int numExperts) {
        Map<String, Part> parts = stem.equals(GATES_AND_UPS) ? Map.of(GATES, Part.GATES, UPS, Part.UPS)
                : Map.of(stem, Part.ALL);
        List<Place> places = new ArrayList<>();
        parts.forEach((name, part) -> {
            String pattern = layers + number + "." + inner.getOrDefault(name, name + ".*") + "." + suffix;
            for (int expert = 0; expert < numExperts; expert++) {
                places.add(new Place(pattern.replace("*", Integer.toString(expert)), RowOrder.SAME, false, part,
                        expert));
            }
        });
        return places;
    }

    private Place inLayer(String number, String stem, String suffix, Part part) {
        return new Place(layers + number + "." + inner.get(stem) + "." + suffix,
                orders.getOrDefault(stem, RowOrder.SAME), isPlusOne(stem, suffix), part, NO_EXPERT);
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
