package io.github.pastkv.chat;

import io.github.pastkv.chat.tools.ToolCallFormat;
import io.github.pastkv.chat.tools.ToolCallListener;
import io.github.pastkv.chat.tools.ToolCallParser;
import io.github.pastkv.chat.tools.ToolChoice;
import io.github.pastkv.chat.tools.Tools;
import io.github.pastkv.model.grammar.Grammar;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A format for conversations in which the model may call tools: it writes their definitions into the prompt, and keeps
 * answers within the grammar of text and calls. Remembers which tokens may follow, so reuse it for the same tools.
 * Immutable, safe for any number of threads while its tokenizer is open.
 */
public final class ToolFormat implements ChatFormat {
    private final ChatFormat prompts;
    private final ToolCallFormat callFormat;
    private final Tools tools;
    private final Grammar grammar;

    /**
     * @param prompts writes conversations with the definitions of the tools
     * @throws IllegalArgumentException naming the tool whose schema is not supported, and why
     */
    ToolFormat(ChatFormat prompts, ToolCallFormat callFormat, Tools tools) {
        this.prompts = prompts;
        this.callFormat = callFormat;
        this.tools = tools;
        this.grammar = callFormat.grammar(tools);
    }

    /** The tools, and whether they are called. */
    public Tools tools() {
        return tools;
    }

    @Override
    public int[] encode(List<ChatMessage> messages) {
        return prompts.encode(messages);
    }

    @Override
    public Set<Integer> stopTokens() {
        return prompts.stopTokens();
    }

    @Override
    public boolean continuesText() {
        return prompts.continuesText();
    }

    /** How the model writes calls. */
    public ToolCallFormat callFormat() {
        return callFormat;
    }

    @Override
    public Optional<ToolCallParser> callParser(ToolCallListener listener) {
        return tools.choice().mode() == ToolChoice.Mode.NONE
                ? Optional.empty()
                : Optional.of(callFormat.parser(tools, listener));
    }

    @Override
    public Grammar grammar() {
        return grammar;
    }

    @Override
    public String toString() {
        return "ToolFormat[" + prompts + ", " + callFormat.name() + "]";
    }
}
