package io.github.pastkv.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.chat.ContextFullException;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.grammar.Grammar;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.observation.ChatModelObservationContext;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.ai.converter.BeanOutputConverter;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.util.MimeTypeUtils;
import reactor.core.publisher.Flux;

final class PastKvChatModelTest {
    private static final String STORY = "Once upon a time there was a dog named Tim. One day";
    private static final Duration LONG = Duration.ofMinutes(5);

    private static Model model;
    private static PastKvChatModel chatModel;

    @BeforeAll
    static void load() throws Exception {
        model = Model.load(TinyModelFolder.path(), ModelOptions.defaults().withKernels("scalar").withNumThreads(2));
        chatModel = PastKvChatModel.builder().model(model).build();
    }

    @AfterAll
    static void close() {
        chatModel.pool().checkIntegrity();
        assertThat(chatModel.pool().heldBytes()).isZero();
        chatModel.close();
        model.close();
    }

    private static PastKvChatOptions.Builder greedy(int maxTokens) {
        return PastKvChatOptions.builder().temperature(0.0).maxTokens(maxTokens);
    }

    private static String text(ChatResponse response) {
        return String.valueOf(response.getResult().getOutput().getText());
    }

    private static String finishReason(ChatResponse response) {
        return response.getResult().getMetadata().getFinishReason();
    }

    @Test
    void wholeAndStreamedAnswers_areEqual() {
        Prompt prompt = new Prompt(STORY, greedy(12).build());

        ChatResponse whole = chatModel.call(prompt);
        List<ChatResponse> parts = chatModel.stream(prompt).collectList().block(LONG);

        assertThat(text(whole)).isNotBlank();
        assertThat(parts).hasSizeGreaterThan(3);
        assertThat(parts.stream().map(PastKvChatModelTest::text).collect(Collectors.joining())).isEqualTo(text(whole));
        assertThat(finishReason(whole)).isEqualTo("length");
        assertThat(finishReason(parts.getLast())).isEqualTo("length");
        assertThat(parts.getFirst().getMetadata().getModel()).isEqualTo("tiny");
        Usage usage = parts.getLast().getMetadata().getUsage();
        assertThat(usage.getCompletionTokens()).isEqualTo(12);
        assertThat(usage.getPromptTokens()).isEqualTo(whole.getMetadata().getUsage().getPromptTokens());
        assertThat(usage.getTotalTokens()).isEqualTo(usage.getPromptTokens() + 12);
        assertThat(usage.getCacheReadInputTokens()).isEqualTo(usage.getPromptTokens() - 1L);
    }

    /** The answer goes back as text; its tokens are found as they were generated. */
    @Test
    void secondTurn_computesOnlyWhatIsNew() {
        PastKvChatOptions options = greedy(30).seed(1L).temperature(1.0).cacheSalt("turns").build();
        SystemMessage system = new SystemMessage("A story of a cat and a bird.");
        UserMessage first = new UserMessage("The cat saw a bird.");
        ChatResponse answer = chatModel.call(new Prompt(List.of(system, first), options));
        Usage before = answer.getMetadata().getUsage();
        PastKvChatStats stats = chatModel.stats();

        ChatResponse next = chatModel.call(new Prompt(
                List.of(system, first, new AssistantMessage(text(answer)), new UserMessage("The end is near.")),
                options));

        Usage usage = next.getMetadata().getUsage();
        assertThat(before.getCacheReadInputTokens()).isZero();
        int numRead = before.getPromptTokens() + before.getCompletionTokens() - 1; // the last token was not computed
        assertThat(usage.getCacheReadInputTokens()).isGreaterThanOrEqualTo(numRead);
        assertThat(usage.getPromptTokens() - usage.getCacheReadInputTokens()).isLessThan(12);
        assertThat(chatModel.stats().numCachedTokens() - stats.numCachedTokens())
                .isEqualTo(usage.getCacheReadInputTokens());
        assertThat(chatModel.stats().numPromptTokens() - stats.numPromptTokens())
                .isEqualTo(usage.getPromptTokens().longValue());
        assertThat(chatModel.stats().numGeneratedTokens() - stats.numGeneratedTokens())
                .isEqualTo(usage.getCompletionTokens().longValue());
    }

