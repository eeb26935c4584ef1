package io.github.pastkv.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.kernels.weights.WeightMatrices;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.SafetensorsFile;
import io.github.pastkv.model.files.SafetensorsWriter;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.sampling.SamplingOptions;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.GoldenFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Folders as they are found: tied heads, adapters, downloads that went wrong, damaged weights. */
class FolderFaultsTest {
    private static final String EMBEDDING = "model.embed_tokens.weight";
    private static final String HEAD = "lm_head.weight";

    @TempDir private Path folder;

    private void copy(String name) throws IOException {
        for (String file : List.of("config.json", "model.safetensors")) {
            Files.copy(GoldenFiles.path("hf/" + name).resolve(file), folder.resolve(file));
        }
    }

    /** The same tensors under other names. */
    private void rewrite(UnaryOperator<String> rename, UnaryOperator<SafetensorsWriter> more) throws IOException {
        Path file = folder.resolve("model.safetensors");
        try (SafetensorsFile stored = SafetensorsFile.open(file)) {
            SafetensorsWriter writer = new SafetensorsWriter();
            for (String name : stored.names()) {
                writer.add(rename.apply(name), stored.tensor(name));
            }
            more.apply(writer).write(folder.resolve("other"));
        }
        Files.move(folder.resolve("other"), file, StandardCopyOption.REPLACE_EXISTING);
    }

