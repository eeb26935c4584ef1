package io.github.pastkv.chat.tools;

import java.util.List;
import java.util.Objects;

/**
 * Whether and which tools a model calls.
 *
 * @param mode whether it calls any
 * @param names of the tools that it may call; empty for all
 */
public record ToolChoice(Mode mode, List<String> names) {
    /** Whether a model calls tools. */
    public enum Mode {
        /** The model decides. */
        AUTO,
        /** It answers with text; a call cannot be generated. */
        NONE,
        /** It answers with one call at least. */
        REQUIRED
    }

    public ToolChoice {
        Objects.requireNonNull(mode, "mode: null");
        names = List.copyOf(names);
    }

    /** The model decides. */
    public static ToolChoice auto() {
        return new ToolChoice(Mode.AUTO, List.of());
    }

    /** No calls. */
    public static ToolChoice none() {
        return new ToolChoice(Mode.NONE, List.of());
    }

    /** One call at least, of any tool. */
    public static ToolChoice required() {
        return new ToolChoice(Mode.REQUIRED, List.of());
    }

    /** Calls of one tool. */
    public static ToolChoice named(String name) {
        return new ToolChoice(Mode.REQUIRED, List.of(name));
    }
}
