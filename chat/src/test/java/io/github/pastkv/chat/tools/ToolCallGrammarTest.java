package io.github.pastkv.chat.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.github.pastkv.model.grammar.Grammar;
import io.github.pastkv.model.grammar.GrammarMatcher;
import io.github.pastkv.model.tokenizer.StreamingDecoder;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What grammars of tool calls let a model generate, here one that draws tokens at random. */
class ToolCallGrammarTest {
    private static final int NUM_SCHEMAS = 100 * Integer.getInteger("pastkv.test.scale", 1);
    private static final int NUM_FORMATS = 5;
    private static final int MAX_TOKENS = 3000;
    private static final SchemaRegistry REGISTRY =
            SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
    private static final ToolDefinition ADD = ToolDefinition.of("add", "", "{\"type\": \"object\", \"properties\": "
            + "{\"a\": {\"type\": \"integer\"}}, \"required\": [\"a\"]}");
    private static final Grammar PERSON = Grammar.ofJsonSchema("{\"type\": \"object\", \"properties\": "
            + "{\"name\": {\"enum\": [\"add\", \"Al\"]}, \"age\": {\"type\": \"integer\", \"minimum\": 1, "
            + "\"maximum\": 9}}, \"required\": [\"name\", \"age\"], \"additionalProperties\": false}");
    private static final ToolDefinition NOW = ToolDefinition.of("now", "", "");

    @TempDir static Path folder;
    private static TextTokenizer tokenizer;

    @BeforeAll
    static void open() throws IOException {
        tokenizer = ByteTokenizer.in(folder, List.of("<|end|>", "[TOOL_CALLS]", "<|python_tag|>", "[ARGS]"),
                List.of("<tool_call>", "</tool_call>", "<think>", "</think>"));
    }

    @AfterAll
    static void close() {
        tokenizer.close();
    }

    private static int id(String token) {
        return tokenizer.vocabulary().id(token).orElseThrow();
    }

    private static int[] allowed(GrammarMatcher matcher) {
        return IntStream.range(0, tokenizer.vocabSize()).filter(matcher::allows).toArray();
    }

