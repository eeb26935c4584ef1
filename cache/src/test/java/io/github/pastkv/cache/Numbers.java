package io.github.pastkv.cache;

import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.TiledKvLayout;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/**
 * Numbers of keys and values that differ at every place, as a function of the place: a test knows what must be read
 * without having kept what was written. {@code salt} tells apart what is written twice to one place.
 */
public final class Numbers {
    private Numbers() {}

    /** A float in [-2, 2), mostly with all 24 bits in use. */
    static float at(int salt, boolean ofKeys, int layer, int row, int position, int kvHead, int dim) {
        long place = salt * 31L + (ofKeys ? 1 : 0);
        for (int index : new int[] {layer, row, position, kvHead, dim}) {
            place = place * 1009 + index;
        }
        return (float) (new SplittableRandom(place).nextDouble() * 4 - 2);
    }

    /** A head of {@link CacheTest#HEAD_DIM} such numbers, as read after they were stored. */
    static float[] stored(KvType type, int salt, boolean ofKeys, int layer, int row, int position, int kvHead) {
        float[] numbers = new float[CacheTest.HEAD_DIM];
        for (int dim = 0; dim < numbers.length; dim++) {
            numbers[dim] = at(salt, ofKeys, layer, row, position, kvHead, dim);
        }
        return stored(type, numbers);
    }

    /** A head's numbers as read after they were stored. */
    static float[] stored(KvType type, float[] numbers) {
        TiledKvLayout layout = new TiledKvLayout(new KvShape(1, 1, numbers.length), KvTypes.of(type), 1);
        MemorySegment block = MemorySegment.ofArray(new byte[Math.toIntExact(layout.blockBytes())]);
        layout.writeKey(block, 0, 0, 0, 0, Tensor.of(numbers, numbers.length).segment(), 0);
        float[] stored = new float[numbers.length];
        for (int dim = 0; dim < stored.length; dim++) {
            stored[dim] = layout.readKey(block, 0, 0, 0, 0, dim);
        }
        return stored;
    }

    /** Keys or values for an entry's append, {@code [B, S, K, D]}, whose first slot is at {@code firstPosition}. */
    static Tensor slots(int salt, boolean ofKeys, int layer, int firstPosition, int... shape) {
        Tensor tensor =
                Tensor.of(new float[shape[0] * shape[1] * shape[2] * shape[3]], shape[0], shape[1], shape[2], shape[3]);
        for (int row = 0; row < shape[0]; row++) {
            for (int slot = 0; slot < shape[1]; slot++) {
                for (int head = 0; head < shape[2]; head++) {
                    for (int dim = 0; dim < shape[3]; dim++) {
                        tensor.set(at(salt, ofKeys, layer, row, firstPosition + slot, head, dim), row, slot, head, dim);
                    }
                }
            }
        }
        return tensor;
    }

    /** Random floats in [-2, 2) of any shape. */
    public static Tensor random(long seed, long... shape) {
        SplittableRandom random = new SplittableRandom(seed);
        long numElements = 1;
        for (long length : shape) {
            numElements *= length;
        }
        float[] values = new float[Math.toIntExact(numElements)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextDouble() * 4 - 2);
        }
        return Tensor.of(values, shape);
    }

    /** The same numbers rounded to another type, in memory of the collector. */
    static Tensor as(DataType dataType, Tensor tensor) {
        Tensor copy = Tensor.allocate(Arena.ofAuto(), dataType, tensor.shape());
        tensor.copyTo(copy);
        return copy;
    }
}
