package io.github.pastkv.model;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvSnapshot;
import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.cache.SnapshotRestorer;
import io.github.pastkv.cache.SnapshotTaker;
import io.github.pastkv.store.SnapshotFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
            SnapshotFormat.write(file, new SnapshotFormat.Content(SessionOrigin.of(model.pools(), options),
                    SnapshotTaker.take(taken), notes));
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
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
            SessionOrigin.requireSame(file, model.pools(), used, content.origin());
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
                throw SessionOrigin.cannotBeOpened(file, e);
            }
            throw e;
        }
    }
}
