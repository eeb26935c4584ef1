package io.github.pastkv.cli.io;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cli.CommandRun;
import io.github.pastkv.cli.TestModels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each way to fail: one line on stderr, nothing on stdout, the right exit code. */
class ErrorReporterTest {
    private static final String LLAMA = TestModels.folder("llama").toString();

    @TempDir Path folder;

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "generate | no prompt: give PROMPT, - for standard input, or --tokens",
        "generate a --tokens 1 | PROMPT and --tokens: give one of them",
        "generate --foo a | there is no option --foo; before a prompt that begins with -, write --",
        "generate --temprature 1 a | there is no option --temprature, did you mean --temperature?",
        "generate Once upon | a prompt of several words goes in quotes",
        "genrate a | there is no command genrate, did you mean generate? (see pastkv --help)",
        "xyz | there is no command xyz (see pastkv --help)", "--modle x | there is no option --modle (see",
        "inspect --modle x | there is no option --modle, did you mean --model? (see",
        "generate --tokens 1,x | 'x' is not a token id; ids are given as 1,2,3",
        "generate --tokens | --tokens: needs a value (IDS)",
        "generate --kv-type q5 a | --kv-type: 'q5', must be f32 or f16 or bf16 or q8",
        "generate --kv-type q8:f8 a | --kv-type: 'f8', must be f32 or f16 or bf16 or q8",
        "generate --kv-type q8,f32 a | --kv-type: 'f32' is not a layer type such as 0=f32",
        "generate --kv-type q8,0= a | --kv-type: '', must be f32 or f16 or bf16 or q8",
        "generate --compute f16 a | --compute: 'f16', must be f32 or bf16 or auto",
        "generate --weights int5 a | --weights: 'int5', must be stored or int8 or int8-groups or int4",
        "generate --kernels simd a | --kernels: 'simd', must be scalar or vector",
        "generate --threads 0 a | --threads: 0, must be in [1, 1024]",
        "generate --block-size 17 a | --block-size: 17, must be 1 to 16 or a multiple of 16",
        "generate --cache-limit 8x a | '8x' is not a size such as 512m, 8g or 1000000",
        "generate --window -1 a | --window: -1, must be at least 0",
        "chat --window 8 --sinks -1 | --sinks: -1, must be at least 0",
        "bench --sinks 4 | --sinks: 4, needs a --window",
        "generate --max-new-tokens -1 a | --max-new-tokens: -1, must be at least 0",
        "generate --temperature -1 a | --temperature: -1.0, must be at least 0",
        "generate --temperature NaN a | --temperature: NaN, must be at least 0",
        "generate --top-k -1 a | --top-k: -1, must be at least 0",
        "generate --top-p 1.5 a | --top-p: 1.5, must be in [0, 1]",
        "generate --repetition-penalty 0 a | --repetition-penalty: 0.0, must be positive",
        "generate --seed x a | --seed: 'x' is not a whole number",
        "generate --threads 9999999999 a | --threads: '9999999999' is not a whole number in the range of this option",
        "generate --top-p x a | --top-p: 'x' is not a number",
        "generate --seed 1 --seed 2 a | --seed: is given twice",
        "logits --out x | no prompt: give PROMPT, --tokens or --input",
        "logits --out x --tokens 1 --input y | --tokens and --input: give one of them",
        "logits --tokens 1 | needs --out FILE",
        "logits --tokens 1 --out x --kv-out x | --out and --kv-out: x cannot hold both",
        "logits --tokens 1,2,3 --out x --chunks 1,1 | --chunks: they add up to 2, there are 3 tokens",
        "logits --tokens 1,2,3 --out x --chunks 4,-1 | --chunks: each must be positive",
        "inspect --threads 2000 | --threads: 2000, must be in [1, 1024]",
        "bench x | unexpected argument 'x'"})
    void wrongUse_exitsWith2(String command, String message) {
        CommandRun run = CommandRun.of(command.split(" "));
        assertThat(run.err()).startsWith("pastkv: ").contains(message).contains(" --help)\n").hasLineCount(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "generate --model nowhere a | nowhere: no such file or folder",
        "generate --model LLAMA a | has no tokenizer.json, so give token ids with --tokens",
        "generate --model LLAMA --tokens 1,109 | tokenIds: 109 at [0, 1], the vocabulary has 109",
        "generate --model LLAMA --tokens -4 | tokenIds: -4 at [0, 0], the vocabulary has 109",
        "generate --model LLAMA --tokens 1 --stop x | stopStrings: [x] need a tokenizer",
        "generate --model LLAMA --tokens 1 --cache-limit 5 | limitBytes: 5, must hold at least one block",
        "logits --model LLAMA --tokens 109 --out x | tokenIds: 109 at [0, 0], the vocabulary has 109",
        "logits --tokens 1 --out nowhere/x | --out: there is no folder",
        "logits --tokens 1 --out /tmp | --out: /tmp is a folder",
        "logits --tokens 1 --out x --kv-out nowhere/x | --kv-out: there is no folder",
        "logits --input nowhere.json --out x | nowhere.json: no such file",
        "inspect --model ./nowhere | ./nowhere: no such file or folder",
        "inspect --model gpt2 | gpt2: no such file or folder; models are not downloaded by name, so get it first: hf download",
        "inspect --model LLAMA/config.json | config.json: is a file; give the folder that it is in"})
    void failure_exitsWith1(String command, String message) {
        CommandRun run = CommandRun.of(command.replace("LLAMA", LLAMA).split(" "));
        assertFailed(run, message);
    }

    private static void assertFailed(CommandRun run, String message) {
        assertThat(run.err()).startsWith("pastkv: ").contains(message).doesNotContain("\tat ").hasLineCount(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.exitCode()).isEqualTo(1);
    }

    @Test
    void emptyPrompt_isRefused() {
        for (CommandRun run : new CommandRun[] {CommandRun.of("generate", ""), CommandRun.of("generate", "-"),
            CommandRun.withInput("\n".getBytes(UTF_8), "generate", "-")}) {
            assertThat(run.err()).isEqualTo("pastkv: the prompt is empty (see pastkv generate --help)\n");
            assertThat(run.exitCode()).isEqualTo(2);
        }
    }

    @Test
    void inputThatIsNotUtf8_isRefused() {
        CommandRun run = CommandRun.withInput(new byte[] {'a', (byte) 0xFF}, "generate", "-");
        assertThat(run.err()).contains("the prompt on standard input is not UTF-8");
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @Test
    void promptBeyondTheContext_namesBothNumbers() {
        String tokens = TestModels.join(new long[97]);
        assertFailed(CommandRun.of("generate", "--model", LLAMA, "--tokens", tokens),
                "the prompt has 97 tokens, the context of the model is 96");
        assertFailed(CommandRun.of("logits", "--model", LLAMA, "--tokens", tokens, "--out",
                folder.resolve("x").toString()), "would reach 97 tokens, the cache is configured for at most 96");
    }

    @Test
    void fullCache_namesTheOption_andEndsTheLine() {
        CommandRun run = CommandRun.of("generate", "--model", LLAMA, "--tokens", "16,20,73,13,17", "--cache-limit",
                "8192", "--max-new-tokens", "50");
        assertThat(run.err())
                .startsWith("pastkv: cache pool is full: 1 blocks requested, 0 free, 0 evictable, limit 8192 bytes")
                .contains("--cache-limit raises it").hasLineCount(1);
        assertThat(run.out()).matches("\\d+(,\\d+)*\n");
        assertThat(run.exitCode()).isEqualTo(1);
    }

    @Test
    void damagedModel_isNamed() throws Exception {
        Path model = TestModels.withGenerationConfig("llama", folder, "{\"eos_token_id\": \"x\"}");
        assertFailed(CommandRun.of("inspect", "--model", model.toString()), "generation_config.json: eos_token_id: ");
        Files.writeString(model.resolve("generation_config.json"), "{");
        assertFailed(CommandRun.of("inspect", "--model", model.toString()), "generation_config.json: not strict JSON");
        Files.write(model.resolve("model.safetensors"), new byte[100]);
        Files.delete(model.resolve("generation_config.json"));
        assertFailed(CommandRun.of("inspect", "--model", model.toString()), "model.safetensors: ");
        Files.delete(model.resolve("model.safetensors"));
        assertFailed(CommandRun.of("inspect", "--model", model.toString()), "model.safetensors");
        Files.delete(model.resolve("config.json"));
        assertFailed(CommandRun.of("inspect", "--model", model.toString()), "config.json: no such file");
    }

    @Test
    void debug_addsTheStackTrace() {
        String[] args = {"inspect", "--model", "nowhere"};
        String[] debugArgs = Arrays.copyOf(args, args.length + 1);
        debugArgs[args.length] = "--debug";
        assertThat(CommandRun.of(debugArgs).err()).startsWith(CommandRun.of(args).err())
                .contains("ModelFormatException").contains("\tat io.github.pastkv.cli.");
    }
}
