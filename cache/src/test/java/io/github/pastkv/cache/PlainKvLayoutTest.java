package io.github.pastkv.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the layout says of itself. That any layout stores and gives back is in the testkit's KvLayoutContractTest. */
class PlainKvLayoutTest {
    private static final int LAYERS = 2;
    private static final int KV_HEADS = 3;

    @ParameterizedTest
    @CsvSource({"F32,1,14", "F32,5,7", "F32,16,14", "F32,64,7", "F16,1,7", "F16,5,14", "F16,16,7", "F16,64,1",
        "BF16,1,1",
        "BF16,5,7", "BF16,16,14", "BF16,64,7"})
    void offsets_areABijectionOntoTheBlock(DataType type, int blockSize, int headDim) {
        PlainKvLayout layout = new PlainKvLayout(new KvShape(LAYERS, KV_HEADS, headDim), type, blockSize);
        BitSet taken = new BitSet();
        for (int layer = 0; layer < LAYERS; layer++) {
            for (int head = 0; head < KV_HEADS; head++) {
                for (int slot = 0; slot < blockSize; slot++) {
                    for (int dim = 0; dim < headDim; dim++) {
                        take(taken, layout.keyByteOffset(layer, head, slot, dim), type);
                        take(taken, layout.valueByteOffset(layer, head, slot, dim), type);
                    }
                }
            }
        }
        assertThat(layout.blockBytes()).isEqualTo(2L * LAYERS * KV_HEADS * blockSize * headDim * type.bytes());
        assertThat((long) taken.length() * type.bytes()).isEqualTo(layout.blockBytes());
        assertThat(taken.cardinality()).isEqualTo(taken.length());
    }

    private static void take(BitSet taken, long byteOffset, DataType type) {
        assertThat(byteOffset % type.bytes()).isZero();
        int element = Math.toIntExact(byteOffset / type.bytes());
        assertThat(taken.get(element)).as("element %d is taken twice", element).isFalse();
        taken.set(element);
    }

    @Test
    void keys_lieWithTheSlotInnermost_inTilesOf16() {
        PlainKvLayout layout = new PlainKvLayout(new KvShape(LAYERS, KV_HEADS, 7), DataType.F32, 64);
        assertThat(layout.tileSlots()).isEqualTo(16);
        assertThat(layout.keyByteOffset(0, 0, 1, 0)).isEqualTo(4);
        assertThat(layout.keyByteOffset(0, 0, 0, 1)).isEqualTo(4 * 16);
        assertThat(layout.keyByteOffset(0, 0, 16, 0)).isEqualTo(4 * 16 * 7);
        assertThat(layout.keyByteOffset(0, 1, 0, 0)).isEqualTo(4 * 64 * 7);
        assertThat(layout.keyByteOffset(1, 0, 0, 0)).isEqualTo(2L * 4 * KV_HEADS * 64 * 7);
    }

    @Test
    void keys_ofTwoBytes_lieAlike_inTilesOfSmallBlocks() {
        PlainKvLayout layout = new PlainKvLayout(new KvShape(LAYERS, KV_HEADS, 7), DataType.BF16, 5);
        assertThat(layout.tileSlots()).isEqualTo(5);
        assertThat(layout.keyByteOffset(0, 0, 1, 0)).isEqualTo(2);
        assertThat(layout.keyByteOffset(0, 0, 0, 1)).isEqualTo(2 * 5);
        assertThat(layout.keyByteOffset(0, 0, 3, 6)).isEqualTo(2 * (6 * 5 + 3));
    }

    @Test
    void values_lieRowByRow() {
        PlainKvLayout layout = new PlainKvLayout(new KvShape(LAYERS, KV_HEADS, 7), DataType.F16, 64);
        long start = layout.valueByteOffset(0, 0, 0, 0);
        assertThat(start).isEqualTo(2L * KV_HEADS * 64 * 7);
        assertThat(layout.valueByteOffset(0, 0, 0, 1)).isEqualTo(start + 2);
        assertThat(layout.valueByteOffset(0, 0, 17, 0)).isEqualTo(start + 2 * 17 * 7);
    }

    @Test
    void offsets_ofAHugeBlock_doNotOverflow() {
        PlainKvLayout layout = new PlainKvLayout(new KvShape(128, 128, 256), DataType.F32, 1024);
        assertThat(layout.blockBytes()).isEqualTo(1L << 35);
        assertThat(layout.valueByteOffset(127, 127, 1023, 255)).isEqualTo((1L << 35) - 4);
        assertThat(layout.keyByteOffset(127, 127, 1023, 255)).isEqualTo((1L << 35) - 4 - (1L << 27));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -16, 17, 40, 1000})
    void new_withABlockSizeBetweenTiles_isRefused(int blockSize) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PlainKvLayout(new KvShape(1, 1, 1), DataType.F32, blockSize))
                .withMessageStartingWith("blockSize: " + blockSize + ",");
    }

    @ParameterizedTest
    @CsvSource({"5,0,0", "5,1,1", "5,4,1", "5,5,1", "5,6,2", "1,3,3", "64,64,1", "64,65,2"})
    void numBlocks_roundsUp(int blockSize, int numTokens, int numBlocks) {
        PlainKvLayout layout = new PlainKvLayout(new KvShape(1, 1, 1), DataType.F32, blockSize);
        assertThat(layout.numBlocks(numTokens)).isEqualTo(numBlocks);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 14})
    void writeKey_goesWhereTheOffsetsSay(int headDim) {
        for (DataType type : DataType.values()) {
            PlainKvLayout layout = new PlainKvLayout(new KvShape(LAYERS, KV_HEADS, headDim), type, 5);
            MemorySegment memory = MemorySegment.ofArray(new byte[Math.toIntExact(layout.blockBytes()) + 64]);
            Tensor numbers = Numbers.random(1, 2, headDim);
            layout.writeKey(memory, 64, 1, 2, 3, numbers.segment(), 0);
            layout.writeValue(memory, 64, 1, 2, 3, numbers.segment(), 4L * headDim);
            for (int dim = 0; dim < headDim; dim++) {
                assertThat(type.read(memory, 64 + layout.keyByteOffset(1, 2, 3, dim)))
                        .isEqualTo(type.round(numbers.get(0, dim)));
                assertThat(type.read(memory, 64 + layout.valueByteOffset(1, 2, 3, dim)))
                        .isEqualTo(type.round(numbers.get(1, dim)));
            }
        }
    }
}
