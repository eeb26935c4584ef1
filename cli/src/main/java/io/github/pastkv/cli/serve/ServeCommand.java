package io.github.pastkv.cli.serve;

import io.github.pastkv.cli.io.ByteSize;
import io.github.pastkv.cli.io.Progress;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.options.AllowTokenizerMixin;
import io.github.pastkv.cli.options.CacheMixin;
import io.github.pastkv.cli.options.ComputeMixin;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.cli.options.TierMixin;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.files.Messages;
import io.github.pastkv.serve.NamedModel;
import io.github.pastkv.serve.PastKvServer;
import io.github.pastkv.serve.ServeOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Serves models over HTTP. */
@Command(name = "serve", sortOptions = false,
        header = {"Serve models over HTTP with OpenAI's API.", ""},
        customSynopsis = {"pastkv serve [OPTIONS]", ""},
        description = "Serves OpenAI's chat completions, completions and responses and Anthropic's messages with "
                + "continuous batching and prefix caching. Results are bit-identical under any load. "
                + "Unsupported request fields are rejected by name. The page at / has a chat box and the state "
                + "of the server. Ctrl-C or SIGTERM drains running requests; a second signal stops at once.%n",
        footer = {"", "Examples:", "  pastkv serve",
            "  pastkv serve --model smol=~/models/SmolLM2-135M-Instruct --port 8273",
            "  pastkv serve --model a=DIR1 --model b=DIR2 --host 0.0.0.0 --api-key-file keys.txt",
            "  curl http://127.0.0.1:8273/v1/completions -H 'Content-Type: application/json' \\",
            "      -d '{\"prompt\": \"Once upon a time\", \"max_tokens\": 20, \"stream\": true}' -N"})
public final class ServeCommand implements Callable<Integer> {
    static final String SHIPPED_NAME = "tiny";
    private static final int DEFAULT_WARM_UP_SECONDS = 8;

    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Option(names = "--model", paramLabel = "[NAME=]DIR|FILE.gguf",
            description = "Hugging Face model folder or GGUF file, and its name in requests. Repeatable. "
                    + "Default name: that of the folder or file. "
                    + "Default model: the small model bundled with PastKV, as "
                    + "tiny.") private List<String> folders = List.of();

    @Mixin private ComputeMixin compute = new ComputeMixin(ComputeChoice.AUTO);

    @Mixin private AllowTokenizerMixin allowedTokenizers = new AllowTokenizerMixin();

    @Mixin private CacheMixin cache = new CacheMixin();

    @Mixin private TierMixin tiers = new TierMixin();

    @Option(names = "--max-context", paramLabel = "N",
            description = "Maximum number of tokens of prompt and answer. Default: the model's "
                    + "limit.") private int maxContext;

    @Option(names = "--max-batch-tokens", paramLabel = "N",
            description = "Maximum number of tokens per forward pass; longer prompts are prefilled in chunks. "
                    + "Default: 512.") private int maxBatchTokens =
                            ModelOptions.defaults().maxBatchTokens();

    @Option(names = "--max-running", paramLabel = "N",
            description = "Maximum number of concurrent generations. Default: 32.") private int maxRunning =
                    ServeOptions.defaults().maxRunning();

    @Option(names = "--max-queue", paramLabel = "N",
            description = "Maximum number of waiting prompts; more are rejected with status 429. Default: "
                    + "256.") private int maxQueue =
                            ServeOptions.defaults().maxWaiting();

    @Option(names = "--host", paramLabel = "ADDRESS",
            description = "Address to listen on. Addresses other than loopback need --api-key-file. Default: "
                    + "127.0.0.1.") private String host =
                            ServeOptions.defaults().host();

    @Option(names = "--port", paramLabel = "N",
            description = "Port to listen on; 0 for any free one. Default: " + ServeOptions.DEFAULT_PORT
                    + ".") private int port =
                            ServeOptions.DEFAULT_PORT;

    @Option(names = "--api-key-file", paramLabel = "FILE",
            description = "API keys: each line has a key and its tenant's name. Tenants do not share cached prefixes. "
                    + "Default: none.") private @Nullable Path keyFile;

    @Option(names = "--open-metrics", description = "Serve /metrics without a key.") private boolean openMetrics;

    @Option(names = "--cors-origin", paramLabel = "ORIGIN",
            description = "Allow requests from web pages of this origin, such as https://example.org. Repeatable. "
                    + "Default: none.") private List<String> corsOrigins =
                            List.of();

    @Option(names = "--max-body", paramLabel = "SIZE", converter = ByteSize.Converter.class,
            description = "Maximum size of a request body. Default: 32m.") private ByteSize maxBody =
                    new ByteSize(ServeOptions.defaults().maxBodyBytes());

