package io.github.pastkv.serve.openai;

import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.TokenLogProbability;
import io.github.pastkv.serve.run.RunEvent;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One choice of an answer, while its text and its calls of tools come. */
public final class AnswerChoice {
    private final StringBuilder text = new StringBuilder();
    private final List<TokenLogProbability> tokens = new ArrayList<>();
    private final List<Call> calls = new ArrayList<>();
    private @Nullable FinishReason reason;

    /**
     * A call of a tool.
     *
     * @param arguments JSON; cut where the choice was
     */
    public record Call(String id, String name, StringBuilder arguments) {}

    /** Adds a piece that has come. */
    public void add(RunEvent.Piece more) {
        switch (more) {
            case RunEvent.Text piece -> text.append(piece.text());
            case RunEvent.CallStarted call -> calls.add(new Call(call.id(), call.name(), new StringBuilder()));
            case RunEvent.CallArguments piece -> calls.get(piece.index()).arguments().append(piece.json());
        }
        tokens.addAll(more.tokens());
    }

    /** Its calls of tools so far. */
    public List<Call> calls() {
        return calls;
    }

    /** It has ended. */
    public void end(FinishReason why) {
        reason = why;
    }

    /** Its text so far. */
    public String text() {
        return text.toString();
    }

    List<TokenLogProbability> tokens() {
        return tokens;
    }

    /** Ids of its tokens so far. */
    public List<Integer> tokenIds() {
        return tokens.stream().map(TokenLogProbability::tokenId).toList();
    }

    /** Why it has ended. */
    public FinishReason reason() {
        if (reason == null) {
            throw new IllegalStateException("the choice has not ended");
        }
        return reason;
    }

    /** OpenAI's name of why it has ended. */
    String finishReason() {
        return finishReason(reason(), !calls.isEmpty());
    }

    /** OpenAI's name of why a choice ended. */
    static String finishReason(FinishReason reason, boolean callsTools) {
        return switch (reason) {
            case LENGTH, CONTEXT_FULL -> "length";
            case STOP_TOKEN, STOP_STRING -> callsTools ? "tool_calls" : "stop";
            case CANCELED -> throw new IllegalStateException("a canceled choice has no answer");
        };
    }
}
