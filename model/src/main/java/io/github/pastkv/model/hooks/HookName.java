package io.github.pastkv.model.hooks;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The full name of a hook: a {@link HookPoint} and, for points inside layers, the layer. Written as TransformerLens
 * writes it: {@code blocks.3.attn.hook_k}, {@code hook_embed}.
 *
 * @param point the place
 * @param layer the layer; empty for points outside layers
 */
public record HookName(HookPoint point, OptionalInt layer) {
    private static final Pattern IN_LAYER = Pattern.compile("blocks\\.(\\d{1,9})\\.(.+)");
    private static final Pattern SHORT = Pattern.compile("([a-z_]+?)(\\d{1,9})([a-z].*)?");
    private static final Map<String, HookPoint> BY_PATH =
            Stream.of(HookPoint.values()).collect(Collectors.toMap(HookPoint::path, Function.identity()));
    private static final Map<String, String> ACTIVATION_ALIASES =
            Map.of("attn", "pattern", "attn_logits", "attn_scores",
                    "key", "k", "query", "q", "value", "v", "mlp_pre", "pre", "mlp_post", "post");
    private static final Map<String, String> PART_ALIASES =
            Map.of("a", "attn", "m", "mlp", "b", "", "block", "", "blocks", "", "attention", "attn");

    public HookName {
        if (point.isInLayer() != layer.isPresent()) {
            throw new IllegalArgumentException(
                    "layer: " + point.path() + (point.isInLayer() ? " is in each layer; name one" : " is in no layer"));
        }
        if (layer.isPresent() && layer.getAsInt() < 0) {
            throw new IllegalArgumentException("layer: " + layer.getAsInt() + ", must not be negative");
        }
    }

    /** A point outside layers. */
    public static HookName of(HookPoint point) {
        return new HookName(point, OptionalInt.empty());
    }

    /** A point of a layer. */
    public static HookName of(HookPoint point, int layer) {
        return new HookName(point, OptionalInt.of(layer));
    }

    /**
     * Reads a full name or one of TransformerLens' shorthands (its {@code get_act_name}): an activation, then a layer,
     * then optionally a part of the layer: {@code k6}, {@code resid_pre3}, {@code pre2}, {@code scale4ln1},
     * {@code attn0} (the pattern); without a layer {@code embed}, {@code scale} and {@code normalized} (those of the
     * final norm).
     *
     * @throws IllegalArgumentException when it names no hook
     */
    public static HookName parse(String name) {
        Objects.requireNonNull(name, "name: null");
        return find(name).orElseThrow(() -> new IllegalArgumentException("hook name: '" + name
                + "' is neither a name such as blocks.0.attn.hook_k nor a shorthand such as k0"));
    }

    static Optional<HookName> find(String name) {
        return full(name).or(() -> shorthand(name));
    }

    /** The shorthand {@code activation} in {@code layer}: {@code parse("k", 6)} is that of {@code k6}. */
    public static HookName parse(String activation, int layer) {
        return parse(activation + layer);
    }

    /** The shorthand with a part: {@code parse("scale", 4, "ln1")} is that of {@code scale4ln1}. */
    public static HookName parse(String activation, int layer, String part) {
        return parse(activation + layer + part);
    }

    private static Optional<HookName> full(String name) {
        Matcher matcher = IN_LAYER.matcher(name);
        boolean inLayer = matcher.matches();
        HookPoint point = BY_PATH.get(inLayer ? matcher.group(2) : name);
        if (point == null || point.isInLayer() != inLayer) {
            return Optional.empty();
        }
        return Optional.of(inLayer ? of(point, Integer.parseInt(matcher.group(1))) : of(point));
    }

    private static Optional<HookName> shorthand(String name) {
        Matcher matcher = SHORT.matcher(name);
        if (!matcher.matches()) {
            String activation = "hook_" + name;
            return full(activation).or(() -> full("ln_final." + activation)).or(() -> full("unembed." + activation));
        }
        String activation = ACTIVATION_ALIASES.getOrDefault(matcher.group(1), matcher.group(1));
        String given = Objects.requireNonNullElse(matcher.group(3), "");
        String part = switch (activation) {
            case "k", "v", "q", "z", "rot_k", "rot_q", "past_k", "past_v", "result", "pattern", "attn_scores" -> "attn";
            case "pre", "post", "pre_linear" -> "mlp";
            default -> PART_ALIASES.getOrDefault(given, given);
        };
        return full("blocks." + matcher.group(2) + "." + (part.isEmpty() ? "" : part + ".") + "hook_" + activation);
    }

    @Override
    public String toString() {
        return layer.isPresent() ? "blocks." + layer.getAsInt() + "." + point.path() : point.path();
    }
}
