package io.github.pastkv.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The probe in plain Java: without vectors it reaches a fraction of what the machine can do. */
final class ScalarSpeedProbe implements SpeedProbe {
    private static final int CHAINS = 8;

    @Override
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

    @Override
    public int multiplyAddsPerRound() {
        return CHAINS;
    }

    @Override
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
