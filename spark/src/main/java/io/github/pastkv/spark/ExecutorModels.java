package io.github.pastkv.spark;

import io.github.pastkv.lens.sweep.ModelIdentity;
import io.github.pastkv.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkFiles;
import org.jspecify.annotations.Nullable;

/**
 * The models of this process, one for each path and options. All tasks share them, and with them the cached prefixes.
 * A model stays open between jobs; one that no task uses is closed when another needs its memory.
 *
 * <p>Safe for any number of threads.
 */
final class ExecutorModels {
    private static final String ADDED_FILE = "files:";
    private static final Map<PastKvOptions, OpenModel> OPEN = new LinkedHashMap<>(16, 0.75f, true); // last used last

    private static final int CIRCUIT_SHARE = 4; // one in so many bytes of the heap is for pairs of circuit searches

    private ExecutorModels() {}

    /** A model and those who use it; guarded by the class's lock. */
    private static final class OpenModel {
        private final Model model;
        private final ModelIdentity identity;
        private final CircuitPairs circuitPairs = new CircuitPairs(Runtime.getRuntime().maxMemory() / CIRCUIT_SHARE);
        private int numUsers;

        OpenModel(Model model, ModelIdentity identity) {
            this.model = model;
            this.identity = identity;
        }

        void close() {
            circuitPairs.close();
            model.close();
        }
    }

    /** The use of a model until it is closed. */
    static final class Lease implements AutoCloseable {
        private final OpenModel open;
        private boolean closed;

        private Lease(OpenModel open) {
            this.open = open;
        }

        Model model() {
            return open.model;
        }

        /** Digest of the files and numeric identity: equal identities compute equal bits. */
        String identity() {
            return text(open.identity);
        }

        /** Pairs of circuit searches that were read on this model. */
        CircuitPairs circuitPairs() {
            return open.circuitPairs;
        }

        ModelIdentity modelIdentity() {
            return open.identity;
        }

        @Override
        public void close() {
            release(this);
        }
    }

    /** An identity as options and messages have it. */
    static String text(ModelIdentity identity) {
        return identity.digest() + " " + identity.arithmetic();
    }

    /**
     * The model of some options, loaded if it is not yet.
     *
     * @throws IllegalStateException if its weights do not fit into memory, or it computes other bits than
     *         {@code identity} asks for; nothing has been loaded in the first case
     */
    static synchronized Lease lease(PastKvOptions options) throws IOException {
        PastKvOptions key = options.modelKey();
        OpenModel open = OPEN.get(key);
        if (open == null) {
            open = load(key, options.memoryLimitBytes());
            OPEN.put(key, open);
        }
        Lease lease = new Lease(open);
        requireIdentity(options.values().get("identity"), lease.identity());
        open.numUsers++;
        return lease;
    }

    private static synchronized void release(Lease lease) {
        lease.open.numUsers -= lease.closed ? 0 : 1;
        lease.closed = true;
    }

    /** Closes the models that no task uses. */
    static synchronized void closeIdle() {
        for (Iterator<OpenModel> models = OPEN.values().iterator(); models.hasNext();) {
            OpenModel open = models.next();
            if (open.numUsers == 0) {
                models.remove();
                open.close();
            }
        }
    }

    private static OpenModel load(PastKvOptions key, long limitBytes) throws IOException {
        Path path = path(key.model());
        requireMemory(path, limitBytes);
        Model model = Model.load(path, key.toModelOptions());
        try {
            return new OpenModel(model, ModelIdentity.of(model, key.model()));
        } catch (IOException | RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }

    private static Path path(String model) throws IOException {
        Path path = Path.of(model.startsWith(ADDED_FILE)
                ? SparkFiles.get(model.substring(ADDED_FILE.length()))
                : model);
        if (!Files.exists(path)) {
            throw new IOException("model: " + path + " is not on " + place()
                    + "; put it at the same path on every executor, or name it files:NAME after SparkContext.addFile");
        }
        return path;
    }

    private static void requireMemory(Path path, long limitBytes) throws IOException {
        long weightBytes = ModelMemory.weightBytes(path);
        if (weightBytes > Math.min(limitBytes, ModelMemory.availableBytes())) {
            closeIdle();
        }
        long available = Math.min(limitBytes, ModelMemory.availableBytes());
        if (weightBytes > available) {
            throw new IllegalStateException(String.format(Locale.ROOT, "model: %s takes %,d bytes of memory, %s has"
                    + " %,d; raise spark.executor.memoryOverhead, run fewer executors on a machine, or use another"
                    + " model", path, weightBytes, place(), available));
        }
    }

    private static void requireIdentity(@Nullable String expected, String actual) {
        if (expected != null && !expected.equals(actual)) {
            throw new IllegalStateException("identity: " + place() + " computes as '" + actual + "', the job as '"
                    + expected + "'; the bits of their results differ. Give all executors the same model files and"
                    + " processors, or choose kernels that all of them have");
        }
    }

    private static String place() {
        SparkEnv env = SparkEnv.get();
        return env == null ? "this process" : "executor " + env.executorId();
    }
}
