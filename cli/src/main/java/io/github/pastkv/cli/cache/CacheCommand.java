package io.github.pastkv.cli.cache;

import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.store.CacheTier;
import io.github.pastkv.store.CacheTiers;
import io.github.pastkv.store.TierContents;
import io.github.pastkv.store.TierUri;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows what a cache tier holds, verifies it, and removes or copies parts of it. */
@Command(name = "cache", sortOptions = false,
        header = {"Show, verify, prune, export and import what a cache tier holds.", ""},
        customSynopsis = {"pastkv cache list|stats|verify URI [--json]",
            "       pastkv cache prune URI [--older-than TIME] [--dry-run] [--json]",
            "       pastkv cache export URI KEY FILE", "       pastkv cache import URI FILE", ""},
        description = {"list shows each stored text by its key: tokens, bytes, last use, model and storage type. "
                + "stats sums them up by model. verify reads every chunk and compares all checksums; the exit code is "
                + "1 if one is damaged. prune removes what can no longer be used: damaged chunks, chunks whose "
                + "predecessor is missing, and files with names of earlier versions. It removes encrypted chunks by "
                + "age only.%n",
            "export writes a text, up to the given key, to one file, and import puts such a file into a tier. The "
                    + "first digits of a key are enough.%n"},
        footer = {"", "Examples:",
            "  pastkv cache list file:/var/cache/pastkv",
            "  pastkv cache prune file:/var/cache/pastkv --older-than 30d",
            "  pastkv cache export file:/var/cache/pastkv 3f2a9c manual.safetensors",
            "  pastkv cache import 'file:/tmp/other?max=2GiB' manual.safetensors"})
public final class CacheCommand implements Callable<Integer> {
    private static final String ACTIONS = "list, stats, verify, prune, export or import";

    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Parameters(index = "0", paramLabel = "ACTION", description = ACTIONS + ".") private String action = "";

    @Parameters(index = "1", paramLabel = "URI",
            description = "The tier, as given to --cache-tier, without its keys option: chunks are not "
                    + "decrypted.") private String uri = "";

    @Parameters(index = "2..*", arity = "0..2", hidden = true) private List<String> arguments = List.of();

    @Option(names = "--older-than", paramLabel = "TIME",
            description = "With prune: also remove what was not used for TIME, such as 12h or 30d. For s3: tiers, "
                    + "which do not record the last use, the time of writing "
                    + "counts.") private @Nullable String olderThan;

    @Option(names = "--dry-run",
            description = "With prune: report what would be removed, and remove nothing.") private boolean dryRun;

    @Option(names = "--json", description = "Print one JSON object.") private boolean asJson;

    public CacheCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        int numArguments = switch (action) {
            case "list", "stats", "verify", "prune" -> 0;
            case "import" -> 1;
            case "export" -> 2;
            default -> throw wrong("ACTION: '" + action + "', must be " + ACTIONS);
        };
        if (arguments.size() != numArguments) {
            throw wrong(action + ": takes " + (numArguments == 0 ? "nothing" : numArguments == 1 ? "FILE" : "KEY FILE")
                    + " after the URI, not " + arguments);
        }
        if ((dryRun || olderThan != null) && !action.equals("prune")) {
            throw wrong((dryRun ? "--dry-run" : "--older-than") + ": only with prune");
        }
        TierUri tierUri = parsed(uri);
        Duration age = age(tierUri.scheme());
        if (tierUri.scheme().equals("file") && !action.equals("import") && !Files.isDirectory(folder(tierUri))) {
            throw new IOException("URI: there is no folder " + folder(tierUri));
        }
        try (CacheTier tier = CacheTiers.open(tierUri)) {
            return run(tier, tierUri, age);
        }
    }

    private static Path folder(TierUri uri) {
        return Path.of(uri.location().startsWith("///") ? uri.location().substring(2) : uri.location());
    }

    private TierUri parsed(String text) {
        try {
            TierUri parsed = TierUri.parse(text);
            if (parsed.options().containsKey("keys")) {
                throw wrong(
                        "URI: option keys: cache neither decrypts nor encrypts; leave it out to list, count or prune "
                                + "encrypted chunks");
            }
            return parsed;
        } catch (IllegalArgumentException e) {
            throw wrong("URI: " + e.getMessage());
        }
    }

    /** The age of {@code --older-than}, in the form of a tier's times. */
    private @Nullable Duration age(String scheme) {
        if (olderThan == null) {
            return null;
        }
        try {
            return TierUri.parse(scheme + ":age?older-than=" + olderThan).time("older-than", Duration.ZERO);
        } catch (IllegalArgumentException e) {
            throw wrong("--older-than: " + olderThan + ", must be a time such as 90m, 12h or 30d");
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private int run(CacheTier tier, TierUri tierUri, @Nullable Duration age) throws IOException {
        CacheReport report = new CacheReport(tier, Clock.systemUTC().instant());
        switch (action) {
            case "list" -> print(report.list(TierContents.of(tier, false)));
            case "stats" -> print(report.stats(TierContents.of(tier, false)));
            case "prune" -> print(report.prune(age, dryRun));
            case "export" -> streams.err().println(
                    CacheTransfer.exportText(tier, arguments.getFirst(), Path.of(arguments.get(1))));
            case "import" -> streams.err().println(
                    CacheTransfer.importFile(Path.of(arguments.getFirst()), tier, tierUri));
            default -> {
                TierContents contents = TierContents.of(tier, true);
                print(report.verify(contents));
                return contents.chunks().stream().anyMatch(CacheReport::isDamaged) ? 1 : 0;
            }
        }
        return 0;
    }

    private void print(CacheReport.Page page) {
        if (asJson) {
            streams.out().println(page.json());
        } else {
            page.lines().forEach(streams.out()::println);
        }
        streams.out().flush();
    }
}
