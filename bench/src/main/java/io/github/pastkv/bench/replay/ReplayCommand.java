package io.github.pastkv.bench.replay;

import io.github.pastkv.cache.prefix.ArcPolicy;
import io.github.pastkv.cache.prefix.EvictionPolicy;
import io.github.pastkv.cache.prefix.LruPolicy;
import io.github.pastkv.cache.prefix.SlruPolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Prints the hit rates of all eviction policies over traces, with Belady's bound.
 *
 * <p>Run: {@code mvn -Dquick -DskipTests -pl bench -am package -Dreplay="--capacities 1000,5000"}
 */
@Command(name = "replay", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Replays traces of requests over the prefix tree and prints how many of their blocks each "
                + "eviction policy would have found, in percent.")
public final class ReplayCommand implements Callable<Integer> {
    private static final Map<String, EvictionPolicy.Factory> POLICIES = new LinkedHashMap<>();

    static {
        POLICIES.put("LRU", LruPolicy::new);
        POLICIES.put("SLRU", SlruPolicy::new);
        POLICIES.put("ARC", ArcPolicy::new);
    }

    @Option(names = "--trace", paramLabel = "FILE",
            description = "A trace in the format of Mooncake's (a line of JSON for each request with timestamp, "
                    + "input_length, output_length, hash_ids). Default: traces made here.") private @Nullable Path file;

    @Option(names = "--write", paramLabel = "DIR",
            description = "Also write the traces made here, in the same format.") private @Nullable Path writeTo;

    @Option(names = "--requests", paramLabel = "N",
            description = "Requests of each trace made here. Default: 6000.") private int numRequests = 6000;

    @Option(names = "--seed", paramLabel = "N",
            description = "Seed of the traces made here. Default: 1.") private long seed =
                    1;

    @Option(names = "--capacities", paramLabel = "N", split = ",",
            description = "Blocks that the cache holds. Default: "
                    + "1000,5000,10000,30000.") private List<Integer> capacities =
                            List.of(1000, 5000, 10_000, 30_000);

    private ReplayCommand() {}

    /** The command. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new ReplayCommand()).execute(args));
    }

    @Override
    public Integer call() throws IOException {
        System.out.println("| trace (requests; unlimited) | capacity |"
                + String.join("", POLICIES.keySet().stream().map(name -> " " + name + " |").toList()) + " Belady |");
        System.out.println("|---|---|" + "---|".repeat(POLICIES.size() + 1));
        if (file != null) {
            print(String.valueOf(file.getFileName()), Traces.read(file));
            return 0;
        }
        for (TraceGenerator.Kind kind : TraceGenerator.Kind.values()) {
            List<TraceRequest> trace = TraceGenerator.generate(kind, numRequests, seed);
            if (writeTo != null) {
                Traces.write(writeTo.resolve(kind + ".jsonl"), trace);
            }
            print(kind.toString(), trace);
        }
        return 0;
    }

    private void print(String name, List<TraceRequest> trace) {
        String head = String.format(Locale.ROOT, "%s (%,d; %.1f %%)", name, trace.size(),
                100 * Replay.hitRate(trace, Integer.MAX_VALUE, LruPolicy::new));
        for (int capacity : capacities) {
            Stream<Double> rates =
                    Stream.concat(POLICIES.values().stream().map(policy -> Replay.hitRate(trace, capacity, policy)),
                            Stream.of(Belady.hitRate(trace, capacity)));
            System.out.println(String.format(Locale.ROOT, "| %s | %,d |", head, capacity)
                    + String.join("",
                            rates.map(rate -> String.format(Locale.ROOT, " %.1f |", 100 * rate)).toList()));
            head = "";
        }
    }
}