    private void refused(String message) {
        assertThatThrownBy(() -> Model.load(folder, ModelOptions.defaults().withKernels("scalar")).close())
                .isInstanceOf(ModelFormatException.class).hasMessageContaining(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {EMBEDDING, "embed_tokens.weight"})
    void tiedWeights_underTheHeadsNameAlone_areTheEmbedding(String embedding) throws IOException {
        copy("llama3_rope_tied");
        boolean isBare = !embedding.startsWith("model.");
        rewrite(name -> name.equals(EMBEDDING) ? HEAD : isBare ? name.replaceFirst("^model\\.", "") : name, w -> w);
        try (ModelFolder model = ModelFolder.open(folder);
                ModelFolder usual = ModelFolder.open(GoldenFiles.path("hf/llama3_rope_tied"))) {
            assertThat(model.config()).isEqualTo(usual.config());
            assertThat(model.tensors().isTied()).isTrue();
            assertThat(model.tensors().embedding().tokens().weights())
                    .isEqualTo(usual.tensors().embedding().tokens().weights());
        }
    }

    @Test
    void tiedWeights_withAHeadThatDiffers_useTheHead() throws IOException {
        copy("llama3_rope_tied");
        Tensor own;
        try (ModelFolder model = ModelFolder.open(folder)) {
            own = Tensor.of(new float[model.config().vocabSize() * model.config().hiddenSize()],
                    model.config().vocabSize(), model.config().hiddenSize());
        }
        own.set(0.5f, 3, 1);
        rewrite(name -> name, writer -> writer.add(HEAD, own));
        try (ModelFolder model = ModelFolder.open(folder)) {
            assertThat(model.config().tiedHead()).isFalse();
            assertThat(model.tensors().isTied()).isFalse();
            assertThat(WeightMatrices.tensor(model.tensors().head().getFirst()).get(3, 1)).isEqualTo(0.5f);
        }
    }

    @Test
    void tiedWeights_withTheSameHead_stayTied() throws IOException {
        copy("llama3_rope_tied");
        try (ModelFolder model = ModelFolder.open(folder)) {
            Tensor tokens = WeightMatrices.tensor(model.tensors().embedding().tokens());
            Tensor same = Tensor.of(tokens.toFloatArray(), tokens.shape());
            rewrite(name -> name, writer -> writer.add(HEAD, same));
        }
        try (ModelFolder model = ModelFolder.open(folder)) {
            assertThat(model.config().tiedHead()).isTrue();
        }
    }

    @Test
    void textPartOfALargerModel_isFoundUnderItsPrefix() throws IOException {
        copy("llama");
        float[] usual = embedding();
        rewrite(name -> "language_model." + name, w -> w);
        assertThat(embedding()).isEqualTo(usual);
        rewrite(name -> name.replace("language_model.model.", "model.language_model.")
                .replace("language_model.lm_head", "lm_head"), w -> w);
        assertThat(embedding()).isEqualTo(usual);
    }

    private float[] embedding() throws IOException {
        try (ModelFolder model = ModelFolder.open(folder)) {
            ModelTensors tensors = model.tensors();
            return tensors.embedding().tokens().weights();
        }
    }

    @Test
    void adapterBesideTheModel_isRefused() throws IOException {
        copy("llama");
        Files.writeString(folder.resolve("adapter_config.json"), "{\"base_model_name_or_path\":\"x/y\"}");
        refused("adapter_config.json: an adapter lies beside the model and would change it");
    }

    @Test
    void adapterAlone_namesItsBase() throws IOException {
        Files.writeString(folder.resolve("adapter_config.json"), "{\"base_model_name_or_path\":\"x/y\"}");
        refused("adapter_config.json: is an adapter, not a model; merge it into x/y");
    }

    @ParameterizedTest
    @ValueSource(strings = {"config.json", "model.safetensors", "tokenizer.json"})
    void gitLfsPointer_isNamed(String file) throws IOException {
        copy("llama");
        Files.writeString(folder.resolve(file),
                "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 12345\n");
        refused(folder.resolve(file) + ": is a Git LFS pointer, not the file itself");
    }

    @Test
    void otherKindsOfFiles_areNamed() throws IOException {
        copy("llama");
        Files.writeString(folder.resolve("model.safetensors"), "<!DOCTYPE html><html>");
        refused("is a web page");
        Files.write(folder.resolve("model.safetensors"), new byte[] {'P', 'K', 3, 4, 0, 0, 0, 0, 0});
        refused("is a PyTorch or zip file");
        Files.move(folder.resolve("model.safetensors"), folder.resolve("pytorch_model.bin"));
        refused("holds neither model.safetensors nor model.safetensors.index.json; pytorch_model.bin is of another");
        Path gguf = Files.createFile(folder.resolve("q.gguf"));
        refused("; give the GGUF file itself: " + gguf);
    }

    @ParameterizedTest
    @CsvSource({"1f8b0800, is compressed with gzip", "28b52ffd, is compressed with zstd",
        "efbbbf7b7d, begins with a byte order mark (BOM)", "fffe7b00, is UTF-16", "feff007b, is UTF-16",
        "3c3f786d6c20, is a web page", "41636365737320746f206d6f64656c, is an error message of the Hub"})
    void foreignBytes_areNamed_inEveryFile(String hex, String problem) throws IOException {
        byte[] bytes = HexFormat.of().parseHex(hex);
        for (String file : List.of("model.safetensors", "generation_config.json", "config.json")) {
            copy("llama");
            Files.write(folder.resolve(file), Arrays.copyOf(bytes, bytes.length + 20));
            refused(folder.resolve(file) + ": " + problem);
            try (Stream<Path> files = Files.list(folder)) {
                for (Path left : files.toList()) {
                    Files.delete(left);
                }
            }
        }
    }

    /** The first bytes of such a file are those of a Python pickle. */
    @Test
    void headerOf640Bytes_isRead() throws IOException {
        String tensor = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
        ByteBuffer bytes = ByteBuffer.allocate(8 + 640 + 4).order(ByteOrder.LITTLE_ENDIAN).putLong(640)
                .put((tensor + " ".repeat(640 - tensor.length())).getBytes(StandardCharsets.UTF_8));
        Path file = Files.write(folder.resolve("x.safetensors"), bytes.array());
        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            assertThat(opened.names()).containsExactly("a");
        }
    }

    /** As a folder of the Hub's cache is left by a copy without its blobs. */
    @ParameterizedTest
    @ValueSource(strings = {"model.safetensors", "config.json", "generation_config.json"})
    void linkToNowhere_isNamed(String file) throws IOException {
        copy("llama");
        Files.deleteIfExists(folder.resolve(file));
        Files.createSymbolicLink(folder.resolve(file), Path.of("../../blobs/4d7a21"));
        refused(folder.resolve(file) + ": is a symbolic link to ../../blobs/4d7a21, which is not there");
    }

