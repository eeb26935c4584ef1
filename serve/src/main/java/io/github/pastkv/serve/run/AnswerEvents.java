package io.github.pastkv.serve.run;

import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.TokenLogProbability;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Makes events of one answer: each text with the tokens that have come since the one before. */
final class AnswerEvents implements GenerationListener {
    private final Consumer<RunEvent> events;
    private final int choice;
    private final List<TokenLogProbability> tokens = new ArrayList<>(); // without a text yet
    private @Nullable TokenLogProbability next;

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

    /** Gives out the tokens that no text followed. */
    void end() {
        if (!tokens.isEmpty()) {
            send("");
        }
    }
}
