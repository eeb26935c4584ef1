package io.github.pastkv.chat.tools;

import io.github.pastkv.model.grammar.Grammar;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The tools of one answer. Immutable.
 *
 * @param definitions at most 1000, with names that differ
 * @param choice whether and which of them are called
 * @param allowsSeveral whether one answer may hold more than one call, where the model's template can write that
 * @param text what an answer without calls must be one of, as with a schema; null for any text
 */
public record Tools(List<ToolDefinition> definitions, ToolChoice choice, boolean allowsSeveral,
        @Nullable Grammar text) {
    private static final int MAX_TOOLS = 1000;

    public Tools {
        Objects.requireNonNull(choice, "choice: null");
        definitions = List.copyOf(definitions);
        if (definitions.size() > MAX_TOOLS) {
            throw new IllegalArgumentException(
                    "tools: " + definitions.size() + ", at most " + MAX_TOOLS + " are supported");
        }
        Set<String> names = new HashSet<>();
        for (ToolDefinition definition : definitions) {
            if (!names.add(definition.name())) {
                throw new IllegalArgumentException("tools: two are named " + definition.name());
            }
        }
        for (String name : choice.names()) {
            if (!names.contains(name)) {
                throw new IllegalArgumentException("choice: '" + name + "' is none of the tools " + names);
            }
        }
        if (definitions.isEmpty() && choice.mode() == ToolChoice.Mode.REQUIRED) {
            throw new IllegalArgumentException("choice: a call is required, but there are no tools");
        }
    }

    /** Tools among which the model chooses, in several calls if it likes. */
    public static Tools of(List<ToolDefinition> definitions) {
        return new Tools(definitions, ToolChoice.auto(), true, null);
    }

    /** The same tools with another choice. */
    public Tools withChoice(ToolChoice newChoice) {
        return new Tools(definitions, newChoice, allowsSeveral, text);
    }

    /** The same tools, with one call at most. */
    public Tools withoutSeveral() {
        return new Tools(definitions, choice, false, text);
    }

    /**
     * The same tools, for answers that are either calls or a text of a grammar. Calls and text do not mix: an answer is
     * calls if it begins as one.
     */
    public Tools withText(Grammar newText) {
        return new Tools(definitions, choice, allowsSeveral, Objects.requireNonNull(newText, "text: null"));
    }

    /** Those that may be called. */
    public List<ToolDefinition> callable() {
        return choice.mode() == ToolChoice.Mode.NONE
                ? List.of()
                : definitions.stream()
                        .filter(each -> choice.names().isEmpty() || choice.names().contains(each.name())).toList();
    }
}
