package io.github.pastkv.cli.show;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.PastTensor;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.cli.CommandRun;
import io.github.pastkv.cli.TestModels;
import io.github.pastkv.cli.options.OptionConverters;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.files.SafetensorsFile;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogitsCommandTest {
    private static final Offset<Float> TOLERANCE = Offset.offset(2e-4f);

    @TempDir Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"llama", "gpt2"})
    void logitsAndCache_areThoseOfTheReference(String model) throws Exception {
        Path kv = folder.resolve("kv.safetensors");
        Path out = logits(model, "--tokens", TestModels.prompt(model), "--kv-out", kv.toString());
        try (SafetensorsFile expected = TestModels.expected(model)) {
            assertClose(out, "logits", expected, "logits");
            for (String name : expected.names()) {
                if (name.startsWith("past_")) {
                    assertClose(kv, name, expected, name);
                }
            }
        }
    }

    @Test
    void files_sayWhatTheirNumbersAreOf() throws Exception {
        Path out = folder.resolve("l.safetensors");
        Path kv = folder.resolve("kv.safetensors");
        CommandRun run = CommandRun.of("logits", "Mary and John", "--kv-type", "bf16", "--out", out.toString(),
                "--kv-out", kv.toString());
        assertThat(run.exitCode()).as(run.err()).isZero();
        for (Path each : List.of(out, kv)) {
            try (SafetensorsFile file = SafetensorsFile.open(each)) {
                assertThat(file.metadata()).containsEntry("prompt", "Mary and John").containsEntry("model", "tiny")
                        .containsEntry("kv_type", "bf16").containsKeys("tokens", "arithmetic");
            }
        }
        Path input = folder.resolve("batch.json");
        Files.writeString(input, "{\"tokens\": [[1, 15, 27], [0, 8, 9]], \"mask\": [[1, 1, 1], [0, 1, 1]]}");
        run = CommandRun.of("logits", "--input", input.toString(), "--out", out.toString());
        assertThat(run.exitCode()).as(run.err()).isZero();
        try (SafetensorsFile file = SafetensorsFile.open(out)) {
            assertThat(file.metadata()).containsEntry("tokens", "[[1, 15, 27], [0, 8, 9]]")
                    .containsEntry("mask", "[[1, 1, 1], [0, 1, 1]]").containsEntry("model", "tiny");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "gpt2"})
    void batchWithPads_isThatOfTheReference(String model) throws Exception {
        try (SafetensorsFile expected = TestModels.expected(model)) {
            Path input = folder.resolve("batch.json");
            long[] shape = expected.tensor("batch_logits").shape();
            long[] tokens = expected.longs("batch_tokens");
            long[] mask = expected.longs("batch_mask");
            Files.writeString(input, "{\"tokens\": " + rows(tokens, (int) shape[1]) + ", \"mask\": "
                    + rows(mask, (int) shape[1]) + "}");
            Path out = logits(model, "--input", input.toString());
            Path chunked = logits(model, "--input", input.toString(), "--chunks", "3,1," + (shape[1] - 4));
            assertThat(read(chunked, "logits")).isEqualTo(read(out, "logits"));
            float[] actual = read(out, "logits");
            float[] wanted = expected.tensor("batch_logits").toFloatArray();
            assertThat(actual).hasSize(wanted.length);
            for (int i = 0; i < wanted.length; i++) {
                float real = mask[(int) (i / shape[2])] == 1 ? wanted[i] : 0;
                assertThat(actual[i]).isCloseTo(real, TOLERANCE);
            }
        }
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', value = {"llama, f32", "llama, f16", "llama, bf16", "gpt2, bf16", "gpt2, q8",
        "llama, q8:f16", "llama, `bf16,0=f32,2=q8:f32`"})
    void files_holdTheSessionsBits(String model, String kvType) throws Exception {
        Path kv = folder.resolve("kv.safetensors");
        Path out = logits(model, "--tokens", TestModels.prompt(model), "--kv-type", kvType, "--kv-out", kv.toString());
        int[] ids = Arrays.stream(TestModels.prompt(model).split(",")).mapToInt(Integer::parseInt).toArray();
        SessionOptions options =
                SessionOptions.defaults().withKvTypes(new OptionConverters.StorageTypes().convert(kvType));
        try (Model loaded = Model.load(TestModels.folder(model)); Session session = loaded.newSession(options)) {
            assertThat(read(out, "logits")).isEqualTo(session.append(ids).toFloatArray());
            for (int layer = 0; layer < loaded.config().numLayers(); layer++) {
                assertThat(read(kv, "past_keys." + layer))
                        .isEqualTo(headsFirst(session.cache().entry(layer).pastKeys(), 0));
                assertThat(read(kv, "past_values." + layer))
                        .isEqualTo(headsFirst(session.cache().entry(layer).pastValues(), 0));
            }
            assertThat(shape(out, "logits")).containsExactly(ids.length, loaded.config().vocabSize());
            assertThat(shape(kv, "past_keys.0")).containsExactly(loaded.config().numKvHeads(), ids.length,
                    loaded.config().headDim());
        }
    }

    @ParameterizedTest
    @CsvSource({"llama, f32", "llama, bf16", "gpt2, f16", "llama, q8"})
    void chunks_giveTheSameBits(String model, String kvType) throws Exception {
        String prompt = TestModels.prompt(model);
        int numTokens = prompt.split(",").length;
        Path kv = folder.resolve("kv.safetensors");
        float[] whole =
                read(logits(model, "--tokens", prompt, "--kv-type", kvType, "--kv-out", kv.toString()), "logits");
        float[] keys = read(kv, "past_keys.1");
        for (String chunks : List.of("7,5,1," + (numTokens - 13), "1," + (numTokens - 1), (numTokens - 1) + ",1",
                TestModels.join(onesOf(numTokens)))) {
            Path out = logits(model, "--tokens", prompt, "--kv-type", kvType, "--chunks", chunks, "--kv-out",
                    kv.toString());
            assertThat(read(out, "logits")).isEqualTo(whole);
            assertThat(read(kv, "past_keys.1")).isEqualTo(keys);
        }
    }

    @Test
    void batch_ofSeveralRows_keepsTheRowsInBothFiles() throws Exception {
        Path input = folder.resolve("batch.json");
        Files.writeString(input, "{\"tokens\": [[5, 6, 7], [-1, 8, 9]], \"mask\": [[1, 1, 1], [0, 1, 1]]}");
        Path kv = folder.resolve("kv.safetensors");
        Path out = logits("llama", "--input", input.toString(), "--kv-out", kv.toString());
        assertThat(shape(out, "logits")).containsExactly(2, 3, 109);
        assertThat(shape(kv, "past_values.3")).containsExactly(2, 2, 3, 8);
        try (Model model = Model.load(TestModels.folder("llama"));
                Session session = model.newSession(SessionOptions.defaults().withBatchSize(2))) {
            AttentionMask mask = AttentionMask.of(new int[] {1, 1, 1}, new int[] {0, 1, 1});
            Tensor logits = session.append(new int[][] {{5, 6, 7}, {0, 8, 9}}, mask);
            assertThat(read(out, "logits")).isEqualTo(logits.toFloatArray());
            float[] rows = read(kv, "past_values.3");
            assertThat(Arrays.copyOfRange(rows, rows.length / 2, rows.length))
                    .isEqualTo(headsFirst(session.cache().entry(3).pastValues(), 1));
        }
    }

    @Test
    void inputOfOneRow_keepsTheRowInLogits_notInTheCache() throws Exception {
        Path input = folder.resolve("batch.json");
        Files.writeString(input, "{\"tokens\": [[5, 6, 7]]}");
        Path kv = folder.resolve("kv.safetensors");
        Path out = logits("llama", "--input", input.toString(), "--kv-out", kv.toString());
        assertThat(shape(out, "logits")).containsExactly(1, 3, 109);
        assertThat(shape(kv, "past_keys.0")).containsExactly(2, 3, 8);
        assertThat(read(out, "logits")).isEqualTo(read(logits("llama", "--tokens", "5,6,7"), "logits"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "[[1, 2]]                                                  | not a JSON object",
        "{\"tokens\": [[1, 2]                                      | not strict JSON",
        "{}                                                        | tokens: missing, must be an array of rows",
        "{\"tokens\": []}                                          | tokens: no token",
        "{\"tokens\": [[]]}                                        | tokens: no token",
        "{\"tokens\": 5}                                           | tokens: 5, must be an array of rows",
        "{\"tokens\": [5, 6]}                                      | tokens[0]: 5, must be an array of integers",
        "{\"tokens\": [[5], [6, 7]]}                               | tokens[1]: 2 numbers, row 0 has 1",
        "{\"tokens\": [[5, \"x\"]]}                                | tokens[0][1]: \"x\", must be an integer",
        "{\"tokens\": [[5, 1.5]]}                                  | tokens[0][1]: 1.5, must be an integer",
        "{\"tokens\": [[5, null]]}                                 | tokens[0][1]: null, must be an integer",
        "{\"tokens\": [[5, 3000000000]]}                           | tokens[0][1]: 3000000000, must be in",
        "{\"tokens\": [[5, 109]]}                                  | 109 at [0, 1], the vocabulary has 109",
        "{\"tokens\": [[5, -1]]}                                   | -1 at [0, 1], the vocabulary has 109",
        "{\"tokens\": [[5, 6]], \"mask\": [[1, 2]]}                | mask[0][1]: 2, must be in [0, 1]",
        "{\"tokens\": [[5, 6]], \"mask\": [[1]]}                   | mask: 1 rows of 1, tokens has 1 rows of 2",
        "{\"tokens\": [[5, 6]], \"mask\": []}                      | mask: 0 rows of 0, tokens has 1 rows of 2",
        "{\"tokens\": [[5, 6]], \"mask\": [[1, true]]}             | mask[0][1]: true, must be an integer",
        "{\"tokens\": [[5, 6]], \"masks\": [[1, 1]]}               | masks: "})
    void badInput_isRefusedInWords(String json, String message) throws Exception {
        Path input = folder.resolve("batch.json");
        Files.writeString(input, json);
        Path out = folder.resolve("out.safetensors");
        CommandRun run = CommandRun.of("logits", "--model", TestModels.folder("llama").toString(), "--input",
                input.toString(), "--out", out.toString());
        assertThat(run.err()).startsWith("pastkv: ").contains(message).hasLineCount(1);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(out).doesNotExist();
    }

    @Test
    void allPads_giveZeros() throws Exception {
        Path input = folder.resolve("batch.json");
        Files.writeString(input, "{\"tokens\": [[5, 6], [5, 6]], \"mask\": [[0, 0], [1, 1]]}");
        float[] logits = read(logits("llama", "--input", input.toString(), "--chunks", "1,1"), "logits");
        assertThat(Arrays.copyOf(logits, 2 * 109)).containsOnly(0);
        assertThat(Arrays.copyOfRange(logits, 2 * 109, 4 * 109))
                .isEqualTo(read(logits("llama", "--tokens", "5,6"), "logits"));
    }

    @Test
    void closingLine_saysWhatWasDone() {
        CommandRun run = CommandRun.of("logits", "--model", TestModels.folder("llama").toString(), "--tokens", "5,6",
                "--out", folder.resolve("x").toString());
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).matches("logits of 2 tokens in \\d+ ms, cache 8\\.0 KiB f32, compute f32 on .+\n");
    }

    private Path logits(String model, String... options) {
        Path out = folder.resolve("out.safetensors");
        List<String> args = new ArrayList<>(
                List.of("logits", "--model", TestModels.folder(model).toString(), "--out", out.toString()));
        args.addAll(List.of(options));
        CommandRun run = CommandRun.of(args.toArray(String[]::new));
        assertThat(run.exitCode()).as(run.err()).isZero();
        return out;
    }

    private static float[] read(Path file, String tensor) throws IOException {
        try (SafetensorsFile read = SafetensorsFile.open(file)) {
            assertThat(read.tensor(tensor).dataType()).isEqualTo(DataType.F32);
            return read.tensor(tensor).toFloatArray();
        }
    }

    private static long[] shape(Path file, String tensor) throws IOException {
        try (SafetensorsFile read = SafetensorsFile.open(file)) {
            return read.tensor(tensor).shape();
        }
    }

    private static void assertClose(Path file, String tensor, SafetensorsFile expected, String expectedName)
            throws IOException {
        assertThat(shape(file, tensor)).isEqualTo(expected.tensor(expectedName).shape());
        assertThat(read(file, tensor)).containsExactly(expected.tensor(expectedName).toFloatArray(), TOLERANCE);
    }

    /** One row of {@code [B, T, K, D]} as {@code [K, T, D]}. */
    private static float[] headsFirst(PastTensor past, int row) {
        try (past) {
            float[] numbers = new float[past.shape(1) * past.shape(2) * past.shape(3)];
            int next = 0;
            for (int head = 0; head < past.shape(2); head++) {
                for (int slot = 0; slot < past.shape(1); slot++) {
                    for (int dim = 0; dim < past.shape(3); dim++) {
                        numbers[next++] = past.get(row, slot, head, dim);
                    }
                }
            }
            return numbers;
        }
    }

    private static String rows(long[] numbers, int width) {
        List<String> rows = new ArrayList<>();
        for (int from = 0; from < numbers.length; from += width) {
            rows.add(Arrays.toString(Arrays.copyOfRange(numbers, from, from + width)));
        }
        return rows.toString();
    }

    private static long[] onesOf(int length) {
        long[] ones = new long[length];
        Arrays.fill(ones, 1);
        return ones;
    }
}
