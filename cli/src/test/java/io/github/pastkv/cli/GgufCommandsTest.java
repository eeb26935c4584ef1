package io.github.pastkv.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.testkit.golden.GoldenFiles;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands on GGUF files. */
class GgufCommandsTest {
    private static final String STORIES = GoldenFiles.path("real/stories260K.gguf").toString();
    private static final String MIXED = GoldenFiles.path("gguf/preset_q2_k/model.gguf").toString();

    private static final String STORY = "Once upon a time, there was a little girl named Lily. She loved to play "
            + "outside in the park. One day, she saw a big, red ball. ";

    @TempDir private Path folder;

    private static String run(String... arguments) throws Exception {
        CommandRun run = CommandRun.of(arguments);
        assertThat(run.exitCode()).as(run.err()).isZero();
        return run.out();
    }

    @Test
    void generate_givesTheTextOfTheFolder() throws Exception {
        String text = run("generate", "--model", STORIES, "--temperature", "0", "--max-new-tokens", "30",
                "Once upon a time");
        assertThat(text).contains("there was a little girl named Lily. She loved to play outside in the park.");
        assertThat(run("generate", "--model", GoldenFiles.path("real/stories260K").toString(), "--temperature", "0",
                "--max-new-tokens", "30", "Once upon a time")).isEqualTo(text);
    }

