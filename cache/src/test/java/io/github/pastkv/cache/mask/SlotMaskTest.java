package io.github.pastkv.cache.mask;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SlotMaskTest {
    private final SlotMask mask = new SlotMask(2);

    @Test
    void append_putsTheNewSlotsBehindTheStored() {
        mask.append(AttentionMask.of(new int[][] {{0, 1, 1}, {1, 1, 1}}));
        mask.append(AttentionMask.of(new int[][] {{1, 0}, {0, 1}}));
        assertThat(mask.numSlots()).isEqualTo(5);
        assertThat(mask.slice(0, 5)).hasToString("[2, 5] 01110 11101");
        assertThat(mask.slice(2, 4)).hasToString("[2, 2] 11 10");
    }

    @Test
    void slice_beyondTheStored_isReal() {
        mask.append(AttentionMask.of(new int[][] {{0}, {1}}));
        assertThat(mask.slice(0, 3)).hasToString("[2, 3] 011 111");
        assertThat(mask.isReal(0, 7)).isTrue();
        assertThat(mask.isReal(0, 0)).isFalse();
    }

    @Test
    void truncate_forgetsTheSlotsForGood() {
        mask.append(AttentionMask.of(new int[][] {{0, 1, 0}, {1, 0, 0}}));
        mask.truncate(1);
        mask.append(AttentionMask.ones(2, 4));
        assertThat(mask.slice(0, 5)).hasToString("[2, 5] 01111 11111");
        mask.truncate(9);
        assertThat(mask.numSlots()).isEqualTo(5);
    }

    @Test
    void extendTo_countsSlotsAsReal_andNeverShrinks() {
        mask.append(AttentionMask.of(new int[][] {{0}, {1}}));
        mask.extendTo(3);
        mask.extendTo(2);
        mask.append(AttentionMask.of(new int[][] {{1}, {0}}));
        assertThat(mask.slice(0, 4)).hasToString("[2, 4] 0111 1110");
    }

    @Test
    void selectRows_repeatedRows_goOnApart() {
        mask.append(AttentionMask.of(new int[][] {{0, 1}, {1, 0}}));
        mask.selectRows(new int[] {1, 0, 1});
        mask.append(AttentionMask.of(new int[][] {{0}, {1}, {1}}));
        assertThat(mask.slice(0, 3)).hasToString("[3, 3] 100 011 101");
    }

    @Test
    void joined_isACopy() {
        mask.append(AttentionMask.of(new int[][] {{0, 1}, {1, 1}}));
        AttentionMask joined = mask.joined(AttentionMask.of(new int[][] {{1}, {0}}));
        assertThat(joined).hasToString("[2, 3] 011 110");
        assertThat(mask.numSlots()).isEqualTo(2);
        mask.clear();
        assertThat(joined).hasToString("[2, 3] 011 110");
        assertThat(mask.slice(0, 2)).hasToString("[2, 2] 11 11");
    }
}
