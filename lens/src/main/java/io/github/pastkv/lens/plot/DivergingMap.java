package io.github.pastkv.lens.plot;

import io.github.pastkv.lens.plot.TextStyle.Anchor;
import java.awt.Color;
import java.util.List;
import java.util.Locale;

/**
 * Draws a {@link GridFigure} as heat maps: white is the baseline, red is above it, blue below it, and gray has no
 * number. The color bar shows the range that the numbers have; one step of color is the same difference above and
 * below the baseline. Small figures have their numbers in the cells.
 *
 * @param figure what is drawn
 */
public record DivergingMap(GridFigure figure) {
    private static final int MARGIN = 16;
    private static final int CELL = 24;
    private static final int MAX_NUMBERS = 240;
    private static final Color NO_NUMBER = new Color(0xD8D8D8);
    private static final TextStyle NUMBER = new TextStyle(10, false, Anchor.MIDDLE, 0, Color.BLACK);

    /** Where things lie. */
    private record Layout(double left, double below, double cellWidth, double panelWidth, double panelHeight,
            double captionWidth, double width, double height) {}

    private Layout layout() {
        int numRows = figure.rowLabels().size();
        int numColumns = figure.columnLabels().size();
        double cellWidth = hasNumbers() ? Math.max(CELL, NUMBER.width(number(-figure.reach())) + 8) : CELL;
        double left = 26 + TextStyle.PLAIN.widest(figure.rowLabels());
        double label = isSlanted(cellWidth) ? TextStyle.PLAIN.widest(figure.columnLabels()) * 0.71 : 8;
        double below = label + 40;
        double beyond = Math.max(12, label - cellWidth / 2 + 8); // slanted labels of the last columns
        double panelWidth = left + numColumns * cellWidth + beyond;
        double panelHeight = (isSingle() ? 4 : 24) + numRows * CELL + below;
        int across = Math.min(figure.panelsPerRow(), figure.values().length);
        int down = Math.ceilDiv(figure.values().length, figure.panelsPerRow());
        double width = Math.max(across * panelWidth + bar().width(mapHeight()), figure.caption().minWidth());
        return new Layout(left, below, cellWidth, panelWidth, panelHeight, width, width + 2 * MARGIN,
                figure.caption().height(width) + Math.max(down * panelHeight, ColorBar.height(mapHeight()) + 40)
                        + 2 * MARGIN);
    }

    private double mapHeight() {
        return (double) figure.rowLabels().size() * CELL;
    }

    private boolean isSingle() {
        return figure.values().length == 1;
    }

    private boolean isSlanted(double cellWidth) {
        return TextStyle.PLAIN.widest(figure.columnLabels()) > cellWidth - 4;
    }

    private boolean hasNumbers() {
        return isSingle() && figure.rowLabels().size() * figure.columnLabels().size() <= MAX_NUMBERS;
    }

    /**
     * Draws it.
     *
     * @throws IllegalArgumentException if a side is beyond 20,000 pixels
     */
    public Picture picture() {
        Layout layout = layout();
        Picture picture = new Picture(layout.width, layout.height);
        figure.caption().draw(picture, MARGIN, MARGIN, layout.captionWidth);
        double top = MARGIN + figure.caption().height(layout.captionWidth);
        for (int panel = 0; panel < figure.values().length; panel++) {
            int column = panel % figure.panelsPerRow();
            int row = panel / figure.panelsPerRow();
            double x = MARGIN + column * layout.panelWidth;
            double y = top + row * layout.panelHeight;
            drawPanel(picture, layout, panel, x, y);
        }
        int across = Math.min(figure.panelsPerRow(), figure.values().length);
        bar().draw(picture, MARGIN + across * layout.panelWidth, top + (isSingle() ? 4 : 24),
                mapHeight());
        return picture;
    }

    private void drawPanel(Picture picture, Layout layout, int panel, double x, double y) {
        double left = x + layout.left;
        double top = y + (isSingle() ? 4 : 24);
        int numRows = figure.rowLabels().size();
        int numColumns = figure.columnLabels().size();
        picture.text(figure.panelTitles().get(panel), left, y + 16, TextStyle.PLAIN);
        for (int row = 0; row < numRows; row++) {
            picture.text(figure.rowLabels().get(row), left - 6, top + row * CELL + 16, TextStyle.PLAIN.at(Anchor.END));
            for (int column = 0; column < numColumns; column++) {
                drawCell(picture, figure.values()[panel][row][column], left + column * layout.cellWidth,
                        top + row * CELL, layout.cellWidth);
            }
        }
        double bottom = top + numRows * CELL;
        double right = numColumns * layout.cellWidth;
        picture.frame(left, top, right, bottom - top, null, Color.GRAY);
        for (int column = 0; column < numColumns; column++) {
            double middle = left + (column + 0.5) * layout.cellWidth;
            if (isSlanted(layout.cellWidth)) {
                picture.text(figure.columnLabels().get(column), middle - 4, bottom + 14, TextStyle.PLAIN.turned(45));
            } else {
                picture.text(figure.columnLabels().get(column), middle, bottom + 16, TextStyle.PLAIN.at(Anchor.MIDDLE));
            }
        }
        picture.text(figure.columnAxis(), left + right / 2, bottom + layout.below - 8,
                TextStyle.PLAIN.at(Anchor.MIDDLE));
        picture.text(figure.rowAxis(), x + 12, top + (bottom - top) / 2, TextStyle.PLAIN.at(Anchor.MIDDLE).turned(-90));
    }

    private void drawCell(Picture picture, double value, double x, double y, double width) {
        Color color = Double.isFinite(value) ? color(value) : NO_NUMBER;
        picture.fill(x, y, width + 0.3, CELL + 0.3, color);
        if (hasNumbers() && Double.isFinite(value)) {
            picture.text(number(value), x + width / 2, y + 16, NUMBER.of(10, Picture.readableOn(color)));
        }
    }

    private ColorBar bar() {
        GridFigure.Scale scale = figure.scale();
        return new ColorBar(scale.title(), figure.low(), figure.high(),
                List.of(new ColorBar.Tick(scale.baseline(), number(scale.baseline()) + " " + scale.baselineLabel()),
                        new ColorBar.Tick(figure.high(), number(figure.high())),
                        new ColorBar.Tick(figure.low(), number(figure.low()))),
                this::color);
    }

    private String number(double value) {
        double reach = figure.reach();
        return String.format(Locale.ROOT, reach >= 10 ? "%.1f" : reach >= 0.1 ? "%.2f" : "%.1e", value);
    }

    private Color color(double value) {
        return color(value, figure.scale().baseline(), figure.reach());
    }

    /** White at the baseline, red a reach above it, blue a reach below it. */
    static Color color(double value, double baseline, double reach) {
        double part = Math.clamp((value - baseline) / reach, -1.0, 1.0);
        double[] end = part > 0 ? new double[] {178, 24, 43} : new double[] {33, 102, 172};
        double weight = Math.abs(part);
        int[] channels = new int[3];
        for (int channel = 0; channel < 3; channel++) {
            channels[channel] = (int) Math.round(255 + (end[channel] - 255) * weight);
        }
        return new Color(channels[0], channels[1], channels[2]);
    }
}
