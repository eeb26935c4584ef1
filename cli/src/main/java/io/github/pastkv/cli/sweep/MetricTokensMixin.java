package io.github.pastkv.cli.sweep;

import io.github.pastkv.cli.io.TokenId;
import io.github.pastkv.lens.TokenLabels;
import io.github.pastkv.lens.patching.MetricSpec;
import io.github.pastkv.model.Model;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The two tokens that a metric compares, as texts or as ids. */
final class MetricTokensMixin {
    private static final int NO_TOKEN = -1;

    @Spec(Spec.Target.MIXEE) private CommandSpec spec = CommandSpec.create();

    @Option(names = "--answer", paramLabel = "TEXT",
            description = "The correct next token, including its leading space.") private @Nullable String answer;

    @Option(names = "--wrong", paramLabel = "TEXT",
            description = "The incorrect next token to compare with.") private @Nullable String wrong;

    @Option(names = "--answer-token", paramLabel = "ID", converter = TokenId.class,
            description = "The correct next token as an id.") private @Nullable Integer answerId;

    @Option(names = "--wrong-token", paramLabel = "ID", converter = TokenId.class,
            description = "The incorrect next token as an id.") private @Nullable Integer wrongId;

    /** Refuses tokens that a metric needs and that are not there, and those that are there twice. */
    void check(MetricSpec.Kind metric) {
        requireAtMostOne("--answer", answer, answerId, metric.needsAnswer());
        requireAtMostOne("--wrong", wrong, wrongId, metric.needsWrong());
    }

    private void requireAtMostOne(String option, @Nullable Object text, @Nullable Object id, boolean isNeeded) {
        if (text != null && id != null) {
            throw refused(option + " and " + option + "-token: give one of them");
        }
        if (isNeeded && text == null && id == null) {
            throw refused("give " + option + " or " + option + "-token");
        }
    }

    /** Refuses any, as they are given elsewhere. */
    void refuse(String elsewhere) {
        boolean isAny = answer != null || wrong != null || answerId != null || wrongId != null;
        if (isAny) {
            throw refused("--answer, --wrong: not with " + elsewhere + ", which has them for each pair");
        }
    }

    private ParameterException refused(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /** Whether no tokenizer is needed. */
    boolean isIds() {
        return answer == null && wrong == null;
    }

    /** The metric for these tokens. */
    MetricSpec metric(MetricSpec.Kind kind, Model model) {
        return kind.of(id("--answer", answer, answerId, model), id("--wrong", wrong, wrongId, model));
    }

    private int id(String option, @Nullable String text, @Nullable Integer id, Model model) {
        if (text == null) {
            return id == null ? NO_TOKEN : requireToken(option + "-token", id, model);
        }
        try {
            return TokenLabels.singleToken(model, text);
        } catch (IllegalArgumentException e) {
            throw refused(option + ": " + e.getMessage());
        }
    }

    private int requireToken(String option, int id, Model model) {
        int vocabSize = model.config().vocabSize();
        if (id < 0 || id >= vocabSize) {
            throw refused(option + ": " + id + ", the vocabulary has " + vocabSize);
        }
        return id;
    }
}
