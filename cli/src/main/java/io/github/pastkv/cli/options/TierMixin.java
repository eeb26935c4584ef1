package io.github.pastkv.cli.options;

import io.github.pastkv.store.TierUri;
import io.github.pastkv.store.TierUse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Where what has been read is kept beyond this process. */
public final class TierMixin {
    @Spec(Spec.Target.MIXEE) private CommandSpec spec = CommandSpec.create();

    @Option(names = "--cache-tier", paramLabel = "URI",
            description = "Storage below the prefix cache, so that later runs reuse the keys and values that this "
                    + "one computes, such as 'file:DIR?max=10GiB'. Options of all tiers: chunk=64 (tokens per stored "
                    + "chunk; its leading whole blocks that match are reused), deadline, "
                    + "write=complete|second-use|eviction, load=measured|always, verify=crc32c|sha256, keys=FILE "
                    + "(encryption). Repeatable, nearest first. Results do not change.") private List<String> uris =
                            new ArrayList<>();

    /** Refuses what is no URI of a tier. */
    public void check() {
        for (String uri : uris) {
            try {
                TierUri.parse(uri);
            } catch (IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), "--cache-tier: " + e.getMessage(), e);
            }
        }
    }

    /** The tiers, nearest first. */
    public List<String> uris() {
        return uris;
    }

    /** What tiers did, as a part of a line; empty without tiers. */
    public static String line(List<TierUse> uses) {
        return uses.stream().map(use -> String.format(Locale.ROOT, ", %d from %s%s", use.numTokensLoaded(), use.name(),
                use.numChunksRefused() > 0 ? " (" + use.numChunksRefused() + " chunks discarded)" : ""))
                .collect(Collectors.joining());
    }

    /** Puts what tiers did into a JSON object, where there are any. */
    public static void put(ObjectNode json, List<TierUse> uses) {
        if (uses.isEmpty()) {
            return;
        }
        ArrayNode tiers = json.putArray("cache_tiers");
        for (TierUse use : uses) {
            ObjectNode tier = tiers.addObject();
            tier.put("name", use.name());
            tier.put("loaded_tokens", use.numTokensLoaded());
            tier.put("loaded_bytes", use.numBytesLoaded());
            tier.put("load_ms", Math.round(use.loadNanos() / 1e3) / 1e3);
            tier.put("discarded_chunks", use.numChunksRefused());
            tier.put("written_chunks", use.numChunksTaken());
            tier.put("dropped_chunks", use.numChunksDropped());
            tier.put("unavailable", use.numRetries());
            tier.put("skipped_as_slower", use.numLookupsSkipped());
        }
    }
}
