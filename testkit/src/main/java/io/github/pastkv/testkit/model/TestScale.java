package io.github.pastkv.testkit.model;

import java.util.List;
import java.util.stream.IntStream;

/** How much of long tests a run takes: a part in a build, all in the nightly workflow. */
public final class TestScale {
    private static final boolean IS_NIGHTLY = Integer.getInteger("pastkv.test.scale", 1) > 1;

    private TestScale() {}

    /** Whether this is the long run of the nightly workflow. */
    public static boolean isNightly() {
        return IS_NIGHTLY;
    }

    /**
     * At night all elements, else every other one: for an even number the first, third and so on, for an odd one the
     * rest. So subjects that are numbered take each element in turn.
     */
    public static <T> List<T> everyOther(List<T> elements, int number) {
        return IntStream.range(0, elements.size()).filter(i -> IS_NIGHTLY || (number + i) % 2 == 0)
                .mapToObj(elements::get).toList();
    }
}
