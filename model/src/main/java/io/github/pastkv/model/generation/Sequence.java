package io.github.pastkv.model.generation;

import io.github.pastkv.model.grammar.Grammar;
import io.github.pastkv.model.grammar.GrammarMatcher;
import io.github.pastkv.model.sampling.StopStrings;
import io.github.pastkv.model.sampling.TokenHistory;
import io.github.pastkv.model.tokenizer.StreamingDecoder;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** One sequence that is being generated: its token ids, its text so far, and whether and why it has ended. */
final class Sequence {
    private final int row;
    private final int[] prompt;
    private final GenerationOptions options;
    private final GenerationListener listener;
    private final TokenHistory history;
    private final PromptLookup lookup;
    private final @Nullable StreamingDecoder decoder;
    private final StopStrings stopStrings;
    private final @Nullable GrammarMatcher matcher;
    private final Queue<Integer> forcedTokens = new ArrayDeque<>(); // by the grammar, not chosen yet
    private final List<Integer> tokenIds = new ArrayList<>();
    private final List<TokenLogProbability> logProbabilities = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private @Nullable FinishReason reason;

    /** @param past ids before the prompt */
    Sequence(int row, int[] past, int[] prompt, int vocabSize, GenerationOptions options, GenerationListener listener,
            @Nullable TextTokenizer tokenizer) {
        this.row = row;
        this.prompt = prompt;
        this.options = options;
        this.listener = listener;
        this.history = new TokenHistory(vocabSize);
        this.lookup = new PromptLookup(options.maxDraftTokens());
        IntStream.concat(Arrays.stream(past), Arrays.stream(prompt)).forEach(this::remember);
        history.endPrompt();
        this.matcher = matcher(options.grammar(), tokenizer, context(prompt));
        this.decoder = tokenizer == null
                ? null
                : tokenizer.streamingDecoderAfter(context(prompt),
                        matcher == null ? Set.of() : matcher.specialTokens());
        this.stopStrings = new StopStrings(options.stopStrings());
        findForcedTokens();
        if (options.maxNewTokens() == 0) {
            reason = FinishReason.LENGTH;
        } else if (matcher != null && matcher.isComplete()) {
            reason = FinishReason.STOP_TOKEN;
        }
    }

    /** The known text of the row before the completion. */
    private int[] context(int[] prompt) {
        return IntStream.concat(options.knownTokens().stream().mapToInt(id -> id), IntStream.of(prompt)).toArray();
    }

    private static @Nullable GrammarMatcher matcher(@Nullable Grammar grammar, @Nullable TextTokenizer tokenizer,
            int[] context) {
        if (grammar == null || tokenizer == null) {
            return null;
        }
        boolean beginsText = Arrays.stream(context).noneMatch(id -> tokenizer.vocabulary().contains(id)
                && !tokenizer.vocabulary().isSpecial(id));
        return grammar.matcher(tokenizer, beginsText);
    }

    /** A stop token would end the answer too early, so from the first one on the mask decides. */
    private void findForcedTokens() {
        if (matcher != null && forcedTokens.isEmpty()) {
            Arrays.stream(matcher.forcedTokens()).takeWhile(id -> !options.stopTokens().contains(id))
                    .forEach(forcedTokens::add);
        }
    }

    private void remember(int tokenId) {
        history.add(tokenId);
        lookup.add(tokenId);
    }

    /** At most {@code limit} draft tokens after the last one: those that the grammar forces, or else guesses. */
    int[] draft(int limit) {
        int most = Math.min(limit, options.maxNewTokens() - tokenIds.size() - 1);
        return forcedTokens.isEmpty()
                ? lookup.draft(most)
                : forcedTokens.stream().limit(Math.max(0, most)).mapToInt(id -> id).toArray();
    }

    /** The next token where the grammar leaves no choice. */
    OptionalInt forcedToken() {
        Integer forced = forcedTokens.peek();
        return forced == null ? OptionalInt.empty() : OptionalInt.of(forced);
    }

    /** Takes from the logits of the next token what the grammar does not allow. */
    void mask(double[] logits) {
        if (matcher != null) {
            matcher.mask(logits, options.stopTokens());
        }
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

    int promptLength() {
        return prompt.length;
    }

    /** The first {@code count} ids of prompt and completion. */
    int[] tokenIds(int count) {
        int[] ids = Arrays.copyOf(prompt, count);
        for (int i = prompt.length; i < count; i++) {
            ids[i] = tokenIds.get(i - prompt.length);
        }
        return ids;
    }

    /** Ends the sequence, unless it has already ended. */
    void cancel() {
        reason = reason == null ? FinishReason.CANCELED : reason;
    }

    /** Adds the log-probability of the token that is passed to {@link #accept} next, unless it ends the sequence. */
    void addLogProbability(TokenLogProbability chosen) {
        if (!options.stopTokens().contains(chosen.tokenId())) {
            logProbabilities.add(chosen);
            listener.onLogProbability(row, chosen);
        }
    }

    /** Accepts the chosen token; ends the row if an option requires it. */
    void accept(int tokenId) {
        if (options.stopTokens().contains(tokenId)) {
            reason = FinishReason.STOP_TOKEN;
            return;
        }
        tokenIds.add(tokenId);
        remember(tokenId);
        follow(tokenId);
        boolean goOn = listener.onToken(row, tokenId);
        if (decoder != null) {
            emit(stopStrings.next(decoder.next(tokenId)));
        }
        if (stopStrings.isStopped()) {
            reason = FinishReason.STOP_STRING;
        } else if (!goOn) {
            reason = FinishReason.CANCELED;
        } else if (matcher != null && matcher.isComplete()) {
            reason = FinishReason.STOP_TOKEN;
        } else if (tokenIds.size() == options.maxNewTokens()) {
            reason = FinishReason.LENGTH;
        }
    }

    private void follow(int tokenId) {
        if (matcher != null) {
            matcher.accept(tokenId);
            forcedTokens.poll();
            findForcedTokens();
        }
    }

    /** Ends the sequence because its row is full. */
    void endAtContextLimit() {
        reason = FinishReason.CONTEXT_FULL;
    }

    private void emit(String piece) {
        if (!piece.isEmpty()) {
            text.append(piece);
            listener.onText(row, piece);
        }
    }

    /** Emits the text that was held back, and returns the row's result. */
    GeneratedRow finish() {
        FinishReason why = reason == null ? FinishReason.CANCELED : reason;
        if (decoder != null && why != FinishReason.STOP_STRING) {
            emit(stopStrings.next(decoder.finish()));
            if (stopStrings.isStopped()) {
                why = FinishReason.STOP_STRING;
            } else {
                emit(stopStrings.finish());
            }
        }
        return new GeneratedRow(tokenIds, text.toString(), why, logProbabilities);
    }
}
