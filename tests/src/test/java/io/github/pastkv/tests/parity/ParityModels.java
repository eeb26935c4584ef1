package io.github.pastkv.tests.parity;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.testkit.model.LogitRows;
import io.github.pastkv.testkit.reference.HfCase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The golden models of the parity tests, one with learned positions and one with RoPE. They stay open until the JVM
 * ends.
 */
final class ParityModels {
    private static final Map<String, HfCase> CASES = Stream.of("gpt2", "llama")
            .collect(Collectors.toMap(name -> name, HfCase::of));
    private static final Map<String, Model> MODELS = CASES.entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, entry -> load(entry.getValue())));

    private ParityModels() {}

    private static Model load(HfCase hf) {
        try {
            return Model.load(hf.folder());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Stream<Model> all() {
        return MODELS.values().stream();
    }

    static Model gpt2() {
        return MODELS.get("gpt2");
    }

    static Model llama() {
        return MODELS.get("llama");
    }

    /** The golden case that a model is from. */
    static HfCase golden(Model model) {
        return CASES.get(model.config().architecture());
    }

    /** Tokens {@code [from, to)} of an endless prompt without pad ids. */
    static int[] prompt(int from, int to) {
        return IntStream.range(from, to).map(i -> 4 + (i * 37 + i * i * 11) % 95).toArray();
    }

    /** The logits of tokens run by themselves, in one step on a fresh session. */
    static LogitRows alone(Model model, int... tokenIds) {
        try (Session session = model.newSession()) {
            return LogitRows.of(session.append(tokenIds));
        }
    }

    static int[] joined(int[]... parts) {
        return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
    }

    static List<Integer> boxed(int[] ids) {
        return Arrays.stream(ids).boxed().toList();
    }
}
