package io.github.pastkv.model.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
    @TempDir private Path folder;

    @Test
    void write_givesTheDocumentedBytes() throws IOException {
        Path path = folder.resolve("x.safetensors");
        new SafetensorsWriter().add("t", Tensor.of(new float[] {1, -2}, 2)).add("ids", new long[] {5}, 1, 1)
                .write(path);

        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
        int headerBytes = Math.toIntExact(bytes.getLong());
        byte[] header = new byte[headerBytes];
        bytes.get(header);
        assertThat(headerBytes % 8).isZero();
        assertThat(new String(header, StandardCharsets.UTF_8).stripTrailing())
                .isEqualTo("{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                        + "\"ids\":{\"dtype\":\"I64\",\"shape\":[1,1],\"data_offsets\":[8,16]}}");
        assertThat(bytes.getFloat()).isEqualTo(1);
        assertThat(bytes.getFloat()).isEqualTo(-2);
        assertThat(bytes.getLong()).isEqualTo(5);
        assertThat(bytes.hasRemaining()).isFalse();
    }

    @Test
    void write_viewsAndNames_comeBack() throws IOException {
        Path path = folder.resolve("x.safetensors");
        Tensor tensor = Tensor.of(new float[] {0, 1, 2, 3, 4, 5}, 2, 3);
        new SafetensorsWriter().add("turned \"é\"", tensor.transpose(0, 1)).add("one", Tensor.of(new float[] {7}))
                .add("none", Tensor.of(new float[0], 0, 3)).write(path);

        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertThat(file.names()).containsExactly("turned \"é\"", "one", "none");
            assertThat(file.tensor("turned \"é\"").shape()).containsExactly(3, 2);
            assertThat(file.tensor("turned \"é\"").toFloatArray()).containsExactly(0, 3, 1, 4, 2, 5);
            assertThat(file.tensor("one").get()).isEqualTo(7);
        }
    }

    @Test
    void write_withoutTensors_givesAFileThatOpens() throws IOException {
        Path path = folder.resolve("x.safetensors");
        new SafetensorsWriter().write(path);
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertThat(file.names()).isEmpty();
        }
    }

    @Test
    void write_replacesAFileAndLeavesNothingElse() throws IOException {
        Path path = Files.writeString(folder.resolve("x.safetensors"), "old");
        new SafetensorsWriter().add("t", Tensor.of(new float[] {1}, 1)).write(path);

        try (Stream<Path> files = Files.list(folder); SafetensorsFile file = SafetensorsFile.open(path)) {
            assertThat(files).containsExactly(path);
            assertThat(file.contains("t")).isTrue();
        }
    }

    @Test
    void write_thatFails_leavesTheOldFile() throws IOException {
        Path path = Files.writeString(folder.resolve("x.safetensors"), "old");
        Tensor closed;
        try (Arena arena = Arena.ofConfined()) {
            closed = Tensor.allocate(arena, DataType.F32, 2);
        }
        SafetensorsWriter writer = new SafetensorsWriter().add("t", closed);

        assertThatThrownBy(() -> writer.write(path)).isInstanceOf(IllegalStateException.class);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(path);
        }
        assertThat(Files.readString(path)).isEqualTo("old");
    }

    @Test
    void add_wrongArguments_areRefused() {
        SafetensorsWriter writer = new SafetensorsWriter().add("t", new long[2], 2);
        assertThatThrownBy(() -> writer.add("t", new long[2], 2)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("name: t, already taken");
        assertThatThrownBy(() -> writer.add("u", new long[2], 3)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("values: 2 numbers, shape is [3]");
    }
}
