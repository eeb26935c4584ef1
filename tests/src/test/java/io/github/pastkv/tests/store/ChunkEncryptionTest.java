package io.github.pastkv.tests.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.store.BlockStore;
import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreWrites;
import io.github.pastkv.cache.store.StoredChunk;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.store.CacheTier;
import io.github.pastkv.store.CacheTiers;
import io.github.pastkv.store.InMemoryTier;
import io.github.pastkv.store.KeyFile;
import io.github.pastkv.store.LoadRule;
import io.github.pastkv.store.TierStore;
import io.github.pastkv.testkit.golden.GoldenModel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Encrypted chunks: readable with their key alone, by nobody once it is deleted, and never after a change. */
class ChunkEncryptionTest {
    private static final long MAX_BYTES = 1L << 20;
    private static final int[] PROMPT = IntStream.range(0, 33).map(i -> i * 7 % 61 + 1).toArray();

    @TempDir private Path folder;
    private int numWritten;

    private static String key(int number) {
        byte[] key = new byte[32];
        new Random(number).nextBytes(key);
        return Base64.getEncoder().encodeToString(key);
    }

    private Path keys(String... lines) throws IOException {
        Path file = folder.resolve("keys");
        Files.write(file, List.of(lines));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH.plusSeconds(++numWritten)));
        return file;
    }

    private static TierStore store(CacheTier tier, KeyFile keys) {
        return new TierStore(List.of(tier), BlockStore.DEFAULT_CHUNK_TOKENS, StoreWrites.COMPLETE, false, keys,
                LoadRule.ALWAYS);
    }

    private static StoreResult<StoredChunk> get(TierStore store, int number) {
        return store.get(Chunks.chunk(number).key(), "", Arena.ofAuto());
    }

    private static byte[] raw(CacheTier tier, ChunkKey key) {
        return tier.get(key, Arena.ofAuto()) instanceof StoreResult.Found<MemorySegment>(MemorySegment found)
                ? found.toArray(ValueLayout.JAVA_BYTE)
                : new byte[0];
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    @Test
    void chunk_isReadWithItsKey_andShowsNothingWithout() throws IOException {
        InMemoryTier tier = new InMemoryTier(MAX_BYTES);
        TierStore store = store(tier, new KeyFile(keys("- " + key(1))));
        StoredChunk chunk = Chunks.chunk(1);
        assertThat(store.put(chunk)).isEqualTo(PutResult.STORED);
        byte[] first = raw(tier, chunk.key());
        assertThat(text(first)).startsWith("PASTKVE1").doesNotContain("token_ids", "origin", "group.0");
        assertThat(get(store, 1)).isInstanceOfSatisfying(StoreResult.Found.class,
                found -> assertThat(Chunks.encoded((StoredChunk) found.content())).isEqualTo(Chunks.encoded(chunk)));
        tier.forget(chunk.key());
        store.put(chunk);
        assertThat(raw(tier, chunk.key())).as("another nonce").hasSameSizeAs(first).isNotEqualTo(first);
        store.close();
    }

    @Test
    void everyByteChanged_everyTruncation_andAnotherName_areRefused() throws IOException {
        InMemoryTier tier = new InMemoryTier(MAX_BYTES);
        KeyFile keys = new KeyFile(keys("- " + key(1)));
        TierStore store = store(tier, keys);
        store.put(Chunks.chunk(1));
        store.put(Chunks.chunk(2));
        ChunkKey name = Chunks.chunk(1).key();
        byte[] sound = raw(tier, name);
        for (int i = 0; i < sound.length; i++) {
            byte[] changed = sound.clone();
            changed[i] ^= (byte) (1 << i % 8);
            assertNotFound(name, changed, keys);
            assertNotFound(name, Arrays.copyOf(sound, i), keys);
        }
        assertNotFound(name, raw(tier, Chunks.chunk(2).key()), keys);
        assertNotFound(name, Chunks.encoded(Chunks.chunk(1)), keys); // not encrypted: anybody could have written it
        store.close();
    }

    private static void assertNotFound(ChunkKey name, byte[] content, KeyFile keys) {
        InMemoryTier tier = new InMemoryTier(MAX_BYTES);
        tier.put(name, List.of(MemorySegment.ofArray(content)));
        try (TierStore store = store(tier, keys)) {
            assertThat(store.get(name, "", Arena.ofAuto())).isNotInstanceOf(StoreResult.Found.class);
        }
    }

    @Test
    void withoutKeys_encryptedChunksAreMissing_andStay() throws IOException {
        InMemoryTier tier = new InMemoryTier(MAX_BYTES);
        store(tier, new KeyFile(keys("- " + key(1)))).put(Chunks.chunk(1));
        TierStore plain = TierStore.of(tier);
        assertThat(get(plain, 1)).isEqualTo(new StoreResult.Missing<>());
        assertThat(raw(tier, Chunks.chunk(1).key())).isNotEmpty();
        plain.close();
    }

    @Test
    void keysAreExchanged_whileTheStoreIsOpen() throws IOException {
        TierStore store = store(new InMemoryTier(MAX_BYTES), new KeyFile(keys("- " + key(1))));
        store.put(Chunks.chunk(1));
        keys("- " + key(1), "- " + key(2));
        assertThat(get(store, 1)).as("an older key").isInstanceOf(StoreResult.Found.class);
        store.put(Chunks.chunk(2));
        keys("- " + key(2));
        assertThat(get(store, 1)).as("deleted").isEqualTo(new StoreResult.Missing<>());
        assertThat(get(store, 2)).isInstanceOf(StoreResult.Found.class);
        assertThat(store.put(Chunks.chunk(1))).isEqualTo(PutResult.STORED);
        assertThat(get(store, 1)).as("written anew").isInstanceOf(StoreResult.Found.class);
        keys("other " + key(3));
        assertThat(store.put(Chunks.chunk(4))).as("a tenant without a key").isEqualTo(PutResult.REFUSED);
        Files.delete(folder.resolve("keys"));
        assertThat(get(store, 2)).isEqualTo(new StoreResult.Missing<>());
        store.close();
    }

    @Test
    void keysThatAreGoneForAMoment_loseNoChunk() throws IOException {
        InMemoryTier tier = new InMemoryTier(MAX_BYTES);
        TierStore store = store(tier, new KeyFile(keys("- " + key(1))));
        store.put(Chunks.chunk(1));
        byte[] before = raw(tier, Chunks.chunk(1).key());
        Files.delete(folder.resolve("keys"));
        assertThat(get(store, 1)).isEqualTo(new StoreResult.Missing<>());
        assertThat(store.put(Chunks.chunk(1))).isEqualTo(PutResult.REFUSED);
        keys("- " + key(1));
        assertThat(get(store, 1)).isInstanceOf(StoreResult.Found.class);
        assertThat(raw(tier, Chunks.chunk(1).key())).isEqualTo(before);
        store.close();
    }

    @Test
    void wrongFilesOfKeys_areRefused_withoutTheirContent() throws IOException {
        for (String line : List.of("ann", "ann c2hvcnQ=", "ann " + key(1) + " x", "ann !" + key(1).substring(1))) {
            Path file = keys("# a comment", "", line);
            assertThatThrownBy(() -> new KeyFile(file)).isInstanceOf(IOException.class)
                    .hasMessageContaining("line 3").hasMessageNotContaining(key(1).substring(1));
        }
        Path shared = keys("ann " + key(1), "bob " + key(1));
        assertThatThrownBy(() -> new KeyFile(shared)).hasMessageContaining("line 2 has the key of another tenant");
        Path open = keys("- " + key(1));
        for (String permissions : List.of("rw-r-----", "rw--w----", "rw----r--", "rw-----w-")) {
            Files.setPosixFilePermissions(open, PosixFilePermissions.fromString(permissions));
            assertThatThrownBy(() -> new KeyFile(open)).isInstanceOf(IOException.class)
                    .hasMessageContaining("chmod 600");
        }
        assertThatThrownBy(() -> CacheTiers.openAll(List.of("file:" + folder.resolve("a"),
                "file:" + folder.resolve("b") + "?keys=" + open))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("first tier");
    }

    private long loadedBy(String tenant, Path keys, float[] expected) throws IOException {
        String tier = "file:" + folder.resolve("tier") + "?chunk=8&load=always&keys=" + keys;
        try (Model model = Model.load(GoldenModel.of("llama").folder(),
                ModelOptions.defaults().withCacheTiers(tier, "file:" + folder.resolve("second")));
                Session session = model.newSession(
                        SessionOptions.defaults().withBlockSize(4).withPrefixSalt(tenant + "\nmore"))) {
            assertThat(session.prefill(PROMPT).toFloatArray()).isEqualTo(expected);
            return model.tierUses().stream().mapToLong(use -> use.numTokensLoaded()).sum();
        }
    }

    @Test
    void deletingATenantsKey_makesItsChunksUnreadableEverywhere() throws IOException {
        float[] expected;
        try (Model model = Model.load(GoldenModel.of("llama").folder());
                Session session = model.newSession(SessionOptions.defaults().withBlockSize(4))) {
            expected = session.prefill(PROMPT).toFloatArray();
        }
        Path both = keys("ann-of-tenants " + key(1), "bob-of-tenants " + key(2));
        for (String tenant : List.of("ann-of-tenants", "bob-of-tenants")) {
            assertThat(loadedBy(tenant, both, expected)).isZero();
            assertThat(loadedBy(tenant, both, expected)).as("with its key").isEqualTo(32);
        }
        assertThat(loadedBy("eve-of-tenants", both, expected)).isZero();
        assertThat(loadedBy("eve-of-tenants", both, expected)).as("no key, nothing kept").isZero();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(each -> each.toString().endsWith(".safetensors")).toList()) {
                assertThat(file.toString()).doesNotContain("tenants");
                assertThat(text(Files.readAllBytes(file))).startsWith("PASTKVE1").doesNotContain("tenants");
            }
        }
        Path one = keys("bob-of-tenants " + key(2));
        assertThat(loadedBy("ann-of-tenants", one, expected)).as("its key is deleted").isZero();
        assertThat(loadedBy("bob-of-tenants", one, expected)).as("that of another one is not").isEqualTo(32);
    }
}
