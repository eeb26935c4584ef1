package io.github.pastkv.model.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.model.files.JsonFile;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.SafetensorsFile;
import io.github.pastkv.testkit.golden.GoldenFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class BlocksTest {
    private static Stream<GgufType> supported() {
        return Arrays.stream(GgufType.values()).filter(GgufType::isSupported);
    }

    @ParameterizedTest
    @MethodSource("supported")
    void everyType_givesTheBitsOfGgml(GgufType type) throws IOException {
        String name = type.name().toLowerCase(Locale.ROOT) + ".weight";
        try (GgufFile file = GgufFile.open(GoldenFiles.path("gguf/blocks/blocks.gguf"));
                SafetensorsFile expected =
                        SafetensorsFile.open(GoldenFiles.path("gguf/blocks/expected.safetensors"))) {
            GgufTensor tensor = file.tensors().get(name);
            assertThat(tensor.type()).isEqualTo(type);
            assertThat(bits(weights(file, tensor))).isEqualTo(bits(expected.tensor(name).toFloatArray()));
        }
    }

    private static float[] weights(GgufFile file, GgufTensor tensor) {
        return tensor.type().isFloat() ? file.floats(tensor).toFloatArray()
                : new WeightMatrix.Grouped(tensor.type().groups(), tensor.numElements() / tensor.rowLength(),
                        tensor.rowLength(), file.rows(tensor), null).weights();
    }

    private static int[] bits(float[] numbers) {
        int[] bits = new int[numbers.length];
        Arrays.setAll(bits, i -> Float.floatToRawIntBits(numbers[i]));
        return bits;
    }

    /** {@code case.json} has the first digits of the SHA-256 of each tensor's floats. */
    @ParameterizedTest
    @MethodSource("cases")
    void everyTensorOfACase_hasTheBitsOfGgml(String name) throws IOException, NoSuchAlgorithmException {
        JsonObject expected = JsonFile.read(GoldenFiles.path("gguf/" + name + "/case.json")).requireObject("tensors");
        Map<String, String> digests = new TreeMap<>();
        for (Path path : ggufFiles(name)) {
            try (GgufFile file = GgufFile.open(path)) {
                for (GgufTensor tensor : file.entries()) {
                    digests.put(tensor.name(), digest(weights(file, tensor)));
                }
            }
        }
        assertThat(digests.keySet()).containsExactlyInAnyOrderElementsOf(expected.keys());
        digests.forEach((tensor, digest) -> assertThat(expected.describe(tensor)).as(tensor).contains(digest));
    }

    private static List<String> cases() throws IOException {
        try (Stream<Path> folders = Files.list(GoldenFiles.path("gguf"))) {
            return folders.filter(folder -> Files.exists(folder.resolve("case.json")))
                    .map(folder -> folder.getFileName().toString()).sorted().toList();
        }
    }

    private static List<Path> ggufFiles(String name) throws IOException {
        try (Stream<Path> files = Files.list(GoldenFiles.path("gguf/" + name))) {
            return files.filter(GgufModel::isGguf).toList();
        }
    }

    private static String digest(float[] numbers) throws NoSuchAlgorithmException {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(numbers);
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes.array());
        return HexFormat.of().formatHex(digest, 0, 8);
    }

    @ParameterizedTest
    @EnumSource
    void everyType_hasTheSizeThatFilesHave(GgufType type) throws IOException {
        try (GgufFile file = GgufFile.open(GoldenFiles.path("gguf/blocks/blocks.gguf"))) {
            GgufTensor tensor = file.tensors().get(type.name().toLowerCase(Locale.ROOT) + ".weight");
            if (tensor != null) { // integers and the types of inputs are not in models
                assertThat(tensor.type()).isEqualTo(type);
                assertThat(tensor.numBytes()).isEqualTo(3L * 512 / type.blockSize() * type.blockBytes());
            }
        }
    }

    @Test
    void typeWithoutReader_isKnownByNameOnly() {
        assertThat(GgufType.IQ2_XXS.isSupported()).isFalse();
        assertThatThrownBy(GgufType.IQ2_XXS::groups).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("IQ2_XXS");
    }
}
