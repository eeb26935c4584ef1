package io.github.pastkv.cli.options;

import io.github.pastkv.cli.io.TokenId;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The tokens that a command looks at: of a text, or given. */
public final class PromptMixin {
    @Spec(Spec.Target.MIXEE) private CommandSpec spec = CommandSpec.create();

    @Option(names = "--tokens", paramLabel = "IDS", split = ",", hideParamSyntax = true, converter = TokenId.class,
            description = "Token ids instead of a text, such as 1,2,3.") private @Nullable List<Integer> tokens;

    /** Refuses two prompts, or none; {@code name} is what the text is called. */
    public void check(@Nullable String text, String name) {
        if ((text == null) == (tokens == null)) {
            throw new ParameterException(spec.commandLine(), text == null
                    ? "nothing to look at: give " + name + " or --tokens"
                    : name + " and --tokens: give one of them");
        }
    }

    /** Whether ids were given. */
    public boolean isIds() {
        return tokens != null;
    }

    /** The ids, those of {@code text} where none were given. */
    public int[] ids(@Nullable String text, Model model, ModelMixin modelOptions) {
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
}