    /** An answer of random tokens, which prefers what closes a string, an array or an object; cut at a length. */
    private static String answer(GrammarMatcher matcher, Random random) {
        StreamingDecoder decoder = tokenizer.streamingDecoderAfter(new int[0], matcher.specialTokens());
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < MAX_TOKENS && !matcher.isComplete(); i++) {
            if (matcher.mayEnd() && random.nextInt(3) == 0) {
                break;
            }
            int[] possible = allowed(matcher);
            int[] closing = IntStream.of(possible).filter(id -> id == '"' || id == ']' || id == '}').toArray();
            int[] among = closing.length > 0 && random.nextInt(3) == 0 ? closing : possible;
            int id = among[random.nextInt(among.length)];
            matcher.accept(id);
            text.append(decoder.next(id));
        }
        return text.append(decoder.finish()).toString();
    }

    private static List<ToolCall> calls(ToolCallFormat format, String answer) {
        ToolCallParser parser = new ToolCallParser(format, ToolCallListener.NONE);
        parser.accept(answer);
        parser.finish();
        return parser.calls();
    }

    private static ToolCallFormat format(int number) {
        return List.of(ToolCallParserTest.HERMES, ToolCallParserTest.MISTRAL, ToolCallParserTest.LLAMA,
                ToolCallFormat.PLAIN, ToolCallParserTest.TEKKEN).get(number % NUM_FORMATS);
    }

    @Test
    @Tag("stress")
    void calls_ofRandomSchemas_areValid() {
        int numCalls = 0;
        for (int seed = 0; seed < NUM_SCHEMAS; seed++) {
            ToolDefinition tool = new ToolDefinition("get_it", "", RandomParameters.next(new Random(seed)));
            Tools tools = Tools.of(List.of(NOW, tool)).withChoice(ToolChoice.named("get_it")).withoutSeveral();
            GrammarMatcher matcher = format(seed).grammar(tools).matcher(tokenizer, false);
            List<ToolCall> calls = calls(format(seed), answer(matcher, new Random(seed)));
            Schema validator = REGISTRY.getSchema(tool.parameters().toString(), InputFormat.JSON);
            for (ToolCall call : calls) {
                assertThat(call.name()).isEqualTo("get_it");
                JsonNode arguments = call.argumentsJson();
                assertThat(validator.validate(call.arguments(), InputFormat.JSON,
                        context -> context.executionConfig(config -> config.formatAssertionsEnabled(true))))
                        .as("seed %d, %s, %s", seed, arguments, tool.parameters()).isEmpty();
            }
            numCalls += calls.size();
        }
        assertThat(numCalls).isGreaterThan(NUM_SCHEMAS * 95 / 100);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4})
    void required_beginsWithACall_ofAnyTool(int number) {
        ToolCallFormat format = format(number);
        Tools tools = Tools.of(List.of(ADD, NOW)).withChoice(ToolChoice.required());
        for (int seed = 0; seed < 20; seed++) {
            GrammarMatcher matcher = format.grammar(tools).matcher(tokenizer, false);
            List<ToolCall> calls = calls(format, answer(matcher, new Random(seed)));

            assertThat(calls).isNotEmpty();
            assertThat(calls.size() == 1 || format.next() != null).isTrue();
            assertThat(calls).allMatch(call -> call.name().equals("add")
                    ? call.arguments().matches("\\{\"a\": -?\\d+}")
                    : call.name().equals("now") && call.arguments().equals("{}"));
        }
    }

    /** The schema begins as Llama writes calls. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4})
    void answerWithASchema_isCallsOrAnInstance(int number) {
        ToolCallFormat format = format(number);
        Tools tools = Tools.of(List.of(ADD, NOW)).withText(PERSON);
        Random random = new Random(number);
        int numCalls = 0;
        for (int i = 0; i < 60; i++) {
            ToolCallParser parser = format.parser(tools, ToolCallListener.NONE);
            parser.accept(answer(format.grammar(tools).matcher(tokenizer, false), random));
            parser.finish();
            numCalls += parser.calls().isEmpty() ? 0 : 1;
            if (parser.calls().isEmpty()) {
                assertThat(parser.text()).matches("\\{\"name\": \"(add|Al)\", \"age\": [1-9]}");
            } else {
                assertThat(parser.text()).isEmpty();
                assertThat(parser.calls()).allMatch(call -> call.name().equals("now")
                        ? call.arguments().equals("{}")
                        : call.arguments().matches("\\{\"a\": -?\\d+}"));
            }
        }
        assertThat(numCalls).isBetween(5, 55);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4})
    void schemaBesideTools_isHeldWithoutCalls_andGivesWayToRequiredOnes(int number) {
        ToolCallFormat format = format(number);
        Tools tools = Tools.of(List.of(ADD, NOW)).withText(PERSON);
        for (int seed = 0; seed < 10; seed++) {
            GrammarMatcher none = format.grammar(tools.withChoice(ToolChoice.none())).matcher(tokenizer, false);
            GrammarMatcher required =
                    format.grammar(tools.withChoice(ToolChoice.required())).matcher(tokenizer, false);

            assertThat(answer(none, new Random(seed))).matches("\\{\"name\": \"(add|Al)\", \"age\": [1-9]}");
            assertThat(calls(format, answer(required, new Random(seed)))).isNotEmpty();
        }
    }

    @Test
    void textThatMayBeginAsACall_isRefused() {
        Tools tools = Tools.of(List.of(NOW));
        assertThatThrownBy(() -> ToolCallParserTest.LLAMA.grammar(tools.withText(Grammar.ofJsonObject())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("text: may begin with {\"name\": \"now\", \"parameters\": , which is how a call begins");
        assertThatThrownBy(() -> ToolCallParserTest.TEKKEN.grammar(tools.withText(Grammar.ofRegex("\\[.*"))))
                .hasMessageStartingWith("text: may begin with [TOOL_CALLS]now[ARGS]");
        assertThat(ToolCallParserTest.HERMES.grammar(tools.withText(Grammar.ofJsonObject()))).isNotNull();
    }

    @Test
    void marker_isOneToken_andForcedWithAllThatIsCertain() {
        Tools tools = Tools.of(List.of(NOW)).withChoice(ToolChoice.required()).withoutSeveral();
        GrammarMatcher hermes = ToolCallParserTest.HERMES.grammar(tools).matcher(tokenizer, false);
        GrammarMatcher mistral = ToolCallParserTest.MISTRAL.grammar(tools).matcher(tokenizer, false);

        int[] forced = hermes.forcedTokens();
        assertThat(forced).startsWith(id("<tool_call>")).endsWith(id("</tool_call>"));
        assertThat(tokenizer.decode(forced, false))
                .isEqualTo("<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>");
        IntStream.of(forced).forEach(hermes::accept);
        assertThat(hermes.isComplete()).isTrue();
        assertThat(mistral.forcedTokens()).startsWith(id("[TOOL_CALLS]"));
        assertThat(mistral.specialTokens()).containsExactly(id("[TOOL_CALLS]"));
        assertThat(hermes.specialTokens()).isEmpty();
    }

    @Test
    void auto_allowsAnyTokenInText_andAfterTheMarkerACallOnly() {
        Tools tools = Tools.of(List.of(NOW));
        GrammarMatcher matcher = ToolCallParserTest.HERMES.grammar(tools).matcher(tokenizer, false);

        for (String text : List.of("<think>", "a", "<", "</think>", "t")) {
            assertThat(matcher.mayEnd()).isTrue();
            assertThat(matcher.allows(id(text))).as(text).isTrue();
            matcher.accept(id(text));
        }
        assertThat(matcher.allows(id("<tool_call>"))).isTrue();
        matcher.accept(id("<tool_call>"));
        assertThat(matcher.mayEnd()).isFalse();
        assertThat(matcher.allows(id("<think>"))).isFalse();
        assertThat(matcher.allows(id("a"))).isFalse();
        assertThat(tokenizer.decode(matcher.forcedTokens(), false)).startsWith("\n{\"name\": \"now\"");
    }

    @Test
    void none_allowsNoMarker() {
        Tools tools = Tools.of(List.of(NOW)).withChoice(ToolChoice.none());
        GrammarMatcher hermes = ToolCallParserTest.HERMES.grammar(tools).matcher(tokenizer, false);
        GrammarMatcher llama = ToolCallParserTest.LLAMA.grammar(tools).matcher(tokenizer, false);

        assertThat(hermes.allows(id("<tool_call>"))).isFalse();
        assertThat(hermes.allows(id("<think>"))).isTrue();
        "<tool_call".chars().forEach(hermes::accept);
        assertThat(hermes.allows('>')).isFalse();
        assertThat(hermes.allows('<')).isTrue();
        "{\"name\": ".chars().forEach(c -> llama.accept(c == ' ' ? id("\u0120") : c));
        assertThat(llama.allows('"')).isFalse();
        assertThat(llama.allows('3')).isTrue();
    }

    @Test
    void wrongTools_areRefusedByName() {
        assertThatThrownBy(() -> ToolDefinition.of("a b", "", "")).hasMessageStartingWith("name: 'a b', must be");
        assertThatThrownBy(() -> ToolDefinition.of("a", "", "[]"))
                .hasMessage("parameters: must be a JSON object, is []");
        assertThatThrownBy(() -> ToolDefinition.of("a", "", "{\"type\": \"string\"}"))
                .hasMessageContaining("must be a schema of type object");
        assertThatThrownBy(() -> Tools.of(List.of(NOW, NOW))).hasMessage("tools: two are named now");
        assertThatThrownBy(() -> Tools.of(List.of(NOW)).withChoice(ToolChoice.named("then")))
                .hasMessage("choice: 'then' is none of the tools [now]");
        assertThatThrownBy(() -> Tools.of(List.of()).withChoice(ToolChoice.required()))
                .hasMessageStartingWith("choice: a call is required");
        Tools unsupported = Tools.of(List.of(ToolDefinition.of("f", "",
                "{\"type\": \"object\", \"properties\": {\"a\": {\"not\": {}}}}")));
        assertThatThrownBy(() -> ToolCallParserTest.HERMES.grammar(unsupported))
                .hasMessage("tool f: parameters: JSON schema: #/properties/a: 'not' is not supported");
    }

    @Test
    void objectsWithProperties_areClosed_unlessTheyAllowOthers() {
        JsonNode closed = ClosedSchema.of(ToolDefinition.of("f", "", """
                {"properties": {"a": {"type": "object", "properties": {}}, "b": {"type": "object"},
                "c": {"properties": {}, "required": ["x"]}, "d": {"properties": {}, "additionalProperties": true},
                "properties": {"items": {"properties": {"e": {}}}}}}""").parameters());

        assertThat(closed).isEqualTo(JsonMapper.shared().readTree("""
                {"properties": {"a": {"type": "object", "properties": {}}, "b": {"type": "object"},
                "c": {"properties": {}, "required": ["x"]}, "d": {"properties": {}, "additionalProperties": true},
                "properties": {"items": {"properties": {"e": {}}, "additionalProperties": false}}},
                "type": "object", "additionalProperties": false}"""));
        assertThat(ClosedSchema.of(NOW.parameters()).path("additionalProperties").asBoolean(true)).isFalse();
    }
}
