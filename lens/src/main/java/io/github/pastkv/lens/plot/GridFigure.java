package io.github.pastkv.lens.plot;

import io.github.pastkv.lens.patching.LabelledGrid;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * A patching grid laid out on paper: one or more panels of rows and columns that share their labels and their scale. A grid
 * by layer is one column, by layer and position or head one panel; with a head beside the position, a row for each layer and head; with a source
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
    /** Lays out what a sweep found. */
    public static GridFigure of(LabelledGrid grid, double baseline, String metric) {
        String title = grid.name() + ": " + metric + String.format(Locale.ROOT, ", unpatched %.4g", baseline);
        List<String> axes = grid.axes().stream().map(axis -> axis.replace('_', ' ')).toList();
        List<List<String>> labels = grid.labels();
        int[] shape = grid.shape();
        return switch (axes.size()) {
            case 1 -> new GridFigure(title, axes.getFirst(), "", labels.getFirst(), List.of("all positions"),
                    List.of(""), 1, baseline, new double[][][] {rows(grid, 0, shape[0], 1)});
            case 2 -> new GridFigure(title, axes.get(0), axes.get(1), labels.get(0), labels.get(1), List.of(""), 1,
                    baseline, new double[][][] {rows(grid, 0, shape[0], shape[1])});
            case 3 -> new GridFigure(title, axes.get(0) + "." + axes.get(2), axes.get(1),
                    pairs("", ".", shape[0], shape[2]), labels.get(1), List.of(""), 1, baseline,
                    new double[][][] {headRows(grid, shape)});
            case 4 -> new GridFigure(title, axes.get(2), axes.get(3), labels.get(2), labels.get(3),
                    pairs("layer ", ", head ", shape[0], shape[1]), shape[1], baseline,
                    IntStream.range(0, shape[0] * shape[1])
                            .mapToObj(panel -> rows(grid, panel * shape[2] * shape[3], shape[2], shape[3]))
                            .toArray(double[][][]::new));
            default -> throw new IllegalArgumentException("grid: " + axes.size() + " axes, can draw 1 to 4");
        };
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

    private static double[][] rows(LabelledGrid grid, int offset, int numRows, int numColumns) {
        double[][] rows = new double[numRows][numColumns];
        for (int row = 0; row < numRows; row++) {
            System.arraycopy(grid.values(), offset + row * numColumns, rows[row], 0, numColumns);
        }
        return rows;
    }

    /** A row for each layer and head, from {@code [layer, position, head]}. */
    private static double[][] headRows(LabelledGrid grid, int[] shape) {
        int numHeads = shape[2];
        double[][] rows = new double[shape[0] * numHeads][shape[1]];
        for (int row = 0; row < rows.length; row++) {
            for (int position = 0; position < rows[row].length; position++) {
                int rowOffset = (row / numHeads * shape[1] + position) * numHeads;
                rows[row][position] = grid.values()[rowOffset + row % numHeads];
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
