package io.github.pastkv.chat.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.model.grammar.Grammar;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Answers in each format, however they are divided. */
class ToolCallParserTest {
    static final ToolCallFormat HERMES = new ToolCallFormat("hermes", "<tool_call>", false, "\n{\"name\": \"",
            "\", \"arguments\": ", "}\n</tool_call>", "\n<tool_call>\n{\"name\": \"", "",
            List.of("<tool_call>", "</tool_call>"));
    static final ToolCallFormat MISTRAL = new ToolCallFormat("mistral", "[TOOL_CALLS]", false, " [{\"name\": \"",
            "\", \"arguments\": ", "}", ", {\"name\": \"", "]", List.of("[TOOL_CALLS]"));
    static final ToolCallFormat LLAMA = new ToolCallFormat("llama", "<|python_tag|>", true, "{\"name\": \"",
            "\", \"parameters\": ", "}", null, "", List.of("<|python_tag|>"));
    static final ToolCallFormat TEKKEN = new ToolCallFormat("tekken", "[TOOL_CALLS]", false, "", "[ARGS]", "",
            "[TOOL_CALLS]", "", List.of("[TOOL_CALLS]", "[ARGS]"));
    private static final List<ToolCallFormat> FORMATS = List.of(HERMES, MISTRAL, LLAMA, TEKKEN);

    /** What a listener is told, as one line; texts and arguments in a row are joined. */
    private static final class Log implements ToolCallListener {
        private final StringBuilder log = new StringBuilder();
        private final List<String> ids = new ArrayList<>();
        private String last = "";

        private void add(String kind, String text) {
            log.append(kind.equals(last) ? "" : kind).append(text);
            last = kind;
        }

        @Override
        public void onText(String text) {
            assertThat(text).isNotEmpty();
            add("T:", text);
        }

        @Override
        public void onCallStarted(int index, String id, String name) {
            assertThat(id).matches("[A-Za-z0-9]{9}");
            ids.add(id);
            add("C" + index + ":", name);
        }

        @Override
        public void onArguments(int index, String json) {
            assertThat(json).isNotEmpty();
            add("A" + index + ":", json);
        }

        @Override
        public void onCallEnded(int index, ToolCall call) {
            assertThat(call.id()).isEqualTo(ids.get(index));
            add("E" + index, "");
        }
    }

    private static String log(ToolCallFormat format, String... pieces) {
        return log(listener -> new ToolCallParser(format, listener), pieces);
    }

    private static String log(Function<ToolCallListener, ToolCallParser> parsers, String... pieces) {
        Log log = new Log();
        ToolCallParser parser = parsers.apply(log);
        for (String piece : pieces) {
            parser.accept(piece);
        }
        parser.finish();
        return log.log.toString();
    }

    private static ToolCallFormat format(String name) {
        return FORMATS.stream().filter(format -> format.name().equals(name)).findFirst().orElseThrow();
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '`', ignoreLeadingAndTrailingWhitespace = false, value = {
        "hermes;plain <tool text;T:plain <tool text", "hermes; a \\n ;T: a \\n ", "hermes;;",
        "hermes;<tool_call>\\n{\"name\": \"f\", \"arguments\": {}}\\n</tool_call>;C0:fA0:{}E0",
        "hermes;Hm.\\n\\n<<tool_call>\\n{\"name\": \"f\", \"arguments\": {\"a\": \"}\\\\\"</tool_call>\"}}"
                + "\\n</tool_call>\\n<tool_call>\\n{\"name\": \"g\", \"arguments\": {\"b\": [{}, \"\\\\\\\\\"]}}"
                + "\\n</tool_call>;T:Hm.\\n\\n<C0:fA0:{\"a\": \"}\\\\\"</tool_call>\"}E0C1:gA1:{\"b\": [{}, \"\\\\\\\\\"]}E1",
        "hermes;x <tool_call>\\n{\"name\": \"f\", \"arguments\": {\"cut;T:xC0:fA0:{\"cut",
        "hermes;x\\n<tool_call>\\n{\"na;T:x", "mistral;[TOOL_CALLS;T:[TOOL_CALLS",
        "mistral;[TOOL_CALLS] [{\"name\": \"f\", \"arguments\": {\"a\": 1}}, {\"name\": \"g\", \"arguments\": {}}]"
                + ";C0:fA0:{\"a\": 1}E0C1:gA1:{}E1",
        "llama;{\"name\": \"f\", \"parameters\": {\"a\": [1]}};C0:fA0:{\"a\": [1]}E0",
        "tekken;Hm. [TOOL_CALLS]get-it.2[ARGS]{\"a\": [1]}[TOOL_CALLS]g[ARGS]{}"
                + ";T:Hm.C0:get-it.2A0:{\"a\": [1]}E0C1:gA1:{}E1",
        "tekken;[TOOL_CALLS]f[ARGS]{\"a\": ;C0:fA0:{\"a\": ", "tekken;[ARGS]{};T:[ARGS]{}",
        "llama;{\"name\": 3};T:{\"name\": 3}", "llama;a {\"name\": \"f\";T:a {\"name\": \"f\"",
        "llama;Run:<|python_tag|>{\"name\": \"f\", \"parameters\": {}};T:Run:C0:fA0:{}E0"})
    void answer_isTheSame_howeverItIsDivided(String name, String answer, String expected) {
        String text = answer == null ? "" : answer.replace("\\n", "\n").replace("\\\\", "\\");
        String log = expected == null ? "" : expected.replace("\\n", "\n").replace("\\\\", "\\");
        ToolCallFormat format = format(name);

        assertThat(log(format, text)).isEqualTo(log);
        assertThat(log(format, text.split(""))).isEqualTo(log);
        for (int at = 0; at <= text.length(); at++) {
            assertThat(log(format, text.substring(0, at), text.substring(at))).as("split at %d", at).isEqualTo(log);
            for (int second = at; second <= text.length(); second++) {
                assertThat(log(format, text.substring(0, at), text.substring(at, second), text.substring(second)))
                        .isEqualTo(log);
            }
        }
    }

