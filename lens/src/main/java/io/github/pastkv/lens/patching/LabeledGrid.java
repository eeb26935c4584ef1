package io.github.pastkv.lens.patching;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The numbers of a sweep with what their axes are called, for people and for files: of one pair of prompts, or the mean
 * over several with its spread.
 *
 * @param name of the grid
 * @param axes what they are: {@code layer}, {@code position}, ...
 * @param labels for each axis, a label for each index
 * @param values in row-major order; NaN where there is no number, or where a metric gave that
 * @param done places in {@code values} that have their number
 * @param spread standard deviation over the pairs, in the order of {@code values}; null for one pair
 */
@SuppressWarnings("ArrayRecordComponent") // a result to read; nobody compares results
public record LabeledGrid(String name, List<String> axes, List<List<String>> labels, double[] values, BitSet done,
        double @Nullable [] spread) {
    /**
     * A result, which goes on to hold the numbers.
     *
     * @param tokens what the tokens of the patched prompt are called, {@code [T]}
     */
    public static LabeledGrid of(GridResult result, List<String> tokens) {
        List<List<String>> labels = new ArrayList<>();
        for (int axis = 0; axis < result.shape().length; axis++) {
            PatchAxis kind = result.grid().axes().get(axis);
            boolean isPosition = kind == PatchAxis.POSITION || kind == PatchAxis.SOURCE_POSITION;
            labels.add(isPosition ? tokens : numbers(result.shape()[axis]));
        }
        return new LabeledGrid(result.grid().name(), result.grid().axes().stream().map(PatchAxis::label).toList(),
                List.copyOf(labels), result.values(), result.done(), null);
    }

    private static List<String> numbers(int count) {
        return IntStream.range(0, count).mapToObj(String::valueOf).toList();
    }

    /**
     * The mean over pairs and the standard deviation (that of a sample, over n - 1; 0 for one), summed in their order
     * in double. A cell counts the pairs that have its number.
     *
     * @param grids of one shape, one for each pair
     */
    public static LabeledGrid mean(List<LabeledGrid> grids) {
        if (grids.isEmpty()) {
            throw new IllegalArgumentException("grids: none, the mean needs at least one");
        }
        LabeledGrid first = grids.getFirst();
        double[] means = new double[first.values().length];
        double[] spread = new double[means.length];
        BitSet done = new BitSet(means.length);
        for (int cell = 0; cell < means.length; cell++) {
            int at = cell;
            double[] cellValues = grids.stream().filter(grid -> grid.isDone(at)).mapToDouble(grid -> grid.values()[at])
                    .toArray();
            done.set(cell, cellValues.length > 0);
            means[cell] = mean(cellValues);
            spread[cell] = standardDeviation(cellValues);
        }
        return new LabeledGrid(first.name(), first.axes(), first.labels(), means, done, spread);
    }

    /** The mean; NaN of none. */
    public static double mean(double... numbers) {
        double sum = 0;
        for (double number : numbers) {
            sum += number;
        }
        return sum / numbers.length;
    }

    /** The standard deviation of a sample, over n - 1; 0 of one, NaN of none. */
    public static double standardDeviation(double... numbers) {
        double mean = mean(numbers);
        double sum = 0;
        for (double number : numbers) {
            sum += (number - mean) * (number - mean);
        }
        return numbers.length == 1 ? sum : Math.sqrt(sum / (numbers.length - 1));
    }

    /** Lengths of the axes. */
    public int[] shape() {
        return labels.stream().mapToInt(List::size).toArray();
    }

    /** Whether a cell has its number, by its place in {@link #values}. */
    public boolean isDone(int flat) {
        return done.get(flat);
    }

    /** Puts in the number of a cell, which then counts as run. */
    public void put(int flat, double value) {
        values[flat] = value;
        done.set(flat);
    }

    /** Places of the cells farthest from a baseline, the farthest first. */
    public List<Integer> strongest(double baseline, int maxCells) {
        return done.stream().boxed().filter(cell -> Double.isFinite(values[cell]) && values[cell] != baseline)
                .sorted(Comparator.comparingDouble(cell -> -Math.abs(values[cell] - baseline))).limit(maxCells)
                .toList();
    }

    /** The indices of a cell, one for each axis, from its place in {@link #values}. */
    public int[] index(int flat) {
        int[] index = new int[axes.size()];
        int rest = flat;
        for (int axis = index.length - 1; axis >= 0; axis--) {
            index[axis] = rest % labels.get(axis).size();
            rest /= labels.get(axis).size();
        }
        return index;
    }

    /** The same with other labels of the axes that positions have, where one prompt's tokens would mislead. */
    public LabeledGrid withPositions(List<String> positions) {
        List<List<String>> newLabels = IntStream.range(0, axes.size())
                .mapToObj(axis -> axes.get(axis).endsWith(PatchAxis.POSITION.label()) ? positions : labels.get(axis))
                .toList();
        return new LabeledGrid(name, axes, newLabels, values, done, spread);
    }

    @Override
    public String toString() {
        return name + " " + axes + " " + Arrays.toString(shape());
    }
}
