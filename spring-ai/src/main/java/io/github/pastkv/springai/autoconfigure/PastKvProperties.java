package io.github.pastkv.springai.autoconfigure;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.springai.PastKvChatOptions;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The properties {@code spring.ai.pastkv.*}. Unknown ones are refused by name, so that a misspelled one is not lost.
 *
 * @param modelPath a Hugging Face folder or a GGUF file
 * @param modelName the name in responses; null for that of the folder or file
 * @param kernels the kernels; null for the fastest
 * @param compute type of the inputs of linear layers
 * @param weights storage format of the weights of linear layers in memory
 * @param threads compute threads; null for all processors
 * @param maxBatchTokens most tokens of a forward pass; null for the default
 * @param contextLength most tokens of a prompt and its answer; null for the model's limit
 * @param cache the KV cache
 * @param chat options of prompts that have none
 */
@ConfigurationProperties(prefix = PastKvProperties.PREFIX, ignoreUnknownFields = false)
public record PastKvProperties(@Nullable Path modelPath, @Nullable String modelName, @Nullable String kernels,
        @DefaultValue("f32") ComputeChoice compute, @DefaultValue("stored") WeightType weights,
        @Nullable Integer threads, @Nullable Integer maxBatchTokens, @Nullable Integer contextLength,
        @DefaultValue Cache cache, @DefaultValue Chat chat) {
    static final String PREFIX = "spring.ai.pastkv";

    /**
     * The KV cache.
     *
     * @param type storage type of keys and values
     * @param blockSize tokens of a block; null for the default
     * @param maxSize limit of the cache; null for the default
     * @param maxIdleSize limit of cached prefixes that no call uses; null for the default
     * @param tiers URIs of cache tiers, nearest first
     */
    public record Cache(@DefaultValue("f32") KvType type, @Nullable Integer blockSize, @Nullable DataSize maxSize,
            @Nullable DataSize maxIdleSize, @DefaultValue List<String> tiers) {
        public Cache {
            tiers = List.copyOf(tiers);
        }
    }

    /**
     * Options of prompts that have none; what is null follows the model's {@code generation_config.json}.
     *
     * @param temperature divides the logits; 0 takes the best token
     * @param topP draw from the fewest best tokens whose probability reaches this
     * @param topK draw from this many best tokens; 0 for all
     * @param minP draw from tokens at least this times as probable as the best one
     * @param repetitionPenalty divides positive and multiplies negative logits of tokens that occurred
     * @param presencePenalty taken off the logits of tokens that were generated
     * @param frequencyPenalty taken off the logits of tokens for each time that they were generated
     * @param maxTokens most tokens of an answer
     * @param stopSequences texts that end an answer
     * @param seed of the draws
     * @param nativeStructuredOutput whether {@code ChatClient}'s {@code entity} constrains decoding to the schema
     */
    public record Chat(@Nullable Double temperature, @Nullable Double topP, @Nullable Integer topK,
            @Nullable Double minP, @Nullable Double repetitionPenalty, @Nullable Double presencePenalty,
            @Nullable Double frequencyPenalty, @Nullable Integer maxTokens, @Nullable List<String> stopSequences,
            @Nullable Long seed, @DefaultValue("true") boolean nativeStructuredOutput) {
        /**
         * The options.
         *
         * @throws IllegalArgumentException naming a value that is out of range
         */
        PastKvChatOptions toOptions() {
            return PastKvChatOptions.builder().temperature(temperature).topP(topP).topK(topK)
                    .presencePenalty(presencePenalty).frequencyPenalty(frequencyPenalty).maxTokens(maxTokens)
                    .stopSequences(stopSequences).minP(minP).repetitionPenalty(repetitionPenalty).seed(seed).build();
        }
    }

    /**
     * How the model is loaded.
     *
     * @throws IllegalArgumentException naming a value that is out of range
     */
    ModelOptions toModelOptions() {
        ModelOptions options = ModelOptions.defaults().withKernels(kernels).withCompute(compute).withWeights(weights)
                .withCacheTiers(cache.tiers().toArray(String[]::new));
        options = threads == null ? options : options.withNumThreads(threads);
        options = maxBatchTokens == null ? options : options.withMaxBatchTokens(maxBatchTokens);
        DataSize maxIdleSize = cache.maxIdleSize();
        return maxIdleSize == null ? options : options.withMaxCachedBytes(maxIdleSize.toBytes());
    }

    /**
     * How keys and values are stored.
     *
     * @throws IllegalArgumentException naming a value that is out of range
     */
    SessionOptions toSessionOptions() {
        SessionOptions options = SessionOptions.defaults().withKvType(cache.type());
        Integer blockSize = cache.blockSize();
        options = blockSize == null ? options : options.withBlockSize(blockSize);
        options = contextLength == null ? options : options.withMaxSeqLen(contextLength);
        DataSize maxSize = cache.maxSize();
        return maxSize == null ? options : options.withMaxPoolBytes(maxSize.toBytes());
    }
}
