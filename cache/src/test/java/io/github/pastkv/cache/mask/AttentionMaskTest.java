package io.github.pastkv.cache.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class AttentionMaskTest {
    private static final int[][] HOLED = {{0, 0, 1, 1, 1}, {1, 0, 1, 0, 1}, {1, 1, 0, 0, 0}};

    @Test
    void of_padsAnywhere_areToldFromTokens() {
        AttentionMask mask = AttentionMask.of(HOLED);
        assertThat(mask.batchSize()).isEqualTo(3);
        assertThat(mask.numSlots()).isEqualTo(5);
        assertThat(mask.isReal(0, 1)).isFalse();
        assertThat(mask.isReal(1, 2)).isTrue();
        assertThat(mask.toArray()).isDeepEqualTo(HOLED);
    }

    @Test
    void numReal_toASlot_isThePositionOfATokenThere() {
        AttentionMask mask = AttentionMask.of(HOLED);
        for (int row = 0; row < 3; row++) {
            int position = 0;
            for (int slot = 0; slot < 5; slot++) {
                assertThat(mask.numReal(row, slot)).isEqualTo(position);
                position += HOLED[row][slot];
            }
            assertThat(mask.numReal(row)).isEqualTo(position);
        }
        assertThatThrownBy(() -> mask.numReal(0, 6)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void isReal_beyondTheSlots_isRefused() {
        assertThatThrownBy(() -> AttentionMask.ones(2, 3).isReal(0, 3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> AttentionMask.ones(2, 3).isReal(2, 0)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void of_otherNumbersThanBits_areRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> AttentionMask.of(new int[][] {{1, 1}, {0, 2}}))
                .withMessage("mask: 2 at [1, 1], must be 0 or 1");
        assertThatIllegalArgumentException().isThrownBy(() -> AttentionMask.of(new int[][] {{-1}}));
    }

    @Test
    void of_rowsOfUnequalLength_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> AttentionMask.of(new int[][] {{1, 1}, {1, 1, 1}}))
                .withMessage("mask: row 1 has 3 slots, row 0 has 2");
    }

    @Test
    void of_noRows_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(AttentionMask::of)
                .withMessage("batchSize: 0, must be positive");
        assertThatIllegalArgumentException().isThrownBy(() -> AttentionMask.ones(1, -1));
    }

    @Test
    void ofLengths_padsOnTheRight() {
        assertThat(AttentionMask.ofLengths(2, 0, 3)).hasToString("[3, 3] 110 000 111");
    }

    @Test
    void argumentsThatDoNotFit_areNamed() {
        assertThatIllegalArgumentException().isThrownBy(() -> AttentionMask.ofLengths(2, -1))
                .withMessage("lengths: -1, must not be negative");
        assertThatIllegalArgumentException().isThrownBy(() -> AttentionMask.ofLengths(-1))
                .withMessage("lengths: -1, must not be negative");
        assertThatThrownBy(() -> AttentionMask.ofPadding(3, new int[] {3})).hasMessage("slot: 3, must be in [0, 3)");
        assertThatNullPointerException().isThrownBy(() -> AttentionMask.of(new int[] {1}, null))
                .withMessage("rows[1]: null");
        assertThatThrownBy(() -> AttentionMask.ones(2, 3).numReal(2)).hasMessage("row: 2, must be in [0, 2)");
        assertThatThrownBy(() -> AttentionMask.ones(2, 3).numReal(0, -1)).hasMessage("toSlot: -1, must be in [0, 4)");
    }

    @Test
    void equals_goesByContent() {
        assertThat(AttentionMask.ofLengths(2, 3)).isEqualTo(AttentionMask.of(new int[][] {{1, 1, 0}, {1, 1, 1}}))
                .hasSameHashCodeAs(AttentionMask.of(new int[][] {{1, 1, 0}, {1, 1, 1}}))
                .isNotEqualTo(AttentionMask.ones(2, 3)).isNotEqualTo(AttentionMask.ofLengths(2, 3, 3))
                .isNotEqualTo("mask");
        assertThat(AttentionMask.ones(2, 3)).isNotEqualTo(AttentionMask.ones(2, 4));
    }

    @Test
    void toArray_isACopy() {
        AttentionMask mask = AttentionMask.of(HOLED);
        mask.toArray()[0][0] = 1;
        assertThat(mask.isReal(0, 0)).isFalse();
    }
}
