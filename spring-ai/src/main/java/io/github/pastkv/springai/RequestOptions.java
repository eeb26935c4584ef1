package io.github.pastkv.springai;

import io.github.pastkv.chat.tools.ToolChoice;
import io.github.pastkv.chat.tools.ToolDefinition;
import io.github.pastkv.chat.tools.Tools;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.grammar.Grammar;
import io.github.pastkv.model.grammar.GrammarCache;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.model.tool.ToolCallingManager;

/** Translates the options of a call. Each is honored, or refused by name before anything runs. */
final class RequestOptions {
    private static final ToolCallingManager TOOLS = ToolCallingManager.builder().build();

    private final String modelName;
    private final GenerationOptions defaults;
    private final GrammarCache grammars = new GrammarCache();

    /**
     * For calls of one model.
     *
     * @param defaults what a call gets that says nothing else
     */
    RequestOptions(String modelName, GenerationOptions defaults) {
        this.modelName = modelName;
        this.defaults = defaults;
    }

    /**
     * The options of a generation.
     *
     * @throws IllegalArgumentException naming an option that is not supported
     */
    GenerationOptions of(PastKvChatOptions options) {
        requireModelName(options.getModel());
        GenerationOptions generation = defaults.withSampling(options.sampling(
                defaults.sampling().withSeed(ThreadLocalRandom.current().nextLong()))).withGrammar(grammar(options));
        @Nullable Integer maxTokens = options.getMaxTokens();
        @Nullable List<String> stopSequences = options.getStopSequences();
        @Nullable Integer priority = options.getPriority();
        return generation.withMaxNewTokens(maxTokens == null ? defaults.maxNewTokens() : maxTokens)
                .withStopStrings(stopSequences == null ? defaults.stopStrings() : stopSequences)
                .withPriority(priority == null ? defaults.priority() : priority);
    }

    /**
     * The tools of a call; empty if it has none.
     *
     * @param text what an answer without calls must be one of; null for any text
     * @throws IllegalArgumentException naming what is not supported
     */
    Optional<Tools> tools(PastKvChatOptions options, @Nullable Grammar text) {
        List<ToolDefinition> definitions = TOOLS.resolveToolDefinitions(options).stream()
                .map(tool -> ToolDefinition.of(tool.name(), tool.description(), tool.inputSchema())).toList();
        @Nullable ToolChoice asked = options.getToolChoice();
        ToolChoice choice = asked == null ? ToolChoice.auto() : asked;
        if (definitions.isEmpty() && choice.mode() != ToolChoice.Mode.REQUIRED) {
            return Optional.empty();
        }
        Tools tools = new Tools(definitions, choice, true, text); // refuses a choice of what is not there
        return Optional.of(Boolean.FALSE.equals(options.getParallelToolCalls()) ? tools.withoutSeveral() : tools);
    }

    private void requireModelName(@Nullable String name) {
        if (name != null && !name.equals(modelName)) {
            throw new IllegalArgumentException("model: '" + name + "', this one is '" + modelName + "'");
        }
    }

    private @Nullable Grammar grammar(PastKvChatOptions options) {
        @Nullable String schema = options.getOutputSchema();
        if (schema == null) {
            return options.getGrammar();
        }
        try {
            return grammars.get(GrammarCache.Kind.JSON_SCHEMA, schema);
        } catch (IllegalArgumentException e) { // names the keyword
            throw new IllegalArgumentException("outputSchema: " + e.getMessage(), e);
        }
    }
}
