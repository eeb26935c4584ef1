package io.github.pastkv.serve.run;

import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.TokenLogProbability;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes events of one answer: each text with the tokens that have come since the one before. An answer that is
 * generated again, to the same bits, sends only what has not been sent.
 */
final class AnswerEvents implements GenerationListener {
    private final RequestRun run;
    private final int choice;
    private final List<TokenLogProbability> tokens = new ArrayList<>(); // without a text yet
    private @Nullable TokenLogProbability next;
    private int numSent; // events
    private int numToSkip;

    AnswerEvents(RequestRun run, int choice) {
        this.run = run;
        this.choice = choice;
    }

    /** The answer begins again. */
    void restart() {
        tokens.clear();
        next = null;
        numToSkip = numSent;
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
        if (numToSkip > 0) {
            numToSkip--;
        } else {
            numSent++;
            run.add(new RunEvent.Text(choice, text, tokens));
        }
        tokens.clear();
    }

    /** Gives out the tokens that no text followed. */
    void end() {
        if (!tokens.isEmpty()) {
            send("");
        }
    }
}
