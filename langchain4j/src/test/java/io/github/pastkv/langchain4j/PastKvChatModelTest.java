package io.github.pastkv.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.CustomMessage;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonArraySchema;
import dev.langchain4j.model.chat.request.json.JsonEnumSchema;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonReferenceSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.request.json.JsonSchemaElement;
import dev.langchain4j.model.chat.request.json.JsonStringSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import io.github.pastkv.chat.Chat;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.grammar.Grammar;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PastKvChatModelTest {
    private static final int BLOCK_SIZE = 16;
    private static final List<String> SAID = List.of("Once upon a time", "Then Mary", "At last they");

    private static PastKvChatModel.Builder builder() {
        return PastKvChatModel.builder().model(TestModel.model()).seed(7L).maxTokens(20);
    }

    private static ChatRequest request(ChatRequestParameters parameters) {
        return ChatRequest.builder().messages(UserMessage.from("Once upon a time")).parameters(parameters).build();
    }

    private static PastKvTokenUsage usage(ChatResponse response) {
        return (PastKvTokenUsage) response.tokenUsage();
    }

    /** At a high temperature, answers are seldom tokenized as they were generated. */
    @Test
    void turn_computesOnlyWhatIsNew() {
        try (PastKvChatModel model = builder().temperature(3.0).build()) {
            List<ChatMessage> messages = new ArrayList<>(List.of(SystemMessage.from("Tell a story.")));
            int numBefore = 0;
            for (String said : SAID) {
                messages.add(UserMessage.from(said));
                long numBeforeTurn = TestModel.model().engineStats().numTokens();
                ChatResponse response = model.chat(messages);
                PastKvTokenUsage usage = (PastKvTokenUsage) response.tokenUsage();
                int numComputed = usage.inputTokenCount() - usage.cachedInputTokenCount();

                assertThat(usage.cachedInputTokenCount()).isGreaterThan(numBefore - BLOCK_SIZE);
                assertThat(TestModel.model().engineStats().numTokens() - numBeforeTurn)
                        .isEqualTo(numComputed + usage.outputTokenCount() - 1); // the last token is not computed
                numBefore = usage.totalTokenCount() - 1;
                messages.add(AiMessage.from(response.aiMessage().text())); // as a store of messages has it
            }
        }
    }

    private static ToolSpecification weather() {
        return ToolSpecification.builder().name("getWeather").description("The weather of a city.")
                .parameters(JsonObjectSchema.builder().addEnumProperty("city", List.of("Munich", "Paris"))
                        .required("city").build())
                .build();
    }

    @Test
    void requiredCall_fitsItsSchema_andItsResultComputesOnlyWhatIsNew() {
        try (PastKvChatModel model = builder().maxTokens(100).generationOptions(Scripts.chat().options()).build()) {
            UserMessage question = UserMessage.from("What is the weather in Munich?");
            ChatRequest.Builder request = ChatRequest.builder().toolSpecifications(weather());
            ChatResponse call = model.chat(request.messages(question).toolChoice(ToolChoice.REQUIRED).build());
            ToolExecutionRequest first = call.aiMessage().toolExecutionRequests().getFirst();
            List<ChatMessage> messages = new ArrayList<>(List.of(question, call.aiMessage()));
            call.aiMessage().toolExecutionRequests()
                    .forEach(each -> messages.add(ToolExecutionResultMessage.from(each, "sunny")));
            ChatResponse answer =
                    model.chat(ChatRequest.builder().toolSpecifications(weather()).messages(messages).build());

            assertThat(call.finishReason()).isEqualTo(FinishReason.TOOL_EXECUTION);
            assertThat(call.aiMessage().text()).isNull();
            assertThat(first.name()).isEqualTo("getWeather");
            assertThat(first.arguments()).isEqualTo("{\"city\": \"Munich\"}");
            assertThat(usage(answer).cachedInputTokenCount())
                    .isGreaterThanOrEqualTo(call.tokenUsage().totalTokenCount() - BLOCK_SIZE);
        }
    }

    @Test
    void schemaBesideTools_isThatOfAnswersWithoutCalls() {
        ResponseFormat schema = json(JsonObjectSchema.builder().addEnumProperty("sky", List.of("blue", "grey"))
                .required("sky").build());
        ChatRequest.Builder request = ChatRequest.builder().toolSpecifications(weather()).responseFormat(schema)
                .messages(UserMessage.from("What is the weather in Munich?"));
        try (PastKvChatModel model = builder().maxTokens(100).build();
                PastKvChatModel calling =
                        builder().maxTokens(100).generationOptions(Scripts.chat().options()).build()) {
            AiMessage text = model.chat(request.toolChoice(ToolChoice.NONE).build()).aiMessage();
            AiMessage call = model.chat(request.toolChoice(ToolChoice.REQUIRED).build()).aiMessage();
            AiMessage chosenCall = calling.chat(request.toolChoice(ToolChoice.AUTO).build()).aiMessage();

            assertThat(text.text()).matches("\\{\"sky\": \"(blue|grey)\"}");
            assertThat(call.toolExecutionRequests().getFirst().arguments()).matches("\\{\"city\": \"(Munich|Paris)\"}");
            assertThat(chosenCall.toolExecutionRequests()).hasSize(1);
            assertThat(chosenCall.text()).isNull();
        }
    }

    @Test
    void modelsOfOneChat_shareConversations() throws Exception {
        Chat chat = Chat.of(TestModel.model());
        try (PastKvChatModel first =
                PastKvChatModel.builder().chat(chat).temperature(3.0).seed(1L).maxTokens(40).build();
                PastKvChatModel second = PastKvChatModel.builder().chat(chat).maxTokens(1).build()) {
            UserMessage question = UserMessage.from("Tell me of a dragon");
            ChatResponse response = first.chat(question);
            ChatResponse next = second.chat(question, response.aiMessage(), UserMessage.from("And then?"));

            assertThat(usage(next).cachedInputTokenCount())
                    .isGreaterThanOrEqualTo(response.tokenUsage().totalTokenCount() - BLOCK_SIZE);
        }
    }

    @Test
    void salt_keepsPrefixesApart() {
        try (PastKvChatModel model = builder().build()) {
            UserMessage question = UserMessage.from("A question that nobody else asks in any other of these tests");
            ChatRequest salted = ChatRequest.builder().messages(question)
                    .parameters(PastKvChatRequestParameters.builder().cacheSalt("tenant").build()).build();
            model.chat(question);

            assertThat(usage(model.chat(salted)).cachedInputTokenCount()).isZero();
            assertThat(usage(model.chat(salted)).cachedInputTokenCount()).isPositive();
        }
    }

    @Test
    void response_hasIdModelUsageAndReason() throws Exception {
        try (PastKvChatModel model = builder().build()) {
            ChatResponse response = model.chat(UserMessage.from("Once upon a time"));

            assertThat(response.id()).isNotBlank();
            assertThat(response.modelName()).isEqualTo(TestModel.NAME);
            assertThat(response.finishReason()).isEqualTo(FinishReason.LENGTH);
            assertThat(response.tokenUsage().outputTokenCount()).isEqualTo(20);
            assertThat(response.tokenUsage().inputTokenCount()).isEqualTo(new PastKvTokenCountEstimator(
                    Chat.of(TestModel.model()))
                    .estimateTokenCountInMessages(List.of(UserMessage.from("Once upon a time"))));
        }
    }

    @Test
    void seed_decides_andWithoutOneAnswersDiffer() {
        try (PastKvChatModel model = PastKvChatModel.builder().model(TestModel.model()).temperature(2.0).maxTokens(40)
                .build()) {
            ChatRequestParameters seeded = PastKvChatRequestParameters.builder().seed(5L).build();
            String first = model.chat(request(seeded)).aiMessage().text();

            assertThat(model.chat(request(seeded)).aiMessage().text()).isEqualTo(first);
            assertThat(model.chat("Once upon a time")).isNotEqualTo(model.chat("Once upon a time"));
        }
    }

    @Test
    void stopSequence_endsTheAnswer_andIsNoPartOfIt() {
        try (PastKvChatModel model = builder().grammar(Grammar.ofChoices(List.of("Hello World and more"))).build()) {
            ChatResponse response = model.chat(request(
                    ChatRequestParameters.builder().stopSequences(" World").build()));

            assertThat(response.aiMessage().text()).isEqualTo("Hello");
            assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
        }
    }

    static List<JsonSchemaElement> schemas() {
        JsonObjectSchema node = JsonObjectSchema.builder()
                .addProperty("name", JsonEnumSchema.builder().enumValues("a", "b").build())
                .addProperty("next", JsonArraySchema.builder()
                        .items(JsonReferenceSchema.builder().reference("node").build()).build())
                .required("name").build();
        return List.of(
                JsonObjectSchema.builder().addEnumProperty("size", List.of("big", "small")).addBooleanProperty("old")
                        .required("size", "old").build(),
                JsonObjectSchema.builder().addProperty("root", JsonReferenceSchema.builder().reference("node").build())
                        .required("root").definitions(Map.of("node", node)).build(),
                JsonRawSchema.from("{\"type\": \"object\", \"properties\": {\"n\": {\"const\": 7}}, "
                        + "\"required\": [\"n\"], \"additionalProperties\": false}"));
    }

    private static ResponseFormat json(JsonSchemaElement schema) {
        return ResponseFormat.builder().type(ResponseFormatType.JSON)
                .jsonSchema(JsonSchema.builder().name("Answer").rootElement(schema).build()).build();
    }

    @ParameterizedTest
    @MethodSource("schemas")
    void answer_isAnInstanceOfItsSchema(JsonSchemaElement schema) {
        try (PastKvChatModel model = builder().maxTokens(2000).responseFormat(json(schema)).build()) {
            ChatResponse response = model.chat(UserMessage.from("Answer."));
            String text = response.aiMessage().text();

            assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
            assertThat(text).matches(schema instanceof JsonRawSchema ? "\\{\"n\": 7}"
                    : text.contains("size") ? "\\{\"size\": \"(big|small)\", \"old\": (true|false)}"
                            : "\\{\"root\": \\{\"name\": \"[ab]\".*}}");
        }
    }

    @Test
    void jsonWithoutSchema_isAnObject() {
        try (PastKvChatModel model = builder().maxTokens(30).responseFormat(ResponseFormat.JSON).build()) {
            assertThat(model.chat("Answer.")).startsWith("{");
            assertThat(model.supportedCapabilities()).containsExactly(Capability.RESPONSE_FORMAT_JSON_SCHEMA);
        }
    }

    static List<Refusal> refusals() {
        PastKvChatRequestParameters.Builder own = PastKvChatRequestParameters.builder();
        return List.of(
                new Refusal(own.minP(2.0).build(), InvalidRequestException.class, "minP: 2.0, must be in [0, 1]"),
                new Refusal(ChatRequestParameters.builder().temperature(-1.0).build(), InvalidRequestException.class,
                        "temperature: -1.0, must be at least 0"),
                new Refusal(ChatRequestParameters.builder().maxOutputTokens(0).build(), InvalidRequestException.class,
                        "maxOutputTokens: 0, must be at least 1"),
                new Refusal(ChatRequestParameters.builder().stopSequences("").build(), InvalidRequestException.class,
                        "stopStrings: one is empty"),
                new Refusal(ChatRequestParameters.builder().modelName("gpt").build(),
                        UnsupportedFeatureException.class, "modelName: 'gpt' is not supported, this model is 'tiny'"),
                new Refusal(ChatRequestParameters.builder()
                        .responseFormat(json(JsonRawSchema.from("{\"not\": {}}"))).build(),
                        UnsupportedFeatureException.class, "'not' is not supported"),
                new Refusal(PastKvChatRequestParameters.builder().toolSpecifications(weather())
                        .grammar(Grammar.ofRegex(".*[^.]*")).build(), UnsupportedFeatureException.class,
                        "text: may begin with <tool_call>"),
                new Refusal(ChatRequestParameters.builder().toolSpecifications(weather(), weather()).build(),
                        InvalidRequestException.class, "tools: two are named getWeather"),
                new Refusal(PastKvChatRequestParameters.builder().grammar(Grammar.ofRegex("a"))
                        .responseFormat(json(JsonStringSchema.builder().build())).build(),
                        InvalidRequestException.class, "grammar: does not go with a JSON response format"));
    }

    /** A parameter that is not honored. */
    record Refusal(ChatRequestParameters parameters, Class<? extends LangChain4jException> type, String message) {}

    @ParameterizedTest
    @MethodSource("refusals")
    void parameter_thatIsNotHonored_isRefusedByName(Refusal refusal) {
        try (PastKvChatModel model = builder().build()) {
            assertThatThrownBy(() -> model.chat(request(refusal.parameters()))).isExactlyInstanceOf(refusal.type())
                    .hasMessageContaining(refusal.message());
        }
        assertThatThrownBy(() -> builder().defaultRequestParameters(refusal.parameters()).build())
                .isExactlyInstanceOf(refusal.type()).hasMessageContaining(refusal.message());
    }

    @Test
    void contentAndMessages_thatAreNotText_areRefused() {
        try (PastKvChatModel model = builder().build()) {
            UserMessage image = UserMessage.from(TextContent.from("What is it?"),
                    ImageContent.from("https://example.org/a.png"));
            assertThatThrownBy(() -> model.chat(image)).isExactlyInstanceOf(UnsupportedFeatureException.class)
                    .hasMessage("non-text content of type image is not supported");
            assertThatThrownBy(() -> model.chat(CustomMessage.from(Map.of("a", 1))))
                    .isExactlyInstanceOf(UnsupportedFeatureException.class)
                    .hasMessage("messages of type CUSTOM are not supported");
        }
    }

    @Test
    void conversation_thatDoesNotFit_isRefused() {
        try (PastKvChatModel model = builder().build()) {
            assertThatThrownBy(() -> model.chat("word ".repeat(5000))).isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("tokens, the context is");
        }
    }

    @Test
    void model_mustBeOne() {
        assertThatThrownBy(() -> PastKvChatModel.builder().build()).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("modelPath, model, chat: 0 of them are set, must be one");
        assertThatThrownBy(() -> builder().modelPath(Path.of("x")).build())
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("2 of them are set");
        assertThatThrownBy(() -> PastKvChatModel.builder().modelPath(Path.of("does-not-exist")).build())
                .isInstanceOf(UncheckedIOException.class).hasMessageContaining("does-not-exist");
    }

    @Test
    void loadedModel_isClosedWithItsChatModel_anotherIsNot() {
        PastKvChatModel owner = PastKvChatModel.builder().modelPath(TestModel.folder())
                .modelOptions(TestModel.options()).temperature(0.0).maxTokens(3).build();
        assertThat(owner.chat("Once")).isNotEmpty();
        owner.close();
        owner.close();
        assertThatThrownBy(() -> owner.chat("Once")).isInstanceOf(IllegalStateException.class)
                .hasMessage("the model is closed");
        builder().build().close();
        try (Session session = TestModel.model().newSession()) {
            assertThat(session.size()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void interruptOrClose_cancelsARequest(boolean closes) throws Exception {
        Held held = new Held();
        try (PastKvChatModel model = builder().generationOptions(held.options()).build()) {
            Runnable close = model::close;
            CompletableFuture<Throwable> thrown = new CompletableFuture<>();
            Thread thread = Thread.ofPlatform().start(() -> {
                try {
                    model.chat("Once");
                    thrown.complete(new AssertionError("has ended by itself"));
                } catch (RuntimeException e) {
                    thrown.complete(e);
                }
            });
            held.await();
            if (closes) {
                close.run();
            } else {
                thread.interrupt();
            }

            assertThat(thrown.get()).isInstanceOf(CancellationException.class);
        }
    }

    @Test
    void usages_addUp() {
        PastKvTokenUsage usage = new PastKvTokenUsage(10, 4, 3);

        assertThat(TokenUsage.sum(usage, new PastKvTokenUsage(20, 16, 5)))
                .isEqualTo(new PastKvTokenUsage(30, 20, 8));
        assertThat(usage.add(new TokenUsage(1, 2))).isEqualTo(new TokenUsage(11, 5, 16));
        assertThat(usage.totalTokenCount()).isEqualTo(13);
    }
}
