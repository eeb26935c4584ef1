package io.github.pastkv.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.chat.tools.ToolChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.grammar.Grammar;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.ToolCallingManager;
import org.springframework.ai.model.tool.ToolExecutionResult;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.function.FunctionToolCallback;
import org.springframework.ai.tool.metadata.ToolMetadata;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Calls of tools. The small model was not trained for them: the choice requires one, and the schema constrains it. */
final class ToolCallsTest {
    private static final String QUESTION = "How is the weather?";

    private static Model model;
    private static PastKvChatModel chatModel;

    enum Unit {
        CELSIUS,
        KELVIN
    }

    record Place(Unit unit, int day) {}

    @BeforeAll
    static void load() throws Exception {
        model = Model.load(TinyModelFolder.path(), ModelOptions.defaults().withKernels("scalar").withNumThreads(2));
        chatModel = PastKvChatModel.builder().model(model).build();
    }

    @AfterAll
    static void close() {
        chatModel.close();
        model.close();
    }

    private static ToolCallback weather(List<Place> asked, boolean returnsDirectly) {
        return FunctionToolCallback.builder("weather", (Place place) -> {
            asked.add(place);
            return "sunny";
        }).description("The weather of a day.").inputType(Place.class)
                .toolMetadata(ToolMetadata.builder().returnDirect(returnsDirectly).build()).build();
    }

    private static PastKvChatOptions.Builder options(ToolChoice choice) {
        return PastKvChatOptions.builder().temperature(0.0).maxTokens(300).toolChoice(choice).parallelToolCalls(false);
    }

    @Test
    void requiredCall_isWithinItsSchema_wholeAndStreamed() {
        Prompt prompt = new Prompt(QUESTION,
                options(ToolChoice.required()).toolCallbacks(weather(new ArrayList<>(), false)).build());

        ChatResponse whole = chatModel.call(prompt);
        ChatResponse last = chatModel.stream(prompt).blockLast(Duration.ofMinutes(5));

        AssistantMessage.ToolCall call = whole.getResult().getOutput().getToolCalls().getFirst();
        JsonNode arguments = JsonMapper.shared().readTree(call.arguments());
        assertThat(call.name()).isEqualTo("weather");
        assertThat(call.id()).isNotBlank();
        assertThat(arguments.path("unit").asString()).isIn("CELSIUS", "KELVIN");
        assertThat(arguments.path("day").isInt()).isTrue();
        assertThat(whole.getResult().getMetadata().getFinishReason()).isEqualTo("tool_calls");
        assertThat(last.getResult().getOutput().getToolCalls().getFirst().arguments()).isEqualTo(call.arguments());
        assertThat(last.getResult().getMetadata().getFinishReason()).isEqualTo("tool_calls");
    }

    /** The call goes back as Spring AI has it; its tokens are found as they were generated. */
    @Test
    void turnWithTheResult_computesOnlyWhatIsNew() {
        List<Place> asked = new ArrayList<>();
        ToolCallback tool = weather(asked, false);
        Prompt prompt = new Prompt("What of the weather?",
                options(ToolChoice.named("weather")).toolCallbacks(tool).build());
        ChatResponse call = chatModel.call(prompt);

        ToolExecutionResult result = ToolCallingManager.builder().build().executeToolCalls(prompt, call);
        ChatResponse answer = chatModel.call(new Prompt(result.conversationHistory(),
                options(ToolChoice.none()).maxTokens(5).toolCallbacks(tool).build()));

        assertThat(asked).hasSize(1);
        assertThat(answer.getResult().getOutput().getToolCalls()).isEmpty();
        assertThat(answer.getResult().getOutput().getText()).isNotNull();
        Usage before = call.getMetadata().getUsage();
        Usage usage = answer.getMetadata().getUsage();
        assertThat(usage.getCacheReadInputTokens())
                .isGreaterThanOrEqualTo(before.getPromptTokens() + before.getCompletionTokens() - 2L);
    }

    /** The model was trained to write neither; what the schema holds it to cannot be a call. */
    @Test
    void outputSchemaBesideTools_isThatOfAnswersWithoutCalls() {
        String schema = "{\"type\": \"object\", \"properties\": {\"sky\": {\"enum\": [\"blue\", \"grey\"]}}, "
                + "\"required\": [\"sky\"], \"additionalProperties\": false}";
        ToolCallback tool = weather(new ArrayList<>(), false);

        AssistantMessage text = answer(options(ToolChoice.none()).outputSchema(schema).toolCallbacks(tool));
        AssistantMessage call = answer(options(ToolChoice.required()).outputSchema(schema).toolCallbacks(tool));
        AssistantMessage either = answer(options(ToolChoice.auto()).outputSchema(schema).toolCallbacks(tool));

        assertThat(text.getText()).matches("\\{\"sky\": \"(blue|grey)\"}");
        assertThat(call.getToolCalls()).hasSize(1);
        assertThat(either.hasToolCalls() || either.getText().matches("\\{\"sky\": \"(blue|grey)\"}")).isTrue();
    }

    private static AssistantMessage answer(PastKvChatOptions.Builder options) {
        return chatModel.call(new Prompt(QUESTION, options.build())).getResult().getOutput();
    }

    @Test
    void chatClient_callsTheTool() {
        List<Place> asked = new ArrayList<>();

        String answer = ChatClient.create(chatModel).prompt(QUESTION).options(options(ToolChoice.required()))
                .tools(weather(asked, true)).call().content();

        assertThat(asked).hasSize(1);
        assertThat(answer).contains("sunny");
    }

    @Test
    void whatDoesNotGoTogether_isRefusedByName() {
        assertThatThrownBy(() -> chatModel.call(new Prompt(QUESTION, options(ToolChoice.required()).build())))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("there are no tools");
        assertThatThrownBy(() -> chatModel.call(new Prompt(QUESTION, options(ToolChoice.auto())
                .grammar(Grammar.ofRegex("[^x]*")).toolCallbacks(weather(new ArrayList<>(), false)).build())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("text: may begin with <tool_call>");
        assertThatThrownBy(() -> chatModel.call(new Prompt(QUESTION, options(ToolChoice.named("other"))
                .toolCallbacks(weather(new ArrayList<>(), false)).build())))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("other");
    }
}