    @Test
    void callsOfDifferentSalts_shareNothing() {
        Prompt one = new Prompt(STORY, greedy(2).cacheSalt("one").build());
        Prompt other = new Prompt(STORY, greedy(2).cacheSalt("other").build());

        chatModel.call(one);

        assertThat(chatModel.call(other).getMetadata().getUsage().getCacheReadInputTokens()).isZero();
        assertThat(chatModel.call(one).getMetadata().getUsage().getCacheReadInputTokens()).isPositive();
    }

    @Test
    void canceledStream_endsItsGeneration() throws Exception {
        long numGenerated = chatModel.stats().numGeneratedTokens();

        List<ChatResponse> parts =
                chatModel.stream(new Prompt(STORY, greedy(900).build())).take(2).collectList().block(LONG);

        assertThat(parts).hasSize(2);
        awaitIdle();
        assertThat(chatModel.stats().numGeneratedTokens() - numGenerated).isLessThan(900);
    }

    private static void awaitIdle() throws InterruptedException {
        while (chatModel.stats().numRunning() > 0) {
            Thread.sleep(5);
        }
    }

    /** A part that is requested comes before the whole answer is there. */
    @Test
    void streamWithBoundedDemand_flows() {
        Flux<ChatResponse> parts = chatModel.stream(new Prompt(STORY, greedy(10).build()));

        assertThat(parts.limitRate(1).map(PastKvChatModelTest::text).collect(Collectors.joining()).block(LONG))
                .isEqualTo(text(chatModel.call(new Prompt(STORY, greedy(10).build()))));
    }

    record Animal(String name, int numLegs, boolean isTame) {}

    @Test
    void outputSchema_constrainsTheAnswer() {
        BeanOutputConverter<Animal> converter = new BeanOutputConverter<>(Animal.class);
        PastKvChatOptions options = greedy(200).outputSchema(converter.getJsonSchema()).build();

        ChatResponse response = chatModel.call(new Prompt("An animal: ", options));

        assertThat(finishReason(response)).isEqualTo("stop");
        assertThat(converter.convert(text(response)).name()).isNotNull();
    }

    @Test
    void chatClient_convertsToARecord() {
        Animal animal = ChatClient.create(chatModel).prompt("A big animal: ").options(greedy(200)).call()
                .entity(Animal.class, spec -> spec.useProviderStructuredOutput());

        assertThat(animal.name()).isNotNull();
    }

    @Test
    void grammar_constrainsTheAnswer() {
        Grammar grammar = Grammar.ofChoices(List.of("red", "blue"));

        assertThat(text(chatModel.call(new Prompt("A color: ", greedy(20).grammar(grammar).build()))))
                .isIn("red", "blue");
    }

    @Test
    void stopSequence_endsTheAnswer_andIsNoPartOfIt() {
        String whole = text(chatModel.call(new Prompt(STORY, greedy(20).build())));
        String word = whole.strip().split(" ")[3];

        ChatResponse stopped =
                chatModel.call(new Prompt(STORY, greedy(20).stopSequences(List.of(" " + word)).build()));

        assertThat(finishReason(stopped)).isEqualTo("stop");
        assertThat(text(stopped)).isEqualTo(whole.substring(0, whole.indexOf(" " + word)));
    }

    @Test
    void equalSeeds_giveEqualAnswers_withPortableOptionsToo() {
        Prompt seeded = new Prompt(STORY, PastKvChatOptions.builder().temperature(1.5).maxTokens(15).seed(7L).build());

        assertThat(text(chatModel.call(seeded))).isEqualTo(text(chatModel.call(seeded)));
        assertThat(text(chatModel.call(new Prompt(STORY, ChatOptions.builder().temperature(0.0).maxTokens(5).build()))))
                .isEqualTo(text(chatModel.call(new Prompt(STORY, greedy(5).build()))));
    }

