package io.github.pastkv.cli.sweep;

import io.github.pastkv.lens.patching.Metric;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Metrics by name. */
enum MetricChoice {
    LOGIT_DIFF(true, true),
    NORMALISED(true, true),
    PROBABILITY(true, false),
    LOSS(true, false),
    RANK(true, false),
    KL(false, false);

    private final boolean needsAnswer;
    private final boolean needsWrong;

    MetricChoice(boolean needsAnswer, boolean needsWrong) {
        this.needsAnswer = needsAnswer;
        this.needsWrong = needsWrong;
    }

    /** Whether it is about a right token. */
    boolean needsAnswer() {
        return needsAnswer;
    }

    /** Whether it weighs that against a wrong one. */
    boolean needsWrong() {
        return needsWrong;
    }

    /** The metric of two tokens; those that it does not need may be anything. */
    Metric of(AnswerIds ids, float[] cleanLogits, float[] corruptedLogits) {
        Metric difference = Metric.logitDifference(ids.answer(), ids.wrong());
        return switch (this) {
            case LOGIT_DIFF -> difference;
            case NORMALISED -> difference.normalised(difference.of(corruptedLogits), difference.of(cleanLogits));
            case PROBABILITY -> Metric.probability(ids.answer());
            case LOSS -> Metric.loss(ids.answer());
            case RANK -> Metric.rank(ids.answer());
            case KL -> Metric.klFrom(cleanLogits);
        };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Reads a name. */
    static final class Converter implements ITypeConverter<MetricChoice> {
        @Override
        public MetricChoice convert(String text) {
            return Arrays.stream(values()).filter(metric -> metric.toString().equals(text)).findFirst()
                    .orElseThrow(() -> new TypeConversionException("'" + text + "', known are "
                            + String.join(", ", List.of(values()).stream().map(MetricChoice::toString).toList())));
        }
    }
}
