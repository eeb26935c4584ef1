package io.github.pastkv.model.sampling;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The processors that {@link SamplingOptions} ask for. The formulas are those of Hugging Face transformers'
 * {@code logits_process.py}; presence and frequency penalties are OpenAI's, over generated tokens.
 */
final class LogitsProcessors {
    private LogitsProcessors() {}

    /** The chain, in order: bias, penalties, repeated n-grams, suppressed, stop and forced tokens. */
    static List<LogitsProcessor> of(SamplingOptions options, Set<Integer> stopTokens) {
        List<LogitsProcessor> chain = new ArrayList<>();
        if (!options.logitBias().isEmpty()) {
            chain.add(bias(options.logitBias()));
        }
        if (options.repetitionPenalty() != 1) {
            chain.add(repetitionPenalty(options.repetitionPenalty()));
        }
        if (options.presencePenalty() != 0 || options.frequencyPenalty() != 0) {
            chain.add(countPenalty(options.presencePenalty(), options.frequencyPenalty()));
        }
        if (options.noRepeatNgramSize() > 0) {
            chain.add(noRepeatedNgram(options.noRepeatNgramSize()));
        }
        if (!options.suppressTokens().isEmpty()) {
            chain.add(suppress(options.suppressTokens(), Integer.MAX_VALUE));
        }
        if (!options.beginSuppressTokens().isEmpty()) {
            chain.add(suppress(options.beginSuppressTokens(), 1));
        }
        if (options.minNewTokens() > 0 && !stopTokens.isEmpty()) {
            chain.add(suppress(stopTokens, options.minNewTokens()));
        }
        if (!options.forcedTokens().isEmpty()) {
            chain.add(force(options.forcedTokens()));
        }
        chain.addAll(options.processors());
        return List.copyOf(chain);
    }

    static LogitsProcessor bias(Map<Integer, Double> biases) {
        return (logits, _) -> biases.forEach((id, bias) -> logits[requireId(id, logits)] += bias);
    }

    /** Divides positive and multiplies negative logits of tokens that occurred (CTRL, Keskar et al. 2019). */
    static LogitsProcessor repetitionPenalty(double penalty) {
        return (logits, history) -> {
            for (int i = 0; i < history.numIds(); i++) {
                int id = history.id(i);
                logits[id] = logits[id] > 0 ? logits[id] / penalty : logits[id] * penalty;
            }
        };
    }

    static LogitsProcessor countPenalty(double presence, double frequency) {
        return (logits, history) -> {
            Map<Integer, Integer> counts = new HashMap<>();
            for (int i = history.numPromptTokens(); i < history.numTokens(); i++) {
                counts.merge(history.token(i), 1, Integer::sum);
            }
            counts.forEach((id, count) -> logits[id] -= presence + frequency * count);
        };
    }

    /** Forbids tokens that would complete an n-gram which is there already. */
    static LogitsProcessor noRepeatedNgram(int size) {
        return (logits, history) -> {
            int start = history.numTokens() - size + 1; // of the last n - 1 tokens
            for (int from = 0; from < start; from++) {
                int length = 0;
                while (length < size - 1 && history.token(from + length) == history.token(start + length)) {
                    length++;
                }
                if (length == size - 1) {
                    logits[history.token(from + length)] = Double.NEGATIVE_INFINITY;
                }
            }
        };
    }

    /** Forbids tokens among the first {@code numPlaces} generated ones. */
    static LogitsProcessor suppress(Set<Integer> ids, int numPlaces) {
        return (logits, history) -> {
            if (history.numTokens() - history.numPromptTokens() < numPlaces) {
                ids.forEach(id -> logits[requireId(id, logits)] = Double.NEGATIVE_INFINITY);
            }
        };
    }

    /** Allows one token only at the places, counted from the first generated one, for which one is given. */
    static LogitsProcessor force(Map<Integer, Integer> tokenAtPlace) {
        return (logits, history) -> {
            Integer forced = tokenAtPlace.get(history.numTokens() - history.numPromptTokens());
            if (forced != null) {
                requireId(forced, logits);
                for (int id = 0; id < logits.length; id++) {
                    logits[id] = id == forced ? 0 : Double.NEGATIVE_INFINITY;
                }
            }
        };
    }

    private static int requireId(int id, double[] logits) {
        if (id < 0 || id >= logits.length) {
            throw new IllegalArgumentException("sampling: token id " + id + ", the vocabulary has " + logits.length);
        }
        return id;
    }
}