    @Test
    void chat_answersFromAFile() {
        CommandRun run = CommandRun.withInput("Once upon a time\n".getBytes(StandardCharsets.UTF_8), "chat", "--model",
                STORIES, "--max-new-tokens", "8");
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out()).contains(", there was a little girl");
    }

    @Test
    void inspect_showsTypesByTensorAndWhatRunsThem() throws Exception {
        String text = run("inspect", "--kernels", "vector", MIXED);
        assertThat(text).contains("stored as f32, q2_k, q3_k, q4_k, q6_k")
                .containsPattern(
                        "blk\\.\\*\\.attn_q\\.weight +q2_k +2-bit integers, groups of 16 with minimums in vector")
                .containsPattern("output\\.weight +q6_k +6-bit integers, groups of 16 in vector")
                .containsPattern("output_norm\\.weight +f32 +as f32 in vector")
                .containsPattern("token_embd\\.weight +q2_k +looked up by row\\R");
        String tied = run("inspect", "--kernels", "vector",
                GoldenFiles.path("gguf/llama3_rope_tied_f16/model.gguf").toString());
        assertThat(tied).containsPattern("token_embd\\.weight +f16 +looked up by row; as head as stored in vector")
                .containsPattern("rope_freqs\\.weight +f32 +factors of RoPE");
        assertThat(run("inspect", "--kernels", "vector", "--model", MIXED)).isEqualTo(text);
        assertThat(CommandRun.of("inspect", "--model", MIXED, MIXED).err()).contains("MODEL and --model");
    }

    @Test
    void score_isThatOfTheFolder() throws Exception {
        Path text = Files.writeString(folder.resolve("text.txt"), "Once upon a time, there was a little girl.");
        String score = run("score", "--model", STORIES, text.toString());
        assertThat(run("score", "--model", GoldenFiles.path("real/stories260K").toString(), text.toString())
                .replace("stories260K", "stories260K.gguf")).isEqualTo(score);
    }

    /** {@code llama-perplexity -c 32} gives 1.5635 for the same file and text; 0.2 % either side. */
    @Test
    void scoreOfDisjointWindows_isThatOfLlamaPerplexity() throws Exception {
        Path text = Files.writeString(folder.resolve("text.txt"), STORY.repeat(4));
        String score = run("score", "--model", STORIES, "--disjoint", "--window", "32", text.toString());
        assertThat(score).containsPattern("perplexity 1\\.56[0-6], 75 tokens predicted");
        assertThat(CommandRun.of("score", "--model", STORIES, "--disjoint", "--overlap", "8", text.toString()).err())
                .contains("--overlap: 8, windows of --disjoint do not overlap");
        assertThat(CommandRun.of("score", "--model", STORIES, "--disjoint", "--window", "512", text.toString()).err())
                .contains("tokens, less than the window of 512");
    }

    @Test
    void patchAcdcAndBench_runOnQuantizedWeights() throws Exception {
        List<String> pair = List.of("--model", MIXED, "--clean-tokens", "5,17,33,9", "--corrupt-tokens", "5,21,33,9",
                "--answer-token", "7", "--wrong-token", "11");
        Path patched = folder.resolve("patch.json");
        run(with(pair, "patch", "--grid", "resid_pre", "--out", patched.toString()));
        assertThat(Files.readString(patched)).contains("resid_pre");
        Path circuit = folder.resolve("circuit.json");
        run(with(pair, "acdc", "--threshold", "1000", "--out", circuit.toString()));
        assertThat(Files.size(circuit)).isPositive();
        assertThat(run("bench", "--model", MIXED, "--prompt", "8", "--gen", "4", "--batch", "1",
                "--repetitions", "1", "--warm-up", "0")).contains("| pp8 ", "| tg4 ");
    }

    private static String[] with(List<String> pair, String command, String... more) {
        return Stream.of(Stream.of(command), pair.stream(), Stream.of(more)).flatMap(each -> each)
                .toArray(String[]::new);
    }

    @Test
    void weightsAndConversion_thatDoNotApply_areRefusedInALine() throws Exception {
        CommandRun int8 = CommandRun.of("generate", "--model", MIXED, "--weights", "int8", "--tokens", "1,2");
        assertThat(int8.exitCode()).isNotZero();
        assertThat(int8.err()).contains("holds weights that are quantized already; they run as stored");
        CommandRun convert = CommandRun.of("convert", "--weights", "int8", "--model", MIXED, "--out",
                folder.resolve("out").toString());
        assertThat(convert.exitCode()).isNotZero();
        assertThat(convert.err()).contains("--weights: does not apply to " + MIXED);
    }

    @Test
    void cacheTier_isReusedByALaterRun() throws Exception {
        List<String> command = List.of("generate", "--model", STORIES, "--temperature", "0", "--max-new-tokens", "5",
                "--json", "--cache-tier", "file:" + folder.resolve("tier") + "?chunk=16&load=always",
                "Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day");
        String first = run(command.toArray(String[]::new));
        String second = run(command.toArray(String[]::new));
        assertThat(first).contains("\"text\":\", she saw a big\"", "\"loaded_tokens\":0");
        assertThat(second).contains("\"text\":\", she saw a big\"", "\"loaded_tokens\":32");
    }

    @Test
    void weightsInGroups_runOnFolders() throws Exception {
        String stories = GoldenFiles.path("real/stories260K").toString();
        for (String weights : List.of("int8-groups", "int4")) {
            assertThat(run("generate", "--model", stories, "--weights", weights, "--temperature", "0",
                    "--max-new-tokens", "12", "Once upon a time")).contains("there was a little girl named");
            assertThat(run("inspect", "--model", stories, "--weights", weights))
                    .contains(weights + " weights made of f32, f32 inputs and sums");
        }
        assertThat(CommandRun.of("score", "--model", STORIES, "--weights", "int5", "x").err()).contains("int8-groups");
    }

    @Test
    void convert_writesAFolderThatRunsAsTheFile() throws Exception {
        Path converted = folder.resolve("stories");
        run("convert", STORIES, converted.toString());
        assertThat(run("generate", "--model", converted.toString(), "--temperature", "0", "--max-new-tokens", "30",
                "Once upon a time")).isEqualTo(run("generate", "--model", STORIES, "--temperature", "0",
                        "--max-new-tokens", "30", "Once upon a time"));
        assertThat(CommandRun.of("convert", STORIES, converted.toString()).err()).contains("already exists");
        assertThat(CommandRun.of("convert", STORIES).err()).contains("no folder to write");
        assertThat(CommandRun.of("convert", converted.toString(), folder.resolve("x").toString()).err())
                .contains("no --weights: give int8, int8-groups or int4");
    }
}
