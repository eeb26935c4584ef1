package io.github.pastkv.lens.plot;

import io.github.pastkv.lens.TokenLabels;
import io.github.pastkv.lens.patching.LabeledGrid;
import io.github.pastkv.lens.patching.PatchAxis;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A patching grid laid out in two dimensions: one or more panels of rows and columns that share labels and scale. A
 * grid by layer is one column; by layer and position or head, one panel; by layer, position and head, a row for each
 * layer and head; with a source position, a panel for each layer and head. Immutable.
 *
 * @param caption what it shows
 * @param rowAxis what the rows are
 * @param columnAxis what the columns are
 * @param rowLabels from top to bottom
 * @param columnLabels from left to right
 * @param panelTitles one for each panel; empty texts for a single panel
 * @param panelsPerRow panels beside each other
 * @param scale what colors mean
 * @param values {@code [panel][row][column]}; NaN where there is no number
 */
@SuppressWarnings("ArrayRecordComponent") // numbers to be drawn, compared by nobody
public record GridFigure(Caption caption, String rowAxis, String columnAxis, List<String> rowLabels,
        List<String> columnLabels, List<String> panelTitles, int panelsPerRow, Scale scale, double[][][] values) {
    /**
     * What colors mean.
     *
     * @param title of the color bar: the metric, with its unit
     * @param baseline the number that is white
     * @param baselineLabel what has that number
     */
    public record Scale(String title, double baseline, String baselineLabel) {}

    /**
     * Lays out what a sweep found.
     *
     * @param promptName whose tokens stand at positions, such as {@code corrupted prompt}
     */
    public static GridFigure of(LabeledGrid grid, Scale scale, Caption caption, String promptName) {
        List<String> axes = grid.axes().stream().map(axis -> axisTitle(axis, promptName)).toList();
        List<List<String>> labels = new ArrayList<>();
        for (int axis = 0; axis < axes.size(); axis++) {
            labels.add(isPosition(grid.axes().get(axis)) ? numbered(grid.labels().get(axis)) : grid.labels().get(axis));
        }
        int[] shape = grid.shape();
        return switch (axes.size()) {
            case 1 -> new GridFigure(caption, axes.getFirst(), "", labels.getFirst(), List.of("all positions"),
                    List.of(""), 1, scale, new double[][][] {rows(grid, 0, shape[0], 1)});
            case 2 -> new GridFigure(caption, axes.get(0), axes.get(1), labels.get(0), labels.get(1), List.of(""), 1,
                    scale, new double[][][] {rows(grid, 0, shape[0], shape[1])});
            case 3 -> new GridFigure(caption, axes.get(0) + "." + axes.get(2), axes.get(1),
                    pairs("", ".", shape[0], shape[2]), labels.get(1), List.of(""), 1, scale,
                    new double[][][] {headRows(grid, shape)});
            case 4 -> new GridFigure(caption, axes.get(2), axes.get(3), labels.get(2), labels.get(3),
                    pairs("layer ", ", head ", shape[0], shape[1]), shape[1], scale,
                    IntStream.range(0, shape[0] * shape[1])
                            .mapToObj(panel -> rows(grid, panel * shape[2] * shape[3], shape[2], shape[3]))
                            .toArray(double[][][]::new));
            default -> throw new IllegalArgumentException("grid: " + axes.size() + " axes, can draw 1 to 4");
        };
    }

    private static boolean isPosition(String axis) {
        return axis.endsWith(PatchAxis.POSITION.label());
    }

    private static String axisTitle(String axis, String promptName) {
        if (axis.equals(PatchAxis.SOURCE_POSITION.label())) {
            return "position attended to (" + promptName + ")";
        }
        return isPosition(axis) ? "position (" + promptName + ")" : axis.replace('_', ' ');
    }

    /** {@code 9 ·John}; the number alone where the token differs between prompts. */
    static List<String> numbered(List<String> tokens) {
        return IntStream.range(0, tokens.size()).mapToObj(position -> {
            String token = tokens.get(position).replaceFirst("#" + position + "$", "");
            return position + " " + TokenLabels.visible(token);
        }).map(String::stripTrailing).toList();
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

    private static double[][] rows(LabeledGrid grid, int offset, int numRows, int numColumns) {
        double[][] rows = new double[numRows][numColumns];
        for (int row = 0; row < numRows; row++) {
            System.arraycopy(grid.values(), offset + row * numColumns, rows[row], 0, numColumns);
        }
        return rows;
    }

    /** A row for each layer and head, from {@code [layer, position, head]}. */
    private static double[][] headRows(LabeledGrid grid, int[] shape) {
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

    private double[] numbers() {
        return Arrays.stream(values).flatMap(Arrays::stream).flatMapToDouble(Arrays::stream).filter(Double::isFinite)
                .toArray();
    }

    /** The least number, or the baseline if that is less. */
    public double low() {
        return Math.min(Arrays.stream(numbers()).min().orElse(scale.baseline()), scale.baseline());
    }

    /** The greatest number, or the baseline if that is greater. */
    public double high() {
        return Math.max(Arrays.stream(numbers()).max().orElse(scale.baseline()), scale.baseline());
    }

    /** The greatest distance of a number from the baseline, which has the deepest color. 1 if there is none. */
    public double reach() {
        double reach = Math.max(high() - scale.baseline(), scale.baseline() - low());
        return reach > 0 ? reach : 1;
    }
}
