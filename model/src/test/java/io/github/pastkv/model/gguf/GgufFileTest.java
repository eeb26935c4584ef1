package io.github.pastkv.model.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.testkit.golden.GoldenFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GgufFileTest {
    private static final int HEADER_BYTES = 24;

    private static final Path FILE = Path.of("model.gguf");

    @TempDir private Path folder;

    private static Path malformed(String name) {
        return GoldenFiles.path("gguf/malformed/" + name + ".gguf");
    }

    @Test
    void goodFile_hasItsKeysAndTensors() throws IOException {
        try (GgufFile file = GgufFile.open(malformed("good"))) {
            assertThat(file.version()).isEqualTo(3);
            assertThat(file.metadata().requireString("general.architecture")).isEqualTo("llama");
            GgufTensor tensor = file.tensors().get("blk.0.attn_k.weight");
            assertThat(tensor.type()).isEqualTo(GgufType.F32);
            assertThat(tensor.shape()).containsExactly(4L, 12L);
            assertThat(file.bytes(tensor).byteSize()).isEqualTo(4 * 4 * 12);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"version_2", "trailing_bytes", "no_last_padding"})
    void sameContentOtherwiseStored_isRead(String name) throws IOException {
        try (GgufFile file = GgufFile.open(malformed(name)); GgufFile good = GgufFile.open(malformed("good"))) {
            assertThat(file.tensors().keySet()).isEqualTo(good.tensors().keySet());
            for (GgufTensor tensor : file.entries()) {
                assertThat(file.bytes(tensor).mismatch(good.bytes(good.tensors().get(tensor.name())))).isEqualTo(-1);
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"wrong_magic | is no GGUF file", "empty | ends at byte 0",
        "magic_only | ends at byte 4", "version_0 | GGUF version 0, versions 2 and 3 are read",
        "version_1 | GGUF version 1", "version_99 | GGUF version 99", "big_endian | is big-endian (version 3)",
        "cut_in_header | tensor count", "cut_in_metadata | length of ", "cut_in_tensor_infos | ends at byte",
        "cut_before_data | the file ends at", "cut_in_data | tensor output_norm.weight: takes bytes",
        "many_tensors | tensor count is 4611686018427387904", "many_keys | key count is 4611686018427387904",
        "negative_tensors | tensor count is 18446744073709551615", "long_string | is 1152921504606846976",
        "long_key | is 9223372036854775808", "long_array | is 2305843009213693952",
        "nested_array | array of arrays", "unknown_value_type | type 13, known are 0 to 12",
        "bad_bool | bool of 2", "duplicate_key | key general.type is there twice", "empty_key | is empty",
        "alignment_12 | 12, must be a power of two", "alignment_0 | general.alignment: 0",
        "alignment_string | general.alignment", "unaligned_offset | at offset 580, must be at 576",
        "overlapping | at offset 0, must be at 576", "gap | at offset 640, must be at 576",
        "offset_beyond_end | at offset 1099511627776", "offset_overflows | at offset 18446744073709551584",
        "unknown_tensor_type | type 250, known are", "removed_tensor_type | type 4, known are",
        "huge_dims | product below 2^60", "negative_dim | each must be positive", "zero_dim | must be positive",
        "five_dims | 5 dimensions", "wrong_block_multiple | Q4_K with rows of 12",
        "duplicate_tensor | is there twice", "long_tensor_name | 64 characters"})
    void brokenFile_isRefusedInOneLineThatNamesTheFault(String name, String fault) {
        assertThatThrownBy(() -> GgufFile.open(malformed(name))).isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith(malformed(name).toString()).hasMessageContaining(fault)
                .hasMessageMatching("[^\n]+");
    }

    @Test
    void everyTruncationOfTheHeader_isRefused() throws IOException {
        byte[] good = Files.readAllBytes(malformed("good"));
        long dataOffset;
        try (GgufFile file = GgufFile.open(malformed("good"))) {
            dataOffset = file.entries().iterator().next().byteOffset();
        }
        for (int length = 0; length <= dataOffset; length++) {
            MemorySegment cut = MemorySegment.ofArray(Arrays.copyOf(good, length));
            assertThatThrownBy(() -> GgufHeader.read(FILE, cut)).isInstanceOf(ModelFormatException.class);
        }
    }

    @Test
    void everyByteOfTheHeader_ifChanged_isRefusedOrRead() throws IOException {
        byte[] good = Files.readAllBytes(malformed("good"));
        try (GgufFile file = GgufFile.open(malformed("good"))) {
            long dataOffset = file.entries().iterator().next().byteOffset();
            for (int at = 0; at < dataOffset; at++) {
                for (int change : List.of(0x01, 0x80, 0xFF)) {
                    byte[] changed = good.clone();
                    changed[at] ^= (byte) change;
                    readOrRefuse(MemorySegment.ofArray(changed));
                }
            }
        }
    }

    /** What is read lies within the file. */
    private static void readOrRefuse(MemorySegment bytes) {
        try {
            for (GgufTensor tensor : GgufHeader.read(FILE, bytes).tensors().values()) {
                assertThat(bytes.asSlice(tensor.byteOffset(), tensor.numBytes()).byteSize()).isPositive();
            }
        } catch (ModelFormatException e) {
            assertThat(e).hasMessageStartingWith(FILE.toString());
        }
    }

    @Test
    void announcedLengths_areComparedWithTheFileBeforeTheyAreAllocated() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES + 8 + 1 + 4 + 4 + 8 + 64).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put("GGUF".getBytes(StandardCharsets.US_ASCII)).putInt(3).putLong(0).putLong(1);
        bytes.putLong(1).put((byte) 'k').putInt(9).putInt(0).putLong(Integer.MAX_VALUE - 8L); // 2 GiB of bytes
        Path file = Files.write(folder.resolve("long.gguf"), bytes.array());
        assertThatThrownBy(() -> GgufFile.open(file)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("length of k is 2147483639, the 64 bytes that are left hold at most 64");
    }
}
