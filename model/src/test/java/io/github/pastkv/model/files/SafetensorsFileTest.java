package io.github.pastkv.model.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.model.TestFiles;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsFileTest {
    /** 3 tensors, 12 + 12 + 16 bytes. */
    private static final String HEADER = """
            {"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},\
            "b":{"dtype":"BF16","shape":[2,3],"data_offsets":[12,24]},\
            "c":{"dtype":"I64","shape":[2],"data_offsets":[24,40]}}""";
    private static final int DATA_BYTES = 40;

    @TempDir private Path folder;

    @Test
    void open_goldenFile_givesNamesShapesAndNumbers() throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(TestFiles.resource("hf/llama_bf16/model.safetensors"))) {
            Tensor norm = file.tensor("model.norm.weight");

            assertThat(file.names()).startsWith("lm_head.weight", "model.embed_tokens.weight").hasSize(3 + 5 * 9);
            assertThat(file.metadata()).containsExactly(Map.entry("format", "pt"));
            assertThat(file.entry("lm_head.weight").shape()).containsExactly(191L, 32L);
            assertThat(norm.dataType()).isEqualTo(DataType.BF16);
            assertThat(norm.toFloatArray()).hasSize(32).doesNotContain(Float.NaN);
        }
    }

    @Test
    void tensor_isAViewOfTheFile_untilItIsClosed() throws IOException {
        byte[] bytes = TestFiles.safetensors(HEADER, DATA_BYTES);
        bytes[bytes.length - DATA_BYTES + 12 + 2 * 5 + 1] = 0x40; // b[1, 2] = 2
        SafetensorsFile file = SafetensorsFile.open(Files.write(folder.resolve("x.safetensors"), bytes));
        Tensor tensor = file.tensor("b");

        assertThat(tensor.get(1, 2)).isEqualTo(2);
        file.close();
        file.close();
        assertThatThrownBy(() -> tensor.get(1, 2)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void longs_andSegment_readOtherTypes() throws IOException {
        byte[] bytes = TestFiles.safetensors(HEADER, DATA_BYTES);
        bytes[bytes.length - 8] = 7;
        Path path = Files.write(folder.resolve("x.safetensors"), bytes);
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertThat(file.longs("c")).containsExactly(0, 7);
            assertThat(file.segment("c").byteSize()).isEqualTo(16);
            assertThatThrownBy(() -> file.longs("a")).isInstanceOf(ModelFormatException.class)
                    .hasMessage(path + ": tensor a: is F32[3], must be I64 or I32");
            assertThatThrownBy(() -> file.tensor("c")).isInstanceOf(ModelFormatException.class)
                    .hasMessage(path + ": tensor c: is I64[2], must be F32, F16 or BF16");
            assertThatThrownBy(() -> file.tensor("d")).isInstanceOf(ModelFormatException.class)
                    .hasMessage(path + ": tensor d: not in this file");
        }
    }

    @Test
    void open_emptyTensorsAndScalars_areTensors() throws IOException {
        Path path = TestFiles.writeSafetensors(folder.resolve("x.safetensors"), """
                {"one":{"dtype":"F32","shape":[],"data_offsets":[0,4]},\
                "none":{"dtype":"F32","shape":[3,0],"data_offsets":[4,4]}}""", 4);
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertThat(file.tensor("one").numElements()).isEqualTo(1);
            assertThat(file.tensor("none").numElements()).isZero();
        }
    }

    @Test
    void open_missingFile_saysSo() {
        assertThatThrownBy(() -> SafetensorsFile.open(folder.resolve("none")))
                .isInstanceOf(ModelFormatException.class).hasMessage(folder.resolve("none") + ": no such file");
    }

    @Test
    void open_truncatedAnywhere_isRefused() throws IOException {
        byte[] bytes = TestFiles.safetensors(HEADER, DATA_BYTES);
        for (int length = 0; length < bytes.length; length++) {
            Path path = Files.write(folder.resolve("x.safetensors"), Arrays.copyOf(bytes, length));
            assertThatThrownBy(() -> SafetensorsFile.open(path)).as("first %d bytes", length)
                    .isInstanceOf(ModelFormatException.class).hasMessageStartingWith(path + ": ");
        }
    }

    @Test
    void open_extended_isRefused() throws IOException {
        byte[] bytes = TestFiles.safetensors(HEADER, DATA_BYTES + 1);
        Path path = Files.write(folder.resolve("x.safetensors"), bytes);
        assertThatThrownBy(() -> SafetensorsFile.open(path)).hasMessageContaining("the last tensor ends at byte")
                .isInstanceOf(ModelFormatException.class);
    }

    /** The header and its length, each byte set to each other value. */
    @Test
    void open_anySingleByteChanged_loadsConsistentlyOrIsRefused() {
        byte[] bytes = TestFiles.safetensors(HEADER, DATA_BYTES);
        int numLoaded = 0;
        for (int at = 0; at < bytes.length - DATA_BYTES; at++) {
            byte original = bytes[at];
            for (int change = 1; change < 256; change++) {
                bytes[at] = (byte) (original ^ change);
                numLoaded += loadsConsistently(bytes) ? 1 : 0;
            }
            bytes[at] = original;
        }
        assertThat(numLoaded).as("changed names, types of equal size and the like").isGreaterThan(100);
    }

    /** False if refused in words; anything but a consistent header or that exception fails the test. */
    private static boolean loadsConsistently(byte[] bytes) {
        Path path = Path.of("changed.safetensors");
        try {
            SafetensorsHeader header = SafetensorsHeader.read(path, MemorySegment.ofArray(bytes));
            assertThat(header.entries().values()).isNotEmpty();
            long covered = (long) bytes.length - DATA_BYTES;
            List<TensorEntry> byOffset = header.entries().values().stream()
                    .sorted(Comparator.comparingLong(TensorEntry::fromByteOffset)).toList();
            for (TensorEntry entry : byOffset) {
                long numElements = entry.shape().stream().reduce(1L, (x, y) -> x * y);
                assertThat(entry.fromByteOffset()).isEqualTo(covered);
                assertThat(entry.numBytes()).isEqualTo(numElements * elementBytes(entry.dtype()));
                covered = entry.toByteOffset();
            }
            assertThat(covered).isEqualTo(bytes.length);
            return true;
        } catch (ModelFormatException e) {
            assertThat(e).hasMessageStartingWith("changed.safetensors: ");
            assertThat(e.file()).isEqualTo(path);
            return false;
        }
    }

    /** The number in the name of a type is its width in bits. */
    private static int elementBytes(String dtype) {
        return Integer.parseInt(dtype.replaceAll("\\D", "")) / 8;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            []                                                              | byte 8 is not '{'
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}x         | not strict JSON
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},}         | not strict JSON
            {"a":3}                                                         | a: 3, must be an object
            {"a":{"shape":[1],"data_offsets":[0,4]}}                        | a.dtype: missing, must be a string
            {"a":{"dtype":"F32","data_offsets":[0,4]}}                      | a.shape: missing
            {"a":{"dtype":"F32","shape":[1]}}                               | a.data_offsets: missing
            {"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}          | a.dtype: F31, known are [BF16, BOOL
            {"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}} | a.shape: [-1], must be integers in [0, 2^63)
            {"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}        | a.shape: [1.0], must be integers
            {"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}        | a.shape: ["1"], must be integers
            {"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}            | a.shape: 1, must be an array of integers
            {"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}} | more than 2^63 bytes
            {"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,4]}}   | more than 2^63 bytes
            {"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4]}}   | must be integers in [0, 2^63)
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}            | a.data_offsets: [0], must be [from, to]
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}          | a.data_offsets: [4, 0], must be [from, to]
            {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}          | 4 bytes, but F32[2] takes 8
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775800,9223372036854775804]}} | beyond any file
            {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}          | tensor a: ends at byte 70, the file at
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}    | a.x: a tensor has dtype, shape and
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"I16","shape":[1],\
            "data_offsets":[2,4]}} | tensor b: begins at byte 117, overlaps
            {"a":{"dtype":"I16","shape":[1],"data_offsets":[2,4]}}          | tensor a: begins at byte 64, leaves a gap
            {"a":{"dtype":"I16","shape":[1],"data_offsets":[0,2]}} | the last tensor ends at byte 64, the file at
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],\
            "data_offsets":[0,4]}} | Duplicate
            {"__metadata__":{"x":1},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} \
            | __metadata__.x: 1, must be a string
            """)
    void open_brokenHeader_isRefusedInWords(String header, String problem) throws IOException {
        Path path = TestFiles.writeSafetensors(folder.resolve("x.safetensors"), header, 4);
        assertThatThrownBy(() -> SafetensorsFile.open(path)).isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith(path + ": ").hasMessageContaining(problem);
    }

    @Test
    void open_deepNesting_isRefused() throws IOException {
        String header = "{\"a\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}";
        Path path = TestFiles.writeSafetensors(folder.resolve("x.safetensors"), header, 0);
        assertThatThrownBy(() -> SafetensorsFile.open(path)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("nesting");
    }
}
