package io.github.pastkv.model;

import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.BlockOrigin;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the keys and values of a session are of: the model, and all options that change their bytes. */
final class SessionOrigin {
    /** What is compared first, so that a refusal names what people chose. */
    private static final List<String> CHOSEN =
            List.of("model", "kernels", "linear_precision", "kv_types", "block_size", "window", "rotary");

    private SessionOrigin() {}

    /** What the blocks of a session in {@code pools} are of, without its storage. */
    static BlockOrigin of(SharedPools pools, SessionOptions options) {
        PrefixNamespace namespace = pools.stableNamespace(options);
        Map<String, String> fields = new TreeMap<>(namespace.fields());
        fields.put("namespace", namespace.digest());
        fields.put("kv_types", options.kvTypes().toString());
        fields.put("block_size", Integer.toString(options.blockSize()));
        return BlockOrigin.of(fields);
    }

    /**
     * Rejects a file of another origin than sessions in {@code pools} with {@code options} have.
     *
     * @param saved the origin in the file
     */
    static void requireSame(Path file, SharedPools pools, SessionOptions options, BlockOrigin saved)
            throws IOException {
        BlockOrigin expected = expected(file, pools, options, saved);
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

    /** What is expected of the file, once it is of this model: another one may not even take its options. */
    private static BlockOrigin expected(Path file, SharedPools pools, SessionOptions options, BlockOrigin saved)
            throws IOException {
        requireSame(file, "model", saved.fields().get("model"), pools.digest());
        try {
            return of(pools, options);
        } catch (IllegalArgumentException e) {
            throw cannotBeOpened(file, e);
        }
    }

    private static void requireSame(Path file, String name, @Nullable String before, @Nullable String now)
            throws IOException {
        if (!Objects.equals(before, now)) {
            throw new IOException(file + ": was saved with " + name + " " + before + ", this is " + now);
        }
    }

    /** The refusal of a file whose content this model does not take. */
    static IOException cannotBeOpened(Path file, Throwable e) {
        return new IOException(file + ": cannot be opened: " + e.getMessage(), e);
    }
}
