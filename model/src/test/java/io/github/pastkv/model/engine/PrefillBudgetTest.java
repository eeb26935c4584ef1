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
            int next = budget.maxTokens(numDecodes, 0, 1);
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
        assertThat(settle(50, 16, 30, 0.5)).isBetween(55, 65); // 30 ms
        assertThat(settle(50, 1, 10, 0.5)).isBetween(25, 35);
    }

    @Test
    void budget_followsDecodesThatBecomeSlower_whilePromptsKeepComing() {
        assertThat(settle(50, 4, 10, 0.5)).isBetween(18, 22);
        assertThat(settle(2000, 4, 30, 0.5)).isBetween(55, 65);
    }

    /** A machine that now and then delays a pass of decodes does not make chunks longer. */
    @Test
    void delayedDecodes_countLittle() {
        for (int i = 0; i < 100; i++) {
            budget.observe(8, 0, (long) ((i % 4 == 3 ? 60 : 20) * MILLIS));
        }
        assertThat(settle(15, 8, 20, 1)).isBetween(20, 32);
    }

    /** A long prompt beside streams, from its first pass to its end, where a token costs 40 times as much. */
    @Test
    void noPassTakesThriceAsLongAsADecode_howeverDearTokensBecome() {
        for (int i = 0; i < 5; i++) {
            budget.observe(0, 512, (long) (512 * 0.5 * MILLIS)); // as of the warm-up
            budget.observe(8, 0, (long) (20 * MILLIS));
        }
        double millisPerToken = 0.6;
        for (int i = 0; i < 400; i++) {
            int limit = budget.maxTokens(8, 0, 1);
            double millis = 20 + limit * millisPerToken;
            assertThat(millis).isLessThan(60);
            budget.observe(8, limit, (long) (millis * MILLIS));
            millisPerToken = Math.min(24, millisPerToken * 1.01);
        }
    }

    /** Streams whose threads are late must not wait for a chunk as long as one without them. */
    @Test
    void sequencesBetweenTwoSteps_countAsDecoding() {
        budget.observe(0, 512, (long) (512 * MILLIS));
        budget.observe(8, 0, (long) (20 * MILLIS));
        assertThat(budget.maxTokens(0, 8, 1)).isEqualTo(20);
        assertThat(budget.maxTokens(0, 0, 1)).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void moreWaitingPrompts_getMoreOfAPass() {
        budget.observe(0, 512, (long) (512 * MILLIS));
        budget.observe(1, 0, (long) (10 * MILLIS));
        assertThat(budget.maxTokens(1, 0, 1)).isEqualTo(15);
        assertThat(budget.maxTokens(1, 0, 2)).isEqualTo(65);
        assertThat(budget.maxTokens(1, 0, 100)).isEqualTo(90);
    }

    @Test
    void passesWithoutPrefill_areRare_whilePromptsWait() {
        int numPauses = 0;
        for (int i = 0; i < 200; i++) {
            int numDecodes = 1 + i % 32;
            int limit = budget.maxTokens(numDecodes, 0, 1);
            numPauses += limit == 0 ? 1 : 0;
            budget.observe(numDecodes, limit, (long) ((10 + limit) * MILLIS));
        }
        assertThat(numPauses).isLessThanOrEqualTo(200 / 16 + 1);
    }
}
