package io.github.pastkv.model.forward;

import java.util.Arrays;

/**
 * The tokens of a pass by expert: for each expert those that chose it, in ascending order, each with the place of the
 * expert among the token's choices. Grows to the largest pass.
 */
final class ExpertGroups {
    private final int numChosen;
    private final int[] starts; // [X + 1]
    private int[] choices = new int[0]; // [n * k]: token * k + place, by expert

    ExpertGroups(int numExperts, int numChosen) {
        this.numChosen = numChosen;
        this.starts = new int[numExperts + 1];
    }

    /**
     * Groups tokens {@code [0, numTokens)}.
     *
     * @param chosen experts of each token, {@code [n, k]}
     */
    void group(int[] chosen, int numTokens) {
        int numChoices = numTokens * numChosen;
        if (choices.length < numChoices) {
            choices = new int[chosen.length];
        }
        Arrays.fill(starts, 0);
        for (int choice = 0; choice < numChoices; choice++) {
            starts[chosen[choice] + 1]++;
        }
        for (int expert = 1; expert < starts.length; expert++) {
            starts[expert] += starts[expert - 1];
        }
        int[] next = starts.clone();
        for (int choice = 0; choice < numChoices; choice++) {
            choices[next[chosen[choice]]++] = choice;
        }
    }

    /** Number of choices of an expert. */
    int size(int expert) {
        return starts[expert + 1] - starts[expert];
    }

    /** The token of the i-th choice of an expert. */
    int token(int expert, int i) {
        return choices[starts[expert] + i] / numChosen;
    }

    /** Place of the expert among the choices of that token. */
    int place(int expert, int i) {
        return choices[starts[expert] + i] % numChosen;
    }
}