    @Option(names = "--drain-timeout", paramLabel = "SECONDS",
            description = "Time for running requests to finish after SIGTERM. Default: 30.") private int drainSeconds =
                    (int) ServeOptions.defaults().drainTimeout().toSeconds();

    @Option(names = "--warm-up", paramLabel = "SECONDS",
            description = "Maximum time to generate from random tokens at the start, so that first requests are not "
                    + "slower than others; 0 for none. Default: " + DEFAULT_WARM_UP_SECONDS
                    + ".") private int warmUpSeconds =
                            DEFAULT_WARM_UP_SECONDS;

    public ServeCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        check();
        Map<String, @Nullable Path> named = namedFolders();
        try (StopSignals signals = new StopSignals()) {
            try (PastKvServer server = PastKvServer.start(serveOptions(), () -> load(named))) {
                streams.out().println(
                        "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + server.port() + "/v1");
                streams.out().flush();
                server.describeModels().forEach(
                        line -> streams.err().println("pastkv: serving " + Messages.printable(line)));
                int exitCode = signals.await();
                streams.err().println("pastkv: stopping; waiting " + drainSeconds
                        + " s at most for requests to end, a second signal stops at once");
                return exitCode;
            }
        }
    }

    private void check() {
        compute.check();
        cache.check();
        tiers.check();
        requireIn("--max-context", maxContext, 0, Integer.MAX_VALUE);
        requireIn("--max-batch-tokens", maxBatchTokens, 1, 1 << 20);
        requireIn("--max-running", maxRunning, 1, 4096);
        requireIn("--max-queue", maxQueue, 0, 1_000_000);
        requireIn("--port", port, 0, 65_535);
        requireIn("--max-body", maxBody.bytes(), 1024, 1 << 30);
        requireIn("--drain-timeout", drainSeconds, 0, 86_400);
        requireIn("--warm-up", warmUpSeconds, 0, 3600);
    }

    private void requireIn(String name, long actual, long least, long most) {
        if (actual < least || actual > most) {
            throw new ParameterException(spec.commandLine(),
                    name + ": " + actual + ", must be in [" + least + ", " + most + "]");
        }
    }

    /** Folders by name; a null folder is that of the shipped model. */
    private Map<String, @Nullable Path> namedFolders() {
        Map<String, @Nullable Path> named = new LinkedHashMap<>();
        for (String text : folders) {
            int equals = text.indexOf('=');
            Path folder = Path.of(text.substring(equals + 1));
            String name =
                    equals > 0 ? text.substring(0, equals) : String.valueOf(folder.toAbsolutePath().getFileName());
            if (named.put(name, folder) != null) {
                throw new ParameterException(spec.commandLine(), "--model: two models are named '" + name + "'");
            }
        }
        if (named.isEmpty()) {
            named.put(SHIPPED_NAME, null);
        }
        return named;
    }

    private List<NamedModel> load(Map<String, @Nullable Path> named) throws IOException {
        List<NamedModel> models = new ArrayList<>();
        try {
            for (Map.Entry<String, @Nullable Path> entry : named.entrySet()) {
                models.add(load(entry.getKey(), entry.getValue()));
            }
            return models;
        } catch (IOException | RuntimeException | Error e) {
            models.forEach(model -> model.model().close());
            throw e;
        }
    }

    private NamedModel load(String name, @Nullable Path folder) throws IOException {
        ModelOptions options = compute.options().withMaxBatchTokens(maxBatchTokens)
                .withMaxCachedBytes(cache.limitBytes()).withAllowedTokenizers(allowedTokenizers.rules())
                .withCacheTiers(tiers.uris().toArray(String[]::new));
        try (Progress _ = Progress.of(streams, "loading the model " + name)) {
            Model model = Model.load(ModelMixin.requireFolder(folder), options);
            for (String setting : model.generationConfig().unapplied()) {
                streams.err().println(Messages.printable(
                        "pastkv: generation_config.json of " + name + " sets what is not applied: " + setting));
            }
            SessionOptions sessions = cache.options();
            return new NamedModel(name, model, maxContext == 0 ? sessions : sessions.withMaxSeqLen(maxContext));
        }
    }

    private ServeOptions serveOptions() {
        return ServeOptions.defaults().withHost(host).withPort(port).withKeyFile(keyFile)
                .withOpenMetrics(openMetrics).withWarmUp(Duration.ofSeconds(warmUpSeconds)).withMaxRunning(maxRunning)
                .withMaxWaiting(maxQueue)
                .withMaxBodyBytes((int) maxBody.bytes()).withCorsOrigins(Set.copyOf(corsOrigins))
                .withDrainTimeout(Duration.ofSeconds(drainSeconds))
                .withLog(line -> streams.err().println(Messages.printable("pastkv: " + line)));
    }
}
