package io.github.pastkv.cache.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.pastkv.cache.Numbers;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the layout says of itself. That any layout stores and gives back is in the testkit's KvLayoutContractTest. */
class TiledKvLayoutTest {
    private static final int LAYERS = 2;
    private static final int KV_HEADS = 3;

    @ParameterizedTest
    @CsvSource({"F32,F32,1,14", "F32,BF16,5,7", "F32,F32,16,14", "F16,F32,64,7", "F16,F16,1,7", "F16,F16,5,14",
        "F16,F16,16,7", "F16,F16,64,1", "BF16,BF16,1,1", "BF16,BF16,5,7", "BF16,BF16,16,14", "BF16,F16,64,7",
        "Q8,Q8,16,64", "Q8,Q8,5,33", "Q8,Q8,1,1", "Q8,F32,64,14", "F16,Q8,5,70", "BF16,Q8,16,31"})
    void offsets_areABijectionOntoTheBlock(KvType keyType, KvType valueType, int blockSize, int headDim) {
        TiledKvLayout layout =
                new TiledKvLayout(new KvShape(LAYERS, KV_HEADS, headDim), new KvTypes(keyType, valueType), blockSize);
        BitSet taken = new BitSet();
        for (int layer = 0; layer < LAYERS; layer++) {
            for (int head = 0; head < KV_HEADS; head++) {
                for (int slot = 0; slot < blockSize; slot++) {
                    for (int dim = 0; dim < headDim; dim++) {
                        take(taken, layout.keyByteOffset(layer, head, slot, dim), keyType.numberBytes());
                        take(taken, layout.valueByteOffset(layer, head, slot, dim), valueType.numberBytes());
                        if (dim % 32 == 0 && keyType == KvType.Q8) {
                            take(taken, layout.keyScaleByteOffset(layer, head, slot, dim), 2);
                        }
                        if (dim % 32 == 0 && valueType == KvType.Q8) {
                            take(taken, layout.valueScaleByteOffset(layer, head, slot, dim), 2);
                        }
                    }
                }
            }
        }
        assertThat(layout.blockBytes())
                .isEqualTo(blockSize * layout.types().bytesPerToken(layout.shape()))
                .isEqualTo(taken.length()).isEqualTo(taken.cardinality());
    }

    private static void take(BitSet taken, long byteOffset, int numBytes) {
        for (long b = byteOffset; b < byteOffset + numBytes; b++) {
            assertThat(taken.get(Math.toIntExact(b))).as("byte %d is taken twice", b).isFalse();
            taken.set(Math.toIntExact(b));
        }
    }

    @Test
    void scales_lieBehindTheNumbersOfTheirTile_inTheSameOrder() {
        TiledKvLayout layout = new TiledKvLayout(new KvShape(LAYERS, KV_HEADS, 70), KvTypes.of(KvType.Q8), 32);
        long tileBytes = 16 * (70 + 3 * 2);
        assertThat(layout.keyByteOffset(0, 0, 1, 0)).isEqualTo(1);
        assertThat(layout.keyByteOffset(0, 0, 0, 1)).isEqualTo(16);
        assertThat(layout.keyScaleByteOffset(0, 0, 0, 31)).isEqualTo(16 * 70);
        assertThat(layout.keyScaleByteOffset(0, 0, 1, 31)).isEqualTo(16 * 70 + 2);
        assertThat(layout.keyScaleByteOffset(0, 0, 0, 32)).isEqualTo(16 * 70 + 2 * 16);
        assertThat(layout.keyScaleByteOffset(0, 0, 16, 69)).isEqualTo(tileBytes + 16 * 70 + 2 * 32);
        long values = layout.valueByteOffset(0, 0, 0, 0);
        assertThat(values).isEqualTo(KV_HEADS * 2 * tileBytes);
        assertThat(layout.valueByteOffset(0, 0, 1, 1)).isEqualTo(values + 71);
        assertThat(layout.valueScaleByteOffset(0, 0, 0, 32)).isEqualTo(values + 16 * 70 + 2);
        assertThat(layout.valueScaleByteOffset(0, 0, 1, 0)).isEqualTo(values + 16 * 70 + 6);
    }

