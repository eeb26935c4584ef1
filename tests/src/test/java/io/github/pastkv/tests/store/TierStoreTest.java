package io.github.pastkv.tests.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.store.BlockOrigin;
import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreRun;
import io.github.pastkv.cache.store.StoreWrites;
import io.github.pastkv.cache.store.StoredChunk;
import io.github.pastkv.store.CacheTier;
import io.github.pastkv.store.FileTier;
import io.github.pastkv.store.InMemoryTier;
import io.github.pastkv.store.KeyProvider;
import io.github.pastkv.store.LoadRule;
import io.github.pastkv.store.TierKey;
import io.github.pastkv.store.TierStore;
import io.github.pastkv.store.TierUse;
import io.github.pastkv.testkit.cache.FaultyCacheTier;
import io.github.pastkv.testkit.cache.FaultyCacheTier.Fault;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several tiers as one store: what is asked and written when, who may read what, and what is told of it. */
class TierStoreTest {
    private static final long MAX_BYTES = 1L << 20;
    private static final int NUM_TOKENS = 6; // of a chunk

    @TempDir private Path folder;

    private static TierStore store(LoadRule rule, @Nullable KeyProvider keys, CacheTier... tiers) {
        return new TierStore(List.of(tiers), NUM_TOKENS, StoreWrites.COMPLETE, false, keys, rule);
    }

    private static StoreResult<StoredChunk> get(TierStore store, String tenant, int number) {
        return store.get(Chunks.chunk(number).key(), tenant, Arena.ofAuto());
    }

    private static boolean has(CacheTier tier, int number) {
        return tier.find(List.of(Chunks.chunk(number).key())).numChunks() == 1;
    }

    @Test
    void slowFarTier_delaysNeitherTheNearOne_norTheWriter() {
        InMemoryTier near = new InMemoryTier(MAX_BYTES);
        WaitingTier far = new WaitingTier(new InMemoryTier(MAX_BYTES));
        InMemoryTier farthest = new InMemoryTier(MAX_BYTES);
        try (TierStore store = store(LoadRule.ALWAYS, null, near, far, farthest)) {
            for (int number = 0; number < 5; number++) {
                assertThat(store.put(Chunks.chunk(number))).isEqualTo(PutResult.STORED);
                assertThat(has(near, number)).isTrue();
            }
            while (!has(farthest, 4)) {
                Thread.onSpinWait();
            }
            store.forget(Chunks.chunk(3).key());
            assertThat(has(far.tier(), 0)).isFalse();
            far.release();
            while (!has(far.tier(), 4) || has(far.tier(), 3)) {
                Thread.onSpinWait();
            }
            assertThat(has(far.tier(), 0)).isTrue();
            assertThat(has(near, 3)).isFalse();
        }
    }

    @Test
    void queueOfAFarTier_isBounded_andWhatFindsNoRoomIsCounted() {
        WaitingTier far = new WaitingTier(new InMemoryTier(MAX_BYTES));
        try (TierStore store = store(LoadRule.ALWAYS, null, new InMemoryTier(MAX_BYTES), far)) {
            MemorySegment large = MemorySegment.ofArray(new byte[40 << 20]);
            for (int number = 0; number < 3; number++) {
                StoredChunk small = Chunks.chunk(number);
                StoredChunk chunk = StoredChunk.of(small.origin(), small.before(), 0, small.tokenIds(), NUM_TOKENS,
                        List.of(large));
                assertThat(store.put(chunk)).as("the near one refuses it").isEqualTo(
                        number == 0 ? PutResult.STORED : PutResult.RETRY);
            }
            assertThat(store.tierUses().getLast().numChunksDropped()).isEqualTo(2);
            far.release();
        }
    }

    @Test
    void tierThatLoadsSlowerThanComputing_isNotAsked_andExplained() {
        WaitingTier slow = new WaitingTier(new InMemoryTier(MAX_BYTES));
        slow.release();
        try (TierStore store = store(LoadRule.MEASURED, null, slow)) {
            store.put(Chunks.chunk(1));
            List<ChunkKey> keys = List.of(Chunks.chunk(1).key());
            assertThat(store.maxWaitNanos(NUM_TOKENS)).as("nothing measured").isEqualTo(Long.MAX_VALUE);
            assertThat(store.find(keys).numChunks()).isEqualTo(1);
            assertThat(get(store, "", 1)).isInstanceOf(StoreResult.Found.class);
            store.computed(1_000_000, 1); // faster than any tier
            assertThat(store.find(keys)).isEqualTo(new StoreRun(0, StoreRun.Next.MISSING));
            assertThat(store.find(List.of())).isEqualTo(new StoreRun(0, StoreRun.Next.NONE_ASKED));
            assertThat(store.findSharing(keys.getFirst())).isEqualTo(new StoreResult.Missing<>());
            assertThat(get(store, "", 1)).isEqualTo(new StoreResult.Missing<>());
            assertThat(store.explain(keys, true)).singleElement().asString()
                    .matches("waiting is not asked: it loads [0-9]+ tokens/s, computing makes [0-9]+");
            assertThat(store.tierUses().getFirst().numLookupsSkipped()).isEqualTo(2);
            assertThat(store.maxWaitNanos(NUM_TOKENS)).isEqualTo(TimeUnit.MILLISECONDS.toNanos(100));
        }
    }

