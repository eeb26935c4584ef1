package io.github.pastkv.serve.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.serve.NamedModel;
import io.github.pastkv.tinymodel.TinyModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class BatchTest {
    private static final List<String> STORIES =
            List.of("Once upon a time, there was a girl who", "One day a dog and a cat went to the park, and then");
    private static final List<String> ENDS = List.of(" saw", " was", " said to her mom that", " ran", " and");

    @TempDir static Path modelFolder;

    @TempDir Path folder;

    private Path input;
    private Path output;
    private final List<String> log = new ArrayList<>();

    @BeforeAll
    static void unpack() throws IOException {
        TinyModel.unpackTo(modelFolder);
    }

    @BeforeEach
    void files() {
        input = folder.resolve("in.jsonl");
        output = folder.resolve("out.jsonl");
    }

    private static Model load() throws IOException {
        return Model.load(modelFolder, ModelOptions.defaults().withKernels("vector").withNumThreads(2));
    }

    private Batch batch(boolean overwrites, boolean sorts) throws IOException {
        return new Batch(new BatchOptions(input, output, overwrites, sorts, 3),
                new NamedModel("tiny", load(), SessionOptions.defaults()), log::add);
    }

    private BatchProgress run() throws IOException, InterruptedException {
        BatchProgress end = batch(false, true).run();
        assertThat(log).isEmpty();
        return end;
    }

    private static List<String> prompts() {
        List<String> prompts = new ArrayList<>();
        STORIES.forEach(story -> ENDS.forEach(end -> prompts.add(story + end)));
        Collections.shuffle(prompts, new Random(5));
        return prompts;
    }

    private static String line(String prompt) {
        return JsonMapper.shared().createObjectNode().put("prompt", prompt).put("max_tokens", 7)
                .put("temperature", 0).toString();
    }

    private static String request(String customId, String prompt) {
        return "{\"custom_id\": \"" + customId + "\", \"method\": \"POST\", \"url\": \"/v1/completions\", \"body\": "
                + line(prompt) + "}";
    }

    private static String chat(String content) {
        return "{\"messages\": [{\"role\": \"user\", \"content\": \"" + content
                + "\"}], \"max_tokens\": 7, \"temperature\": 0}";
    }

    private void write(List<String> lines) throws IOException {
        Files.writeString(input, String.join("\n", lines) + "\n");
    }

    private List<JsonNode> answers() throws IOException {
        return Files.readAllLines(output).stream().map(JsonMapper.shared()::readTree).toList();
    }

    private static String text(JsonNode answer) {
        return answer.at("/response/body/choices/0/text").stringValue();
    }

    private static List<String> alone(List<String> prompts) throws IOException {
        List<String> texts = new ArrayList<>();
        for (String prompt : prompts) {
            try (Model model = load(); Session session = model.newSession()) {
                texts.add(session.generate(prompt, GenerationOptions.greedy(7)).text());
            }
        }
        return texts;
    }

    @Test
    void answers_areThoseOfEachAlone_inTheOrderOfTheInput() throws Exception {
        List<String> prompts = prompts();
        write(prompts.stream().map(BatchTest::line).toList());
        BatchProgress end = run();

        assertThat(answers()).extracting(BatchTest::text).containsExactlyElementsOf(alone(prompts));
        assertThat(answers()).extracting(answer -> answer.at("/response/status_code").intValue()).containsOnly(200);
        assertThat(end.numAnswered()).isEqualTo(prompts.size());
        assertThat(end.numReusedTokens()).isPositive();
        assertThat(folder).isDirectoryNotContaining(file -> !List.of(input, output).contains(file));
    }

    @Test
    void orderOfWork_changesNoAnswer() throws Exception {
        List<String> lines = new ArrayList<>(prompts().stream().map(BatchTest::line).toList());
        lines.addAll(List.of(chat("Hello"), chat("Hello there")));
        write(lines);
        run();
        List<String> sorted = bodies();
        Files.delete(output);
        batch(false, false).run();
        assertThat(bodies()).isEqualTo(sorted);
    }

    /** The answers without what differs from run to run: ids, times, and what was found in the cache. */
    private List<String> bodies() throws IOException {
        return answers().stream().map(answer -> answer.at("/response/body/choices").toString()).toList();
    }

    @Test
    void linesThatCannotBeAnswered_getErrorsInTheirPlaces() throws Exception {
        write(List.of(request("a", "Once"), "{\"prompt\": 7}", "", "no JSON", request("a", "Twice"),
                "{\"custom_id\": \"b\", \"method\": \"POST\", \"url\": \"/v1/embeddings\", \"body\": {}}",
                "{\"prompt\": \"One\", \"stream\": true}", "{\"prompt\": \"One\", \"colour\": 1}",
                "{\"prompt\": \"One\", \"model\": \"other\"}",
                "{\"custom_id\": \"c\", \"body\": {\"prompt\": \"One\"}}",
                "{\"custom_id\": \"d\", \"url\": \"/v1/completions\", \"body\": 3}", request("e", "One day")));
        BatchProgress end = run();

        List<JsonNode> answers = answers();
        assertThat(answers).extracting(answer -> answer.at("/response/status_code").intValue())
                .containsExactly(200, 400, 400, 400, 400, 400, 400, 400, 404, 400, 400, 200);
        assertThat(answers).extracting(answer -> answer.at("/response/body/error/message").asString(""))
                .satisfiesExactly(message -> assertThat(message).isEmpty(),
                        message -> assertThat(message).contains("prompt"),
                        message -> assertThat(message).contains("JSON"),
                        message -> assertThat(message).contains("JSON"),
                        message -> assertThat(message).contains("custom_id: 'a' is that of line 1"),
                        message -> assertThat(message).contains("/v1/embeddings"),
                        message -> assertThat(message).contains("stream"),
                        message -> assertThat(message).contains("colour"),
                        message -> assertThat(message).contains("'other' is not served here"),
                        message -> assertThat(message).contains("url: is missing"),
                        message -> assertThat(message).contains("body"),
                        message -> assertThat(message).isEmpty());
        assertThat(answers).extracting(answer -> answer.path("custom_id").asString(""))
                .containsExactly("a", "", "", "", "a", "b", "", "", "", "c", "d", "e");
        assertThat(end.numFailed()).isEqualTo(10);
        assertThat(text(answers.getLast())).isEqualTo(alone(List.of("One day")).getFirst());
    }

    @Test
    void runThatWasStopped_goesOnWithTheSameAnswers() throws Exception {
        List<String> lines = prompts().stream().map(BatchTest::line).toList();
        write(lines);
        run();
        List<String> whole = bodies();
        byte[] bytes = Files.readAllBytes(output);
        Files.delete(output);
        Path partial = folder.resolve("out.jsonl.partial");
        Random random = new Random(2);
        for (int cut : IntStream.concat(IntStream.of(0, 1, bytes.length - 1), random.ints(3, 0, bytes.length))
                .toArray()) { // what a process that was killed leaves
            Files.write(partial, Arrays.copyOf(bytes, cut));
            long numWhole = IntStream.range(0, cut).filter(index -> bytes[index] == '\n').count();

            BatchProgress end = run();
            assertThat(end.numKept()).isEqualTo(numWhole);
            assertThat(end.numAnswered()).isEqualTo(lines.size() - numWhole);
            assertThat(bodies()).isEqualTo(whole);
            assertThat(partial).doesNotExist();
            Files.delete(output);
        }
    }

    @Test
    void canceledRun_keepsWhatItHas() throws Exception {
        write(Stream.generate(BatchTest::prompts).limit(8).flatMap(List::stream).map(BatchTest::line).toList());
        Batch batch = batch(false, true);
        Thread canceling = Thread.ofPlatform().daemon().start(() -> {
            while (batch.progress().numAnswered() < 2) {
                Thread.onSpinWait();
            }
            batch.cancel();
        });
        BatchProgress stopped = batch.run();
        canceling.join();

        BatchProgress end = run();
        assertThat(end.numKept()).isEqualTo(stopped.numAnswered());
        assertThat(answers()).hasSize(80).extracting(BatchTest::text)
                .containsExactlyElementsOf(
                        Collections.nCopies(8, alone(prompts())).stream().flatMap(List::stream).toList());
    }

    @Test
    void completeOutput_isKept_andGrowsWithItsInput() throws Exception {
        write(List.of(line("Once"), line("One day")));
        run();
        JsonNode first = answers().getFirst();
        write(List.of(line("Twice"), line("One day"), line("Once")));
        BatchProgress end = run();
        assertThat(end.numKept()).isEqualTo(2);
        assertThat(answers().getLast()).isEqualTo(first);
        assertThat(answers()).hasSize(3);
    }

    @Test
    void answersToOtherRequests_areNotOverwritten() throws Exception {
        write(List.of(line("Once"), line("One day")));
        run();
        byte[] before = Files.readAllBytes(output);
        write(List.of(line("Once")));
        assertThatIOException().isThrownBy(this::run).withMessageContaining("out.jsonl: line 2 answers no request");
        assertThat(output).hasBinaryContent(before);
        assertThat(folder.resolve("out.jsonl.partial")).doesNotExist();

        BatchProgress end = batch(true, true).run();
        assertThat(end.numKept()).isEqualTo(1);
        assertThat(answers()).hasSize(1);

        Files.writeString(output, "my diary\n");
        assertThatIOException().isThrownBy(this::run).withMessageContaining("out.jsonl: line 1 answers no request");
        assertThat(output).hasContent("my diary\n");
    }

    @Test
    void outputThatIsBeingWritten_isRefused() throws Exception {
        write(List.of(line("Once")));
        try (BatchOutput _ = BatchOutput.open(output, false, Set.of())) {
            assertThatIOException().isThrownBy(this::run).withMessageContaining("is being written by this process");
        }
    }

    /** Locks of files belong to processes, so another one has to try. */
    @Test
    void outputThatAnotherProcessWrites_isRefused() throws Exception {
        write(List.of(line("Once")));
        Path partial = Files.writeString(folder.resolve("out.jsonl.partial"), "");
        Path ready = folder.resolve("ready");
        Path source = Files.writeString(folder.resolve("Hold.java"), """
                void main(String[] args) throws Exception {
                    try (var channel = java.nio.channels.FileChannel.open(java.nio.file.Path.of(args[0]),
                            java.nio.file.StandardOpenOption.WRITE); var lock = channel.lock()) {
                        java.nio.file.Files.createFile(java.nio.file.Path.of(args[1]));
                        System.in.read();
                    }
                }
                """);
        Process other = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                source.toString(), partial.toString(), ready.toString()).start();
        try {
            while (!Files.exists(ready) && other.isAlive()) {
                Thread.sleep(5);
            }
            assertThatIOException().isThrownBy(this::run).withMessageContaining("is being written by another process");
        } finally {
            other.destroy();
            other.waitFor();
        }
        run();
        assertThat(answers()).hasSize(1);
    }

    /** A run holds its lock after it has read what is there. */
    @Test
    void runThatGoesOn_keepsItsLock() throws Exception {
        Files.writeString(folder.resolve("out.jsonl.partial"), "{\"id\":\"batch_req_0\"}\n");
        try (BatchOutput _ = BatchOutput.open(output, false, Set.of("batch_req_0"))) {
            Process other = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    Files.writeString(folder.resolve("Try.java"), """
                            void main(String[] args) throws Exception {
                                try (var channel = java.nio.channels.FileChannel.open(java.nio.file.Path.of(args[0]),
                                        java.nio.file.StandardOpenOption.WRITE)) {
                                    System.exit(channel.tryLock() == null ? 7 : 0);
                                }
                            }
                            """).toString(), folder.resolve("out.jsonl.partial").toString()).start();
            assertThat(other.waitFor()).isEqualTo(7);
        }
    }

    @Test
    void inputIsNeverWritten() throws Exception {
        write(List.of(line("Once")));
        Path partial = Files.move(input, folder.resolve("out.jsonl.partial"));
        input = partial;
        assertThatIOException().isThrownBy(() -> batch(true, true).run()).withMessageContaining("is the input");
        output = partial;
        assertThatIOException().isThrownBy(() -> batch(true, true).run()).withMessageContaining("is the input");
        assertThat(partial).hasContent(line("Once"));
    }

    @Test
    void linkedOutput_isWrittenThroughTheLink() throws Exception {
        write(List.of(line("Once")));
        Path target = Files.createFile(Files.createDirectory(folder.resolve("elsewhere")).resolve("data.jsonl"));
        Files.createSymbolicLink(output, target);
        run();
        assertThat(output).isSymbolicLink();
        assertThat(Files.readAllLines(target)).hasSize(1);
    }

    @Test
    void linesEnd_asOnAnySystem() throws Exception {
        Files.writeString(input, line("Once") + "\r\n" + line("One day"), StandardCharsets.UTF_8);
        run();
        assertThat(answers()).extracting(BatchTest::text)
                .containsExactlyElementsOf(alone(List.of("Once", "One day")));
    }

    @Test
    void missingInput_isRefused() {
        assertThatIOException().isThrownBy(this::run).withMessageContaining("in.jsonl: is no file");
    }

    @Test
    void lineOfTooManyBytes_isCutAndTheNextIsRead() throws Exception {
        Files.writeString(input, "ab\r\nabcdefgh\nc\n");
        try (BatchInput lines = new BatchInput(Files.newInputStream(input), 3)) {
            assertThat(lines.next()).asString(StandardCharsets.UTF_8).isEqualTo("ab");
            byte[] tooLong = lines.next();
            assertThat(tooLong).asString(StandardCharsets.UTF_8).isEqualTo("abcd");
            assertThat(lines.isTooLong(tooLong)).isTrue();
            assertThat(lines.position()).isEqualTo(13);
            assertThat(lines.next()).asString(StandardCharsets.UTF_8).isEqualTo("c");
            assertThat(lines.next()).isNull();
        }
    }

    @Test
    void lineOfTooManyBytes_getsAnErrorBesideTheAnswersOfOthers() throws Exception {
        String tooLong = "x".repeat(BatchInput.MAX_LINE_BYTES + 1);
        Files.writeString(input, line("Once") + "\n" + tooLong + "\n" + line("One day") + "\n");
        run();
        assertThat(answers()).hasSize(3);
        assertThat(answers().get(1).at("/response/body/error/message").asString())
                .contains("longer than 33554432 bytes");
        assertThat(List.of(text(answers().get(0)), text(answers().get(2))))
                .containsExactlyElementsOf(alone(List.of("Once", "One day")));
    }
}