    @Test
    void whatIsNotSupported_isRefusedByName() {
        Media image = new Media(MimeTypeUtils.IMAGE_PNG, new ByteArrayResource(new byte[1]));
        UserMessage picture = UserMessage.builder().text("What is this?").media(image).build();

        assertThatThrownBy(() -> chatModel.call(new Prompt(List.of(new SystemMessage("Look."), picture))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("messages[1]")
                .hasMessageContaining("media");
        assertThatThrownBy(() -> chatModel.call(new Prompt("Hi", greedy(1).model("other").build())))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("model: 'other'");
        assertThatThrownBy(
                () -> chatModel
                        .call(new Prompt("Hi", greedy(1).outputSchema("{'not': {}}".replace('\'', '"')).build())))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("outputSchema")
                .hasMessageContaining("not");
        assertThatThrownBy(() -> chatModel.call(new Prompt("word ".repeat(2000))))
                .isInstanceOf(ContextFullException.class);
        assertThatThrownBy(() -> chatModel.stream(new Prompt("word ".repeat(2000))).blockLast(LONG))
                .isInstanceOf(ContextFullException.class);
    }

    @Test
    void calls_areObserved() throws Exception {
        List<ChatModelObservationContext> contexts = new CopyOnWriteArrayList<>();
        CountDownLatch stopped = new CountDownLatch(3);
        ObservationRegistry registry = ObservationRegistry.create();
        registry.observationConfig().observationHandler(new ObservationHandler<ChatModelObservationContext>() {
            @Override
            public void onStop(ChatModelObservationContext context) {
                contexts.add(context);
                stopped.countDown();
            }

            @Override
            public boolean supportsContext(Observation.Context context) {
                return context instanceof ChatModelObservationContext;
            }
        });
        try (PastKvChatModel observed = PastKvChatModel.builder().model(model).name("observed").options(
                greedy(3).build()).observationRegistry(registry).build()) {
            observed.call(new Prompt(STORY));
            observed.stream(new Prompt(STORY)).blockLast(LONG);
            assertThatThrownBy(() -> observed.stream(new Prompt("word ".repeat(2000))).blockLast(LONG))
                    .isInstanceOf(ContextFullException.class);
        }

        assertThat(stopped.await(5, TimeUnit.MINUTES)).isTrue(); // a stream is observed after its subscriber is told
        assertThat(contexts).hasSize(3);
        assertThat(contexts).allSatisfy(
                context -> assertThat(context.getRequest().getOptions().getModel()).isEqualTo("observed"));
        assertThat(contexts.subList(0, 2)).allSatisfy(context -> assertThat(
                context.getResponse().getMetadata().getUsage().getCompletionTokens()).isEqualTo(3));
        assertThat(contexts.get(2).getError()).isInstanceOf(ContextFullException.class);
    }

    @Test
    void close_endsRunningCalls_andRefusesNewOnes() throws Exception {
        PastKvChatModel closed = PastKvChatModel.builder().model(model).options(greedy(900).build()).build();
        CountDownLatch hasPart = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        closed.stream(new Prompt(STORY)).doOnNext(_ -> hasPart.countDown()).doFinally(_ -> ended.countDown())
                .subscribe();
        assertThat(hasPart.await(5, TimeUnit.MINUTES)).isTrue();

        closed.close();

        assertThat(closed.stats().numRunning()).isZero();
        assertThat(closed.stats().numGeneratedTokens()).isBetween(1L, 899L);
        assertThat(ended.await(5, TimeUnit.MINUTES)).isTrue();
        assertThat(closed.isClosed()).isTrue();
        assertThatThrownBy(() -> closed.call(new Prompt(STORY))).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    /** The code of docs/spring-ai.md. */
    @Test
    void withoutSpringBoot_itIsAModelAndABuilder() throws Exception {
        Path folder = TinyModelFolder.path();
        try (Model model = Model.load(folder);
                PastKvChatModel chatModel = PastKvChatModel.builder().model(model).build()) {
            String answer = ChatClient.create(chatModel).prompt("Once upon a time").call().content();
            assertThat(answer).isNotBlank();
        }
    }

    @Test
    void builderWithoutAModel_saysSo() {
        assertThatThrownBy(() -> PastKvChatModel.builder().build()).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("model");
    }
}
