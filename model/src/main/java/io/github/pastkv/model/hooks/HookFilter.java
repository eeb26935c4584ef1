package io.github.pastkv.model.hooks;

import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Selects hook points by name, shorthand, or patterns in which {@code *} matches any characters ({@code
 * blocks.*.attn.hook_pattern}). A pattern with a star in its last part, such as {@code *} alone, matches the standard
 * hook points. Those that are off by default in TransformerLens match with {@link #withOptIn} or if the last part of a
 * pattern has no star; {@code hook_past_k} and {@code hook_past_v} match only then.
 *
 * <p>Immutable.
 */
public final class HookFilter {
    private final List<String> patterns;
    private final Predicate<HookName> predicate;
    private final boolean optIn;

    private HookFilter(List<String> patterns, Predicate<HookName> predicate, boolean optIn) {
        this.patterns = patterns;
        this.predicate = predicate;
        this.optIn = optIn;
    }

    /** Every standard hook. */
    public static HookFilter all() {
        return of("*");
    }

    /** Hooks of any of these names, shorthands and patterns. */
    public static HookFilter of(String... patterns) {
        return of(Arrays.asList(patterns));
    }

    /** Hooks of any of these names, shorthands and patterns. */
    public static HookFilter of(Collection<String> patterns) {
        patterns.forEach(pattern -> Objects.requireNonNull(pattern, "hooks: a name is null"));
        return new HookFilter(List.copyOf(patterns), name -> true, false);
    }

    /** One hook. */
    public static HookFilter of(HookName name) {
        Objects.requireNonNull(name, "name: null");
        return of(name.toString());
    }

    /** Every hook point, of any kind, for which {@code predicate} is true. */
    public static HookFilter where(Predicate<HookName> predicate) {
        Objects.requireNonNull(predicate, "predicate: null");
        return new HookFilter(List.of(), predicate, true);
    }

    /** The same, with stars that also match hook points that are off by default in TransformerLens. */
    public HookFilter withOptIn() {
        return new HookFilter(patterns, predicate, true);
    }

    /**
     * The selected hook points of a model, in execution order.
     *
     * @throws IllegalArgumentException for a name or pattern that matches no hook point of the model
     */
    public Set<HookName> in(HookCatalog hooks) {
        List<HookName> all = hooks.names();
        if (patterns.isEmpty()) {
            return all.stream().filter(predicate).collect(Collectors.toCollection(LinkedHashSet::new));
        }
        Set<HookName> found = new LinkedHashSet<>();
        for (String pattern : patterns) {
            Set<HookName> meant = meantBy(pattern, all);
            if (meant.isEmpty()) {
                throw new IllegalArgumentException("hooks: '" + pattern + "' names no hook of this "
                        + hooks.config().architecture() + " with " + hooks.config().numLayers() + " layers");
            }
            found.addAll(meant);
        }
        return all.stream().filter(found::contains).collect(Collectors.toCollection(LinkedHashSet::new));
    }

    private Set<HookName> meantBy(String pattern, List<HookName> all) {
        if (!pattern.contains("*")) {
            return meantByName(pattern, all);
        }
        String regex = Arrays.stream(pattern.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*"));
        Predicate<String> matches = Pattern.compile(regex).asMatchPredicate();
        boolean spelled = !pattern.substring(pattern.lastIndexOf('.') + 1).contains("*");
        return all.stream().filter(name -> matches.test(name.toString()))
                .filter(name -> spelled || isMeantByStar(name.point())).collect(Collectors.toSet());
    }

    /** A name, a shorthand, or a shorthand without its layer ({@code resid_post}), which means all layers. */
    private static Set<HookName> meantByName(String pattern, List<HookName> all) {
        Optional<HookName> single = HookName.find(pattern);
        if (single.isPresent()) {
            return all.contains(single.get()) ? Set.of(single.get()) : Set.of();
        }
        HookPoint point = HookName.find(pattern + 0).orElseGet(() -> HookName.parse(pattern)).point();
        return all.stream().filter(name -> name.point() == point).collect(Collectors.toSet());
    }

    private boolean isMeantByStar(HookPoint point) {
        return switch (point.kind()) {
            case STANDARD -> true;
            case OPT_IN -> optIn;
            case PAST -> false;
        };
    }

    @Override
    public String toString() {
        return patterns.isEmpty() ? "hooks by a predicate" : String.join(", ", patterns);
    }
}
