package io.github.pastkv.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;
import org.junit.jupiter.api.Test;

class JoinedRowsTest {
    private static final KvShape SHAPE = new KvShape(2, 3, 4);
    private static final int WIDTH = 12;

    private static Tensor numbers(int numTokens, int first) {
        float[] numbers = new float[numTokens * WIDTH];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = first + i;
        }
        return Tensor.of(numbers, numTokens, WIDTH);
    }

    private static KvCache cache(int batchSize) {
        return new KvCache(KvCacheConfig.of(SHAPE, batchSize).withMaxTokens(50));
    }

    @Test
    void wholeAndPartialSteps_areNumberedRowAfterRow() {
        try (KvCache a = cache(2); KvCache b = cache(1)) {
            append(b, 5);
            try (KvStep stepA = a.beginStep(AttentionMask.ofLengths(3, 1));
                    KvStep stepB = b.beginStep(AttentionMask.ones(1, 7))) {
                JoinedRows rows = new JoinedRows();
                assertThat(rows.add(stepA, 0, 4)).isZero();
                assertThat(rows.add(stepB, 4, 6)).isEqualTo(4);
                assertThat(rows.numRows()).isEqualTo(3);
                assertThat(rows.numTokens()).isEqualTo(6);
                assertThat(new int[] {rows.rowStart(0), rows.rowStart(1), rows.rowStart(2), rows.rowStart(3)})
                        .containsExactly(0, 3, 4, 6);
                assertThat(new int[] {rows.rowOf(0), rows.rowOf(2), rows.rowOf(3), rows.rowOf(4), rows.rowOf(5)})
                        .containsExactly(0, 0, 1, 2, 2);
                assertThat(new int[] {rows.position(0), rows.position(2), rows.position(3), rows.position(4),
                    rows.position(5)}).containsExactly(0, 2, 0, 9, 10);
                assertThat(new int[] {rows.kvLength(0), rows.kvLength(1), rows.kvLength(2)})
                        .containsExactly(3, 1, 11);
                rows.clear();
                assertThat(rows.numTokens()).isZero();
                assertThat(rows.add(stepB, 0, 2)).isZero();
                assertThat(rows.position(1)).isEqualTo(6);
                assertThatThrownBy(() -> rows.position(2)).hasMessage("token: 2, must be in [0, 2)");
                assertThatThrownBy(() -> rows.rowOf(-1)).hasMessage("token: -1, must be in [0, 2)");
                assertThatThrownBy(() -> rows.rowStart(2)).hasMessage("row: 2, must be in [0, 2)");
                assertThatThrownBy(() -> rows.blocks(0, 1)).hasMessage("row: 1, must be in [0, 1)");
            }
        }
    }

    private static void append(KvCache cache, int numTokens) {
        try (KvStep step = cache.beginStep(AttentionMask.ones(1, numTokens))) {
            for (int layer = 0; layer < 2; layer++) {
                step.write(layer, numbers(numTokens, 100), numbers(numTokens, 200), 0, 0, numTokens);
            }
            step.commit();
        }
    }

    /** Whatever range of the batch is written at once, each token goes to its own step. */
    @Test
    void write_reachesEachStep() {
        for (int cut = 0; cut <= 6; cut++) {
            try (KvCache a = cache(2); KvCache b = cache(1)) {
                append(b, 5);
                try (KvStep stepA = a.beginStep(AttentionMask.ofLengths(3, 1));
                        KvStep stepB = b.beginStep(AttentionMask.ones(1, 2))) {
                    JoinedRows rows = new JoinedRows();
                    rows.add(stepA, 0, 4);
                    rows.add(stepB, 0, 2);
                    Tensor keys = numbers(6, 1000);
                    Tensor values = numbers(6, 2000);
                    for (int layer = 0; layer < 2; layer++) {
                        rows.write(layer, keys, values, 0, 0, cut);
                        rows.write(layer, keys, values, 0, cut, 6);
                    }
                    assertThat(stepA.readKey(1, 0, 2, 1, 3)).isEqualTo(keys.get(2, 7));
                    assertThat(stepA.readKey(0, 1, 0, 0, 0)).isEqualTo(keys.get(3, 0));
                    assertThat(stepB.readKey(1, 0, 5, 2, 3)).isEqualTo(keys.get(4, 11));
                    assertThat(stepB.readValue(0, 0, 6, 0, 1)).isEqualTo(values.get(5, 1));
                    assertThat(stepB.readValue(0, 0, 4, 0, 1)).isEqualTo(numbers(5, 200).get(4, 1));
                    stepA.commit();
                    assertThat(a.numTokens(0)).isEqualTo(3);
                    assertThat(b.numTokens(0)).isEqualTo(5); // each is committed by itself
                }
            }
        }
    }
}
