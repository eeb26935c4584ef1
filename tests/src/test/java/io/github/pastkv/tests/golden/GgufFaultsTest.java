package io.github.pastkv.tests.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelFolder;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.files.JsonFile;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.testkit.golden.GoldenFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** GGUF files that are broken, contradictory, or say what is not supported. */
class GgufFaultsTest {
    private static final Path GOOD = file("good");
    private static final int ALIGNMENT = 32;

    @TempDir private Path folder;

    private static Path file(String name) {
        return GoldenFiles.path("gguf/malformed/" + name + ".gguf");
    }

    static Stream<String> names() throws IOException {
        return JsonFile.read(GoldenFiles.path("gguf/malformed/malformed.json")).keys().stream();
    }

    @ParameterizedTest
    @MethodSource("names")
    void everyFile_isRefusedInALineOrLoadsTheRightModel(String name) throws IOException {
        JsonObject wanted = JsonFile.read(GoldenFiles.path("gguf/malformed/malformed.json")).requireObject(name);
        String expect = wanted.requireString("expect");
        try {
            float[] logits = logits(file(name));
            assertThat(expect).isNotEqualTo("refuse");
            assertThat(logits).isEqualTo(logits(GOOD));
        } catch (ModelFormatException e) {
            assertThat(expect).as(e.getMessage()).isNotEqualTo("load");
            assertThat(e).hasMessageStartingWith(file(name).toString()).hasMessageMatching("[^\n]+");
        }
    }

    private static float[] logits(Path file) throws IOException {
        try (Model model = Model.load(file, ModelOptions.defaults().withKernels("vector"));
                Session session = model.newSession()) {
            return session.append(1, 5, 9).toFloatArray();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "unknown_architecture | general.architecture: \"nothing\" is not supported; supported are apertus, arcee,",
        "no_architecture | general.architecture: missing", "missing_key | llama.embedding_length: missing",
        "wrong_key_type | llama.block_count: ", "float_count | llama.attention.head_count: ",
        "zero_heads | llama.attention.head_count: 0, must be in [1,",
        "heads_do_not_divide | llama.attention.head_count_kv: ", "many_blocks | llama.block_count: 2147483648,",
        "missing_tensor | tensor other.weight: the configuration has no place for it",
        "nan_weight | holds a number that is infinite or not a number"})
    void fault_isNamedByItsKeyOrTensor(String name, String fault) {
        assertThatThrownBy(() -> logits(file(name))).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining(fault);
    }

    @Test
    void everyChangedByteOfTheHeader_isRefusedOrRead() throws IOException {
        byte[] good = Files.readAllBytes(GOOD);
        int headerBytes = indexOf(good, "token_embd.weight") + 200;
        for (int at = 0; at < headerBytes; at++) {
            byte[] changed = good.clone();
            changed[at] ^= (byte) (at % 2 == 0 ? 0x01 : 0x80);
            Path path = Files.write(folder.resolve("changed.gguf"), changed);
            try (ModelFolder model = ModelFolder.open(path)) {
                assertThat(model.config().numLayers()).isPositive();
            } catch (ModelFormatException e) {
                assertThat(e).hasMessageStartingWith(path.toString());
            }
        }
    }

    /** A file may end within the padding behind its last tensor only. */
    @Test
    void everyTruncation_isRefused() throws IOException {
        byte[] good = Files.readAllBytes(GOOD);
        Path path = folder.resolve("cut.gguf");
        for (int length = 0; length < good.length; length += length < indexOf(good, "token_embd.weight") ? 1 : 7) {
            Files.write(path, Arrays.copyOf(good, length));
            try (ModelFolder model = ModelFolder.open(path)) {
                assertThat(good.length - length).as("read of " + model).isLessThan(ALIGNMENT);
            } catch (ModelFormatException e) {
                assertThat(e).hasMessageStartingWith(path.toString());
            }
        }
    }

