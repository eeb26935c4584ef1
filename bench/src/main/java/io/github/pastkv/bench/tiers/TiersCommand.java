package io.github.pastkv.bench.tiers;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.store.TierUri;
import io.github.pastkv.store.TierUse;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Times a cache tier in one warmed-up process: a prompt that is computed, the same prompt from the tier by models that
 * are loaded anew, what plain reads of the same bytes take, and prompts that no tier has, with the tier and without.
 *
 * <p>Run: {@code mvn -Dquick -DskipTests -pl bench -am package -Dtiers="--model DIR --tier file:DIR"}
 */
@Command(name = "tiers", mixinStandardHelpOptions = true, sortOptions = false, description = "Times a cache tier.")
public final class TiersCommand implements Callable<Integer> {
    private static final long WARM_UP_NANOS = 5_000_000_000L;

    @Option(names = "--model", paramLabel = "DIR", required = true,
            description = "Folder of a model.") private Path folder;

    @Option(names = "--tier", paramLabel = "URI", required = true,
            description = "An empty tier. Can be repeated, nearest first.") private List<String> tiers;

    @Option(names = "--shared", paramLabel = "N",
            description = "Tokens that the tier has. Default: 4096.") private int numShared = 4096;

    @Option(names = "--own", paramLabel = "N", description = "Tokens after them. Default: 16.") private int numOwn = 16;

    @Option(names = "--restarts", paramLabel = "N",
            description = "Models loaded anew. Default: 5.") private int restarts = 5;

    @Option(names = "--pairs", paramLabel = "N",
            description = "Prompts that no tier has, without and with the tiers. Default: 0.") private int pairs;

    @Option(names = "--skip-cold",
            description = "Compute the shared tokens once only, with the tier.") private boolean skipsCold;

    @Option(names = "--chunk-sizes", paramLabel = "N,...", split = ",",
            description = "Only compare chunks of these sizes.") private List<Integer> chunkSizes = List.of();

    @Option(names = "--drop-page-cache",
            description = "Also read files with a cold page cache (Linux, as root).") private boolean dropsPageCache;

    private final Random random = new Random(5);

    @SuppressWarnings("NullAway.Init") // picocli sets folder and tiers
    private TiersCommand() {}

    /** The command. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new TiersCommand()).execute(args));
    }

    private Model load(String... uris) throws IOException {
        return Model.load(folder, options(uris));
    }

    private Model loadWithTiers() throws IOException {
        return load(tiers.toArray(String[]::new));
    }

    private static ModelOptions options(String... uris) {
        return ModelOptions.defaults().withoutTokenizer().withNumThreads(2).withCompute(ComputeChoice.AUTO)
                .withCacheTiers(uris);
    }

    private int[] text(Model model, int numTokens) {
        return random.ints(numTokens, 0, model.config().vocabSize()).toArray();
    }

    /** What became of a prompt, and how long it waited for a tier. */
    private record Read(Generation generation, long loadNanos) {}

    private static Read read(Model model, int[] prompt) {
        try (Session session = model.newSession(SessionOptions.defaults().withKvType(KvType.BF16))) {
            Generation generation = session.generate(new int[][] {prompt}, GenerationOptions.greedy(1).ignoringEos(),
                    GenerationListener.NONE);
            return new Read(generation, session.prefixIndex().orElseThrow().storeUse().loadNanos());
        }
    }

    @Override
    public Integer call() throws IOException {
        int[] shared;
        TierUri nearest = TierUri.parse(tiers.getFirst());
        try (Model model = load()) {
            long end = System.nanoTime() + WARM_UP_NANOS;
            while (System.nanoTime() - end < 0) {
                read(model, text(model, 128));
                read(model, text(model, 17));
            }
            shared = text(model, numShared);
            if (!skipsCold && chunkSizes.isEmpty()) {
                System.out.println("cold: " + line(read(model, withOwn(model, shared))));
            }
        }
        if (!chunkSizes.isEmpty()) {
            int[] parting = Arrays.copyOf(shared, numShared * 5 / 8);
            parting[parting.length - 9] ^= 1; // inside a block, and inside a chunk of each size above
            new ChunkSizes(this::load, (model, text) -> read(model, text).loadNanos(), nearest, shared, parting)
                    .print(chunkSizes);
        } else if (restarts > 0) {
            restart(shared);
            PlainReads.print(nearest, dropsPageCache);
        }
        Pairs.print(pairs, withTiers -> {
            try (Model model = withTiers ? loadWithTiers() : load()) {
                int[] prompt = text(model, numShared);
                return Pairs.times(() -> System.out.println(line(read(model, prompt))));
            }
        });
        return 0;
    }

    private void restart(int[] shared) throws IOException {
        try (Model model = loadWithTiers()) {
            System.out.println("cold, written behind: " + line(read(model, withOwn(model, shared))));
        }
        for (int restart = 0; restart < restarts; restart++) {
            try (Model model = loadWithTiers()) {
                System.out.println("restarted: " + line(read(model, withOwn(model, shared))) + loads(model));
            }
        }
    }

    private int[] withOwn(Model model, int[] shared) {
        return IntStream.concat(Arrays.stream(shared), Arrays.stream(text(model, numOwn))).toArray();
    }

    private static String line(Read read) {
        Generation generation = read.generation();
        return String.format(Locale.ROOT,
                "first token after %.1f ms, %.1f prompt tokens/s, %d tokens reused in %.1f ms",
                generation.promptNanos() / 1e6, generation.promptTokensPerSecond(), generation.numReusedTokens(),
                read.loadNanos() / 1e6);
    }

    private static String loads(Model model) {
        TierUse use = model.tierUses().getFirst();
        return String.format(Locale.ROOT, ", %d tokens, %d bytes in %.1f ms of loading threads", use.numTokensLoaded(),
                use.numBytesLoaded(), use.loadNanos() / 1e6);
    }
}