    /** Where the text has a grammar, an answer that begins as a call of a tool is calls, and any other is text. */
    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '`', ignoreLeadingAndTrailingWhitespace = false, value = {
        "hermes; {\"a\": 1} ;T: {\"a\": 1} ", "hermes;{\"a\": \"<tool_call>\"};T:{\"a\": \"<tool_call>\"}",
        "hermes;<tool_call>\\n{\"name\": \"f\", \"arguments\": {\"a\": 2}}\\n</tool_call>;C0:fA0:{\"a\": 2}E0",
        "hermes;<tool_call>\\n{\"name\": \"g\";T:<tool_call>\\n{\"name\": \"g\"",
        "hermes;<tool_call>\\n{\"na;T:<tool_call>\\n{\"na", "mistral;[TOOL_CALLS];T:[TOOL_CALLS]",
        "tekken;[TOOL_CALLS]f[ARGS]{};C0:fA0:{}E0", "tekken;[TOOL_CALLS]f!;T:[TOOL_CALLS]f!",
        "llama;{\"name\": \"f\", \"parameters\": {}};C0:fA0:{}E0", "llama;{\"name\": \"f\"};T:{\"name\": \"f\"}",
        "llama;{\"name\": \"f\", \"parameter\": {}};T:{\"name\": \"f\", \"parameter\": {}}",
        "llama;<|python_tag|>{\"name\": \"f\", \"parameters\": {}};C0:fA0:{}E0"})
    void answerOfCallsOrText_isWhatItBeginsAs(String name, String answer, String expected) {
        Tools tools = Tools.of(List.of(ToolDefinition.of("f", "", ""))).withText(Grammar.ofJsonObject());
        Function<ToolCallListener, ToolCallParser> parsers = listener -> format(name).parser(tools, listener);
        String text = answer.replace("\\n", "\n");

        assertThat(log(parsers, text)).isEqualTo(expected.replace("\\n", "\n"));
        assertThat(log(parsers, text.split(""))).isEqualTo(expected.replace("\\n", "\n"));
    }

    @Test
    void callsAndText_areKept_theCutOneApart() {
        ToolCallParser parser = new ToolCallParser(HERMES, ToolCallListener.NONE);
        parser.accept("Hm.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": 1.50}}\n</tool_call>\n"
                + "<tool_call>\n{\"name\": \"g\", \"arguments\": {\"y");
        parser.finish();

        assertThat(parser.text()).isEqualTo("Hm.");
        assertThat(parser.calls()).hasSize(1);
        assertThat(parser.calls().getFirst().argumentsJson().toString()).isEqualTo("{\"x\":1.50}");
        assertThat(parser.callsWithCut()).hasSize(2);
        assertThat(parser.callsWithCut().getLast().arguments()).isEqualTo("{\"y");
        assertThatThrownBy(() -> parser.callsWithCut().getLast().argumentsJson())
                .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith("arguments: ");
    }

    @Test
    void textThatIsNotInTheFormat_isRefused() {
        for (String answer : List.of("<tool_call>{", "<tool_call>\n{\"name\": \"f\", \"parameters\"",
                "<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call> and more")) {
            ToolCallParser parser = new ToolCallParser(HERMES, ToolCallListener.NONE);
            assertThatThrownBy(() -> parser.accept(answer)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("answer: ");
        }
    }

    @Test
    void textOfRandomPieces_isTheWholeText() {
        Random random = new Random(3);
        for (int i = 0; i < 2000; i++) {
            StringBuilder text = new StringBuilder();
            List<String> pieces = new ArrayList<>();
            for (int piece = random.nextInt(8); piece >= 0; piece--) {
                String marker = FORMATS.get(i % 3).marker();
                String part = random.nextInt(3) == 0
                        ? marker.substring(0, random.nextInt(marker.length()))
                        : List.of("a", " ", "\n", "<", "{", "[").get(random.nextInt(6));
                if ((text + part).contains(marker)) {
                    continue;
                }
                text.append(part);
                pieces.add(part);
            }
            assertThat(log(FORMATS.get(i % 3), pieces.toArray(new String[0])))
                    .isEqualTo(text.isEmpty() ? "" : "T:" + text);
        }
    }
}
