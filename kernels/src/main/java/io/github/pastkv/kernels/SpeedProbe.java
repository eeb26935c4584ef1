package io.github.pastkv.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Iterator;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/**
 * Measures the limits of a machine: multiply-adds per second and read bandwidth. The benchmark prints its results next
 * to them. This class is plain Java and reaches a fraction of the machine; a subclass that uses vectors is found by
 * {@link ServiceLoader}. Stateless and safe for any number of threads.
 */
public class SpeedProbe {
    private static final int CHAINS = 8;

    /** The plain Java probe. */
    protected SpeedProbe() {}

    /** The first available probe that works on this machine, otherwise the plain Java one. */
    public static SpeedProbe fastest() {
        Iterator<ServiceLoader.Provider<SpeedProbe>> offered =
                ServiceLoader.load(SpeedProbe.class, SpeedProbe.class.getClassLoader()).stream().iterator();
        while (offered.hasNext()) {
            try {
                return offered.next().get();
            } catch (ServiceConfigurationError | LinkageError _) {
                // Not supported on this machine; KernelsChoice reports the same cause.
            }
        }
        return new SpeedProbe();
    }

    /**
     * Does multiply-adds in registers, in enough independent chains to keep the units busy.
     *
     * @return something that depends on all of them
     */
    public float multiplyAdd(int rounds) {
        float x = 0.5f;
        float a = rounds;
        float b = a;
        float c = a;
        float d = a;
        float e = a;
        float f = a;
        float g = a;
        float h = a;
        for (int round = 0; round < rounds; round++) {
            a = Math.fma(a, x, x);
            b = Math.fma(b, x, x);
            c = Math.fma(c, x, x);
            d = Math.fma(d, x, x);
            e = Math.fma(e, x, x);
            f = Math.fma(f, x, x);
            g = Math.fma(g, x, x);
            h = Math.fma(h, x, x);
        }
        return a + b + c + d + e + f + g + h;
    }

    /** F32 multiply-adds of a round. */
    public int multiplyAddsPerRound() {
        return CHAINS;
    }

    /**
     * Reads bytes {@code [from, to)}, both multiples of 256, in ascending order.
     *
     * @return something that depends on all of them
     */
    public long read(MemorySegment memory, long from, long to) {
        long a = 0;
        long b = 0;
        for (long offset = from; offset < to; offset += 2 * Long.BYTES) {
            a += memory.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
            b += memory.get(ValueLayout.JAVA_LONG_UNALIGNED, offset + Long.BYTES);
        }
        return a ^ b;
    }
}
