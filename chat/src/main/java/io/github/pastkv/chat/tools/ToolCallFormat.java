package io.github.pastkv.chat.tools;

import io.github.pastkv.model.grammar.Grammar;
import io.github.pastkv.model.grammar.GrammarPart;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How a model writes calls: {@code marker beforeName NAME afterName ARGUMENTS close}, further calls with {@code next}
 * in place of marker and {@code beforeName}, and {@code end} after the last one.
 *
 * @param name of the format, for messages
 * @param marker what begins calls within a text
 * @param isMarkerOptional whether an answer that begins with {@code beforeName} is a call as well
 * @param beforeName between marker and the name of the first tool
 * @param afterName between the name of a tool and its arguments
 * @param close after the arguments of each call
 * @param next between two calls; null if an answer holds one call at most
 * @param end after the last call
 * @param controlTokens spellings of control tokens in these texts
 */
public record ToolCallFormat(String name, String marker, boolean isMarkerOptional, String beforeName, String afterName,
        String close, @Nullable String next, String end, List<String> controlTokens) {
    /** That of models without a chat template: Hermes' way to write a call, and one call at most. */
    public static final ToolCallFormat PLAIN = new ToolCallFormat("plain", "<tool_call>", false, "\n{\"name\": \"",
            "\", \"arguments\": ", "}\n</tool_call>", null, "", List.of());

    public ToolCallFormat {
        controlTokens = List.copyOf(controlTokens);
    }

    /**
     * The grammar of answers: text, calls, or text and calls, as the choice has it. Calls are constrained to the
     * schemas of their tools. Where an object lists its properties and does not say whether others are allowed, only
     * those listed are generated; below the arguments, an empty list is that of a map. Where the text has a grammar of
     * its own, an answer is either calls or such a text.
     *
     * @throws IllegalArgumentException naming the tool whose schema is not supported, and why; or the text, if it may
     *         begin as a call does
     */
    public Grammar grammar(Tools tools) {
        @Nullable Grammar text = tools.text();
        if (text != null && tools.choice().mode() == ToolChoice.Mode.NONE) {
            return text;
        }
        return Grammar.of(switch (tools.choice().mode()) {
            case AUTO -> text == null ? automatic(tools) : either(tools, text);
            case NONE -> text(new GrammarPart.Choice(List.of()));
            case REQUIRED -> GrammarPart.sequence(
                    new GrammarPart.Literal(isMarkerOptional ? "" : marker), calls(tools));
        }, controlTokens);
    }

    /**
     * A parser of one answer.
     *
     * @param tools that the answer may call
     * @param listener receives text and calls as soon as they are certain
     */
    public ToolCallParser parser(Tools tools, ToolCallListener listener) {
        return tools.text() == null
                ? new ToolCallParser(this, listener)
                : new ToolCallParser(this, openings(tools).toList(), listener);
    }

    /** What an answer with calls begins with, if it holds no other text. */
    private Stream<String> openings(Tools tools) {
        return tools.callable().stream().map(tool -> beforeName + tool.name() + afterName)
                .flatMap(each -> isMarkerOptional ? Stream.of(marker + each, each) : Stream.of(marker + each));
    }

    private GrammarPart either(Tools tools, Grammar text) {
        openings(tools).filter(text::mayBegin).findFirst().ifPresent(opening -> {
            throw new IllegalArgumentException(
                    "text: may begin with " + opening + ", which is how a call begins");
        });
        GrammarPart calls = calls(tools);
        GrammarPart marked = GrammarPart.sequence(new GrammarPart.Literal(marker), calls);
        return isMarkerOptional
                ? GrammarPart.choice(calls, marked, text.part())
                : GrammarPart.choice(marked, text.part());
    }

    private GrammarPart automatic(Tools tools) {
        GrammarPart calls = calls(tools);
        return isMarkerOptional ? GrammarPart.choice(calls, text(calls)) : text(calls);
    }

    private GrammarPart text(GrammarPart calls) {
        return new GrammarPart.FreeText(isMarkerOptional ? beforeName : "", marker, calls);
    }

    /** The calls after their marker. */
    private GrammarPart calls(Tools tools) {
        GrammarPart call = new GrammarPart.Choice(tools.callable().stream().map(this::call).toList());
        List<GrammarPart> parts = new ArrayList<>(List.of(new GrammarPart.Literal(beforeName), call));
        if (next != null && tools.allowsSeveral()) {
            parts.add(new GrammarPart.Star(GrammarPart.sequence(new GrammarPart.Literal(next), call)));
        }
        parts.add(new GrammarPart.Literal(end));
        return new GrammarPart.Sequence(parts);
    }

    private GrammarPart call(ToolDefinition tool) {
        String schema = ClosedSchema.of(tool.parameters()).toString();
        try {
            Grammar.ofJsonSchema(schema);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("tool " + tool.name() + ": parameters: " + e.getMessage(), e);
        }
        return GrammarPart.sequence(new GrammarPart.Literal(tool.name() + afterName), new GrammarPart.Schema(schema),
                new GrammarPart.Literal(close));
    }

    @Override
    public String toString() {
        return "ToolCallFormat[" + name + "]";
    }
}
