package io.github.pastkv.model.quality;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * Measures what a type of storage costs: the same texts through sessions that differ in how they keep their past only,
 * and their logits compared with those over an F32 cache. What is measured holds for decoding too, as a logit does not
 * depend on how it was computed.
 */
public final class StorageQuality {
    /** Tokens of a step, which bounds the memory for logits; no result depends on it. */
    private static final int STEP_TOKENS = 64;

    private StorageQuality() {}

    /**
     * Compares each of {@code stored} with an F32 cache.
     *
     * @param texts token ids, each text at most as long as the sessions allow
     * @param progress told how many tokens of the texts are done, after each step, on this thread
     * @return a difference for each of {@code stored}, in the same order
     * @throws IllegalArgumentException when there is no token, or for options of several rows
     */
    public static List<LogitDifference> measure(Model model, List<SessionOptions> stored, List<int[]> texts,
            LongConsumer progress) {
        if (texts.stream().allMatch(text -> text.length == 0)) {
            throw new IllegalArgumentException("texts: no token in " + texts.size() + " texts");
        }
        List<LogitComparison> comparisons =
                stored.stream().map(_ -> new LogitComparison(model.config().vocabSize())).toList();
        List<Session> sessions = new ArrayList<>();
        try (Session reference = model.newSession()) {
            stored.forEach(options -> sessions.add(model.newSession(options)));
            long numDone = 0;
            for (int[] text : texts) {
                reference.reset();
                sessions.forEach(Session::reset);
                for (int from = 0; from < text.length; from += STEP_TOKENS) {
                    int[] step = Arrays.copyOfRange(text, from, Math.min(from + STEP_TOKENS, text.length));
                    Tensor expected = reference.append(step);
                    for (int i = 0; i < sessions.size(); i++) {
                        comparisons.get(i).add(expected, sessions.get(i).append(step));
                    }
                    numDone += step.length;
                    progress.accept(numDone);
                }
            }
        } finally {
            sessions.forEach(Session::close);
        }
        return comparisons.stream().map(LogitComparison::result).toList();
    }
}
