package io.github.pastkv.model.grammar.automaton;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** A set of Unicode characters, as ascending ranges. Surrogates are no characters and never in it. Immutable. */
public final class CodePoints {
    /** All characters. */
    public static final CodePoints ALL = new CodePoints(new int[] {
        0, Character.MIN_SURROGATE, Character.MAX_SURROGATE + 1, Character.MAX_CODE_POINT + 1});

    /** No character. */
    public static final CodePoints NONE = new CodePoints(new int[0]);

    private final int[] bounds; // begin and end of each range; ranges are half-open, and neither touch nor overlap

    private CodePoints(int[] bounds) {
        this.bounds = bounds;
    }

    /** The characters from {@code first} to {@code last}, both included. */
    public static CodePoints range(int first, int last) {
        if (first < 0 || last > Character.MAX_CODE_POINT || first > last) {
            throw new IllegalArgumentException(
                    "character range: " + first + " to " + last + ", must ascend within 0 to "
                            + Character.MAX_CODE_POINT);
        }
        return ALL.intersect(new CodePoints(new int[] {first, last + 1}));
    }

    /** The characters of a text. */
    public static CodePoints of(String characters) {
        return union(characters.codePoints().mapToObj(codePoint -> range(codePoint, codePoint)).toList());
    }

    /** The characters of all sets; in one go, as a union of two after the other takes quadratic time. */
    public static CodePoints union(List<CodePoints> sets) {
        long[] ranges = sets.stream().flatMapToLong(CodePoints::ranges).sorted().toArray();
        int[] merged = new int[2 * ranges.length];
        int size = 0;
        for (long range : ranges) {
            int begin = (int) (range >>> Integer.SIZE);
            int end = (int) range;
            if (size > 0 && begin <= merged[size - 1]) {
                merged[size - 1] = Math.max(merged[size - 1], end);
            } else {
                merged[size++] = begin;
                merged[size++] = end;
            }
        }
        return new CodePoints(Arrays.copyOf(merged, size));
    }

    /** Begin and end of each range in one number, which orders them by their begin. */
    private LongStream ranges() {
        return IntStream.range(0, numRanges())
                .mapToLong(range -> ((long) bounds[2 * range] << Integer.SIZE) | bounds[2 * range + 1]);
    }

    public CodePoints union(CodePoints other) {
        return combine(other, (isInThis, isInOther) -> isInThis || isInOther);
    }

    public CodePoints intersect(CodePoints other) {
        return combine(other, (isInThis, isInOther) -> isInThis && isInOther);
    }

    /** The characters of this set that are not in the other. */
    public CodePoints minus(CodePoints other) {
        return combine(other, (isInThis, isInOther) -> isInThis && !isInOther);
    }

    /** All other characters. */
    public CodePoints complement() {
        return ALL.minus(this);
    }

    private interface Membership {
        boolean test(boolean isInThis, boolean isInOther);
    }

    /** Membership changes only at a bound of either set, and is tested there. */
    private CodePoints combine(CodePoints other, Membership membership) {
        int[] changes = IntStream.concat(Arrays.stream(bounds), Arrays.stream(other.bounds)).sorted().distinct()
                .toArray();
        int[] kept = new int[changes.length];
        int numKept = 0;
        for (int change : changes) {
            boolean isIn = membership.test(contains(change), other.contains(change));
            if (isIn == (numKept % 2 == 0)) {
                kept[numKept++] = change;
            }
        }
        return new CodePoints(Arrays.copyOf(kept, numKept));
    }

    public boolean contains(int codePoint) {
        int at = Arrays.binarySearch(bounds, codePoint);
        int numBoundsUpTo = at >= 0 ? at + 1 : -at - 1;
        return numBoundsUpTo % 2 == 1;
    }

    public boolean isEmpty() {
        return bounds.length == 0;
    }

    public int numRanges() {
        return bounds.length / 2;
    }

    /** First character of a range. */
    public int first(int range) {
        return bounds[2 * range];
    }

    /** Last character of a range, included. */
    public int last(int range) {
        return bounds[2 * range + 1] - 1;
    }

    /** The characters that fulfill a condition. */
    public static CodePoints matching(IntPredicate condition) {
        int[] changes = IntStream.rangeClosed(0, Character.MAX_CODE_POINT + 1)
                .filter(c -> isMatch(c, condition) != isMatch(c - 1, condition)).toArray();
        return ALL.intersect(new CodePoints(changes));
    }

    private static boolean isMatch(int codePoint, IntPredicate condition) {
        return codePoint >= 0 && codePoint <= Character.MAX_CODE_POINT && condition.test(codePoint);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CodePoints points && Arrays.equals(bounds, points.bounds);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bounds);
    }

    @Override
    public String toString() {
        return "CodePoints" + Arrays.toString(bounds);
    }
}
