package io.github.pastkv.testkit.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvShape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Contract of every {@link KvLayout}. Extend it for each layout:
 *
 * <pre>
 * class MyLayoutTest extends KvLayoutContractTest {
 *     &#64;Override
 *     protected KvLayout layout(KvShape shape, int blockSize) {
 *         return new MyLayout(shape, blockSize);
 *     }
 *
 *     &#64;Override
 *     protected float[] storedKey(float[] written) {
 *         return ...; // what is read of a key's numbers after they were written
 *     }
 *
 *     &#64;Override
 *     protected float[] storedValue(float[] written) {
 *         return ...;
 *     }
 * }
 * </pre>
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class KvLayoutContractTest {
    private static final int LAYERS = 2;
    private static final int KV_HEADS = 3;
    private static final long BLOCK_START = 192;
    private static final byte OUTSIDE = 0x5A;

    /** A layout under test. */
    protected abstract KvLayout layout(KvShape shape, int blockSize);

    /** What is read after one key's numbers were written: a function of these alone. */
    protected abstract float[] storedKey(float[] written);

    /** What is read after one value's numbers were written. */
    protected abstract float[] storedValue(float[] written);

    private float[] stored(KvLayout layout, Place place, int salt) {
        float[] numbers = numbers(layout, place, salt);
        return place.ofKeys ? storedKey(numbers) : storedValue(numbers);
    }

    /** Head dimensions to test; odd ones and 1 are among them unless the layout cannot store them. */
    protected IntStream headDims() {
        return IntStream.of(14, 7, 1);
    }

    /** Block sizes to test. */
    protected IntStream blockSizes() {
        return IntStream.of(1, 5, 16, 64);
    }

    final Stream<KvLayout> layouts() {
        return headDims().boxed().flatMap(headDim -> blockSizes()
                .mapToObj(blockSize -> layout(new KvShape(LAYERS, KV_HEADS, headDim), blockSize)));
    }

    /** A head's place in a block. */
    private record Place(int layer, boolean ofKeys, int kvHead, int slot) {}

    private static List<Place> places(KvLayout layout) {
        List<Place> places = new ArrayList<>();
        for (int layer = 0; layer < LAYERS; layer++) {
            for (int head = 0; head < KV_HEADS; head++) {
                for (int slot = 0; slot < layout.blockSize(); slot++) {
                    places.add(new Place(layer, true, head, slot));
                    places.add(new Place(layer, false, head, slot));
                }
            }
        }
        return places;
    }

    private static MemorySegment newMemory(KvLayout layout, byte inside) {
        MemorySegment memory = MemorySegment.ofArray(new byte[Math.toIntExact(layout.blockBytes() + 2 * BLOCK_START)]);
        memory.fill(OUTSIDE).asSlice(BLOCK_START, layout.blockBytes()).fill(inside);
        return memory;
    }

    /** The numbers of a place: the same for the same salt. */
    private static float[] numbers(KvLayout layout, Place place, int salt) {
        Random random = new Random(place.hashCode() * 31L + salt);
        float[] numbers = new float[layout.shape().headDim()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) random.nextGaussian();
        }
        return numbers;
    }

    private static void write(KvLayout layout, MemorySegment memory, Place place, float[] numbers) {
        MemorySegment source = MemorySegment.ofArray(new byte[4 * numbers.length + 12]);
        MemorySegment.copy(numbers, 0, source, ValueLayout.JAVA_FLOAT_UNALIGNED, 12, numbers.length);
        if (place.ofKeys) {
            layout.writeKey(memory, BLOCK_START, place.layer, place.kvHead, place.slot, source, 12);
        } else {
            layout.writeValue(memory, BLOCK_START, place.layer, place.kvHead, place.slot, source, 12);
        }
    }

    private static float[] read(KvLayout layout, MemorySegment memory, Place place) {
        float[] numbers = new float[layout.shape().headDim()];
        for (int dim = 0; dim < numbers.length; dim++) {
            numbers[dim] = place.ofKeys
                    ? layout.readKey(memory, BLOCK_START, place.layer, place.kvHead, place.slot, dim)
                    : layout.readValue(memory, BLOCK_START, place.layer, place.kvHead, place.slot, dim);
        }
        return numbers;
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void shape_andSizes_areThoseAskedFor(KvLayout layout) {
        assertThat(layout.shape().numLayers()).isEqualTo(LAYERS);
        assertThat(layout.blockBytes()).isPositive();
        assertThat(layout.blockSize() % layout.tileSlots()).isZero();
        assertThat(layout.numBlocks(0)).isZero();
        assertThat(layout.numBlocks(layout.blockSize())).isEqualTo(1);
        assertThat(layout.numBlocks(layout.blockSize() + 1)).isEqualTo(2);
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void write_ofEveryPlaceInAnyOrder_isReadAsStored(KvLayout layout) {
        MemorySegment memory = newMemory(layout, (byte) 0);
        List<Place> places = places(layout);
        Collections.shuffle(places, new Random(3));
        for (Place place : places) {
            write(layout, memory, place, numbers(layout, place, 0));
        }
        for (Place place : places) {
            assertThat(read(layout, memory, place)).as("%s", place).isEqualTo(stored(layout, place, 0));
        }
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void write_doesNotDependOnWhatStoodThere(KvLayout layout) {
        MemorySegment memory = newMemory(layout, (byte) 0xFF);
        List<Place> places = places(layout);
        for (Place place : places) {
            write(layout, memory, place, numbers(layout, place, 0));
            assertThat(read(layout, memory, place)).as("%s", place).isEqualTo(stored(layout, place, 0));
        }
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void write_again_replacesThatPlaceOnly(KvLayout layout) {
        MemorySegment memory = newMemory(layout, (byte) 0);
        List<Place> places = places(layout);
        places.forEach(place -> write(layout, memory, place, numbers(layout, place, 0)));
        Place again = places.get(new Random(4).nextInt(places.size()));
        write(layout, memory, again, numbers(layout, again, 1));
        for (Place place : places) {
            int salt = place.equals(again) ? 1 : 0;
            assertThat(read(layout, memory, place)).as("%s", place).isEqualTo(stored(layout, place, salt));
        }
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void write_ofWhatWasRead_changesNoByte(KvLayout layout) {
        MemorySegment memory = newMemory(layout, (byte) 0);
        List<Place> places = places(layout);
        places.forEach(place -> write(layout, memory, place, numbers(layout, place, 0)));
        byte[] before = memory.toArray(ValueLayout.JAVA_BYTE);
        places.forEach(place -> write(layout, memory, place, read(layout, memory, place)));
        assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(before);
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void write_staysWithinTheBlock(KvLayout layout) {
        MemorySegment memory = newMemory(layout, (byte) 0);
        places(layout).forEach(place -> write(layout, memory, place, numbers(layout, place, 0)));
        long blockEnd = BLOCK_START + layout.blockBytes();
        assertThat(memory.asSlice(0, BLOCK_START).toArray(ValueLayout.JAVA_BYTE)).containsOnly(OUTSIDE);
        assertThat(memory.asSlice(blockEnd).toArray(ValueLayout.JAVA_BYTE)).containsOnly(OUTSIDE);
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void offsets_areThoseOfTheBytesThatAreWritten(KvLayout layout) {
        for (Place place : places(layout)) {
            MemorySegment memory = newMemory(layout, (byte) 0);
            float[] numbers = numbers(layout, place, 0);
            write(layout, memory, place, numbers);
            for (int dim = 0; dim < numbers.length; dim++) {
                long offset = place.ofKeys
                        ? layout.keyByteOffset(place.layer, place.kvHead, place.slot, dim)
                        : layout.valueByteOffset(place.layer, place.kvHead, place.slot, dim);
                assertThat(offset).isBetween(0L, layout.blockBytes() - 1);
                float before = read(layout, memory, place)[dim];
                byte there = memory.get(ValueLayout.JAVA_BYTE, BLOCK_START + offset);
                memory.set(ValueLayout.JAVA_BYTE, BLOCK_START + offset, (byte) ~there);
                assertThat(read(layout, memory, place)[dim]).as("%s, dim %d", place, dim).isNotEqualTo(before);
                memory.set(ValueLayout.JAVA_BYTE, BLOCK_START + offset, there);
            }
        }
    }
}
