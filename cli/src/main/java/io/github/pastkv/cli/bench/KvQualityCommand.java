package io.github.pastkv.cli.bench;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.LayerKvTypes;
import io.github.pastkv.cli.io.Progress;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.io.TokenId;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.cli.options.OptionConverters;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.quality.LogitDifference;
import io.github.pastkv.model.quality.StorageQuality;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures what storing the past small does to a model's logits. */
@Command(name = "kv-quality", sortOptions = false,
        header = {"Measure the accuracy of a quantized KV cache.", ""},
        customSynopsis = {"pastkv kv-quality [OPTIONS]", "       pastkv kv-quality [OPTIONS] --model DIR --text FILE",
            "       pastkv kv-quality [OPTIONS] --model DIR --tokens IDS [--tokens IDS ...]", ""},
        description = "Runs the same texts with several cache types and compares the logits of every token with "
                + "those of an f32 cache. Without --text or --tokens it uses held-out stories of the bundled model.%n",
        footer = {"",
            "Columns: cache bytes per token; mean and maximum over tokens of the KL divergence between the",
            "next-token distributions with f32 and with the type, in nats; mean and maximum absolute difference",
            "of a logit; share of tokens with the same most likely next token.", "", "Examples:",
            "  pastkv kv-quality",
            "  pastkv kv-quality --kv-type q8 --kv-type q8:f16 --kv-type q8,0=f32",
            "  pastkv kv-quality --model ~/models/SmolLM-135M --text book.txt --max-tokens 2000"})
public final class KvQualityCommand implements Callable<Integer> {
    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Option(names = "--kv-type", paramLabel = "TYPE", converter = OptionConverters.StorageTypes.class,
            completionCandidates = OptionConverters.StorageTypes.class,
            description = "Storage type to measure, such as q8, q8:f16 (keys, values) or q8,0=f32 (layer 0 as f32). "
                    + "Repeatable. Default: f32, f16, bf16 and q8.") private List<LayerKvTypes> types =
                            Arrays.stream(KvType.values()).map(type -> LayerKvTypes.of(KvTypes.of(type))).toList();

    @Option(names = "--text", paramLabel = "FILE",
            description = "UTF-8 text to use.") private @Nullable Path text;

    @Option(names = "--tokens", paramLabel = "IDS",
            description = "Text as token ids, such as 1,2,3. Repeatable.") private List<String> tokens =
                    List.of();

    @Option(names = "--max-tokens", paramLabel = "N",
            description = "Compare at most N tokens. Default: 10000.") private int maxTokens = 10_000;

    @Option(names = "--json", description = "Print one JSON object instead of the table.") private boolean asJson;

    @Mixin private ModelMixin modelOptions = new ModelMixin(ComputeChoice.F32);

    public KvQualityCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        modelOptions.check();
        require(maxTokens > 0, "--max-tokens: " + maxTokens + ", must be positive");
        require(text == null || tokens.isEmpty(), "--text and --tokens: give one of them");
        require(modelOptions.isShipped() || text != null || !tokens.isEmpty(),
                "no text for this model: give --text or --tokens");
        List<int[]> ids = tokens.stream().map(TokenId::parse).toList();
        try (Model model = text == null ? modelOptions.loadForIds(streams) : modelOptions.load(streams)) {
            List<int[]> all = text != null
                    ? KvQualityTexts.ofFile(text, model)
                    : ids.isEmpty() ? KvQualityTexts.heldOut() : ids;
            KvQualityReport report = compare(model,
                    KvQualityTexts.cut(all, maxTokens, model.config().maxSeqLen()));
            streams.out().print(asJson ? report.json() + System.lineSeparator() : report.table());
            streams.out().flush();
        }
        return 0;
    }

    private void require(boolean condition, String message) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    private KvQualityReport compare(Model model, List<int[]> texts) {
        AtomicLong numDone = new AtomicLong();
        int numTokens = texts.stream().mapToInt(ids -> ids.length).sum();
        try (Progress _ = Progress.of(streams,
                () -> "comparing: " + numDone + " of " + numTokens + " tokens, types: " + types.size())) {
            List<SessionOptions> stored =
                    types.stream().map(storage -> SessionOptions.defaults().withKvTypes(storage)).toList();
            List<LogitDifference> differences = StorageQuality.measure(model, stored, texts, numDone::set);
            return new KvQualityReport(modelOptions.name(), model.config().toKvShape(), types, differences);
        }
    }
}
