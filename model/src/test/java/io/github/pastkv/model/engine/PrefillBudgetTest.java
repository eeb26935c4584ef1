package io.github.pastkv.model.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** How many tokens of prefill passes of known times may have. */
class PrefillBudgetTest {
    private static final double MILLIS = 1e6;

    private final PrefillBudget budget = new PrefillBudget();

    /** Returns the last limit after passes that each have as much prefill as they may. */
    private int settle(int numPasses, int numDecodes, double decodeMillis, double millisPerToken) {
        int limit = 0;
        for (int i = 0; i < numPasses; i++) {
            int next = budget.maxTokens(numDecodes, 1);
            budget.observe(numDecodes, next, (long) ((decodeMillis + next * millisPerToken) * MILLIS));
            limit = next > 0 ? next : limit;
        }
        return limit;
    }

    @Test
    void budget_followsTheTimeOfAsManyDecodes() {
        for (int i = 0; i < 20; i++) {
            budget.observe(1, 0, (long) (10 * MILLIS));
        }
        assertThat(settle(50, 16, 30, 0.5)).isBetween(85, 95); // 1.5 times 30 ms
        assertThat(settle(50, 1, 10, 0.5)).isBetween(25, 35);
    }

    @Test
    void budget_followsDecodesThatBecomeSlower_whilePromptsKeepComing() {
        assertThat(settle(50, 4, 10, 0.5)).isBetween(25, 35);
        assertThat(settle(2000, 4, 30, 0.5)).isBetween(80, 95);
    }

    @Test
    void passesWithoutPrefill_areRare_whilePromptsWait() {
        int numPauses = 0;
        for (int i = 0; i < 200; i++) {
            int numDecodes = 1 + i % 32;
            int limit = budget.maxTokens(numDecodes, 1);
            numPauses += limit == 0 ? 1 : 0;
            budget.observe(numDecodes, limit, (long) ((10 + limit) * MILLIS));
        }
        assertThat(numPauses).isLessThanOrEqualTo(200 / 16 + 1);
    }
}
