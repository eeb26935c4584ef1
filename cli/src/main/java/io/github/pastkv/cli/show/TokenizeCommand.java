package io.github.pastkv.cli.show;

import io.github.pastkv.cli.io.InputText;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.options.TokenizerMixin;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** Shows the tokens of a text. */
@Command(name = "tokenize", sortOptions = false, header = {"Show the tokens of a text.", ""},
        customSynopsis = {"pastkv tokenize [OPTIONS] TEXT", "       pastkv tokenize [OPTIONS] -",
            "       pastkv tokenize [OPTIONS] --input FILE", ""},
        description = "Prints each token above its id. In tokens, · is a space, ↵ a line break and ⇥ a tab.%n",
        footer = {"",
            "With --json, a text gives a list of ids, and a file of texts a list of such lists.", "", "Examples:",
            "  pastkv tokenize \"Once upon a time\"",
            "  pastkv tokenize --json - < story.txt",
            "  pastkv tokenize --model ~/models/SmolLM-135M --input texts.json --json"})
public final class TokenizeCommand implements Callable<Integer> {
    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Parameters(arity = "0..1", paramLabel = "TEXT",
            description = "The text; - reads it from standard input.") private @Nullable String text;

    @Option(names = "--input", paramLabel = "FILE",
            description = "JSON file with a list of texts.") private @Nullable Path input;

    @Option(names = "--parse-special",
            description = "Recognize special tokens in the text, such as <|endoftext|>. Default: treat them as "
                    + "ordinary text.") private boolean parsesSpecial;

    @Option(names = "--no-add-special",
            description = "Do not add the special tokens that the tokenizer puts around a text, such as "
                    + "<s>.") private boolean omitsSpecial;

    @Option(names = "--json", description = "Print ids only, as JSON.") private boolean asJson;

    @Mixin private TokenizerMixin tokenizerOptions = new TokenizerMixin();

    public TokenizeCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        if ((text == null) == (input == null)) {
            throw new ParameterException(spec.commandLine(),
                    text == null ? "no text: give TEXT, - for standard input, or --input"
                            : "TEXT and --input: give one of them");
        }
        List<String> texts = input != null
                ? JsonTexts.read(input)
                : List.of(InputText.of(text, streams.in(), "the text", spec.commandLine()));
        try (TextTokenizer tokenizer = tokenizerOptions.open()) {
            List<int[]> ids = texts.stream().map(each -> encode(tokenizer, each)).toList();
            streams.out().print(asJson ? json(ids) : table(tokenizer, ids));
        }
        return 0;
    }

    private int[] encode(TextTokenizer tokenizer, String each) {
        return parsesSpecial
                ? tokenizer.encode(each, !omitsSpecial)
                : tokenizer.encodeWithoutSpecial(each, !omitsSpecial);
    }

    private String json(List<int[]> ids) {
        return JsonMapper.shared().writeValueAsString(input == null ? ids.getFirst() : ids) + System.lineSeparator();
    }

    private static String table(TextTokenizer tokenizer, List<int[]> texts) {
        StringBuilder table = new StringBuilder();
        for (int[] ids : texts) {
            table.append(table.isEmpty() ? "" : System.lineSeparator())
                    .append(TokenTable.of(Arrays.stream(ids).boxed().toList(), tokenizer));
        }
        return table.toString();
    }
}
