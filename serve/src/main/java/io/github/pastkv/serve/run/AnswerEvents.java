package io.github.pastkv.serve.run;

import io.github.pastkv.chat.tools.ToolCallListener;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.TokenLogProbability;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Makes events of one answer: each piece with the tokens that have come since the one before. */
final class AnswerEvents implements GenerationListener, ToolCallListener {
    private final Consumer<RunEvent> events;
    private final int choice;
    private final List<TokenLogProbability> tokens = new ArrayList<>(); // without a text yet
    private @Nullable TokenLogProbability next;
    private boolean callsTools;

    AnswerEvents(Consumer<RunEvent> events, int choice) {
        this.events = events;
        this.choice = choice;
    }

    @Override
    public void onLogProbability(int row, TokenLogProbability logProbability) {
        next = logProbability;
    }

    @Override
    public boolean onToken(int row, int tokenId) {
        tokens.add(next == null ? new TokenLogProbability(tokenId, Double.NaN, List.of()) : next);
        return true;
    }

    @Override
    public void onText(int row, String text) {
        send(text);
    }

    private void send(String text) {
        events.accept(new RunEvent.Text(choice, text, tokens));
        tokens.clear();
    }

    @Override
    public void onCallStarted(int index, String id, String name) {
        callsTools = true;
        events.accept(new RunEvent.CallStarted(choice, index, id, name, tokens));
        tokens.clear();
    }

    @Override
    public void onArguments(int index, String json) {
        events.accept(new RunEvent.CallArguments(choice, index, json, tokens));
        tokens.clear();
    }

    /** Whether it has called a tool. */
    boolean callsTools() {
        return callsTools;
    }

    /** Gives out the tokens that no text followed. */
    void end() {
        if (!tokens.isEmpty()) {
            send("");
        }
    }
}
