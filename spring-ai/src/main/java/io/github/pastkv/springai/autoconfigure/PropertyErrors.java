package io.github.pastkv.springai.autoconfigure;

import java.io.IOException;
import java.util.Map;

/** Gives errors the names of the properties that their values come from. */
final class PropertyErrors {
    private static final Map<String, String> PROPERTY_BY_NAME = Map.ofEntries(Map.entry("numThreads", "threads"),
            Map.entry("maxBatchTokens", "max-batch-tokens"), Map.entry("maxSeqLen", "context-length"),
            Map.entry("blockSize", "cache.block-size"), Map.entry("maxPoolBytes", "cache.max-size"),
            Map.entry("maxCachedBytes", "cache.max-idle-size"), Map.entry("cache tier", "cache.tiers"),
            Map.entry("temperature", "chat.temperature"), Map.entry("topP", "chat.top-p"),
            Map.entry("topK", "chat.top-k"), Map.entry("minP", "chat.min-p"),
            Map.entry("repetitionPenalty", "chat.repetition-penalty"),
            Map.entry("presencePenalty", "chat.presence-penalty"),
            Map.entry("frequencyPenalty", "chat.frequency-penalty"), Map.entry("maxTokens", "chat.max-tokens"),
            Map.entry("stopSequences", "chat.stop-sequences"));

    private PropertyErrors() {}

    /** Makes something of the values of properties. */
    @FunctionalInterface
    interface Maker<T> {
        T make() throws IOException;
    }

    /**
     * What {@code maker} makes.
     *
     * @throws IllegalArgumentException naming the property instead of the argument that its value became
     */
    static <T> T named(Maker<T> maker) throws IOException {
        try {
            return maker.make();
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            int colon = Math.max(0, message.indexOf(':'));
            String property = PROPERTY_BY_NAME.get(message.substring(0, colon));
            if (property == null) {
                throw e;
            }
            throw new IllegalArgumentException(PastKvProperties.PREFIX + "." + property + message.substring(colon), e);
        }
    }
}
