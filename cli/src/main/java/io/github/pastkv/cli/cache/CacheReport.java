package io.github.pastkv.cli.cache;

import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.store.CacheTier;
import io.github.pastkv.store.ChunkInfo;
import io.github.pastkv.store.FileTier;
import io.github.pastkv.store.TierContents;
import io.github.pastkv.store.TierContents.Chunk;
import io.github.pastkv.store.TierContents.State;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What the command says of a tier, as lines and as JSON. */
final class CacheReport {
    private static final int SHORT_DIGITS = 12;

    private final CacheTier tier;
    private final Instant now;

    CacheReport(CacheTier tier, Instant now) {
        this.tier = tier;
        this.now = now;
    }

    /** The same content in both forms. */
    record Page(List<String> lines, JsonNode json) {}

    /** Whether a chunk's bytes are wrong, rather than only of no use. */
    static boolean isDamaged(Chunk chunk) {
        return chunk.state() == State.DAMAGED;
    }

    private static boolean isEncrypted(Chunk chunk) {
        return chunk.state() == State.ENCRYPTED;
    }

    private static long count(TierContents contents, State state) {
        return contents.chunks().stream().filter(chunk -> chunk.state() == state).count();
    }

    /** What is said of chunks that were not looked into; empty where there are none. */
    private static String notLookedInto(TierContents contents) {
        long numEncrypted = count(contents, State.ENCRYPTED);
        long numUnread = count(contents, State.UNREAD);
        return (numEncrypted == 0 ? "" : ", " + numEncrypted + " encrypted")
                + (numUnread == 0 ? "" : ", " + numUnread + " could not be read now");
    }

    private static void addNotLookedInto(TierContents contents, ObjectNode json) {
        json.put("encrypted_chunks", count(contents, State.ENCRYPTED)).put("unread_chunks",
                count(contents, State.UNREAD));
    }

    static int numTokens(List<Chunk> chunks) {
        return chunks.stream().map(Chunk::info).filter(Objects::nonNull).mapToInt(ChunkInfo::numTokens).sum();
    }

    private static long numBytes(List<Chunk> chunks) {
        return chunks.stream().mapToLong(chunk -> chunk.entry().bytes()).sum();
    }

    private static Instant lastUsed(List<Chunk> chunks) {
        return chunks.stream().map(chunk -> chunk.entry().lastUsed()).max(Comparator.naturalOrder()).orElseThrow();
    }

    private static String origin(Chunk chunk, String field) {
        return Optional.ofNullable(chunk.info()).map(info -> info.origin().fields().get(field))
                .orElse(isEncrypted(chunk) ? "encrypted" : "unknown");
    }

    private static String shortened(String text) {
        return text.length() <= SHORT_DIGITS ? text : text.substring(0, SHORT_DIGITS);
    }

    private String age(Instant time) {
        Duration age = Duration.between(time, now);
        if (age.toDays() > 1) {
            return age.toDays() + " days ago";
        }
        return age.toHours() > 1 ? age.toHours() + " hours ago" : Math.max(0, age.toMinutes()) + " min ago";
    }

