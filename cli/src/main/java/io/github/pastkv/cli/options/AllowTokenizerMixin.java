package io.github.pastkv.cli.options;

import java.util.Map;
import picocli.CommandLine.Option;

/** Rules of tokenizers in GGUF files that the user vouches for. */
public final class AllowTokenizerMixin {
    @Option(names = "--allow-tokenizer", paramLabel = "PRE=RULE", split = ",", hideParamSyntax = true,
            description = "Split texts by the known rule RULE where a GGUF file names an unknown one. "
                    + "Repeatable.") private Map<String, String> rules = Map.of();

    /** Known names by unknown ones. */
    public Map<String, String> rules() {
        return Map.copyOf(rules);
    }
}
