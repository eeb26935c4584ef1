package io.github.pastkv.lens.plot;

import io.github.pastkv.lens.patching.GridResult;
import io.github.pastkv.lens.patching.PatchAxis;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * A patching grid laid out on paper: one or more panels of rows and columns that share their labels and their scale. A grid
 * by layer and position or head is one panel; with a head beside the position, a row for each layer and head; with a source
 * position, a panel for each layer and head. Immutable.
 *
 * @param title what it shows
 * @param rowAxis what the rows are
 * @param columnAxis what the columns are
 * @param rowLabels from top to bottom
 * @param columnLabels from left to right
 * @param panelTitles one for each panel; empty texts for a single panel
 * @param panelsPerRow panels beside each other
 * @param baseline the number of the prompt without a patch: the middle of the colours
 * @param values {@code [panel][row][column]}; NaN where there is no number
 */
@SuppressWarnings("ArrayRecordComponent") // numbers to be drawn, compared by nobody
public record GridFigure(String title, String rowAxis, String columnAxis, List<String> rowLabels,
        List<String> columnLabels, List<String> panelTitles, int panelsPerRow, double baseline, double[][][] values) {
    /**
     * Lays out what a sweep found.
     *
     * @param tokens what the tokens of the patched prompt are called, {@code [T]}
     */
    public static GridFigure of(GridResult result, List<String> tokens, double baseline, String metric) {
        String title = result.grid().name() + ": " + metric
                + String.format(Locale.ROOT, ", unpatched %.4g", baseline);
        List<PatchAxis> axes = result.grid().axes();
        int[] shape = result.shape();
        return switch (axes.size()) {
            case 2 -> new GridFigure(title, name(axes.get(0)), name(axes.get(1)), numbers(shape[0]),
                    axes.get(1) == PatchAxis.POSITION ? tokens : numbers(shape[1]), List.of(""), 1, baseline,
                    new double[][][] {rows(result, 0, shape[0], shape[1])});
            case 3 -> new GridFigure(title, "layer." + name(axes.get(2)), name(axes.get(1)),
                    pairs("", ".", shape[0], shape[2]), tokens, List.of(""), 1, baseline,
                    new double[][][] {headRows(result)});
            case 4 -> new GridFigure(title, name(axes.get(2)), name(axes.get(3)), tokens, tokens,
                    pairs("layer ", ", head ", shape[0], shape[1]), shape[1], baseline,
                    IntStream.range(0, shape[0] * shape[1])
                            .mapToObj(panel -> rows(result, panel * shape[2] * shape[3], shape[2], shape[3]))
                            .toArray(double[][][]::new));
            default -> throw new IllegalArgumentException("grid: " + axes.size() + " axes, can draw 2 to 4");
        };
    }

    private static String name(PatchAxis axis) {
        return axis.label().replace('_', ' ');
    }

    private static List<String> numbers(int count) {
        return IntStream.range(0, count).mapToObj(String::valueOf).toList();
    }

    private static List<String> pairs(String before, String between, int numFirst, int numSecond) {
        List<String> pairs = new ArrayList<>();
        for (int first = 0; first < numFirst; first++) {
            for (int second = 0; second < numSecond; second++) {
                pairs.add(before + first + between + second);
            }
        }
        return pairs;
    }

    private static double[][] rows(GridResult result, int offset, int numRows, int numColumns) {
        double[][] rows = new double[numRows][numColumns];
        for (int row = 0; row < numRows; row++) {
            System.arraycopy(result.values(), offset + row * numColumns, rows[row], 0, numColumns);
        }
        return rows;
    }

    /** A row for each layer and head, from {@code [layer, position, head]}. */
    private static double[][] headRows(GridResult result) {
        int numHeads = result.shape()[2];
        double[][] rows = new double[result.shape()[0] * numHeads][result.shape()[1]];
        for (int row = 0; row < rows.length; row++) {
            for (int position = 0; position < rows[row].length; position++) {
                rows[row][position] = result.get(row / numHeads, position, row % numHeads);
            }
        }
        return rows;
    }

    /** The greatest distance of a number from the baseline: the ends of the colours. 1 if there is none. */
    public double reach() {
        double reach = 0;
        for (double[][] panel : values) {
            for (double[] row : panel) {
                for (double value : row) {
                    reach = Double.isFinite(value) ? Math.max(reach, Math.abs(value - baseline)) : reach;
                }
            }
        }
        return reach == 0 ? 1 : reach;
    }
}
