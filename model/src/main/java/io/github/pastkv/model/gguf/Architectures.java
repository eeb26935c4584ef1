package io.github.pastkv.model.gguf;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** All architectures, by the value of {@code general.architecture}. */
final class Architectures {
    private static final Map<String, Architecture> ALL = new TreeMap<>();

    static {
        Stream.of(LlamaArchitectures.ALL, GemmaArchitectures.ALL, LayerNormArchitectures.ALL, GptArchitectures.ALL,
                ExpertArchitectures.ALL)
                .forEach(ALL::putAll);
    }

    private Architectures() {}

    /** The names of all, in order. */
    static Set<String> names() {
        return ALL.keySet();
    }

    static Optional<Architecture> find(String name) {
        return Optional.ofNullable(ALL.get(name));
    }
}
