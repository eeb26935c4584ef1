package io.github.pastkv.cli.generate;

import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cli.generate.Answers.Answer;
import io.github.pastkv.cli.io.ByteSize;
import io.github.pastkv.cli.options.TierMixin;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.sampling.SamplingOptions;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import io.github.pastkv.store.TierUse;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a generation came to, and how one line says it; {@link GenerationJson} has it as JSON.
 *
 * @param prompt the text, or null where ids were given
 * @param tokenizer of the model; null where it has none, so that nothing has a text
 */
record GenerationReport(Answers answers, @Nullable String prompt, @Nullable TextTokenizer tokenizer,
        SamplingOptions sampling, Setting setting) {
    /**
     * What the numbers belong to.
     *
     * @param model its name
     * @param window what tokens see at most, beside the model's own windows
     * @param maxNewTokens the limit of an answer
     * @param kernels their name, such as {@code vector (512 bit)}
     * @param tiers what the cache tiers did
     */
    record Setting(String model, String kvType, KvWindow window, int maxNewTokens, long cacheBytes, String compute,
            String kernels, List<TierUse> tiers) {}

    /** Which limit was met is what a user can change. */
    private String end(Answer answer) {
        return switch (answer.reason()) {
            case LENGTH -> "--max-new-tokens " + setting.maxNewTokens();
            case CONTEXT_FULL -> "a full context";
            case STOP_TOKEN -> "stop token";
            case STOP_STRING -> "stop string";
            case CANCELED -> "interruption";
        };
    }

    /** One line. */
    String line() {
        return String.format(Locale.ROOT, "%s, %s, cache %s, compute %s on %s, ended by %s",
                promptTokens(), timing(), cache(), setting.compute(),
                setting.kernels(), ends());
    }

    /** A search leaves nothing in the cache. */
    private String cache() {
        String window = setting.window().isBounded() ? ", " + setting.window() : "";
        return answers.timing() == null
                ? setting.kvType() + window
                : new ByteSize(setting.cacheBytes()) + " " + setting.kvType() + window;
    }

    private String timing() {
        Generation timing = answers.timing();
        if (timing == null) {
            return String.format(Locale.ROOT, "beam search %.0f ms (best answer: %s, score %.3f)",
                    answers.nanos() / 1e6, count(answers.first().tokenIds().size(), "new token"),
                    answers.first().score());
        }
        return String.format(Locale.ROOT, "first token after %.0f ms, prompt %.1f tok/s, decode %.1f tok/s (%s%s)",
                timing.promptNanos() / 1e6, timing.promptTokensPerSecond(), timing.decodeTokensPerSecond(),
                count(answers.numNewTokens(), "new token"), guessed(timing));
    }

    private static String guessed(Generation timing) {
        return timing.numDraftedTokens() == 0 ? "" : ", " + timing.numDraftedTokens() + " of them from accepted drafts";
    }

    /** Why the answers ended, each reason once. */
    private String ends() {
        return answers.answers().stream().map(this::end).distinct()
                .collect(Collectors.joining(" and "));
    }

    private String promptTokens() {
        String all = count(answers.numPromptTokens(), "prompt token");
        Generation timing = answers.timing();
        return timing == null || timing.numReusedTokens() == 0 ? all
                : all + " (" + timing.numReusedTokens() + " reused" + TierMixin.line(setting.tiers()) + ")";
    }

    private static String count(int number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }
}
