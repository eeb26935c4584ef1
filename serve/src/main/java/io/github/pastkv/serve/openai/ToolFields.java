package io.github.pastkv.serve.openai;

import io.github.pastkv.chat.tools.ToolChoice;
import io.github.pastkv.chat.tools.ToolDefinition;
import io.github.pastkv.chat.tools.Tools;
import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.request.RequestFields;
import io.github.pastkv.serve.request.RequestValues;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads {@code tools}, {@code tool_choice} and {@code parallel_tool_calls}. */
final class ToolFields {
    private static final int MAX_TOOLS = 128; // as OpenAI has it
    private static final String TOOLS = "tools";
    private static final String CHOICE = "tool_choice";
    private static final String PARALLEL = "parallel_tool_calls";

    private final RequestFields fields;

    ToolFields(RequestFields fields) {
        this.fields = fields;
    }

    /** The tools of a request, of which there may be none. */
    Tools read() {
        List<ToolDefinition> definitions = definitions();
        Optional<JsonNode> choice = fields.find(CHOICE);
        boolean allowsSeveral = fields.booleanOr(PARALLEL, true);
        if (definitions.isEmpty()) {
            fields.refuseUnless(CHOICE, "is allowed only with tools", "none", "auto");
        }
        try {
            return new Tools(definitions, choice.map(ToolFields::choice).orElse(ToolChoice.auto()), allowsSeveral,
                    null);
        } catch (IllegalArgumentException e) {
            throw refusal(e, "choice", CHOICE, TOOLS);
        }
    }

    private List<ToolDefinition> definitions() {
        Optional<JsonNode> list = fields.find(TOOLS);
        List<ToolDefinition> definitions = new ArrayList<>();
        if (list.isPresent()) {
            for (JsonNode json : RequestValues.requireArray(TOOLS, list.get(), MAX_TOOLS).values()) {
                definitions.add(within(TOOLS + "[" + definitions.size() + "]", json, ToolFields::definition));
            }
        }
        return definitions;
    }

    /** Reads an object all of whose fields must be known. */
    private static <T> T within(String name, JsonNode json, Function<RequestFields, T> reader) {
        RequestFields inner = RequestFields.of(name, json);
        try {
            T value = reader.apply(inner);
            inner.requireAllRead();
            return value;
        } catch (ApiException e) {
            throw e.within(name);
        }
    }

    private static ToolDefinition definition(RequestFields tool) {
        String type = requireString(tool, "type");
        if (!type.equals("function")) {
            throw ApiException.unsupported("type", "'" + type + "', only function is supported");
        }
        return within("function", require(tool, "function"), ToolFields::function);
    }

    private static ToolDefinition function(RequestFields function) {
        String name = requireString(function, "name");
        String description = function.findString("description").orElse("");
        function.booleanOr("strict", false); // calls always follow their schema
        Optional<JsonNode> parameters = function.find("parameters");
        try {
            return parameters.isEmpty()
                    ? ToolDefinition.of(name, description, "")
                    : new ToolDefinition(name, description, object(parameters.get()));
        } catch (IllegalArgumentException e) {
            throw refusal(e, "name", "name", "parameters");
        }
    }

    /** The refusal of one of two fields, whichever the message names. */
    private static ApiException refusal(IllegalArgumentException e, String word, String field, String otherField) {
        String message = String.valueOf(e.getMessage());
        return ApiException.badField(message.startsWith(word + ": ") ? field : otherField,
                message.substring(message.indexOf(": ") + 2));
    }

    private static ObjectNode object(JsonNode parameters) {
        return RequestValues.requireObject("parameters", parameters);
    }

    /** OpenAI's forms: a word, a named function, or a choice among some of the tools. */
    private static ToolChoice choice(JsonNode json) {
        if (json.isString()) {
            return mode(CHOICE, json.stringValue(), List.of());
        }
        return within(CHOICE, json, choice -> {
            String type = requireString(choice, "type");
            return switch (type) {
                case "function" -> ToolChoice.named(
                        within("function", require(choice, "function"), function -> requireString(function, "name")));
                case "allowed_tools" -> within("allowed_tools", require(choice, "allowed_tools"), ToolFields::allowed);
                default -> throw ApiException.unsupported("type",
                        "'" + type + "', only function and allowed_tools are supported");
            };
        });
    }

    private static ToolChoice allowed(RequestFields allowed) {
        List<String> names = new ArrayList<>();
        for (JsonNode tool : RequestValues.requireArray(TOOLS, require(allowed, TOOLS), MAX_TOOLS).values()) {
            names.add(within(TOOLS + "[" + names.size() + "]", tool, ToolFields::allowedName));
        }
        if (names.isEmpty()) {
            throw ApiException.badField(TOOLS, "is empty");
        }
        return mode("mode", requireString(allowed, "mode"), names);
    }

    private static String allowedName(RequestFields tool) {
        String type = requireString(tool, "type");
        if (!type.equals("function")) {
            throw ApiException.unsupported("type", "'" + type + "', only function is supported");
        }
        return within("function", require(tool, "function"), function -> requireString(function, "name"));
    }

    private static ToolChoice mode(String field, String mode, List<String> names) {
        return switch (mode) {
            case "auto" -> new ToolChoice(ToolChoice.Mode.AUTO, names);
            case "required" -> new ToolChoice(ToolChoice.Mode.REQUIRED, names);
            case "none" -> ToolChoice.none();
            default -> throw ApiException.badField(field, "'" + mode + "', must be none, auto or required");
        };
    }

    private static JsonNode require(RequestFields fields, String name) {
        return fields.find(name).orElseThrow(() -> ApiException.badField(name, "is missing"));
    }

    private static String requireString(RequestFields fields, String name) {
        return fields.findString(name).orElseThrow(() -> ApiException.badField(name, "is missing"));
    }
}