    @Test
    void keyOfTheArchitectureThatIsNotKnown_isRefusedUnlessAllowed() throws IOException {
        Path path = withKey("llama.attention.wobble");
        assertThatThrownBy(() -> ModelFolder.open(path)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("llama.attention.wobble: 1, this key is not known and may change the result "
                        + "(--allow-config llama.attention.wobble lets it pass)");
        ModelFolder.open(path, Set.of("llama.attention.wobble")).close();
        ModelFolder.open(withKey("general.wobble")).close();
    }

    @Test
    void contradictionsAboutExperts_areRefusedByName() throws IOException {
        assertThatThrownBy(() -> ModelFolder.open(withKey("llama.expert_count")))
                .hasMessageContaining("llama.expert_used_count: missing");
        assertThatThrownBy(() -> ModelFolder.open(withKey("llama.expert_used_count")))
                .hasMessageContaining("llama.expert_used_count: 1, but there is no expert_count");
        Path mixtral = GoldenFiles.path("gguf/mixtral_q4_0/model.gguf");
        assertThatThrownBy(() -> ModelFolder.open(changed(mixtral, "llama.expert_count", 3)))
                .hasMessageContaining("tensor blk.0.ffn_gate_exps.weight: is Q4_0[4, 32, 64], must have 3 experts "
                        + "(expert_count)");
    }

    /** A file with another u32 under a key. */
    private Path changed(Path file, String key, int value) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(indexOf(bytes, key) + key.length() + 4, value);
        return Files.write(folder.resolve("changed.gguf"), bytes);
    }

    /** The good file with a key more, a u32 of 1; its length is a multiple of the alignment. */
    private Path withKey(String key) throws IOException {
        byte[] good = Files.readAllBytes(GOOD);
        String padded = key;
        int keyBytes = 8 + padded.length() + 4 + 4;
        int filler = 32 - (keyBytes + 8 + 1 + 4 + 8) % 32; // a string key "x" fills up to the alignment
        ByteBuffer bytes = ByteBuffer.allocate(good.length + keyBytes + 8 + 1 + 4 + 8 + filler)
                .order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(Arrays.copyOf(good, 16))
                .putLong(ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN).getLong(16) + 2);
        bytes.putLong(key.length()).put(key.getBytes(StandardCharsets.UTF_8)).putInt(4).putInt(1);
        bytes.putLong(1).put((byte) 'x').putInt(8).putLong(filler).put(new byte[filler]);
        bytes.put(good, 24, good.length - 24);
        return Files.write(folder.resolve(key + ".gguf"), bytes.array());
    }

    @Test
    void wrongShape_isRefusedWithBothShapes() throws IOException {
        byte[] bytes = Files.readAllBytes(GOOD);
        ByteBuffer dimensions = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN)
                .position(indexOf(bytes, "blk.0.attn_k.weight") + "blk.0.attn_k.weight".length() + 4);
        dimensions.putLong(4).putLong(12);
        Path path = Files.write(folder.resolve("shape.gguf"), bytes);
        assertThatThrownBy(() -> ModelFolder.open(path)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("tensor blk.0.attn_k.weight (model.layers.0.self_attn.k_proj.weight): is "
                        + "F32[12, 4], the metadata asks for [4, 12]");
    }

    @Test
    void missingTensor_isNamedAsHuggingFaceAndTheFileHaveIt() throws IOException {
        byte[] bytes = Files.readAllBytes(GOOD);
        int name = indexOf(bytes, "blk.0.attn_k.weight");
        bytes[name + 11] = 'o';
        Path path = Files.write(folder.resolve("missing.gguf"), bytes);
        assertThatThrownBy(() -> ModelFolder.open(path)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("tensor model.layers.0.self_attn.k_proj.weight: missing, expected [4, 12]");
    }

    @Test
    void folderOfGgufFiles_isRefusedWithTheFileToGive() throws IOException {
        Path file = Files.copy(GOOD, folder.resolve("m.gguf"));
        assertThatThrownBy(() -> ModelFolder.open(folder)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("give one of them: " + file);
    }

    private static int indexOf(byte[] bytes, String text) {
        return new String(bytes, StandardCharsets.ISO_8859_1).indexOf(text);
    }
}
