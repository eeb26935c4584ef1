package io.github.pastkv.cli.chat;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cli.CommandRun;
import io.github.pastkv.cli.TestModels;
import io.github.pastkv.tinymodel.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ChatCommandTest {
    private static final String STORY = "Once upon a time";

    @TempDir Path folder;

    /** A chat whose lines come from a pipe. */
    private static CommandRun chat(List<String> lines, String... options) {
        List<String> args = new ArrayList<>(List.of("chat", "--max-new-tokens", "12"));
        args.addAll(List.of(options));
        return CommandRun.withInput(String.join("\n", lines).getBytes(UTF_8), args.toArray(String[]::new));
    }

    private static String generated(String prompt) {
        CommandRun run = CommandRun.of("generate", "--max-new-tokens", "12", prompt);
        return run.out().substring(prompt.length());
    }

    @Test
    void answers_areThoseOfGenerate_afterTheTextSoFar() {
        String first = generated(STORY);
        assertThat(chat(List.of(STORY)).out()).isEqualTo(first);
        CommandRun run = chat(List.of(STORY, "", "/undo", STORY, "/undo", "/undo"));
        assertThat(run.out()).isEqualTo(first + first);
        assertThat(run.err()).contains("took back: " + STORY).contains("nothing to take back");
        assertThat(run.exitCode()).isZero();
    }

    @Test
    void branches_areShown_andEachKeepsItsTurns() throws Exception {
        Path text = folder.resolve("main.txt");
        Path json = folder.resolve("other.json");
        CommandRun run = chat(List.of(STORY, "/fork other", "Then", "/tree", "/save " + json, "/switch main", "/tree",
                "/save " + text, "/save " + text, "/save " + folder, "/quit", "never said"));
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains("  main: 1 turn\n*   other: 2 turns, from main after turn 1\n")
                .contains("* main: 1 turn\n    other: 2 turns, from main after turn 1\n");
        assertThat(Files.readString(text)).startsWith("> " + STORY + "\n\n").doesNotContain("Then");
        JsonNode messages = JsonMapper.shared().readTree(Files.readString(json));
        assertThat(messages.size()).isEqualTo(4);
        assertThat(messages.get(2).get("role").stringValue()).isEqualTo("user");
        assertThat(messages.get(2).get("content").stringValue()).isEqualTo("Then");
        assertThat(run.err()).contains("saved 1 turn to " + text)
                .contains(folder + ": already exists; choose another name");
    }

    @Test
    void savedConversation_isResumedWithAllBranches_andComputesNothingAgain() throws IOException {
        Path saved = folder.resolve("story.chat");
        CommandRun first = chat(List.of(STORY, "Then", "/fork other", "/undo", "And", "/save " + saved, "/undo", "And"),
                "--kv-type", "q8");
        assertThat(first.err()).contains("saved 2 branches to " + saved);
        CommandRun resumed = chat(List.of("/tree", "/undo", "And", "/stats", "/switch main", "/undo"), "--resume",
                saved.toString());
        String again = first.out().substring(first.out().lastIndexOf('\n', first.out().length() - 2) + 1);
        assertThat(resumed.out()).startsWith("  main: 2 turns\n*   other: 2 turns, from main after turn 1\n")
                .contains(again).containsPattern("last turn  \\d\\d tokens were in the cache, [1-4] read in");
        assertThat(resumed.err()).contains("took back: And").contains("now in main, 2 turns, the last: Then")
                .contains("took back: Then");
        assertThat(chat(List.of(STORY), "--resume", saved.toString(), "--kv-type", "bf16").err())
                .contains(saved + ": was saved with kv_types q8, this is bf16");
        assertThat(chat(List.of(STORY), "--resume", saved.toString(), "--system", "Hi").err()).contains("--resume: ");
        Files.write(saved, new byte[9]);
        assertThat(chat(List.of(STORY), "--resume", saved.toString()).err()).contains(saved + ": is no session");
    }

    @Test
    void aBranchGoneBackBehindItsFork_isFromThere_andNamesItsLastTurn() {
        CommandRun run = chat(List.of(STORY, "Then", "/fork other", "/undo", "/tree", "/switch main"));
        assertThat(run.out()).contains("  main: 2 turns\n*   other: 1 turn, from main after turn 1\n");
        assertThat(run.err()).contains("now in other, 2 turns, the last: Then\n")
                .contains("now in main, 2 turns, the last: Then\n");
    }

    @Test
    void secondTurn_readsItsOwnTokensOnly() {
        CommandRun run = chat(List.of(STORY, "Then", "/stats"));
        assertThat(run.out()).containsPattern("last turn  15 tokens were in the cache, [2-4] read in")
                .containsPattern("context    \\d+ of 1024 tokens in main");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"/nope | there is no /nope", "/fork | used as /fork NAME",
        "/undo twice | used as /undo", "/switch nowhere | there is no branch nowhere, only main",
        "/fork main | there is a branch main already"})
    void wrongCommand_isExplained_andTheChatGoesOn(String line, String message) {
        CommandRun run = chat(List.of(line, STORY));
        assertThat(run.err()).contains("pastkv: ").contains(message);
        assertThat(run.out()).isEqualTo(generated(STORY));
        assertThat(run.exitCode()).isZero();
    }

    @Test
    void twoSlashes_sayATextThatBeginsWithOne() {
        assertThat(chat(List.of("//undo")).out()).isEqualTo(generated("/undo"));
    }

    @Test
    void help_namesEveryCommand() {
        assertThat(chat(List.of("/help")).out().lines()).hasSameSizeAs(ChatLoop.commandNames())
                .allMatch(line -> line.startsWith("/"));
    }

    @Test
    void retry_drawsAnotherAnswer() {
        CommandRun run = chat(List.of("/retry", STORY, "/retry", "/stats"), "--temperature", "1.5");
        List<String> answers =
                run.out().lines().filter(line -> !line.matches("(context|cache|last|in all).*")).toList();
        assertThat(String.join("\n", answers)).isNotEqualTo(generated(STORY).repeat(2));
        assertThat(run.err()).contains("nothing to answer again");
        assertThat(run.out()).containsPattern("last turn  3 tokens were in the cache, 1 read");
    }

    @Test
    void smallCacheLimit_isSaidInALine_andTheChatGoesOn() {
        CommandRun run = chat(List.of(STORY + " there was a girl who lived in a house on a hill with her mother", "A"),
                "--cache-limit", "100k");
        assertThat(run.err()).contains("cache pool is full").contains("nothing is lost");
        assertThat(run.exitCode()).isZero();
    }

    @Test
    void modelWithoutTokenizer_isRefused() {
        CommandRun run = chat(List.of("x"), "--model", TestModels.folder("llama").toString());
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("has no tokenizer.json, which a chat needs");
    }

    @ParameterizedTest
    @CsvSource({"--max-new-tokens, 0", "--draft-tokens, -1", "--top-p, 2"})
    void wrongOption_isRefused(String option, String value) {
        assertThat(chat(List.of(), option, value).exitCode()).isEqualTo(2);
    }

    private Path messages(String json) throws IOException {
        return Files.writeString(folder.resolve("messages.json"), json);
    }

    /** The shipped model with a chat template. */
    private String withTemplate(String template) throws IOException {
        Path model = Files.createDirectory(folder.resolve("model"));
        TinyModel.unpackTo(model);
        Files.writeString(model.resolve("chat_template.jinja"), template);
        return model.toString();
    }

    @Test
    void printPrompt_printsTheTextAndItsIds() throws IOException {
        String model = withTemplate("{% for m in messages %}{{ m.role }}: {{ m.content }}<|endoftext|>\n{% endfor %}"
                + "{% if think is false %}no {% endif %}{{ tools | length if tools }}assistant:");
        String file =
                messages("{\"messages\": [{\"role\": \"user\", \"content\": \"Hi <|endoftext|>\"}], \"tools\": [1, 2]}")
                        .toString();
        CommandRun run = chat(List.of(), "--model", model, "--print-prompt", "--messages", file, "--template-var",
                "think=false");
        assertThat(run.out()).startsWith("user: Hi <|endoftext|><|endoftext|>\nno 2assistant:\n");
        assertThat(run.out().lines().toList().getLast()).matches("\\d+(,\\d+)+");
        JsonNode json = JsonMapper.shared().readTree(
                chat(List.of(), "--model", model, "--print-prompt", "--messages", file, "--json").out());
        assertThat(json.get("prompt").stringValue()).isEqualTo("user: Hi <|endoftext|><|endoftext|>\n2assistant:");
        assertThat(json.get("tokenIds").valueStream().filter(id -> id.intValue() == 0)).as("the template's own marker")
                .hasSize(1);
    }

    @Test
    void load_goesOnFromWhatSaveWrote_andGivenQuestionsAreAnswered() throws IOException {
        Path saved = folder.resolve("saved.json");
        CommandRun first = chat(List.of(STORY, "/save " + saved, "Then"));
        CommandRun second = chat(List.of("/load " + saved, "Then", "/tree"));
        assertThat(second.out()).startsWith(first.out().lines().toList().getLast());
        assertThat(second.err()).contains("now in " + saved + ", 1 turn, the last: " + STORY);
        String file = messages("[{\"role\": \"user\", \"content\": \"" + STORY + "\"}]").toString();
        assertThat(chat(List.of(), "--messages", file).out()).isEqualTo(generated(STORY));
    }

    @Test
    void drop_removesTheOldestTurns() {
        CommandRun run = chat(List.of(STORY, "Then", "/drop 1", "/tree", "/drop x", "/drop 5"));
        assertThat(run.err()).contains("dropped the oldest 1 turn, 1 turn left").contains("used as /drop N")
                .contains("numTurns: 5, there are 1");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {"--template-var | x | must be NAME=JSON",
        "--template-var | x=a b | is not JSON; strings need double quotes",
        "--template-var | x=1 | has no chat template"})
    void wrongTemplateVariable_isRefused(String option, String value, String message) {
        CommandRun run = chat(List.of(), option, value);
        assertThat(run.exitCode()).isNotZero();
        assertThat(run.err()).contains(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`',
            value = {"[1] | messages[0]: message: must be an object with a role",
                "{} | has no messages", "[ | not JSON", "{\"messages\": 3} | messages: must be a list"})
    void wrongMessages_areRefused(String json, String message) throws IOException {
        CommandRun run = chat(List.of(), "--messages", messages(json).toString());
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains(message);
    }
}
