package io.github.pastkv.springai.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.springai.PastKvChatModel;
import io.github.pastkv.springai.PastKvChatOptions;
import io.github.pastkv.springai.TinyModelFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The beans that properties give, and what is refused. */
final class PastKvAutoConfigurationTest {
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}

    /** With no other auto-configuration, which starts in a fraction of the time. */
    @Configuration(proxyBeanMethods = false)
    @ImportAutoConfiguration(PastKvAutoConfiguration.class)
    static class PastKvAlone {}

    /** With a model of its own, which it does not leave to the context. */
    @Configuration(proxyBeanMethods = false)
    @ImportAutoConfiguration(PastKvAutoConfiguration.class)
    static class ApplicationWithModel {
        static Model model;

        @Bean(destroyMethod = "")
        Model ownModel() {
            return model;
        }
    }

    private static ConfigurableApplicationContext start(Class<?> application, String... properties) {
        List<String> arguments = new ArrayList<>(List.of("--spring.main.banner-mode=off", "--logging.level.root=off"));
        Stream.of(properties).map(property -> "--" + property).forEach(arguments::add);
        return new SpringApplicationBuilder(application).web(WebApplicationType.NONE)
                .run(arguments.toArray(String[]::new));
    }

    private static ConfigurableApplicationContext startTiny(Class<?> application, String... properties) {
        return start(application,
                Stream.concat(Stream.of("spring.ai.pastkv.model-path=" + TinyModelFolder.path()),
                        Stream.of(properties)).toArray(String[]::new));
    }

    @Test
    void properties_reachModelCacheAndOptions(@TempDir Path folder) {
        String tier = "file:" + folder + "?max=1MiB";
        try (ConfigurableApplicationContext context = startTiny(Application.class,
                "spring.ai.pastkv.model-name=story", "spring.ai.pastkv.kernels=scalar", "spring.ai.pastkv.compute=bf16",
                "spring.ai.pastkv.weights=int8-groups",
                "spring.ai.pastkv.threads=1", "spring.ai.pastkv.max-batch-tokens=64",
                "spring.ai.pastkv.context-length=500", "spring.ai.pastkv.cache.type=q8",
                "spring.ai.pastkv.cache.block-size=32", "spring.ai.pastkv.cache.max-size=64MB",
                "spring.ai.pastkv.cache.max-idle-size=8MB", "spring.ai.pastkv.cache.tiers=" + tier,
                "spring.ai.pastkv.chat.temperature=0.5", "spring.ai.pastkv.chat.top-p=0.8",
                "spring.ai.pastkv.chat.top-k=20", "spring.ai.pastkv.chat.min-p=0.1",
                "spring.ai.pastkv.chat.repetition-penalty=1.2", "spring.ai.pastkv.chat.presence-penalty=0.3",
                "spring.ai.pastkv.chat.frequency-penalty=0.4", "spring.ai.pastkv.chat.max-tokens=9",
                "spring.ai.pastkv.chat.stop-sequences=one,two", "spring.ai.pastkv.chat.seed=5")) {
            PastKvChatModel chatModel = context.getBean(PastKvChatModel.class);
            ModelOptions options = chatModel.model().options();

            assertThat(chatModel.name()).isEqualTo("story");
            assertThat(options.kernels()).isEqualTo("scalar");
            assertThat(options.compute()).hasToString("BF16");
            assertThat(options.weights()).hasToString("INT8_GROUPS");
            assertThat(options.numThreads()).isEqualTo(1);
            assertThat(options.maxBatchTokens()).isEqualTo(64);
            assertThat(options.maxCachedBytes()).isEqualTo(8L << 20);
            assertThat(options.cacheTiers()).containsExactly(tier);
            assertThat(chatModel.pool().config().blockSize()).isEqualTo(32);
            assertThatThrownBy(() -> chatModel.call("word ".repeat(600))).hasMessageContaining("the context is 500");
            assertThat(chatModel.pool().config().maxPoolBytes()).isEqualTo(64L << 20);
            assertThat(chatModel.pool().config().kvTypes(0).keys()).isEqualTo(KvType.Q8);
            assertThat(chatModel.getOptions()).isEqualTo(PastKvChatOptions.builder()
                    .temperature(0.5).topP(0.8).topK(20).minP(0.1).repetitionPenalty(1.2).presencePenalty(0.3)
                    .frequencyPenalty(0.4).maxTokens(9).stopSequences(List.of("one", "two")).seed(5L).build());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "spring.ai.pastkv.chat.temprature=1 | spring.ai.pastkv.chat.temprature",
        "spring.ai.pastkv.cach.type=f32 | spring.ai.pastkv.cach.type",
        "spring.ai.pastkv.cache.type=f31 | spring.ai.pastkv.cache.type",
        "spring.ai.pastkv.chat.top-k=many | spring.ai.pastkv.chat.top-k",
        "spring.ai.pastkv.chat.temperature=-1 | spring.ai.pastkv.chat.temperature: -1.0, must be at least 0",
        "spring.ai.pastkv.threads=0 | spring.ai.pastkv.threads: 0, must be positive",
        "spring.ai.pastkv.cache.block-size=17 | spring.ai.pastkv.cache.block-size: 17",
        "spring.ai.pastkv.context-length=100000 | spring.ai.pastkv.context-length: 100000, the model's limit is 1024",
        "spring.ai.pastkv.cache.tiers=nowhere | spring.ai.pastkv.cache.tiers: nowhere",
        "spring.ai.pastkv.chat.top-p=2 | spring.ai.pastkv.chat.top-p: 2.0",
        "spring.ai.pastkv.model-path=/none | /none",
        "spring.ai.pastkv.kernels=none | none"})
    void wrongProperty_isRefusedByName(String property, String message) {
        assertRefused(() -> startTiny(PastKvAlone.class, property).close(), message);
    }

    @Test
    void missingPath_isNamed() {
        assertRefused(() -> start(PastKvAlone.class).close(), "spring.ai.pastkv.model-path: is not set");
    }

    private static void assertRefused(ThrowingCallable start, String message) {
        assertThatThrownBy(start).satisfies(thrown -> {
            StringBuilder messages = new StringBuilder();
            for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
                messages.append(cause.getMessage()).append('\n');
            }
            assertThat(messages.toString()).contains(message);
        });
    }

    @Test
    void anotherChatModel_turnsItOff() {
        try (ConfigurableApplicationContext context = start(Application.class, "spring.ai.model.chat=other")) {
            assertThat(context.getBeansOfType(ChatModel.class)).isEmpty();
            assertThat(context.getBeansOfType(Model.class)).isEmpty();
        }
    }

    @Test
    void closingTheContext_closesTheModel() {
        ConfigurableApplicationContext context = startTiny(PastKvAlone.class);
        PastKvChatModel chatModel = context.getBean(PastKvChatModel.class);
        Model model = context.getBean(Model.class);
        assertThat(chatModel.isClosed()).isFalse();

        context.close();

        assertThat(chatModel.isClosed()).isTrue();
        assertThatThrownBy(model::newSession).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void ownModelBean_takesPrecedence_andStaysOpen() throws Exception {
        try (Model model = Model.load(TinyModelFolder.path(), ModelOptions.defaults().withKernels("scalar"))) {
            ApplicationWithModel.model = model;
            try (ConfigurableApplicationContext context = start(ApplicationWithModel.class)) {
                assertThat(context.getBean(PastKvChatModel.class).model()).isSameAs(model);
            }
            model.newSession().close();
        }
    }
}