    /** Two tenants with a key each. */
    private static final class TwoTenants implements KeyProvider {
        private static TierKey key(String tenant) {
            byte[] bytes = new byte[TierKey.BYTES];
            bytes[0] = (byte) tenant.charAt(0);
            return new TierKey(bytes);
        }

        @Override
        public TierKey keyOf(String tenant) {
            return key(tenant);
        }

        @Override
        public @Nullable TierKey keyOf(String tenant, String id) {
            return key(tenant).id().equals(id) ? key(tenant) : null;
        }
    }

    @Test
    void chunkWithTheKeyOfAnotherTenant_isMissing() {
        InMemoryTier tier = new InMemoryTier(MAX_BYTES);
        try (TierStore store = store(LoadRule.ALWAYS, new TwoTenants(), tier)) {
            StoredChunk chunk = Chunks.chunk(1);
            store.put(of(chunk, "ann"));
            assertThat(get(store, "ann", 1)).isInstanceOf(StoreResult.Found.class);
            assertThat(get(store, "bob", 1)).isEqualTo(new StoreResult.Missing<>());
            tier.forget(chunk.key());
            store.put(of(chunk, "bob")); // as bob could, who can write to the tier, for a text of ann's
            assertThat(get(store, "ann", 1)).isEqualTo(new StoreResult.Missing<>());
        }
    }

    private static StoredChunk of(StoredChunk chunk, String tenant) {
        BlockOrigin origin = chunk.origin().ofTenant(tenant);
        return StoredChunk.of(origin, chunk.before(), 0, chunk.tokenIds(), Chunks.BLOCK_SIZE,
                List.of(part(chunk, 0, 0), part(chunk, 1, 0)));
    }

    private static MemorySegment part(StoredChunk chunk, int block, int group) {
        MemorySegment part = chunk.part(block, group);
        return part == null ? MemorySegment.NULL : part;
    }

    @Test
    void refusalsAreTold_byTierAndReason() {
        InMemoryTier sound = new InMemoryTier(MAX_BYTES);
        FaultyCacheTier damaged =
                new FaultyCacheTier(new InMemoryTier(MAX_BYTES), EnumSet.of(Fault.TORN_READ), 1, 3);
        try (TierStore store = store(LoadRule.ALWAYS, null, damaged, sound)) {
            StoredChunk chunk = Chunks.chunk(1);
            damaged.put(chunk.key(), List.of(MemorySegment.ofArray(Chunks.encoded(chunk))));
            sound.put(chunk.key(), List.of(MemorySegment.ofArray(Chunks.encoded(chunk))));
            List<ChunkKey> keys = List.of(chunk.key());
            assertThat(store.explain(keys, false)).isEmpty();
            assertThat(get(store, "", 1)).as("from the farther one").isInstanceOf(StoreResult.Found.class);
            assertThat(store.explain(keys, false)).singleElement().asString().startsWith("faulty memory")
                    .contains("discarded", "bytes");
            assertThat(store.explain(keys, true)).hasSize(2).last().isEqualTo("memory has 1 of 1 chunks");
            assertThat(store.explain(List.of(Chunks.chunk(2).key()), false)).as("another text").isEmpty();
            assertThat(store.tierUses()).extracting(TierUse::numChunksRefused).containsExactly(1L, 0L);
        }
    }

    @Test
    void recording_tellsWhatTiersDid() throws IOException {
        Path file = folder.resolve("events.jfr");
        try (Recording recording = new Recording()) {
            for (String name : List.of("Load", "Write", "Refuse", "Evict")) {
                recording.enable("io.github.pastkv.Tier" + name);
            }
            recording.start();
            long bytes = Chunks.encoded(Chunks.chunk(1)).length;
            try (TierStore store = TierStore.of(
                    new FileTier(folder.resolve("tier"), 2 * bytes + 40, Duration.ofSeconds(2)))) {
                for (int number = 1; number <= 3; number++) {
                    store.put(Chunks.chunk(number));
                }
                get(store, "", 3);
            }
            InMemoryTier memory = new InMemoryTier(MAX_BYTES);
            memory.put(Chunks.chunk(1).key(), List.of(MemorySegment.ofArray(new byte[9])));
            try (TierStore store = TierStore.of(memory)) {
                get(store, "", 1);
            }
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        assertThat(events).extracting(event -> event.getEventType().getName().substring("io.github.pastkv.".length()))
                .contains("TierLoad", "TierWrite", "TierRefuse", "TierEvict");
        Map<String, RecordedEvent> byName = events.stream().collect(Collectors.toMap(
                event -> event.getEventType().getName(), event -> event, (first, second) -> second));
        assertThat(new TreeSet<>(byName.keySet())).hasSize(4);
        assertThat(byName.get("io.github.pastkv.TierLoad").getInt("numTokens")).isEqualTo(NUM_TOKENS);
        assertThat(byName.get("io.github.pastkv.TierWrite").getString("result")).isEqualTo("STORED");
        assertThat(byName.get("io.github.pastkv.TierEvict").getString("tier")).startsWith("file:");
        assertThat(byName.get("io.github.pastkv.TierRefuse").getString("reason")).contains("header length");
    }
}