    @Test
    void shardsWithoutAnIndex_areNamed() throws IOException {
        copy("llama");
        Files.move(folder.resolve("model.safetensors"), folder.resolve("model-00001-of-00002.safetensors"));
        refused("model-00001-of-00002.safetensors is a shard, and the index that lists the shards is missing");
    }

    @Test
    void fileOrNameInsteadOfAFolder_saysWhatToDo() throws IOException {
        copy("llama");
        Path file = folder.resolve("config.json");
        assertThatThrownBy(() -> ModelFolder.open(file))
                .hasMessage(file + ": is a file; give the folder that it is in");
        assertThatThrownBy(() -> ModelFolder.open(Path.of("gpt2")))
                .hasMessage("gpt2: no such file or folder; models are not "
                        + "downloaded by name, so get it first: hf download gpt2 --local-dir gpt2");
        assertThatThrownBy(() -> ModelFolder.open(Path.of("org/a.b-1"))).hasMessageEndingWith(
                "hf download org/a.b-1 --local-dir a.b-1");
        assertThatThrownBy(() -> ModelFolder.open(Path.of("/no/such"))).hasMessage("/no/such: no such file or folder");
        Path cache = Files.createDirectories(folder.resolve("models--org--name/snapshots/abc")).getParent().getParent();
        assertThatThrownBy(() -> ModelFolder.open(cache)).hasMessageContaining("snapshots");
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void weightThatIsNotFinite_isRefusedByName(float number) throws IOException {
        copy("llama");
        Path file = folder.resolve("model.safetensors");
        for (String tensor : List.of(EMBEDDING, "model.norm.weight", "model.layers.1.mlp.up_proj.weight")) {
            long offset;
            try (SafetensorsFile stored = SafetensorsFile.open(file)) {
                offset = stored.entry(tensor).toByteOffset() - Float.BYTES;
            }
            byte[] before = Files.readAllBytes(file);
            write(file, offset, number);
            refused("tensor " + tensor + ": holds a number that is infinite or not a number");
            Files.write(file, before);
        }
        Model.load(folder, ModelOptions.defaults().withKernels("scalar")).close();
    }

    @Test
    void halfWeightsThatAreNotFinite_areRefused() throws IOException {
        copy("llama_bf16");
        Path file = folder.resolve("model.safetensors");
        long offset;
        try (SafetensorsFile stored = SafetensorsFile.open(file)) {
            offset = stored.entry(EMBEDDING).fromByteOffset();
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {(byte) 0x80, 0x7F}), offset + 6);
        }
        refused("tensor " + EMBEDDING + ": holds a number");
    }

    private static void write(Path file, long offset, float number) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN).putFloat(0, number);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(bytes, offset);
        }
    }

    @Test
    void fileThatHasBeenShortened_isNamed() throws IOException {
        copy("llama");
        Path file = folder.resolve("model.safetensors");
        long length = Files.size(file);
        try (ModelFolder model = ModelFolder.open(folder)) {
            model.source().weights().requireWhole();
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(100);
            }
            assertThatThrownBy(() -> model.source().weights().requireWhole())
                    .hasMessage(file + ": 100 bytes, had " + length
                            + " when it was opened; weights must stay whole while a model is open");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 100, -1})
    void weightsShortenedDuringARun_endItByName(long length) throws IOException {
        copy("llama");
        Path file = folder.resolve("model.safetensors");
        long whole = Files.size(file);
        try (Model model = Model.load(folder, ModelOptions.defaults().withKernels("vector"));
                Session session = model.newSession()) {
            session.append(1, 2, 3);
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(length < 0 ? whole + length : length);
            }
            assertThatThrownBy(() -> session.append(4, 5, 6)).isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith(file + ": ").hasMessageContaining("bytes, had " + whole);
            assertThat(session.numTokens(0)).isEqualTo(3);
        }
    }

    @Test
    void weightsOverwrittenDuringARun_endItByName() throws IOException {
        copy("llama");
        Path file = folder.resolve("model.safetensors");
        try (Model model = Model.load(folder, ModelOptions.defaults().withKernels("vector"));
                Session session = model.newSession()) {
            session.append(1, 2, 3);
            Files.write(file, new byte[(int) Files.size(file)], StandardOpenOption.WRITE);
            Files.setLastModifiedTime(file, FileTime.from(Files.getLastModifiedTime(file).toInstant().plusSeconds(1)));
            assertThatIllegalStateException().isThrownBy(() -> session.append(4, 5, 6))
                    .withMessage(file + ": was changed since it was opened; the files of a model must stay as they "
                            + "are while it is open");
            assertThat(session.numTokens(0)).isEqualTo(3);
        }
    }

    @Test
    void weightsReplacedDuringARun_doNotMatter_butHaveNoDigest() throws IOException {
        copy("llama");
        Path file = folder.resolve("model.safetensors");
        try (Model model = Model.load(folder, ModelOptions.defaults().withKernels("vector"));
                Session session = model.newSession()) {
            String digest = model.source().digest();
            float[] before = session.append(1, 2, 3).toFloatArray();
            session.reset();
            Files.copy(GoldenFiles.path("hf/qwen2").resolve("model.safetensors"), folder.resolve("other"));
            Files.move(folder.resolve("other"), file, StandardCopyOption.REPLACE_EXISTING);
            assertThat(session.append(1, 2, 3).toFloatArray()).isEqualTo(before);
            assertThatThrownBy(() -> model.source().digest()).isInstanceOf(ModelFormatException.class)
                    .hasMessageStartingWith(file + ": was changed since it was opened");
            Files.delete(file);
            assertThat(session.append(4).toFloatArray()).isNotEmpty();
            assertThat(digest).hasSize(64);
        }
    }

    @Test
    void controlCharacters_areEscapedInMessages() throws IOException {
        copy("llama");
        Path config = folder.resolve("config.json");
        Files.writeString(config,
                Files.readString(config).replaceFirst("\\{", "{\"a\\\\nb\\\\u001b[31mEVIL\\\\u202e\":3,"));
        refused("a\\nb\\u001b[31mEVIL\\u202e: 3, this key is not known");
    }

    @Test
    void unknownKey_saysHowToLetItPass() throws IOException {
        copy("llama");
        Path config = folder.resolve("config.json");
        Files.writeString(config, Files.readString(config).replaceFirst("\\{", "{\"weird\":3,"));
        refused("weird: 3, this key is not known and may change the result (--allow-config weird lets it pass)");
        ModelFolder.open(folder, Set.of("weird")).close();
    }

    @Test
    void generationSettingsThatAreNotApplied_areListed() throws IOException {
        copy("llama");
        Files.writeString(folder.resolve("generation_config.json"), """
                {"suppress_tokens":[49,58],"min_p":0.05,"typical_p":1.0,"no_repeat_ngram_size":0,"num_beams":4,
                 "early_stopping":true,"min_new_tokens":3,"min_length":5,"eos_token_id":[2,7,100000],"top_k":-1,"max_length":4096,
                 "pad_token_id":0,"forced_eos_token_id":2,"transformers_version":"4.50"}""");
        try (ModelFolder model = ModelFolder.open(folder)) {
            assertThat(model.generationConfig().unapplied()).containsExactly(
                    "eos_token_id: 100000, the vocabulary has " + model.config().vocabSize() + " tokens",
                    "num_beams: 4", "early_stopping: true", "min_length: 5",
                    "forced_eos_token_id: 2");
            assertThat(model.generationConfig().eosIds()).containsExactly(2, 7);
            assertThat(model.generationConfig().topK()).hasValue(0);
        }
        Files.writeString(folder.resolve("generation_config.json"), """
                {"eos_token_id":-1,"top_k":50.0,"early_stopping":true,"length_penalty":2.0}""");
        try (ModelFolder model = ModelFolder.open(folder)) {
            assertThat(model.generationConfig().unapplied()).isEmpty();
            assertThat(model.generationConfig().eosIds()).containsExactly(2);
            assertThat(model.generationConfig().topK()).hasValue(50);
        }
    }

    @Test
    void generationSettings_becomeSamplingOptions() throws IOException {
        copy("llama");
        assertThat(sampling("""
                {"min_p":0.05,"typical_p":0.9,"no_repeat_ngram_size":3,"suppress_tokens":[-1,49,58,100000],
                 "begin_suppress_tokens":[7],"min_new_tokens":3}"""))
                .isEqualTo(SamplingOptions.GREEDY.withMinP(0.05).withTypicalP(0.9).withMinNewTokens(3)
                        .withNoRepeatNgramSize(3).withSuppressTokens(Set.of(49, 58))
                        .withBeginSuppressTokens(Set.of(7)));
        assertThat(sampling("{\"min_p\":null,\"suppress_tokens\":null}")).isEqualTo(SamplingOptions.GREEDY);
    }

    @Test
    void beginSuppressTokensBehindAForcedToken_stayUnapplied() throws IOException {
        copy("llama");
        Files.writeString(folder.resolve("generation_config.json"),
                "{\"begin_suppress_tokens\":[7],\"forced_bos_token_id\":3}");
        try (ModelFolder model = ModelFolder.open(folder)) {
            assertThat(model.generationConfig().beginSuppressTokens()).isEmpty();
            assertThat(model.generationConfig().unapplied())
                    .containsExactly("begin_suppress_tokens: [7]", "forced_bos_token_id: 3");
        }
    }

    @Test
    void settingsThatAreNotApplied_areLoggedOnce_whereTheyAreAskedFor() throws IOException {
        copy("llama");
        Files.writeString(folder.resolve("generation_config.json"), "{\"min_length\":5,\"num_beams\":4}");
        List<String> lines = new ArrayList<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord line) {
                lines.add(line.getLevel() + " " + line.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger logger = Logger.getLogger(Model.class.getName());
        logger.addHandler(handler);
        try (Model model = Model.load(folder, ModelOptions.defaults().withKernels("scalar"))) {
            assertThat(lines).isEmpty();
            model.generationOptions();
            model.generationOptions();
        } finally {
            logger.removeHandler(handler);
        }
        assertThat(lines).containsExactly("WARNING generation_config.json of " + folder
                + " sets what is not applied: min_length: 5, num_beams: 4");
    }

    @Test
    void settingsOfAnOldConfigFile_holdWhereThereIsNoOther() throws IOException {
        copy("llama");
        Path config = folder.resolve("config.json");
        Files.writeString(config, Files.readString(config).replaceFirst("\\{", "{\"do_sample\":true,\"top_k\":5,"
                + "\"suppress_tokens\":[7],\"num_beams\":1,\"bad_words_ids\":[[3]],\"max_length\":20,"));
        try (ModelFolder model = ModelFolder.open(folder)) {
            assertThat(GenerationOptions.of(model.generationConfig()).sampling()).isEqualTo(
                    SamplingOptions.GREEDY.withTemperature(1).withTopK(5).withSuppressTokens(Set.of(7)));
            assertThat(model.generationConfig().unapplied()).containsExactly("bad_words_ids: [[3]]");
            assertThat(model.generationConfig().eosIds()).containsExactly(2);
        }
        assertThat(sampling("{}")).isEqualTo(SamplingOptions.GREEDY);
    }

    private SamplingOptions sampling(String json) throws IOException {
        Files.writeString(folder.resolve("generation_config.json"), json);
        try (ModelFolder model = ModelFolder.open(folder)) {
            assertThat(model.generationConfig().unapplied()).isEmpty();
            return GenerationOptions.of(model.generationConfig()).sampling();
        }
    }

    @Test
    void endTokenBeyondTheVocabulary_leavesTheModelUsable() throws IOException {
        copy("llama");
        Path config = folder.resolve("config.json");
        Files.writeString(config,
                Files.readString(config).replaceFirst("\"eos_token_id\": *2", "\"eos_token_id\":[2,99999]"));
        try (ModelFolder model = ModelFolder.open(folder)) {
            assertThat(model.generationConfig().eosIds()).containsExactly(2);
            assertThat(model.generationConfig().unapplied()).hasSize(1);
            assertThat(model.config().storageType()).isEqualTo(DataType.F32);
        }
    }
}
