package io.github.pastkv.cache.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class KvWindowTest {
    private static int[] seenBy(KvWindow window, int query) {
        return IntStream.range(0, 12).filter(position -> window.sees(query, position)).toArray();
    }

    @Test
    void sees_itsOwnPositionAndThoseBefore() {
        assertThat(seenBy(KvWindow.NONE, 3)).containsExactly(0, 1, 2, 3);
        assertThat(seenBy(KvWindow.of(1), 3)).containsExactly(3);
        assertThat(seenBy(KvWindow.of(3), 1)).containsExactly(0, 1);
        assertThat(seenBy(KvWindow.of(3), 7)).containsExactly(5, 6, 7);
        assertThat(seenBy(new KvWindow(3, 2), 7)).containsExactly(0, 1, 5, 6, 7);
        assertThat(seenBy(new KvWindow(3, 2), 0)).containsExactly(0);
    }

    @Test
    void numSeen_countsWhatIsSeen() {
        for (KvWindow window : new KvWindow[] {KvWindow.NONE, KvWindow.of(1), KvWindow.of(3), new KvWindow(3, 2),
            new KvWindow(2, 9)}) {
            for (int query = 0; query < 12; query++) {
                assertThat(window.numSeen(query)).as("%s, %d", window, query).isEqualTo(seenBy(window, query).length);
            }
        }
    }

    @Test
    void covers_whenEveryTokenSeesAllThatItSeesThroughTheOther() {
        KvWindow[] windows = {KvWindow.NONE, KvWindow.of(1), KvWindow.of(4), new KvWindow(4, 1), new KvWindow(4, 3),
            new KvWindow(2, 3)};
        for (KvWindow one : windows) {
            for (KvWindow other : windows) {
                boolean covers = IntStream.range(0, 12).allMatch(query -> IntStream.range(0, 12)
                        .allMatch(position -> one.sees(query, position) || !other.sees(query, position)));
                assertThat(one.covers(other)).as("%s, %s", one, other).isEqualTo(covers);
            }
        }
    }

    @Test
    void construction_refusesNegativesAndSinksWithoutAWindow() {
        assertThatIllegalArgumentException().isThrownBy(() -> KvWindow.of(-1))
                .withMessage("numTokens: -1, must not be negative");
        assertThatIllegalArgumentException().isThrownBy(() -> new KvWindow(0, 2))
                .withMessage("numSinks: 2, must not be negative, and 0 without a window");
        assertThatIllegalArgumentException().isThrownBy(() -> new KvWindow(3, -2));
    }
}