    @Test
    void q8_takesAtMost532ThousandthsOfF16_atAHeadDimensionOf64() {
        KvShape shape = new KvShape(5, 3, 64);
        assertThat(KvTypes.of(KvType.Q8).bytesPerToken(shape)).isEqualTo(2L * 5 * 3 * 68)
                .isLessThanOrEqualTo((long) (0.532 * KvTypes.of(KvType.F16).bytesPerToken(shape)));
    }

    @Test
    void keys_lieWithTheSlotInnermost_inTilesOf16() {
        TiledKvLayout layout = new TiledKvLayout(new KvShape(LAYERS, KV_HEADS, 7), KvTypes.of(KvType.F32), 64);
        assertThat(layout.tileSlots()).isEqualTo(16);
        assertThat(layout.keyByteOffset(0, 0, 1, 0)).isEqualTo(4);
        assertThat(layout.keyByteOffset(0, 0, 0, 1)).isEqualTo(4 * 16);
        assertThat(layout.keyByteOffset(0, 0, 16, 0)).isEqualTo(4 * 16 * 7);
        assertThat(layout.keyByteOffset(0, 1, 0, 0)).isEqualTo(4 * 64 * 7);
        assertThat(layout.keyByteOffset(1, 0, 0, 0)).isEqualTo(2L * 4 * KV_HEADS * 64 * 7);
    }

    @Test
    void keys_ofTwoBytes_lieAlike_inTilesOfSmallBlocks() {
        TiledKvLayout layout = new TiledKvLayout(new KvShape(LAYERS, KV_HEADS, 7), KvTypes.of(KvType.BF16), 5);
        assertThat(layout.tileSlots()).isEqualTo(5);
        assertThat(layout.keyByteOffset(0, 0, 1, 0)).isEqualTo(2);
        assertThat(layout.keyByteOffset(0, 0, 0, 1)).isEqualTo(2 * 5);
        assertThat(layout.keyByteOffset(0, 0, 3, 6)).isEqualTo(2 * (6 * 5 + 3));
    }

    @Test
    void values_lieRowByRow() {
        TiledKvLayout layout = new TiledKvLayout(new KvShape(LAYERS, KV_HEADS, 7), KvTypes.of(KvType.F16), 64);
        long start = layout.valueByteOffset(0, 0, 0, 0);
        assertThat(start).isEqualTo(2L * KV_HEADS * 64 * 7);
        assertThat(layout.valueByteOffset(0, 0, 0, 1)).isEqualTo(start + 2);
        assertThat(layout.valueByteOffset(0, 0, 17, 0)).isEqualTo(start + 2 * 17 * 7);
    }

    @Test
    void offsets_ofAHugeBlock_doNotOverflow() {
        TiledKvLayout layout = new TiledKvLayout(new KvShape(128, 128, 256), KvTypes.of(KvType.F32), 1024);
        assertThat(layout.blockBytes()).isEqualTo(1L << 35);
        assertThat(layout.valueByteOffset(127, 127, 1023, 255)).isEqualTo((1L << 35) - 4);
        assertThat(layout.keyByteOffset(127, 127, 1023, 255)).isEqualTo((1L << 35) - 4 - (1L << 27));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -16, 17, 40, 1000})
    void new_withABlockSizeBetweenTiles_isRefused(int blockSize) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TiledKvLayout(new KvShape(1, 1, 1), KvTypes.of(KvType.F32), blockSize))
                .withMessageStartingWith("blockSize: " + blockSize + ",");
    }

    @ParameterizedTest
    @CsvSource({"5,0,0", "5,1,1", "5,4,1", "5,5,1", "5,6,2", "1,3,3", "64,64,1", "64,65,2"})
    void numBlocks_roundsUp(int blockSize, int numTokens, int numBlocks) {
        TiledKvLayout layout = new TiledKvLayout(new KvShape(1, 1, 1), KvTypes.of(KvType.F32), blockSize);
        assertThat(layout.numBlocks(numTokens)).isEqualTo(numBlocks);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 14})
    void writeKey_goesWhereTheOffsetsSay(int headDim) {
        for (DataType type : new DataType[] {DataType.F32, DataType.F16, DataType.BF16}) {
            TiledKvLayout layout =
                    new TiledKvLayout(new KvShape(LAYERS, KV_HEADS, headDim), KvTypes.of(KvType.of(type)), 5);
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
