package io.github.pastkv.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvPool;
import io.github.pastkv.cache.KvSnapshot;
import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.cache.SnapshotRestorer;
import io.github.pastkv.cache.SnapshotTaker;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.cache.store.BlockOrigin;
import io.github.pastkv.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Whatever is changed in a saved session, it comes back as it was or not at all. */
class SnapshotFormatTest {
    private static final KvCacheConfig CONFIG = KvCacheConfig.of(new KvShape(2, 1, 2), 2).withBlockSize(3)
            .withKvType(KvType.F16).withWindows(layer -> layer == 0 ? KvWindow.NONE : new KvWindow(2, 1))
            .withMaxRewindTokens(1).withMaxPoolBytes(4096);

    private static KvCache filled(KvPool pool) {
        KvCache cache = pool.newCache(2);
        cache.appendAttentionMask(
                AttentionMask.of(new int[] {0, 1, 1, 1, 1, 1, 1, 1, 1}, new int[] {1, 1, 0, 1, 1, 0, 0, 0, 0}));
        cache.entries().forEach(entry -> {
            Tensor keys = Tensor.zeros(2, 9, 1, 2);
            for (int i = 0; i < 36; i++) {
                keys.set(i + 100f * entry.layer(), i / 18, i / 2 % 9, 0, i % 2);
            }
            entry.append(keys, keys);
        });
        return cache;
    }

