package io.github.pastkv.lens.patching;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;

/**
 * A ready-made {@link Metric} as data: it can be compared, written to a file or sent to another machine, and is bound
 * to a pair's logits where it is evaluated. Immutable.
 */
public sealed interface MetricSpec {
    /** The logit of the answer minus the logit of the wrong token. */
    record LogitDifference(int answer, int wrong) implements MetricSpec {}

    /** The logit difference on a scale where the corrupted prompt is 0 and the clean one is 1. */
    record NormalizedLogitDifference(int answer, int wrong) implements MetricSpec {}

    /** The answer's probability. */
    record Probability(int answer) implements MetricSpec {}

    /** The answer's cross-entropy loss, in nats. */
    record Loss(int answer) implements MetricSpec {}

    /** The number of tokens with a greater logit than the answer's. */
    record Rank(int answer) implements MetricSpec {}

    /** The Kullback-Leibler divergence of a run from the clean run, in nats. */
    record KlDivergence() implements MetricSpec {}

    /** The kinds of metrics, by the names that files and the command use. */
    enum Kind {
        /** {@link LogitDifference}. */
        LOGIT_DIFF(true, true),
        /** {@link NormalizedLogitDifference}. */
        NORMALIZED(true, true),
        /** {@link Probability}. */
        PROBABILITY(true, false),
        /** {@link Loss}. */
        LOSS(true, false),
        /** {@link Rank}. */
        RANK(true, false),
        /** {@link KlDivergence}. */
        KL(false, false);

        private final boolean needsAnswer;
        private final boolean needsWrong;

        Kind(boolean needsAnswer, boolean needsWrong) {
            this.needsAnswer = needsAnswer;
            this.needsWrong = needsWrong;
        }

        /** Whether it needs the id of the right token. */
        public boolean needsAnswer() {
            return needsAnswer;
        }

        /** Whether it compares that with a wrong token. */
        public boolean needsWrong() {
            return needsWrong;
        }

        /** The metric for two token ids; an id that the kind does not need is ignored. */
        public MetricSpec of(int answer, int wrong) {
            return switch (this) {
                case LOGIT_DIFF -> new LogitDifference(answer, wrong);
                case NORMALIZED -> new NormalizedLogitDifference(answer, wrong);
                case PROBABILITY -> new Probability(answer);
                case LOSS -> new Loss(answer);
                case RANK -> new Rank(answer);
                case KL -> new KlDivergence();
            };
        }

        /**
         * The kind of a name.
         *
         * @throws IllegalArgumentException for an unknown name
         */
        public static Kind named(String name) {
            return Arrays.stream(values()).filter(kind -> kind.toString().equals(name)).findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("'" + name + "', known are "
                            + String.join(", ", List.of(values()).stream().map(Kind::toString).toList())));
        }

        /** The name in files: {@code logit_diff}, {@code normalized}, ... */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What kind of metric it is. */
    default Kind kind() {
        return switch (this) {
            case LogitDifference _ -> Kind.LOGIT_DIFF;
            case NormalizedLogitDifference _ -> Kind.NORMALIZED;
            case Probability _ -> Kind.PROBABILITY;
            case Loss _ -> Kind.LOSS;
            case Rank _ -> Kind.RANK;
            case KlDivergence _ -> Kind.KL;
        };
    }

    /** The id of the right token, where there is one. */
    default OptionalInt answerToken() {
        return switch (this) {
            case LogitDifference(int answer, _) -> OptionalInt.of(answer);
            case NormalizedLogitDifference(int answer, _) -> OptionalInt.of(answer);
            case Probability(int answer) -> OptionalInt.of(answer);
            case Loss(int answer) -> OptionalInt.of(answer);
            case Rank(int answer) -> OptionalInt.of(answer);
            case KlDivergence() -> OptionalInt.empty();
        };
    }

    /** The id of the wrong token, where there is one. */
    default OptionalInt wrongToken() {
        return switch (this) {
            case LogitDifference(_, int wrong) -> OptionalInt.of(wrong);
            case NormalizedLogitDifference(_, int wrong) -> OptionalInt.of(wrong);
            case Probability _,Loss _,Rank _,KlDivergence _ -> OptionalInt.empty();
        };
    }

    /**
     * The function that evaluates it.
     *
     * @param cleanLogits the clean prompt's last logits, {@code [V]}
     * @param corruptedLogits the corrupted prompt's, which only the normalized difference reads
     * @throws IllegalArgumentException for a token outside the vocabulary, or two prompts that a normalized difference
     *         cannot tell apart
     */
    default Metric bind(float[] cleanLogits, float[] corruptedLogits) {
        requireInVocabulary("answer", answerToken(), cleanLogits.length);
        requireInVocabulary("wrong", wrongToken(), cleanLogits.length);
        return switch (this) {
            case LogitDifference(int answer, int wrong) -> Metric.logitDifference(answer, wrong);
            case NormalizedLogitDifference(int answer, int wrong) -> {
                Metric difference = Metric.logitDifference(answer, wrong);
                yield difference.normalized(difference.of(corruptedLogits), difference.of(cleanLogits));
            }
            case Probability(int answer) -> Metric.probability(answer);
            case Loss(int answer) -> Metric.loss(answer);
            case Rank(int answer) -> Metric.rank(answer);
            case KlDivergence() -> Metric.klFrom(cleanLogits);
        };
    }

    private static void requireInVocabulary(String name, OptionalInt token, int vocabSize) {
        if (token.isPresent() && (token.getAsInt() < 0 || token.getAsInt() >= vocabSize)) {
            throw new IllegalArgumentException(
                    name + ": token " + token.getAsInt() + ", the vocabulary has " + vocabSize);
        }
    }
}
