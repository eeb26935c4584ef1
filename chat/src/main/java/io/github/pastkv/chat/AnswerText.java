package io.github.pastkv.chat;

import io.github.pastkv.chat.tools.ToolCall;
import io.github.pastkv.chat.tools.ToolCallListener;
import io.github.pastkv.chat.tools.ToolCallParser;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.TokenLogProbability;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An answer while it is generated: its tokens, and its text. The text of an answer that continues nothing loses the
 * space that the tokenizer strips from the beginning of a text. For the one row that it is told of.
 */
public final class AnswerText implements GenerationListener {
    private final TextTokenizer tokenizer;
    private final boolean continuesText;
    private final GenerationListener listener;
    private final @Nullable ToolCallParser parser;
    private final List<Integer> tokenIds = new ArrayList<>();
    private boolean hasText;

    /**
     * The answer of one row.
     *
     * @param continuesText whether it {@linkplain ChatFormat#continuesText continues} the text before it
     * @param listener is told of its tokens and of its text as it is here
     */
    public AnswerText(TextTokenizer tokenizer, boolean continuesText, GenerationListener listener) {
        this.tokenizer = tokenizer;
        this.continuesText = continuesText;
        this.listener = listener;
        this.parser = null;
    }

    /**
     * The answer of one row in a format, in which it may call tools.
     *
     * @param listener is told of its tokens, and of its text outside calls
     * @param calls is told of text and calls
     */
    public AnswerText(TextTokenizer tokenizer, ChatFormat format, GenerationListener listener,
            ToolCallListener calls) {
        this.tokenizer = tokenizer;
        this.continuesText = format.continuesText();
        this.listener = listener;
        this.parser = format.callParser(new Pieces(calls)).orElse(null);
    }

    /** Tells both listeners of text, and one of calls. */
    private final class Pieces implements ToolCallListener {
        private final ToolCallListener calls;

        Pieces(ToolCallListener calls) {
            this.calls = calls;
        }

        @Override
        public void onText(String text) {
            listener.onText(0, text);
            calls.onText(text);
        }

        @Override
        public void onCallStarted(int index, String id, String name) {
            calls.onCallStarted(index, id, name);
        }

        @Override
        public void onArguments(int index, String json) {
            calls.onArguments(index, json);
        }

        @Override
        public void onCallEnded(int index, ToolCall call) {
            calls.onCallEnded(index, call);
        }
    }

    /** Ends the answer: gives out text that might have begun a call. */
    public void finish() {
        if (parser != null) {
            parser.finish();
        }
    }

    /** The tokens so far. */
    List<Integer> tokenIds() {
        return tokenIds;
    }

    /** The answer as a message. */
    ChatMessage message(Generation generation) {
        finish();
        ChatMessage message = parser == null
                ? ChatMessage.assistant(withoutStrippedSpace(generation.rows().getFirst().text()))
                : ChatMessage.assistant(parser.text(), parser.calls());
        return message.withTokenIds(generation.rows().getFirst().tokenIds());
    }

    @Override
    public void onLogProbability(int row, TokenLogProbability logProbability) {
        listener.onLogProbability(row, logProbability);
    }

    @Override
    public boolean onToken(int row, int tokenId) {
        tokenIds.add(tokenId);
        return listener.onToken(row, tokenId);
    }

    @Override
    public void onText(int row, String text) {
        String piece = hasText ? text : withoutStrippedSpace(text);
        hasText = true;
        if (parser != null) {
            parser.accept(piece);
        } else if (!piece.isEmpty()) {
            listener.onText(row, piece);
        }
    }

    private String withoutStrippedSpace(String text) {
        if (continuesText || !text.startsWith(" ")) {
            return text;
        }
        int[] ids = tokenIds.stream().mapToInt(id -> id).toArray();
        return numSpaces(tokenizer.decode(ids, true)) < numSpaces(text) ? text.substring(1) : text;
    }

    private static int numSpaces(String text) {
        int count = 0;
        while (count < text.length() && text.charAt(count) == ' ') {
            count++;
        }
        return count;
    }
}