    private static byte[] bytes(KvCache... caches) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        SnapshotFormat.encode(new SnapshotFormat.Content(BlockOrigin.of(Map.of("model", "m\"1")),
                SnapshotTaker.take(List.of(caches)), Map.of("note", "\u00fc"))).forEach(
                        part -> out.writeBytes(part.toArray(ValueLayout.JAVA_BYTE)));
        return out.toByteArray();
    }

    private static byte[] sound() {
        try (KvPool pool = new KvPool(CONFIG); KvCache cache = filled(pool); KvCache fork = cache.fork()) {
            fork.rewind(1);
            fork.freeze();
            return bytes(cache, fork);
        }
    }

    @Test
    void soundFile_comesBackAsItWas() throws ChunkFormatException {
        byte[] sound = sound();
        SnapshotFormat.Content content = SnapshotFormat.decode(MemorySegment.ofArray(sound));
        assertThat(content.origin().fields()).containsEntry("model", "m\"1");
        assertThat(content.notes()).isEqualTo(Map.of("note", "\u00fc"));
        try (KvPool pool = new KvPool(CONFIG); KvCache one = pool.newCache(2); KvCache two = pool.newCache(2)) {
            SnapshotRestorer.restore(content.snapshot(), List.of(one, two));
            assertThat(two.frozen()).isTrue();
            assertThat(bytes(one, two)).isEqualTo(sound);
            pool.checkIntegrity();
            try (KvPool other = new KvPool(CONFIG); KvCache expected = filled(other)) {
                assertThat(one.entry(0).pastKeys().toFloatArray())
                        .isEqualTo(expected.entry(0).pastKeys().toFloatArray());
            }
        }
    }

    @Test
    void everyFlippedByte_everyTruncation_andAnExtension_isRefused() {
        byte[] sound = sound();
        for (int at = 0; at < sound.length; at++) {
            byte[] bytes = sound.clone();
            bytes[at] ^= (byte) (1 << at % 8);
            assertRefused(bytes, "byte " + at);
            assertRefused(Arrays.copyOf(sound, at), at + " bytes");
        }
        assertRefused(Arrays.copyOf(sound, sound.length + 1), "a byte more");
    }

    private static void assertRefused(byte[] bytes, String what) {
        assertThatThrownBy(() -> SnapshotFormat.decode(MemorySegment.ofArray(bytes))).as(what)
                .isInstanceOf(ChunkFormatException.class);
    }

    @Test
    void forgedNumbers_areRefused_whateverTheDigests() throws ChunkFormatException {
        for (String groups : List.of("2147483647", "", "-1", "0", "2,2")) {
            assertRefused(forged("num_groups", groups), "num_groups " + groups);
        }
        String caches = SealedHeader.parse(SealedHeader.verified(MemorySegment.ofArray(sound()))).require("caches");
        for (String slots : List.of("2147483647", "100000000", "-1", "2", "9999999999")) {
            assertRefused(forged("caches", caches.replace("\"num_slots\":9", "\"num_slots\":" + slots)), slots);
        }
    }

    /** A sound file with another text in its header. */
    private static byte[] forged(String name, String text) throws ChunkFormatException {
        byte[] sound = sound();
        byte[] header = SealedHeader.verified(MemorySegment.ofArray(sound));
        ChunkHeader fields = SealedHeader.parse(header);
        Map<String, String> metadata = new TreeMap<>(fields.metadata());
        assertThat(metadata.put(name, text)).isNotEqualTo(text);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(SealedHeader.of(metadata, List.copyOf(fields.tensors().values())));
        out.write(sound, header.length, sound.length - header.length);
        return out.toByteArray();
    }

    @Test
    void otherStorage_rowsAndRoom_areRefused_andNothingHasChanged() throws ChunkFormatException {
        KvSnapshot snapshot = SnapshotFormat.decode(MemorySegment.ofArray(sound())).snapshot();
        assertRefused(snapshot, CONFIG.withBlockSize(4), 2, IllegalArgumentException.class,
                "block_size: 3, the cache has 4");
        assertRefused(snapshot, CONFIG, 1, IllegalArgumentException.class, "rows: 2, the cache has 1");
        assertRefused(snapshot, CONFIG.withMaxTokens(5), 2, IllegalArgumentException.class, "8 tokens, the limit is 5");
        assertRefused(snapshot, CONFIG.withMaxPoolBytes(200), 2, PoolExhaustedException.class, "cache pool is full");
    }

    private static void assertRefused(KvSnapshot snapshot, KvCacheConfig config, int numRows, Class<?> type,
            String message) {
        try (KvPool pool = new KvPool(config); KvCache one = pool.newCache(numRows);
                KvCache two = pool.newCache(numRows)) {
            assertThatThrownBy(() -> SnapshotRestorer.restore(snapshot, List.of(one, two))).isInstanceOf(type)
                    .hasMessageContaining(message);
            assertThat(one.numSlots()).isZero();
            assertThat(pool.heldBytes()).isZero();
            pool.checkIntegrity();
        }
    }

    @Test
    void numbersThatDoNotFitEachOther_areRefused() throws ChunkFormatException {
        KvSnapshot sound = SnapshotFormat.decode(MemorySegment.ofArray(sound())).snapshot();
        KvSnapshot.Row row = sound.caches().getFirst().rows().getFirst();
        List<KvSnapshot.Table> tables = row.tables();
        KvSnapshot.Table window = tables.get(1);
        List<KvSnapshot.Row> wrong = List.of(new KvSnapshot.Row(new int[99], 0, tables),
                new KvSnapshot.Row(row.tokenIds(), 99, tables),
                new KvSnapshot.Row(row.tokenIds(), 0, tables.subList(0, 1)),
                new KvSnapshot.Row(row.tokenIds(), 0,
                        List.of(tables.get(0), new KvSnapshot.Table(8, window.numReleased(),
                                window.blocks()))),
                new KvSnapshot.Row(row.tokenIds(), 0,
                        List.of(tables.get(0), new KvSnapshot.Table(0, window.numReleased(),
                                window.blocks()))),
                new KvSnapshot.Row(row.tokenIds(), 0, List.of(tables.get(0), new KvSnapshot.Table(window.firstHeld(),
                        window.numReleased(), Arrays.stream(window.blocks()).map(block -> block + 70).toArray()))));
        for (KvSnapshot.Row each : wrong) {
            KvSnapshot.Cache cache = sound.caches().getFirst();
            KvSnapshot snapshot = new KvSnapshot(sound.storage(), List.of(new KvSnapshot.Cache(false, cache.mask(),
                    List.of(each, cache.rows().get(1))), sound.caches().get(1)), sound.blocks());
            assertRefused(snapshot, CONFIG, 2, IllegalArgumentException.class, "row 0");
        }
    }
}
