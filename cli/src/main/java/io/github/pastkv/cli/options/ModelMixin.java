package io.github.pastkv.cli.options;

import io.github.pastkv.cli.io.Progress;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.files.Messages;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which model, and how it is run. */
public final class ModelMixin {
    private static final String SHIPPED_NAME = "tiny";

    @Option(names = "--model", paramLabel = "DIR|FILE.gguf",
            description = "Hugging Face model folder with config.json, safetensors weights and tokenizer.json; or "
                    + "GGUF file. Default: the small model bundled with PastKV.") private @Nullable Path folder;

    @Mixin private ComputeMixin compute;

    @Mixin private AllowTokenizerMixin allowedTokenizers = new AllowTokenizerMixin();

    private List<String> cacheTiers = List.of();

    public ModelMixin(ComputeChoice defaultCompute) {
        this.compute = new ComputeMixin(defaultCompute);
    }

    /** Refuses options that are wrong whatever the model. */
    public void check() {
        compute.check();
    }

    /** Loads with these tiers beneath the prefix cache. */
    public void useTiers(TierMixin tiers) {
        tiers.check();
        cacheTiers = tiers.uris();
    }

    /** Chooses the model as {@code --model} does, which must not be given as well. */
    public void choose(Path model) {
        if (folder != null) {
            throw new IllegalArgumentException("MODEL and --model: give one of them");
        }
        folder = model;
    }

    /** The name that messages and results use. */
    public String name() {
        return folder == null ? SHIPPED_NAME : folder.toString();
    }

    /** Whether it is the model that ships with PastKV. */
    public boolean isShipped() {
        return folder == null;
    }

    public ModelOptions options() {
        return compute.options().withAllowedTokenizers(allowedTokenizers.rules())
                .withCacheTiers(cacheTiers.toArray(String[]::new));
    }

    /** The folder of the model, unpacked first where it is the shipped one. */
    public Path requireFolder() throws IOException {
        return requireFolder(folder);
    }

    /** The same of any folder; null for the shipped model. */
    public static Path requireFolder(@Nullable Path folder) throws IOException {
        return folder == null ? TinyModelFolder.require() : folder;
    }

    /** The tokenizer of a model that texts are given for. */
    public TextTokenizer tokenizer(Model model) {
        return model.tokenizer().orElseThrow(() -> noTokenizer("so give token ids"));
    }

    /**
     * The refusal of a model without a tokenizer.
     *
     * @param advice what to do instead
     */
    public IllegalStateException noTokenizer(String advice) {
        boolean isConvertible = folder != null && Files.exists(folder.resolve("tokenizer.model"));
        return new IllegalStateException(name() + ": has no tokenizer.json, " + advice + (isConvertible
                ? "; transformers makes one of tokenizer.model: AutoTokenizer.from_pretrained(DIR).save_pretrained(DIR)"
                : ""));
    }

    /** Loads the model, with a line on stderr if that takes long. */
    public Model load(Streams streams) throws IOException {
        return load(streams, options());
    }

    /** The same for generation, with a line on stderr of what the model's makers set and is not applied. */
    public Model loadForText(Streams streams) throws IOException {
        return loadForText(streams, options());
    }

    /** The same with other options than {@link #options}. */
    public Model loadForText(Streams streams, ModelOptions options) throws IOException {
        Model model = load(streams, options);
        for (String setting : model.generationConfig().unapplied()) {
            streams.err().println(Messages.printable(
                    "pastkv: generation_config.json of " + name() + " sets what is not applied: " + setting));
        }
        return model;
    }

    /** The same without its tokenizer. */
    public Model loadForIds(Streams streams) throws IOException {
        return load(streams, options().withoutTokenizer());
    }

    private Model load(Streams streams, ModelOptions options) throws IOException {
        Path source = requireFolder();
        try (Progress _ = Progress.of(streams, "loading the model " + name())) {
            return Model.load(source, options);
        }
    }
}
