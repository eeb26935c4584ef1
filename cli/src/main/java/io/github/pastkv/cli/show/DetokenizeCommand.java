package io.github.pastkv.cli.show;

import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.io.TokenId;
import io.github.pastkv.cli.options.TokenizerMixin;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Path;
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
import picocli.CommandLine.TypeConversionException;
import tools.jackson.databind.json.JsonMapper;

/** Shows the text of tokens. */
@Command(name = "detokenize", sortOptions = false, header = {"Show the text of token ids.", ""},
        customSynopsis = {"pastkv detokenize [OPTIONS] IDS", "       pastkv detokenize [OPTIONS] --input FILE", ""},
        description = "Decodes token ids to text, including control tokens.%n",
        footer = {"", "Examples:",
            "  pastkv detokenize 838,837,259,468",
            "  pastkv tokenize --json --input texts.json > ids.json && pastkv detokenize --input ids.json"})
public final class DetokenizeCommand implements Callable<Integer> {
    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Parameters(arity = "0..1", paramLabel = "IDS",
            description = "Token ids, such as 1,2,3.") private @Nullable String ids;

    @Option(names = "--input", paramLabel = "FILE",
            description = "JSON file with a list of lists of token ids; prints a JSON list of "
                    + "texts.") private @Nullable Path input;

    @Option(names = "--skip-special", description = "Omit control tokens.") private boolean skipsSpecial;

    @Mixin private TokenizerMixin tokenizerOptions = new TokenizerMixin();

    public DetokenizeCommand(Streams streams) {
        this.streams = streams;
    }

    private int[] parse(@Nullable String text) {
        try {
            return TokenId.parse(String.valueOf(text));
        } catch (TypeConversionException e) {
            throw new ParameterException(spec.commandLine(), "IDS: " + e.getMessage(), e);
        }
    }

    @Override
    public Integer call() throws IOException {
        if ((ids == null) == (input == null)) {
            throw new ParameterException(spec.commandLine(),
                    ids == null ? "no ids: give IDS or --input" : "IDS and --input: give one of them");
        }
        List<int[]> rows = input == null ? List.of(parse(ids)) : JsonTexts.readIds(input);
        try (TextTokenizer tokenizer = tokenizerOptions.open()) {
            List<String> texts = rows.stream().map(row -> tokenizer.decode(row, skipsSpecial)).toList();
            streams.out().println(input == null ? texts.getFirst() : JsonMapper.shared().writeValueAsString(texts));
        }
        return 0;
    }
}
