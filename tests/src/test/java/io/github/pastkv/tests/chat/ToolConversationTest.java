package io.github.pastkv.tests.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.chat.Chat;
import io.github.pastkv.chat.ChatFormat;
import io.github.pastkv.chat.ChatFormats;
import io.github.pastkv.chat.ChatMessage;
import io.github.pastkv.chat.ChatTemplate;
import io.github.pastkv.chat.Conversation;
import io.github.pastkv.chat.Turn;
import io.github.pastkv.chat.tools.ToolCall;
import io.github.pastkv.chat.tools.ToolCallFormat;
import io.github.pastkv.chat.tools.ToolCallListener;
import io.github.pastkv.chat.tools.ToolChoice;
import io.github.pastkv.chat.tools.ToolDefinition;
import io.github.pastkv.chat.tools.Tools;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Conversations with tools in published templates, as Python's Jinja renders them (tools/jinja/tool_cases.py). */
class ToolConversationTest {
    private static final ToolDefinition WEATHER = ToolDefinition.of("get_weather", "Weather.",
            "{\"type\": \"object\", \"properties\": {\"city\": {\"enum\": [\"Bonn\", \"Rome\"]}, "
                    + "\"days\": {\"type\": \"integer\", \"minimum\": 1, \"maximum\": 9}}, "
                    + "\"required\": [\"city\", \"days\"]}");
    private static final ToolDefinition TIME = ToolDefinition.of("get_time", "Time.", "");
    private static final String ARGUMENTS = "\\{\"city\": ?\"(Bonn|Rome)\", ?\"days\": ?[1-9]}";
    private static final Tools REQUIRED = Tools.of(List.of(WEATHER)).withChoice(ToolChoice.required());
    private static final List<ChatMessage> QUESTION = List.of(ChatMessage.user("How is the weather?"));

    @TempDir Path folder;

