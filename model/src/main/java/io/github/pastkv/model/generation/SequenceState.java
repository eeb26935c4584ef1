package io.github.pastkv.model.generation;

import io.github.pastkv.model.sampling.StopStrings;
import io.github.pastkv.model.sampling.TokenHistory;
import io.github.pastkv.model.tokenizer.StreamingDecoder;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The output of one row while it is being made: its tokens, its text so far, and whether it has come to an end. */
final class SequenceState {
    private final int row;
    private final GenerationOptions options;
    private final GenerationListener listener;
    private final TokenHistory history;
    private final PromptLookup lookup;
    private final @Nullable StreamingDecoder decoder;
    private final StopStrings stopStrings;
    private final List<Integer> tokenIds = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private @Nullable FinishReason reason;

    SequenceState(int row, int[] prompt, int vocabSize, GenerationOptions options, GenerationListener listener,
            @Nullable TextTokenizer tokenizer) {
        this.row = row;
        this.options = options;
        this.listener = listener;
        this.history = new TokenHistory(vocabSize);
        this.lookup = new PromptLookup(options.maxDraftTokens());
        options.knownTokens().forEach(this::remember);
        for (int tokenId : prompt) {
            remember(tokenId);
        }
        this.decoder = tokenizer == null ? null : tokenizer.streamingDecoderAfter(context(prompt), true);
        this.stopStrings = new StopStrings(options.stopStrings());
        if (options.maxNewTokens() == 0) {
            reason = FinishReason.LENGTH;
        }
    }

    /** What the row's text holds before the answer, as far as it is known. */
    private int[] context(int[] prompt) {
        return IntStream.concat(options.knownTokens().stream().mapToInt(id -> id), IntStream.of(prompt)).toArray();
    }

    private void remember(int tokenId) {
        history.add(tokenId);
        lookup.add(tokenId);
    }

    /** Guesses at what follows the last token, at most {@code limit}. */
    int[] draft(int limit) {
        return lookup.draft(Math.min(limit, options.maxNewTokens() - tokenIds.size() - 1));
    }

    TokenHistory history() {
        return history;
    }

    boolean isActive() {
        return reason == null;
    }

    int lastTokenId() {
        return tokenIds.getLast();
    }

    /** Takes the chosen token; ends the row where an option says so. */
    void accept(int tokenId) {
        if (options.stopTokens().contains(tokenId)) {
            reason = FinishReason.STOP_TOKEN;
            return;
        }
        tokenIds.add(tokenId);
        remember(tokenId);
        boolean goOn = listener.onToken(row, tokenId);
        if (decoder != null) {
            emit(stopStrings.next(decoder.next(tokenId)));
        }
        if (stopStrings.isStopped()) {
            reason = FinishReason.STOP_STRING;
        } else if (!goOn) {
            reason = FinishReason.CANCELLED;
        } else if (tokenIds.size() == options.maxNewTokens()) {
            reason = FinishReason.LENGTH;
        }
    }

    /** Ends the row for lack of room. */
    void endAtContextLimit() {
        reason = FinishReason.LENGTH;
    }

    private void emit(String piece) {
        if (!piece.isEmpty()) {
            text.append(piece);
            listener.onText(row, piece);
        }
    }

    /** Gives out what was held back, and the row's result. */
    GeneratedRow finish() {
        FinishReason why = reason == null ? FinishReason.CANCELLED : reason;
        if (decoder != null && why != FinishReason.STOP_STRING) {
            emit(stopStrings.next(decoder.finish()));
            if (stopStrings.isStopped()) {
                why = FinishReason.STOP_STRING;
            } else {
                emit(stopStrings.finish());
            }
        }
        return new GeneratedRow(tokenIds, text.toString(), why);
    }
}
