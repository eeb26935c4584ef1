package io.github.pastkv.tests.store;

import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.BlockKey;
import io.github.pastkv.cache.store.BlockOrigin;
import io.github.pastkv.cache.store.StoredChunk;
import io.github.pastkv.store.ChunkFormat;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;

/** Chunks whose content is a function of a number. */
final class Chunks {
    static final int BLOCK_SIZE = 3;
    private static final BlockOrigin ORIGIN =
            BlockOrigin.of(Map.of("model", "m\"odel, \u00fc", "groups", "[]", "block_size", "3"));

    private Chunks() {}

    /** Two blocks of two groups, the second group without the first block. */
    static StoredChunk chunk(int number) {
        Random random = new Random(number);
        BlockKey root = BlockKey.root(PrefixNamespace.builder("chunks").with("model", number).build(), "storage");
        int[] tokenIds = random.ints(2 * BLOCK_SIZE, 0, 50_000).toArray();
        return StoredChunk.of(ORIGIN, root, 0, tokenIds, BLOCK_SIZE,
                Arrays.asList(bytes(random, 70), null, bytes(random, 70), bytes(random, 44)));
    }

    private static MemorySegment bytes(Random random, int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return MemorySegment.ofArray(bytes);
    }

    /** The bytes of a chunk in the format. */
    static byte[] encoded(StoredChunk chunk) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ChunkFormat.encode(chunk).forEach(part -> out.writeBytes(part.toArray(ValueLayout.JAVA_BYTE)));
        return out.toByteArray();
    }
}