    private static JsonNode cases() {
        try (InputStream in = ToolConversationTest.class.getResourceAsStream("tools.json")) {
            return JsonMapper.shared().readTree(Objects.requireNonNull(in));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    static Stream<String> templates() {
        return cases().path("templates").valueStream().map(template -> template.path("name").stringValue());
    }

    private static JsonNode templateCase(String name) {
        return cases().path("templates").valueStream()
                .filter(template -> template.path("name").stringValue().equals(name)).findFirst().orElseThrow();
    }

    private Model model(String template) throws IOException {
        return Model.load(ToolFolder.in(folder, templateCase(template).path("template").stringValue()));
    }

    @ParameterizedTest
    @MethodSource("templates")
    void conversation_isWrittenAsByPython(String name) throws IOException {
        JsonNode cases = cases();
        List<ToolDefinition> definitions = cases.path("tools").valueStream()
                .map(tool -> new ToolDefinition(tool.path("name").stringValue(),
                        tool.path("description").stringValue(), (ObjectNode) tool.path("parameters")))
                .toList();
        try (Model model = model(name)) {
            TextTokenizer tokenizer = model.tokenizer().orElseThrow();
            ChatFormat format = ChatFormats.of(model).withTools(Tools.of(definitions));
            for (int i = 0; i < cases.path("conversations").size(); i++) {
                List<ChatMessage> messages = messages(cases.path("conversations").path(i));
                JsonNode expected = templateCase(name).path("expected").path(i);
                if (expected.isNull()) {
                    assertThatThrownBy(() -> format.encode(messages)).isInstanceOf(IllegalArgumentException.class)
                            .hasMessageContaining("only supports single tool-calls");
                } else {
                    assertThat(tokenizer.decode(format.encode(messages), false)).isEqualTo(expected.stringValue());
                }
            }
        }
    }

    /** Messages made by the methods of the library. */
    private static List<ChatMessage> messages(JsonNode list) {
        List<ChatMessage> messages = new ArrayList<>();
        for (JsonNode json : list) {
            String content = json.path("content").stringValue();
            messages.add(switch (json.path("role").stringValue()) {
                case "tool" -> ChatMessage.tool(json.path("tool_call_id").stringValue(), content);
                case "assistant" -> ChatMessage.assistant(content,
                        json.path("tool_calls").valueStream().map(ToolCall::of).toList());
                default -> ChatMessage.of(json);
            });
        }
        return messages;
    }

    @ParameterizedTest
    @MethodSource("templates")
    void format_isThatOfTheTemplate(String name) throws IOException {
        try (Model model = model(name)) {
            ToolCallFormat format =
                    ChatTemplate.find(model).orElseThrow().withTools(Tools.of(List.of(WEATHER))).callFormat();

            assertThat(format).isEqualTo(switch (name) {
                case "llama31_tools" -> new ToolCallFormat("llama", "<|python_tag|>", true, "{\"name\": \"",
                        "\", \"parameters\": ", "}", null, "", List.of("<|python_tag|>"));
                case "mistral_v3_tools" -> new ToolCallFormat("mistral", "[TOOL_CALLS]", false, " [{\"name\": \"",
                        "\", \"arguments\": ", "}", ", {\"name\": \"", "]", List.of("[TOOL_CALLS]"));
                case "mistral_tekken" -> new ToolCallFormat("tekken", "[TOOL_CALLS]", false, "", "[ARGS]", "",
                        "[TOOL_CALLS]", "", List.of("[TOOL_CALLS]", "[ARGS]"));
                default -> new ToolCallFormat("hermes", "<tool_call>", false, "\n{\"name\": \"",
                        "\", \"arguments\": ", "}\n</tool_call>", "\n<tool_call>\n{\"name\": \"", "",
                        List.of("<tool_call>", "</tool_call>"));
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen25", "llama31_tools", "mistral_v3_tools", "mistral_tekken"})
    void call_isMade_andItsResultAnswered_withTheTokensThatWereGenerated(String name) throws IOException {
        try (Model model = model(name);
                Conversation conversation = new Conversation(model.newSession(SessionOptions.defaults()),
                        ChatFormats.of(model).withTools(REQUIRED.withoutSeveral()))) {
            List<String> told = new ArrayList<>();
            Turn turn = conversation.answer(QUESTION, GenerationOptions.greedy(100), GenerationListener.NONE,
                    listener(told));

            assertThat(turn.generation().orElseThrow().rows().getFirst().reason()).isEqualTo(FinishReason.STOP_TOKEN);
            assertThat(turn.answer()).isEmpty();
            ToolCall call = turn.message().toolCalls().getFirst();
            assertThat(call.name()).isEqualTo("get_weather");
            assertThat(told).containsExactly("start " + call.id() + " get_weather", "end " + call.argumentsJson());
            assertThat(call.arguments()).matches(ARGUMENTS);

            int numComputed = conversation.session().numTokens(0);
            Turn next = conversation.answer(List.of(ChatMessage.tool(call.id(), "It rains.")),
                    GenerationOptions.greedy(100), GenerationListener.NONE);
            assertThat(next.message().toolCalls()).hasSize(1);
            int numKnown = next.numKnownTokens();
            // Mistral's template adds the id to the call and moves the tools, which then are computed anew
            assertThat(numKnown).isGreaterThanOrEqualTo(name.startsWith("mistral_v3") ? numComputed - 15 : numComputed);
        }
    }

    private static ToolCallListener listener(List<String> told) {
        return new ToolCallListener() {
            private final StringBuilder arguments = new StringBuilder();

            @Override
            public void onCallStarted(int index, String id, String name) {
                told.add("start " + id + " " + name);
            }

            @Override
            public void onArguments(int index, String json) {
                arguments.append(json);
            }

            @Override
            public void onCallEnded(int index, ToolCall call) {
                assertThat(arguments).hasToString(call.arguments());
                told.add("end " + call.argumentsJson());
            }
        };
    }

    @Test
    void chatWithoutTemplate_callsToolsToo_andReusesTheConversation() throws IOException {
        ChatFolder.in(folder);
        try (Model model = Model.load(folder)) {
            Chat chat = Chat.of(model);
            Tools tools = Tools.of(List.of(WEATHER, TIME));
            Turn turn = chat.withTools(tools.withChoice(ToolChoice.named("get_weather")))
                    .answer(QUESTION, GenerationOptions.greedy(100), GenerationListener.NONE);
            ToolCall call = turn.message().toolCalls().getFirst();
            assertThat(call.arguments()).matches(ARGUMENTS);

            int numTokens = turn.generation().orElseThrow().numPromptTokens()
                    + turn.generation().orElseThrow().rows().getFirst().tokenIds().size();
            List<ChatMessage> messages = List.of(QUESTION.getFirst(), ChatMessage.assistant("", List.of(call)),
                    ChatMessage.tool(call.id(), "It rains."));
            Turn answer = chat.withTools(tools.withChoice(ToolChoice.none()))
                    .answer(messages, GenerationOptions.greedy(20), GenerationListener.NONE);

            assertThat(answer.message().toolCalls()).isEmpty();
            assertThat(answer.answer()).isNotEmpty();
            assertThat(answer.generation().orElseThrow().numReusedTokens()).isGreaterThanOrEqualTo(numTokens - 1);
        }
    }

    /** As long as the model writes text, the grammar of an answer that may call changes none of its tokens. */
    @Test
    void auto_changesNoTextOfTheModel() throws IOException {
        try (Model model = model("qwen25")) {
            ChatTemplate template = ChatTemplate.find(model).orElseThrow();
            ChatFormat format = template.withTools(Tools.of(List.of(WEATHER)));
            int[] prompt = format.encode(QUESTION);
            GenerationOptions options = GenerationOptions.greedy(60).ignoringEos();

            assertThat(model.newSession(SessionOptions.defaults()).generate(new int[][] {prompt},
                    options.withGrammar(format.grammar()), GenerationListener.NONE).rows())
                    .isEqualTo(model.newSession(SessionOptions.defaults())
                            .generate(new int[][] {prompt}, options, GenerationListener.NONE).rows());
        }
    }

    @Test
    void definitionThatSpellsAControlToken_isText() throws IOException {
        try (Model model = model("qwen25")) {
            int end = model.tokenizer().orElseThrow().vocabulary().id("<|im_end|>").orElseThrow();
            ChatFormat format = ChatFormats.of(model);
            long numEnds = numOf(end, format.withTools(Tools.of(List.of(ToolDefinition.of("f", "x", "")))));

            assertThat(numOf(end, format.withTools(Tools.of(List.of(ToolDefinition.of("f", "x<|im_end|>", ""))))))
                    .isEqualTo(numEnds);
        }
    }

    private static long numOf(int id, ChatFormat format) {
        return Arrays.stream(format.encode(QUESTION)).filter(one -> one == id).count();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{% for m in messages %}{{ m.content }}{% endfor %}",
        "{{ tools | tojson }}{% for m in messages %}{{ m.content }}{% for c in m.tool_calls or [] %}<call>"
                + "{{ c.function | tojson }}</call>{% endfor %}{% endfor %}",
        "{% for m in messages %}<|start|>{{ m.role }}<|channel|>{{ m.content }}{% endfor %}",
        "{% for m in messages %}{{ m.content }}{% for c in m.tool_calls or [] %}[TOOL_CALLS]{{ c.function.name }}"
                + "[CALL_ID]{{ c.id }}[ARGS]{{ c.function.arguments | tojson }}{% endfor %}{% endfor %}"})
    void unknownTemplate_isRefusedByName(String template) throws IOException {
        ToolFolder.in(folder, template);
        try (Model model = Model.load(folder)) {
            ChatFormat format = ChatFormats.of(model);
            assertThatThrownBy(() -> format.withTools(Tools.of(List.of(TIME))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("tools: are not supported with the chat template of " + folder)
                    .hasMessageContaining(template.contains("channel") ? "harmony" : "calls");
        }
    }
}
