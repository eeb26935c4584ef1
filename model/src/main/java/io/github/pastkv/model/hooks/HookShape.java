package io.github.pastkv.model.hooks;

import io.github.pastkv.model.config.ModelConfig;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The shape of a hook's tensor. Axes: B rows, N new slots, P slots before them, E hidden size, H query heads, K kv
 * heads, D head dimension, Dv elements per value, R width of a latent, Dr width of a rotary key, F feed-forward size, V
 * vocabulary, X experts, C chosen experts. Padding reads as zeros ({@link #PATTERN} scores: minus infinity).
 */
public enum HookShape {
    /** One number for each slot. */
    SLOTS("B", "N"),
    /** The residual stream, or the output of a block. */
    STREAM("B", "N", "E"),
    /** The divisor of a norm. */
    SCALE("B", "N", "1"),
    /** The input or the result of each query head. */
    QUERY_HEADS_STREAM("B", "N", "H", "E"),
    /** The input of each kv head. */
    KV_HEADS_STREAM("B", "N", "K", "E"),
    /** Query heads of the new slots. */
    QUERY_HEADS("B", "N", "H", "D"),
    /** Kv heads of the new slots. */
    KV_HEADS("B", "N", "K", "D"),
    /** Values, or what is attended to, of each head where values differ from keys in size. */
    VALUE_HEADS("B", "N", "H", "Dv"),
    /** The latent of keys and values. */
    LATENT("B", "N", "R"),
    /** The rotary key of all heads. */
    ROTARY_KEY("B", "N", "Dr"),
    /** Kv heads of past and new slots. */
    PAST_KV_HEADS("B", "P+N", "K", "D"),
    /** A number for each query head, query slot and key slot. */
    PATTERN("B", "H", "N", "P+N"),
    /** Each query head of each slot, as a row of a per-head norm. */
    QUERY_ROWS("B*N*H", "D"),
    /** A divisor for each of {@link #QUERY_ROWS}. */
    QUERY_ROWS_SCALE("B*N*H", "1"),
    /** Each kv head of each slot, as a row of a per-head norm. */
    KEY_ROWS("B*N*K", "D"),
    /** A divisor for each of {@link #KEY_ROWS}. */
    KEY_ROWS_SCALE("B*N*K", "1"),
    /** All query heads of a slot in one row, for norms over all heads. */
    QUERY_WIDTH("B", "N", "H*D"),
    /** All kv heads of a slot in one row. */
    KEY_WIDTH("B", "N", "K*D"),
    /** The inner width of the feed-forward block. */
    FFN("B", "N", "F"),
    /** A number for each expert. */
    EXPERTS("B", "N", "X"),
    /** A number for each chosen expert. */
    CHOSEN("B", "N", "C"),
    /** A row as wide as the residual stream for each chosen expert. */
    CHOSEN_STREAM("B", "N", "C", "E"),
    /** A number for each token of the vocabulary. */
    VOCAB("B", "N", "V");

    private final String axes; // letters, joined by ", "

    HookShape(String... axes) {
        this.axes = String.join(", ", axes);
    }

    /** Whether rows, slots and heads are one axis. */
    public boolean isFlat() {
        return axes.startsWith("B*");
    }

    /** Whether it is made from rows of slots by joining axes, rather than by splitting them. */
    public boolean isReshaped() {
        return isFlat() || this == SLOTS;
    }

    /** The axis of the new slots; -1 where there is none of its own. */
    public int slotAxis() {
        return axes().indexOf("N");
    }

    private List<String> axes() {
        return List.of(axes.split(", "));
    }

    /** The axes by letter, such as {@code [B, N, H, D]}. */
    public String letters() {
        return "[" + axes + "]";
    }

    /** The axes with a model's numbers where they are known, such as {@code [B, N, 12, 64]}. */
    public String numbers(ModelConfig config) {
        return axes().stream().map(axis -> number(axis, config)).collect(Collectors.joining(", ", "[", "]"));
    }

    private static String number(String axis, ModelConfig config) {
        return switch (axis) {
            case "E" -> String.valueOf(config.hiddenSize());
            case "H" -> String.valueOf(config.numHeads());
            case "K" -> String.valueOf(config.numKvHeads());
            case "D" -> String.valueOf(config.headDim());
            case "Dv" -> String.valueOf(config.valueDim());
            case "R" -> String.valueOf(config.toKvShape().valueDim());
            case "Dr" -> String.valueOf(config.toKvShape().headDim() - config.toKvShape().valueDim());
            case "F" -> String.valueOf(config.ffnSize());
            case "V" -> String.valueOf(config.vocabSize());
            case "B*N*H" -> "B*N*" + config.numHeads();
            case "B*N*K" -> "B*N*" + config.numKvHeads();
            case "H*D" -> String.valueOf(config.numHeads() * config.headDim());
            case "K*D" -> String.valueOf(config.numKvHeads() * config.headDim());
            case "X" -> config.experts() == null ? axis : String.valueOf(config.experts().numExperts());
            case "C" -> config.experts() == null ? axis : String.valueOf(config.experts().numChosen());
            default -> axis;
        };
    }

    @Override
    public String toString() {
        return letters();
    }
}
