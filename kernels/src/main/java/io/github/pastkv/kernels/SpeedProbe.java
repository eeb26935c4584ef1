package io.github.pastkv.kernels;

import java.lang.foreign.MemorySegment;
import java.util.Iterator;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/**
 * Work of known size whose result nobody needs, to measure what a machine can do at most: a bench puts its numbers
 * beside these. Stateless and safe for any number of threads. Found by {@link ServiceLoader}, as kernels are.
 */
public interface SpeedProbe {
    /**
     * Does multiply-adds in registers, as many chains side by side as keep the units busy.
     *
     * @return something that depends on all of them
     */
    float multiplyAdd(int rounds);

    /** F32 multiply-adds of a round. */
    int multiplyAddsPerRound();

    /**
     * Reads bytes {@code [from, to)}, both multiples of 256, from front to back.
     *
     * @return something that depends on all of them
     */
    long read(MemorySegment memory, long from, long to);

    /** The first probe that is offered and works here, otherwise one in plain Java, which stays below the machine. */
    static SpeedProbe fastest() {
        Iterator<ServiceLoader.Provider<SpeedProbe>> offered =
                ServiceLoader.load(SpeedProbe.class, SpeedProbe.class.getClassLoader()).stream().iterator();
        while (offered.hasNext()) {
            try {
                return offered.next().get();
            } catch (ServiceConfigurationError | LinkageError _) {
                // Not to be had on this machine, as the kernels beside it, of which KernelsChoice tells.
            }
        }
        return new ScalarSpeedProbe();
    }
}
