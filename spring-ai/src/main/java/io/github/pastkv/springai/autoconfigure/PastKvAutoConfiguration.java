package io.github.pastkv.springai.autoconfigure;

import io.github.pastkv.model.Model;
import io.github.pastkv.springai.PastKvChatModel;
import io.micrometer.observation.ObservationRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.springframework.ai.chat.client.AdvisorParams;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientBuilderCustomizer;
import org.springframework.ai.chat.observation.ChatModelObservationConvention;
import org.springframework.ai.model.SpringAIModelProperties;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Loads the model that {@code spring.ai.pastkv.model-path} names, and answers Spring AI's prompts with it: a
 * {@link Model} bean, which is closed with the context, and a {@link PastKvChatModel} over it; meters, and a health
 * indicator where Spring Boot's health is there. Beans of the application take precedence.
 *
 * <p>Off where {@code spring.ai.model.chat} selects another model.
 */
@AutoConfiguration(
        beforeName = "org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration",
        afterName = "org.springframework.ai.model.chat.observation.autoconfigure.ChatObservationAutoConfiguration")
@ConditionalOnProperty(name = SpringAIModelProperties.CHAT_MODEL, havingValue = "pastkv", matchIfMissing = true)
@EnableConfigurationProperties(PastKvProperties.class)
public class PastKvAutoConfiguration {
    /** The model; loading it takes as long as reading its files. */
    @Bean(destroyMethod = "close")
    @ConditionalOnMissingBean
    Model pastKvModel(PastKvProperties properties) throws IOException {
        Path path = properties.modelPath();
        if (path == null) {
            throw new IllegalStateException(PastKvProperties.PREFIX + ".model-path: is not set, must be the path of a "
                    + "model: a Hugging Face folder or a GGUF file");
        }
        return PropertyErrors.named(() -> Model.load(path, properties.toModelOptions()));
    }

    /** The chat model. */
    @Bean(destroyMethod = "close")
    @ConditionalOnMissingBean
    PastKvChatModel pastKvChatModel(Model model, PastKvProperties properties,
            ObjectProvider<ObservationRegistry> observationRegistry,
            ObjectProvider<ChatModelObservationConvention> observationConvention) throws IOException {
        return PropertyErrors.named(() -> {
            PastKvChatModel.Builder builder = PastKvChatModel.builder().model(model)
                    .options(properties.chat().toOptions()).sessionOptions(properties.toSessionOptions());
            Optional.ofNullable(properties.modelName()).ifPresent(builder::name);
            observationRegistry.ifUnique(builder::observationRegistry);
            observationConvention.ifUnique(builder::observationConvention);
            return builder.build();
        });
    }

    /** Meters of the chat model; registered where there is a registry. */
    @Bean
    @ConditionalOnMissingBean
    PastKvMeters pastKvMeters(PastKvChatModel chatModel) {
        return new PastKvMeters(chatModel);
    }

    /** Where Spring AI's chat client is there. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(ChatClient.class)
    @ConditionalOnProperty(name = PastKvProperties.PREFIX + ".chat.native-structured-output", matchIfMissing = true)
    static class ChatClientConfiguration {
        /** Has {@code entity} constrain decoding to the schema, so that every answer can be converted. */
        @Bean
        ChatClientBuilderCustomizer pastKvStructuredOutput() {
            return builder -> builder.defaultAdvisors(AdvisorParams.ENABLE_NATIVE_STRUCTURED_OUTPUT);
        }
    }

    /** Where Spring Boot's health is there. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass({HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class})
    static class HealthConfiguration {
        /** The health of the model. */
        @Bean
        @ConditionalOnEnabledHealthIndicator("pastkv")
        @ConditionalOnMissingBean(name = "pastkvHealthIndicator")
        HealthIndicator pastkvHealthIndicator(PastKvChatModel chatModel) {
            return new PastKvHealthIndicator(chatModel);
        }
    }
}
