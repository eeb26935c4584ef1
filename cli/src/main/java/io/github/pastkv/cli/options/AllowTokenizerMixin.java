package io.github.pastkv.cli.options;

import java.util.Map;
import picocli.CommandLine.Option;

/** Rules of tokenizers in GGUF files that the user vouches for. */
public final class AllowTokenizerMixin {
    @Option(names = "--allow-tokenizer", paramLabel = "PRE=RULE", split = ",", hideParamSyntax = true,
            description = "If a GGUF file names the unknown pre-tokenizer PRE, split texts as the known RULE does. "
                    + "Repeatable.") private Map<String, String> rules = Map.of();

    /** Known names by unknown ones. */
    public Map<String, String> rules() {
        return Map.copyOf(rules);
    }
}
