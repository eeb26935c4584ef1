package io.github.pastkv.cli.show;

import io.github.pastkv.cli.io.ByteSize;
import io.github.pastkv.cli.io.OutFile;
import io.github.pastkv.cli.io.Output;
import io.github.pastkv.cli.io.Progress;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.io.TokenId;
import io.github.pastkv.cli.options.CacheMixin;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.cli.options.PromptMixin;
import io.github.pastkv.cli.options.TierMixin;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.files.SafetensorsWriter;
import io.github.pastkv.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes the logits of given tokens, and what the cache holds after them. */
@Command(name = "logits", sortOptions = false,
        header = {"Write the logits of given tokens to a file.", ""},
        customSynopsis = {"pastkv logits [OPTIONS] --out FILE PROMPT",
            "       pastkv logits [OPTIONS] --tokens IDS --out FILE",
            "       pastkv logits [OPTIONS] --input FILE --out FILE", ""},
        description = "Runs a model on tokens and writes the logits of every token to a safetensors file, and "
                + "optionally the contents of the KV cache. Token ids need no tokenizer.%n",
        footer = {"",
            "The file of --out holds the f32 tensor logits: [T, V] for one row, [B, T, V] with --input (zeros at",
            "padding). The file of --kv-out holds the f32 tensors past_keys.N and past_values.N for each layer N:",
            "[heads, T, D], or [B, heads, T, D] for more than one row (zeros at padding). Keys are stored after",
            "RoPE, and both are rounded to --kv-type. A layer with a sliding window of W tokens has the last",
            "W - 1 tokens, which are all that the next token attends to. The metadata of both files has the",
            "prompt, its tokens (of --input all rows, with the mask), the model and the types. In Python:",
            "safetensors.numpy.load_file(FILE).", "", "Examples:",
            "  pastkv logits --out logits.safetensors \"Mary and John\"",
            "  pastkv logits --tokens 1,15,27 --out logits.safetensors",
            "  pastkv logits --model gpt2 --tokens 1,15,27 --chunks 2,1 --kv-type f16 --out l.safetensors \\",
            "      --kv-out kv.safetensors",
            "  echo '{\"tokens\": [[1, 15, 27], [0, 8, 9]], \"mask\": [[1, 1, 1], [0, 1, 1]]}' > batch.json",
            "  pastkv logits --input batch.json --out logits.safetensors"})
public final class LogitsCommand implements Callable<Integer> {
    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Parameters(arity = "0..1", paramLabel = "PROMPT", description = "The text.") private @Nullable String text;

    @Option(names = "--tokens", paramLabel = "IDS", split = ",", hideParamSyntax = true, converter = TokenId.class,
            description = "Prompt as token ids, such as 1,2,3.") private @Nullable List<Integer> tokens;

    @Option(names = "--input", paramLabel = "FILE",
            description = "JSON file with a batch of token ids in rows of equal length, and optionally a mask of "
                    + "the same shape, where 0 marks padding: {\"tokens\": [[...], ...], \"mask\": [[...], "
                    + "...]}.") private @Nullable Path input;

    @Output
    @Option(names = "--out", paramLabel = "FILE", required = true,
            description = "Write the logits to FILE.") private Path out = Path.of("");

    @Output
    @Option(names = "--kv-out", paramLabel = "FILE",
            description = "Write the cached keys and values to FILE.") private @Nullable Path kvOut;

    @Option(names = "--chunks", paramLabel = "SIZES", split = ",", hideParamSyntax = true, converter = TokenId.class,
            description = "Prefill in chunks of these sizes, such as 7,5,1. Does not change results. Default: one "
                    + "chunk.") private @Nullable List<Integer> chunks;

    @Mixin private ModelMixin modelOptions = new ModelMixin(ComputeChoice.F32);

    @Mixin private CacheMixin cacheOptions = new CacheMixin();

    @Mixin private TierMixin tierOptions = new TierMixin();

    public LogitsCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        checkOptions();
        TokenBatch ids = text == null ? readIds() : null;
        try (Model model = ids == null ? modelOptions.load(streams) : modelOptions.loadForIds(streams)) {
            run(model, ids == null ? encoded(model) : ids);
        }
        return 0;
    }

    private TokenBatch readIds() throws IOException {
        TokenBatch batch = input == null ? TokenBatch.ofRow(TokenId.toArray(tokens)) : TokenBatch.read(input);
        checkChunks(batch.numSlots());
        return batch;
    }

    private TokenBatch encoded(Model model) {
        TokenBatch batch = TokenBatch.ofRow(modelOptions.tokenizer(model).encode(String.valueOf(text), true));
        require(batch.numSlots() > 0, "the prompt is empty");
        checkChunks(batch.numSlots());
        return batch;
    }

    private void run(Model model, TokenBatch batch) throws IOException {
        try (Session session = model.newSession(
                cacheOptions.options(model.config(), batch.longestRow()).withBatchSize(batch.size()));
                Arena arena = Arena.ofShared()) {
            run(new LogitsRun(session, batch, arena), session, batch, metadata(model, batch));
        }
    }

    private void checkOptions() {
        modelOptions.check();
        modelOptions.useTiers(tierOptions);
        cacheOptions.check();
        long numGiven = Stream.of(text, tokens, input).filter(Objects::nonNull).count();
        require(numGiven > 0, "no prompt: give PROMPT, --tokens or --input");
        require(numGiven == 1, "PROMPT, --tokens and --input: give one of them");
    }

    private void checkChunks(int numSlots) {
        if (chunks != null) {
            require(chunks.stream().allMatch(size -> size > 0), "--chunks: each must be positive");
            long sum = chunks.stream().mapToLong(Integer::longValue).sum();
            require(sum == numSlots, "--chunks: they add up to " + sum + ", there are " + numSlots + " tokens");
        }
    }

    private void require(boolean condition, String message) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    /** What the files say of their numbers. */
    private Map<String, String> metadata(Model model, TokenBatch batch) {
        Map<String, String> texts = new TreeMap<>(input == null
                ? PromptMixin.metadata(model, modelOptions, batch.tokenIds(0, batch.numSlots())[0])
                : PromptMixin.metadata(model, modelOptions, batch.tokenIds(0, batch.numSlots()),
                        batch.mask(0, batch.numSlots())));
        texts.put("kv_type", cacheOptions.kvTypes().toString());
        return texts;
    }

    private void run(LogitsRun run, Session session, TokenBatch batch, Map<String, String> metadata)
            throws IOException {
        Tensor logits;
        long start = System.nanoTime();
        try (Progress _ = Progress.of(streams, "computing the logits of " + batch.numSlots() + " tokens")) {
            logits = run.logits(chunks == null ? run.defaultPieces() : chunks);
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        SafetensorsWriter writer =
                new SafetensorsWriter().add("logits", input == null ? run.withoutOnlyRow(logits) : logits)
                        .withMetadata(metadata);
        OutFile.write(out, writer::write);
        if (kvOut != null) {
            OutFile.write(kvOut, file -> run.writeKeysValues(file, metadata));
        }
        streams.err().println(summary(session, batch, seconds));
    }

    private String summary(Session session, TokenBatch batch, double seconds) {
        String size = (input == null ? "" : batch.size() + " x ") + batch.numSlots();
        return String.format(Locale.ROOT, "logits of %s tokens in %.0f ms, cache %s %s, compute %s on %s", size,
                seconds * 1e3, new ByteSize(session.cache().cacheBytes()),
                cacheOptions.kvTypes().toString(), session.model().linearPrecision(),
                session.model().kernels().kernels().name());
    }
}
