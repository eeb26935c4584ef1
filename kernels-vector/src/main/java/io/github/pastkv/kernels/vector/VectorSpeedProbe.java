package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.FLOATS;
import static io.github.pastkv.kernels.vector.Lanes.INTS;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.IntVector.fromMemorySegment;

import io.github.pastkv.kernels.SpeedProbe;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** The speed probe in vectors of the width that the kernels use. */
public final class VectorSpeedProbe extends SpeedProbe {
    /** More than the latency of a multiply-add times the number of its units. */
    private static final int CHAINS = 10;

    /** Read from memory: a vector that one number fills, C2 makes anew before each operation, at half the speed. */
    private final float[] factors = FloatVector.broadcast(FLOATS, 0x1p-20f).toArray();

    /**
     * Probes the Vector API.
     *
     * @throws UnsupportedOperationException if vectors are too narrow
     */
    public VectorSpeedProbe() {
        VectorWidth.requireSupported();
    }

    @Override
    public float multiplyAdd(int rounds) {
        FloatVector x = FloatVector.fromArray(FLOATS, factors, 0);
        FloatVector a = FloatVector.zero(FLOATS);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        FloatVector e = a;
        FloatVector f = a;
        FloatVector g = a;
        FloatVector h = a;
        FloatVector i = a;
        FloatVector j = a;
        for (int round = 0; round < rounds; round++) {
            a = x.fma(x, a);
            b = x.fma(x, b);
            c = x.fma(x, c);
            d = x.fma(x, d);
            e = x.fma(x, e);
            f = x.fma(x, f);
            g = x.fma(x, g);
            h = x.fma(x, h);
            i = x.fma(x, i);
            j = x.fma(x, j);
        }
        return a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).add(i).add(j).lane(0);
    }

    @Override
    public int multiplyAddsPerRound() {
        return CHAINS * Lanes.COUNT;
    }

    @Override
    public long read(MemorySegment memory, long from, long to) {
        IntVector a = IntVector.zero(INTS);
        IntVector b = a;
        IntVector c = a;
        IntVector d = a;
        for (long offset = from; offset < to; offset += 4 * BYTES) {
            a = a.add(fromMemorySegment(INTS, memory, offset, LITTLE_ENDIAN));
            b = b.add(fromMemorySegment(INTS, memory, offset + BYTES, LITTLE_ENDIAN));
            c = c.add(fromMemorySegment(INTS, memory, offset + 2 * BYTES, LITTLE_ENDIAN));
            d = d.add(fromMemorySegment(INTS, memory, offset + 3 * BYTES, LITTLE_ENDIAN));
        }
        return a.add(b).add(c.add(d)).reinterpretAsLongs().lane(0);
    }
}
