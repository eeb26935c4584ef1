package io.github.pastkv.langchain4j;

import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import io.github.pastkv.chat.tools.ToolChoice;
import io.github.pastkv.chat.tools.ToolDefinition;
import io.github.pastkv.chat.tools.Tools;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The tools of a request. */
final class RequestTools {
    private RequestTools() {}

    /**
     * The tools that an answer may call; empty if the request has none.
     *
     * @throws IllegalArgumentException naming what is wrong with a tool
     */
    static Optional<Tools> of(ChatRequestParameters parameters) {
        if (parameters.toolSpecifications().isEmpty()) {
            return Optional.empty();
        }
        Tools tools = Tools.of(parameters.toolSpecifications().stream().map(RequestTools::definition).toList());
        return Optional.of(tools.withChoice(choice(parameters.toolChoice())));
    }

    private static ToolDefinition definition(ToolSpecification tool) {
        @Nullable String description = tool.description();
        return ToolDefinition.of(tool.name(), description == null ? "" : description,
                tool.parameters() == null ? "" : Schemas.toJson(tool.parameters()));
    }

    private static ToolChoice choice(dev.langchain4j.model.chat.request.@Nullable ToolChoice choice) {
        return switch (choice) {
            case null -> ToolChoice.auto();
            case AUTO -> ToolChoice.auto();
            case REQUIRED -> ToolChoice.required();
            case NONE -> ToolChoice.none();
        };
    }
}
