package io.github.pastkv.chat;

import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.TokenLogProbability;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.util.ArrayList;
import java.util.List;

/**
 * An answer while it is generated: its tokens, and its text. The text of an answer that continues nothing loses the
 * space that the tokenizer strips from the beginning of a text. For the one row that it is told of.
 */
public final class AnswerText implements GenerationListener {
    private final TextTokenizer tokenizer;
    private final boolean continuesText;
    private final GenerationListener listener;
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
    }

    /** The tokens so far. */
    List<Integer> tokenIds() {
        return tokenIds;
    }

    /** The answer as a message. */
    ChatMessage message(Generation generation) {
        String text = generation.rows().getFirst().text();
        return ChatMessage.assistant(withoutStrippedSpace(text)).withTokenIds(generation.rows().getFirst().tokenIds());
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
        if (!piece.isEmpty()) {
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
