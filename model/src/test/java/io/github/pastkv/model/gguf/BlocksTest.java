package io.github.pastkv.model.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.model.files.SafetensorsFile;
import io.github.pastkv.testkit.golden.GoldenFiles;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
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
                : new WeightMatrix.Grouped(tensor.type().groups(), 3, 512, file.rows(tensor), null).weights();
    }

    private static int[] bits(float[] numbers) {
        int[] bits = new int[numbers.length];
        Arrays.setAll(bits, i -> Float.floatToRawIntBits(numbers[i]));
        return bits;
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
