package io.github.pastkv.tests.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoredChunk;
import io.github.pastkv.store.ChunkFormat;
import io.github.pastkv.store.ChunkFormatException;
import io.github.pastkv.store.InMemoryTier;
import io.github.pastkv.store.TierStore;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whatever is changed in a stored chunk, it comes back as it was or not at all. */
class ChunkDamageTest {
    private static final StoredChunk CHUNK = Chunks.chunk(1);
    private static final byte[] SOUND = Chunks.encoded(CHUNK);

    /** What a store says of a chunk whose tier has these bytes. */
    private static StoreResult<StoredChunk> stored(ChunkKey key, byte[] bytes) {
        InMemoryTier tier = new InMemoryTier(1 << 20);
        try (TierStore store = TierStore.of(tier)) {
            tier.put(key, List.of(MemorySegment.ofArray(bytes)));
            StoreResult<StoredChunk> result = store.get(key, "", Arena.ofAuto());
            if (result instanceof StoreResult.Refused) {
                assertThat(tier.stats().numChunks()).as("what is refused is removed").isZero();
                assertThat(store.tierUses().getFirst().numChunksRefused()).isEqualTo(1);
            }
            return result;
        }
    }

    private static void assertRefused(byte[] bytes, String what) {
        assertThat(stored(CHUNK.key(), bytes)).as(what).isInstanceOf(StoreResult.Refused.class);
    }

    @Test
    void soundChunk_comesBackAsItWas() throws ChunkFormatException {
        assertThat(stored(CHUNK.key(), SOUND)).isInstanceOf(StoreResult.Found.class);
        StoredChunk back = ChunkFormat.decode(MemorySegment.ofArray(SOUND), true);
        assertThat(back.key()).isEqualTo(CHUNK.key());
        assertThat(back.before()).isEqualTo(CHUNK.before());
        assertThat(back.origin()).isEqualTo(CHUNK.origin());
        assertThat(back.tokenIds()).isEqualTo(CHUNK.tokenIds());
        assertThat(back.blockSize()).isEqualTo(Chunks.BLOCK_SIZE);
        assertThat(back.isIntact()).isTrue();
        for (int block = 0; block < 2; block++) {
            for (int group = 0; group < 2; group++) {
                assertThat(content(back.part(block, group))).isEqualTo(content(CHUNK.part(block, group)));
            }
        }
        assertThat(Chunks.encoded(back)).as("one chunk has one form").isEqualTo(SOUND);
    }

    private static byte[] content(MemorySegment part) {
        return part == null ? new byte[0] : part.toArray(ValueLayout.JAVA_BYTE);
    }

    @Test
    void everyFlippedBit_isRefused() {
        for (int at = 0; at < SOUND.length; at++) {
            for (int bit = 0; bit < 8; bit++) {
                byte[] bytes = SOUND.clone();
                bytes[at] ^= (byte) (1 << bit);
                assertRefused(bytes, "byte " + at + ", bit " + bit);
            }
        }
    }

    @Test
    void everyTruncation_andEveryExtension_isRefused() {
        for (int length = 0; length < SOUND.length; length++) {
            assertRefused(Arrays.copyOf(SOUND, length), length + " bytes");
        }
        assertRefused(Arrays.copyOf(SOUND, SOUND.length + 1), "a byte more");
        assertRefused(Arrays.copyOf(SOUND, 2 * SOUND.length), "zeros behind");
    }

    @Test
    void everyPairOfChunksExchanged_isRefused() {
        for (int one = 0; one < 5; one++) {
            for (int other = 0; other < 5; other++) {
                StoreResult<StoredChunk> result =
                        stored(Chunks.chunk(one).key(), Chunks.encoded(Chunks.chunk(other)));
                assertThat(result).isInstanceOf(one == other ? StoreResult.Found.class : StoreResult.Refused.class);
            }
        }
    }

    @Test
    void dataOfAnotherChunk_underASoundHeader_isRefused() {
        byte[] other = Chunks.encoded(Chunks.chunk(2));
        int dataBytes = 70 + 70 + 44;
        byte[] mixed = SOUND.clone();
        System.arraycopy(other, other.length - dataBytes, mixed, mixed.length - dataBytes, dataBytes);
        assertRefused(mixed, "data of chunk 2");
    }

    /** The same header with other fields, and a digest that is right for them. */
    private static byte[] rewritten(String from, String to) throws Exception {
        String text = new String(SOUND, StandardCharsets.ISO_8859_1);
        int headerEnd = Math.toIntExact(8 + MemorySegment.ofArray(SOUND).get(ValueLayout.JAVA_LONG_UNALIGNED, 0));
        String header = text.substring(0, headerEnd).replace(from, to);
        assertThat(header).isNotEqualTo(text.substring(0, headerEnd)).hasSize(headerEnd);
        int digest = header.indexOf("\"header_sha256\":\"") + 17;
        String zeroed = header.substring(0, digest) + "0".repeat(64) + header.substring(digest + 64);
        String right = HexFormat.of().formatHex(
                MessageDigest.getInstance("SHA-256").digest(zeroed.getBytes(StandardCharsets.ISO_8859_1)));
        return (zeroed.substring(0, digest) + right + zeroed.substring(digest + 64) + text.substring(headerEnd))
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    @Test
    void otherVersion_isRefusedNamingBoth() throws Exception {
        byte[] old = rewritten("\"format_version\":\"1\"", "\"format_version\":\"0\"");
        assertThatThrownBy(() -> ChunkFormat.decode(MemorySegment.ofArray(old), false))
                .isInstanceOf(ChunkFormatException.class).hasMessage("format_version: 0, expected 1");
        assertRefused(old, "version 0");
    }

    @Test
    void headersWithRightDigest_butWrongFields_areRefused() throws Exception {
        String[][] changes = {{"\"content\":\"exact\"", "\"content\":\"loose\""}, {"pastkv.chunk", "postkv.chunk"},
            {"\"num_groups\":\"2\"", "\"num_groups\":\"1\""}, {"\"num_groups\":\"2\"", "\"num_groups\":\"9\""},
            {"\"group.1.blocks\":\"1\"", "\"group.1.blocks\":\"0\""},
            {"\"group.0.blocks\":\"0,1\"", "\"group.0.blocks\":\"0,2\""},
            {"\"group.0.blocks\":\"0,1\"", "\"group.0.blocks\":\"0,0\""}, {"[2,70]", "[2,71]"}, {"\"U8\"", "\"I8\""},
            {"[0,140]", "[1,141]"}, {"\"first_position\":\"0\"", "\"first_position\":\"x\""},
            {"\"token_ids\":\"", "\"tokem_ids\":\""}, {"\"key\":\"", "\"kez\":\""}};
        for (String[] change : changes) {
            byte[] bytes = rewritten(change[0], change[1]);
            assertRefused(bytes, change[0] + " -> " + change[1]);
        }
    }

    @Test
    void verifyData_findsWhatTheHeaderDigestCovers() {
        byte[] bytes = SOUND.clone();
        bytes[bytes.length - 1]++;
        assertThatThrownBy(() -> ChunkFormat.decode(MemorySegment.ofArray(bytes), true))
                .isInstanceOf(ChunkFormatException.class).hasMessageContaining("data_sha256");
    }
}