    private static String size(long bytes) {
        return bytes < 1 << 20 ? String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0)
                : String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
    }

    /** Each text by the key of its last chunk, the last used first. */
    Page list(TierContents contents) {
        ObjectNode json = JsonMapper.shared().createObjectNode().put("tier", tier.name());
        ArrayNode texts = json.putArray("texts");
        List<String> lines = new ArrayList<>();
        contents.ends().stream().sorted(Comparator.comparing((Chunk end) -> end.entry().lastUsed()).reversed())
                .forEach(end -> {
                    List<Chunk> text = contents.textOf(end);
                    texts.addObject().put("key", end.entry().key().name()).put("tokens", numTokens(text))
                            .put("bytes", numBytes(text)).put("last_used", lastUsed(text).toString())
                            .put("model", origin(end, "model")).put("namespace", origin(end, "namespace"))
                            .put("storage", origin(end, "storage")).put("encrypted", isEncrypted(end));
                    lines.add(String.format(Locale.ROOT, "%s  %,9d tokens  %10s  %12s  model %s  namespace %s",
                            shortened(end.entry().key().name()), numTokens(text), size(numBytes(text)),
                            age(lastUsed(text)), shortened(origin(end, "model")),
                            shortened(origin(end, "namespace"))));
                });
        addNotLookedInto(contents, json);
        if (lines.isEmpty()) {
            lines.add(tier.name() + " has no texts");
        }
        if (count(contents, State.UNREAD) > 0) {
            lines.add(count(contents, State.UNREAD) + " chunks could not be read now");
        }
        return new Page(lines, json);
    }

    /** Sums by model. */
    Page stats(TierContents contents) {
        Map<String, List<Chunk>> byModel = new TreeMap<>();
        contents.chunks().forEach(
                chunk -> byModel.computeIfAbsent(origin(chunk, "model"), _ -> new ArrayList<>()).add(chunk));
        ObjectNode json = JsonMapper.shared().createObjectNode().put("tier", tier.name())
                .put("chunks", contents.chunks().size()).put("tokens", numTokens(contents.chunks()))
                .put("bytes", numBytes(contents.chunks())).put("max_bytes", tier.stats().maxBytes())
                .put("unusable_chunks", contents.chunks().stream().filter(Chunk::isUseless).count());
        addNotLookedInto(contents, json);
        ArrayNode models = json.putArray("models");
        List<String> lines = new ArrayList<>();
        lines.add(String.format(Locale.ROOT, "%s: %,d chunks, %,d tokens, %s of %s, %d of no use%s", tier.name(),
                contents.chunks().size(), numTokens(contents.chunks()), size(numBytes(contents.chunks())),
                size(tier.stats().maxBytes()), json.get("unusable_chunks").intValue(), notLookedInto(contents)));
        byModel.forEach((model, chunks) -> {
            models.addObject().put("model", model).put("chunks", chunks.size()).put("tokens", numTokens(chunks))
                    .put("bytes", numBytes(chunks)).put("last_used", lastUsed(chunks).toString());
            lines.add(String.format(Locale.ROOT, "  model %s: %,d chunks, %,d tokens, %s, last %s %s",
                    shortened(model), chunks.size(), numTokens(chunks), size(numBytes(chunks)),
                    tier.knowsLastUse() ? "used" : "written", age(lastUsed(chunks))));
        });
        return new Page(lines, json);
    }

    Page verify(TierContents contents) {
        List<Chunk> damaged = contents.chunks().stream().filter(CacheReport::isDamaged).toList();
        ObjectNode json = JsonMapper.shared().createObjectNode().put("tier", tier.name())
                .put("chunks", contents.chunks().size()).put("damaged_chunks", damaged.size());
        List<String> lines = new ArrayList<>();
        addEach(damaged, json.putArray("damaged"), lines);
        addNotLookedInto(contents, json);
        long numVerified =
                contents.chunks().size() - count(contents, State.ENCRYPTED) - count(contents, State.UNREAD);
        lines.add(numVerified + " chunks verified, " + damaged.size() + " damaged" + notLookedInto(contents));
        return new Page(lines, json);
    }

    private static void addEach(List<Chunk> chunks, ArrayNode list, List<String> lines) {
        for (Chunk chunk : chunks) {
            String fault = Objects.requireNonNullElse(chunk.fault(), "its header cannot be read");
            list.addObject().put("key", chunk.entry().key().name()).put("fault", fault);
            lines.add(chunk.entry().key() + ": " + fault);
        }
    }

    /** Removes chunks, and looks whether they are gone: a tier that cannot remove one says nothing. */
    private void forget(List<ChunkKey> keys) throws IOException {
        keys.forEach(tier::forget);
        Set<ChunkKey> left = new HashSet<>();
        tier.list(entry -> left.add(entry.key()));
        left.retainAll(Set.copyOf(keys));
        if (!left.isEmpty()) {
            throw new IOException(tier.name() + ": " + left.size() + " of " + keys.size()
                    + " chunks could not be removed");
        }
    }

    /** Removes what is of no use, and of all that is read or encrypted what was last used before {@code age}. */
    Page prune(@Nullable Duration age, boolean dryRun) throws IOException {
        if (!dryRun && tier instanceof FileTier folder && folder.isReadOnly()) {
            throw new IOException(tier.name() + ": cannot be written, so that nothing can be removed");
        }
        TierContents contents = TierContents.of(tier, true);
        List<Chunk> unusable = contents.chunks().stream().filter(Chunk::isUseless).toList();
        List<Chunk> old = contents.chunks().stream().filter(chunk -> chunk.fault() == null && age != null
                && chunk.entry().lastUsed().isBefore(now.minus(age))).toList();
        List<Long> unknown = tier instanceof FileTier folder ? folder.unknownFiles(!dryRun) : List.of();
        if (!dryRun) {
            forget(Stream.concat(unusable.stream(), old.stream()).map(chunk -> chunk.entry().key()).toList());
        }
        long bytes = numBytes(unusable) + numBytes(old) + unknown.stream().mapToLong(size -> size).sum();
        ObjectNode json = JsonMapper.shared().createObjectNode().put("tier", tier.name()).put("dry_run", dryRun)
                .put("old_chunks", old.size()).put("unknown_files", unknown.size()).put("bytes", bytes);
        List<String> lines = new ArrayList<>();
        addEach(unusable, json.putArray("unusable"), lines);
        addNotLookedInto(contents, json);
        lines.add((dryRun ? "would remove " : "removed ") + unusable.size() + " chunks of no use, " + old.size()
                + (tier.knowsLastUse() ? " not used for long, " : " written long ago (no last use is known), ")
                + unknown.size() + " files of earlier versions: " + size(bytes)
                + (count(contents, State.UNREAD) == 0 ? ""
                        : ", " + count(contents, State.UNREAD) + " could not be read now"));
        return new Page(lines, json);
    }
}
