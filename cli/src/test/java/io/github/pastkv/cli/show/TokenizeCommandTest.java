package io.github.pastkv.cli.show;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cli.CommandRun;
import io.github.pastkv.cli.options.TinyModelFolder;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

class TokenizeCommandTest {
    private static final List<String> TEXTS =
            List.of("Once upon a time", "", " two  spaces\n", "世界 <|endoftext|> é", "it's 1234");

    @TempDir Path folder;

    private static String json(Object value) {
        return JsonMapper.shared().writeValueAsString(value) + "\n";
    }

    private Path file(Object value) throws Exception {
        return Files.writeString(folder.resolve("in.json"), json(value));
    }

    @Test
    void listOfTexts_givesAListOfLists_andBack() throws Exception {
        try (TextTokenizer tokenizer = TextTokenizer.openFolder(TinyModelFolder.require())) {
            List<int[]> ids = TEXTS.stream().map(tokenizer::encodeContent).toList();
            CommandRun run = CommandRun.of("tokenize", "--json", "--input", file(TEXTS).toString());
            assertThat(run.out()).isEqualTo(json(ids));
            assertThat(CommandRun.of("detokenize", "--input", file(ids).toString()).out()).isEqualTo(json(TEXTS));
        }
    }

    @Test
    void spelledControlTokens_areTextUnlessParsed() {
        assertThat(CommandRun.of("tokenize", "--json", "--parse-special", "Once<|endoftext|>").out())
                .isEqualTo("[838,0]\n");
        assertThat(CommandRun.of("tokenize", "--json", "Once<|endoftext|>").out()).startsWith("[838,")
                .doesNotContain(",0]");
        assertThat(CommandRun.of("detokenize", "838,0").out()).isEqualTo("Once<|endoftext|>\n");
        assertThat(CommandRun.of("detokenize", "838,0", "--skip-special").out()).isEqualTo("Once\n");
    }

    @Test
    void tokensAroundAText_areAddedUnlessLeftOut() throws Exception {
        for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
            Path source = TinyModelFolder.require().resolve(name);
            if (Files.exists(source)) {
                Files.copy(source, folder.resolve(name));
            }
        }
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"tokenizer_class\": \"LlamaTokenizerFast\", "
                + "\"bos_token\": \"<|endoftext|>\", \"eos_token\": \"<|endoftext|>\", \"add_bos_token\": true}");
        String[] args = {"tokenize", "--json", "--model", folder.toString(), "Once <|endoftext|>"};
        String without = CommandRun.of(with(args, "--no-add-special")).out();
        assertThat(without).startsWith("[838,");
        assertThat(CommandRun.of(args).out()).isEqualTo("[0," + without.substring(1));
        assertThat(CommandRun.of(with(args, "--parse-special")).out()).isEqualTo("[0,838,221,0]\n");
    }

    private static String[] with(String[] args, String more) {
        String[] all = Arrays.copyOf(args, args.length + 1);
        all[args.length] = more;
        return all;
    }

    @Test
    void people_seePiecesAboveIds() {
        CommandRun run = CommandRun.withInput("Once upon a time\n".getBytes(UTF_8), "tokenize", "-");
        assertThat(run.out()).isEqualTo("Once  ·upon  ·a   ·time\n838   837    259  468\n4 tokens\n");
        assertThat(CommandRun.of("tokenize", "a ".repeat(100)).out().lines()).allMatch(line -> line.length() <= 100);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`',
            value = {"tokenize | 2 | no text: give TEXT, - for standard input, or --input",
                "tokenize --input x y | 2 | TEXT and --input: give one of them",
                "tokenize --input nowhere.json | 1 | nowhere.json: no such file",
                "tokenize --input pom.xml | 1 | pom.xml: not JSON",
                "tokenize --model /dev a | 1 | tokenizer.json: no such file",
                "detokenize 1,x | 2 | IDS: 'x' is not a token id",
                "detokenize -5 | 1 | ids: -5 at 0, must not be negative",
                "detokenize | 2 | no ids: give IDS or --input"})
    void wrongUse_isRefused(String command, int exitCode, String message) {
        CommandRun run = CommandRun.of(command.split(" "));
        assertThat(run.err()).startsWith("pastkv: ").contains(message).hasLineCount(1);
        assertThat(run.exitCode()).isEqualTo(exitCode);
    }

    @Test
    void listOfSomethingElse_isRefused() throws Exception {
        assertThat(CommandRun.of("tokenize", "--input", file(List.of("a", 1)).toString()).err())
                .contains("element 1 is not a string; give a list of strings");
        assertThat(CommandRun.of("detokenize", "--input", file(List.of(1, 2)).toString()).err())
                .contains("element 0 is not a list of ids");
        assertThat(CommandRun.of("detokenize", "--input", file(List.of(List.of(-1))).toString()).err())
                .contains("ids: -1 at 0");
    }
}
