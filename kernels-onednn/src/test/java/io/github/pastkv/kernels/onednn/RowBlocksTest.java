package io.github.pastkv.kernels.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RowBlocksTest {
    @Test
    void blocks_coverEveryRow_neverAlone_neverBeyond() {
        for (int numRows = 2; numRows <= 1200; numRows++) {
            int done = 0;
            while (done < numRows) {
                int size = RowBlocks.next(numRows - done, numRows);
                int first = Math.min(done, numRows - size);
                assertThat(size).isEqualTo(RowBlocks.size(RowBlocks.indexOf(size))).isBetween(2, RowBlocks.LARGEST);
                assertThat(first).isBetween(0, done);
                done = first + size;
            }
            assertThat(done).isEqualTo(numRows);
        }
    }

    @Test
    void blocks_areFewAndNearlyDisjoint() {
        assertThat(sizes(512)).containsExactly(512);
        assertThat(sizes(127)).containsExactly(64, 64);
        assertThat(sizes(100)).containsExactly(64, 32, 4);
        assertThat(sizes(3)).containsExactly(2, 2);
    }

    private static List<Integer> sizes(int numRows) {
        List<Integer> sizes = new ArrayList<>();
        for (int done = 0; done < numRows;) {
            int size = RowBlocks.next(numRows - done, numRows);
            sizes.add(size);
            done = Math.min(done, numRows - size) + size;
        }
        return sizes;
    }
}
