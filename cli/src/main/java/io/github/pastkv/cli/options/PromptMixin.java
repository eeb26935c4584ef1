package io.github.pastkv.cli.options;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.cli.io.TokenId;
import io.github.pastkv.lens.TokenLabels;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The tokens that a command looks at: of a text, or given. */
public final class PromptMixin {
    @Spec(Spec.Target.MIXEE) private CommandSpec spec = CommandSpec.create();

    @Parameters(arity = "0..1", paramLabel = "PROMPT", description = "The prompt.") private @Nullable String text;

    @Option(names = "--tokens", paramLabel = "IDS", split = ",", hideParamSyntax = true, converter = TokenId.class,
            description = "Prompt as token ids, such as 1,2,3.") private @Nullable List<Integer> tokens;

    /** Refuses two prompts, or none. */
    public void check() {
        if ((text == null) == (tokens == null)) {
            throw new ParameterException(spec.commandLine(), text == null
                    ? "no prompt: give PROMPT or --tokens"
                    : "PROMPT and --tokens: give one of them");
        }
    }

    /** Whether ids were given. */
    public boolean isIds() {
        return tokens != null;
    }

    /** The ids, those of the text where none were given. */
    public int[] ids(Model model, ModelMixin modelOptions) {
        if (text == null) {
            return TokenId.toArray(tokens);
        }
        TextTokenizer tokenizer = model.tokenizer().orElseThrow(() -> new IllegalStateException(
                modelOptions.name() + ": has no tokenizer.json, so give token ids with --tokens"));
        int[] ids = tokenizer.encode(text, true);
        if (ids.length == 0) {
            throw new ParameterException(spec.commandLine(), "the prompt is empty");
        }
        return ids;
    }

    /** What a file of a prompt's numbers says of them. */
    public static Map<String, String> metadata(Model model, ModelMixin modelOptions, int... ids) {
        return Map.of("prompt", TokenLabels.text(model, ids), "tokens",
                Arrays.stream(ids).mapToObj(String::valueOf).collect(Collectors.joining(",")), "model",
                modelOptions.name(), "arithmetic", model.numericIdentity());
    }

    /** The same of a batch of rows: {@code tokens} and {@code mask} are JSON, as in the file of {@code --input}. */
    public static Map<String, String> metadata(Model model, ModelMixin modelOptions, int[][] ids, AttentionMask mask) {
        int[][] real = new int[ids.length][ids[0].length];
        for (int row = 0; row < ids.length; row++) {
            for (int slot = 0; slot < ids[row].length; slot++) {
                real[row][slot] = mask.isReal(row, slot) ? 1 : 0;
            }
        }
        return Map.of("tokens", Arrays.deepToString(ids), "mask", Arrays.deepToString(real), "model",
                modelOptions.name(), "arithmetic", model.numericIdentity());
    }
}
