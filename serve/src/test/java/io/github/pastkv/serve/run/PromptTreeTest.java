package io.github.pastkv.serve.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.prefix.PrefixExplanation;
import io.github.pastkv.cache.prefix.PrefixMissReason;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How prompts become a tree. */
final class PromptTreeTest {
    private static RecentPrompt prompt(int numReused, Integer... tokenIds) {
        return new RecentPrompt("tiny", "", List.of(tokenIds),
                new PrefixExplanation(tokenIds.length, numReused, 0, new PrefixMissReason.NeverSeen(),
                        List.of()));
    }

    @Test
    void sharedTokens_areOneNode_whoseHitsFoundThemAll() {
        List<PromptTree.Node> roots = PromptTree.of(List.of(prompt(2, 1, 2, 3), prompt(1, 1, 2, 4)));
        assertThat(roots).hasSize(1);
        assertThat(roots.getFirst().tokenIds()).containsExactly(1, 2);
        assertThat(roots.getFirst().numPrompts()).isEqualTo(2);
        assertThat(roots.getFirst().numHits()).isEqualTo(1);
    }

    /** The last token of a prompt is always computed. */
    @Test
    void promptThatWasWhollyCached_isAHitToItsLastToken() {
        assertThat(PromptTree.of(List.of(prompt(2, 1, 2, 3), prompt(2, 1, 2, 3))).getFirst().numHits()).isEqualTo(2);
        assertThat(PromptTree.of(List.of(prompt(1, 1, 2, 3))).getFirst().numHits()).isZero();
    }

    @Test
    void promptOfOneToken_isNoHit_forNothingOfItIsReused() {
        assertThat(PromptTree.of(List.of(prompt(0, 1))).getFirst().numHits()).isZero();
    }
}
