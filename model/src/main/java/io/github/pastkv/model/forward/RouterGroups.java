package io.github.pastkv.model.forward;

import io.github.pastkv.model.config.RouterConfig.Groups;
import java.util.Arrays;

/** Chooses groups of experts, from the best of whose members experts are then chosen (DeepSeek-V2, 2024). */
final class RouterGroups {
    private RouterGroups() {}

    /**
     * Keeps the groups with the highest sums of their {@code numTop} highest numbers; the experts of the others become
     * minus infinity.
     */
    static void drop(Groups groups, float[] ranked) {
        float[] groupScores = groupScores(groups, ranked);
        boolean[] kept = new boolean[groupScores.length];
        for (int i = 0; i < groups.numKept(); i++) {
            takeBest(groupScores, kept);
        }
        int size = ranked.length / groups.numGroups();
        for (int expert = 0; expert < ranked.length; expert++) {
            if (!kept[expert / size]) {
                ranked[expert] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    private static float[] groupScores(Groups groups, float[] ranked) {
        int size = ranked.length / groups.numGroups();
        float[] groupScores = new float[groups.numGroups()];
        for (int group = 0; group < groupScores.length; group++) {
            float[] sorted = Arrays.copyOfRange(ranked, group * size, (group + 1) * size);
            Arrays.sort(sorted);
            for (int i = 0; i < Math.min(groups.numTop(), size); i++) {
                groupScores[group] += sorted[size - 1 - i];
            }
        }
        return groupScores;
    }

    /** Marks and gives the index of the highest number not yet taken, the lowest of equal ones. */
    static int takeBest(float[] numbers, boolean[] taken) {
        int best = -1;
        for (int i = 0; i < numbers.length; i++) {
            if (!taken[i] && (best < 0 || numbers[i] > numbers[best])) {
                best = i;
            }
        }
        taken[best] = true;
        return best;
    }
}
