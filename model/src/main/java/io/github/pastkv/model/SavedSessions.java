package io.github.pastkv.model;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvSnapshot;
import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.cache.SnapshotRestorer;
import io.github.pastkv.cache.SnapshotTaker;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.BlockOrigin;
import io.github.pastkv.store.SnapshotFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Sessions in a file, such as the branches of a conversation, and texts that whoever saved them put beside them. Blocks
 * that forks share are in the file once, and are shared again when it is opened.
 *
 * @param sessions in the order in which they were written; the caller closes them
 * @param notes texts by name
 */
public record SavedSessions(List<Session> sessions, Map<String, String> notes) {
    private static final String OPTIONS = "pastkv.options";
    /** What is compared first, so that a refusal names what people chose. */
    private static final List<String> CHOSEN =
            List.of("model", "kernels", "linear_precision", "kv_types", "block_size", "window", "rotary");

    public SavedSessions {
        sessions = List.copyOf(sessions);
        notes = Map.copyOf(notes);
    }

    /**
     * Writes sessions of one model that were opened with equal options, or forked from such.
     *
     * @param notes texts by name, kept with them
     * @throws IllegalArgumentException for sessions of several models or options, or none
     * @throws IllegalStateException for a session over a cache that was passed in, or while one is in use
     */
    public static void write(Path file, List<Session> sessions, Map<String, String> notes) throws IOException {
        if (sessions.isEmpty()) {
            throw new IllegalArgumentException("sessions: none");
        }
        Session first = sessions.getFirst();
        SessionOptions options = requireOptions(first);
        for (Session session : sessions) {
            if (session.model() != first.model()
                    || !requireOptions(session).withBatchSize(1).equals(options.withBatchSize(1))) {
                throw new IllegalArgumentException("sessions: of several models or with several options");
            }
        }
        Map<String, String> all = new TreeMap<>(notes);
        all.put(OPTIONS, SessionOptionsJson.toJson(options));
        try {
            write(file, first.model(), options, sessions, new ArrayList<>(), all);
        } catch (UncheckedIOException e) {
            throw new IOException(file + ": could not be written: " + e.getMessage(), e);
        }
    }

    private static SessionOptions requireOptions(Session session) {
        return session.options().orElseThrow(() -> new IllegalStateException(
                "this session is over a cache that was passed in, so it has no options to be opened with again"));
    }

    /** Takes the caches of the remaining sessions one by one, then writes all. */
    private static boolean write(Path file, Model model, SessionOptions options, List<Session> sessions,
            List<KvCache> taken, Map<String, String> notes) {
        if (taken.size() < sessions.size()) {
            return sessions.get(taken.size()).withCache(cache -> {
                taken.add(cache);
                return write(file, model, options, sessions, taken, notes);
            });
        }
        try {
            SnapshotFormat.write(file,
                    new SnapshotFormat.Content(origin(model, options), SnapshotTaker.take(taken), notes));
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    /** What the blocks of a session are of, without its storage. */
    private static BlockOrigin origin(Model model, SessionOptions options) {
        KvCacheConfig config = options.cacheConfig(model.config());
        PrefixNamespace namespace = model.pools().stableNamespace(config, options);
        Map<String, String> fields = new TreeMap<>(namespace.fields());
        fields.put("namespace", namespace.digest());
        fields.put("kv_types", options.kvTypes().toString());
        fields.put("block_size", Integer.toString(options.blockSize()));
        return BlockOrigin.of(fields);
    }

    /**
     * Opens what was written.
     *
     * @param options null for those that the sessions had
     * @throws IOException naming the file, where it is damaged, or was saved with another model, other kernels, another
     *         layout, or other options that change bytes
     * @throws PoolExhaustedException when the cache's limit in bytes is reached
     */
    public static SavedSessions open(Model model, Path file, @Nullable SessionOptions options) throws IOException {
        model.requireOpen();
        try (Arena arena = Arena.ofShared()) {
            SnapshotFormat.Content content = SnapshotFormat.read(file, arena);
            Map<String, String> notes = new TreeMap<>(content.notes());
            String saved = notes.remove(OPTIONS);
            if (saved == null) {
                throw new IOException(file + ": has no options");
            }
            SessionOptions used = options == null ? SessionOptionsJson.parse(file, saved) : options;
            requireSame(file, content.origin(), origin(model, file, used, content.origin()));
            return new SavedSessions(restored(model, file, content.snapshot(), used), notes);
        } catch (UncheckedIOException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    static Session openOne(Model model, Path file, @Nullable SessionOptions options) throws IOException {
        List<Session> sessions = open(model, file, options).sessions();
        if (sessions.size() > 1) {
            sessions.forEach(Session::close);
            throw new IOException(file + ": has " + sessions.size() + " sessions; SavedSessions.open reads them all");
        }
        return sessions.getFirst();
    }

    /** What is expected of the file, once it is of this model: another one may not even take its options. */
    private static BlockOrigin origin(Model model, Path file, SessionOptions options, BlockOrigin saved)
            throws IOException {
        requireSame(file, "model", saved.fields().get("model"), model.pools().digest());
        try {
            return origin(model, options);
        } catch (IllegalArgumentException e) {
            throw cannotBeOpened(file, e);
        }
    }

    private static void requireSame(Path file, BlockOrigin saved, BlockOrigin expected) throws IOException {
        for (String name : CHOSEN) {
            requireSame(file, name, saved.fields().get(name), expected.fields().get(name));
        }
        for (Map.Entry<String, String> field : expected.fields().entrySet()) {
            if (!field.getValue().equals(saved.fields().get(field.getKey()))) {
                throw new IOException(file + ": was saved with " + field.getKey() + " "
                        + saved.fields().get(field.getKey()) + ", this is " + field.getValue()
                        + (field.getKey().equals("namespace") ? " (another salt)" : ""));
            }
        }
    }

    private static void requireSame(Path file, String name, @Nullable String before, @Nullable String now)
            throws IOException {
        if (!Objects.equals(before, now)) {
            throw new IOException(file + ": was saved with " + name + " " + before + ", this is " + now);
        }
    }

    /** Closes what was opened where anything fails. */
    private static List<Session> restored(Model model, Path file, KvSnapshot snapshot, SessionOptions options)
            throws IOException {
        List<KvCache> caches = model.pools().openAll(options,
                snapshot.caches().stream().map(cache -> cache.mask().batchSize()).toList());
        List<Session> sessions = new ArrayList<>();
        try {
            SnapshotRestorer.restore(snapshot, caches);
            for (KvCache cache : caches) {
                sessions.add(Session.owning(model, cache, options.withBatchSize(cache.batchSize())));
            }
            return sessions;
        } catch (RuntimeException | Error e) {
            sessions.forEach(Session::close);
            caches.forEach(KvCache::close);
            if (e instanceof IllegalArgumentException) {
                throw cannotBeOpened(file, e);
            }
            throw e;
        }
    }

    private static IOException cannotBeOpened(Path file, Throwable e) {
        return new IOException(file + ": cannot be opened: " + e.getMessage(), e);
    }
}
