package io.github.pastkv.lens.plot;

import io.github.pastkv.lens.plot.TextStyle.Anchor;
import java.awt.Color;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A table of probabilities as colored cells, with a text in each cell or none. White is 0, dark blue is 1.
 *
 * @param caption what it shows
 * @param rowAxis what the rows are
 * @param columnAxis what the columns are
 * @param barTitle what a color means
 * @param rowLabels down the left side
 * @param columnLabels along the bottom, slanted
 * @param values {@code [rows][columns]}; outside {@code [0, 1]} they count as the nearest end
 * @param texts {@code [rows][columns]}, each of one or two lines, or null for none
 */
@SuppressWarnings("ArrayRecordComponent") // numbers to be drawn, compared by nobody
public record HeatMap(Caption caption, String rowAxis, String columnAxis, String barTitle, List<String> rowLabels,
        List<String> columnLabels, float[][] values, String @Nullable [][] texts) {
    private static final int MARGIN = 16;
    private static final int LINE = 14;
    private static final TextStyle CELL = new TextStyle(11, false, Anchor.MIDDLE, 0, Color.BLACK);

    /** Draws it. */
    public Picture picture() {
        double cellWidth = cellWidth();
        double cellHeight = texts == null ? 22 : 10 + (double) numLines() * LINE;
        double left = 26 + TextStyle.PLAIN.widest(rowLabels);
        double label = TextStyle.PLAIN.widest(columnLabels) * 0.71;
        double below = label + 40;
        double mapWidth = columnLabels.size() * cellWidth;
        double mapHeight = rowLabels.size() * cellHeight;
        double barLeft = left + mapWidth + Math.max(14, label - cellWidth / 2 + 10);
        ColorBar bar = new ColorBar(barTitle, 0, 1, List.of(new ColorBar.Tick(1, "1"), new ColorBar.Tick(0, "0"),
                new ColorBar.Tick(0.5, "0.5")), value -> color((float) value));
        double width = Math.max(barLeft + bar.width(mapHeight), caption.minWidth());
        double top = MARGIN + caption.height(width) + 2;
        Picture picture =
                new Picture(width + 2 * MARGIN,
                        top + Math.max(mapHeight + below, ColorBar.height(mapHeight) + 20) + MARGIN);
        caption.draw(picture, MARGIN, MARGIN, width);
        double x = MARGIN + left;
        for (int row = 0; row < rowLabels.size(); row++) {
            double y = top + row * cellHeight;
            picture.text(rowLabels.get(row), x - 6, y + cellHeight / 2 + 4, TextStyle.PLAIN.at(Anchor.END));
            for (int column = 0; column < columnLabels.size(); column++) {
                drawCell(picture, row, column, x + column * cellWidth, y, cellWidth, cellHeight);
            }
        }
        picture.frame(x, top, mapWidth, mapHeight, null, Color.GRAY);
        for (int column = 0; column < columnLabels.size(); column++) {
            picture.text(columnLabels.get(column), x + (column + 0.5) * cellWidth - 4, top + mapHeight + 14,
                    TextStyle.PLAIN.turned(45));
        }
        picture.text(columnAxis, x + mapWidth / 2, top + mapHeight + below - 8, TextStyle.PLAIN.at(Anchor.MIDDLE));
        picture.text(rowAxis, MARGIN + 12, top + mapHeight / 2, TextStyle.PLAIN.at(Anchor.MIDDLE).turned(-90));
        bar.draw(picture, MARGIN + barLeft, top, mapHeight);
        return picture;
    }

    private int numLines() {
        return texts == null
                ? 0
                : (int) Arrays.stream(texts).flatMap(Arrays::stream).mapToLong(text -> text.lines().count()).max()
                        .orElse(1);
    }

    private double cellWidth() {
        return texts == null
                ? 22
                : Math.max(28, 8 + Arrays.stream(texts).flatMap(Arrays::stream).flatMap(String::lines)
                        .mapToDouble(CELL::width).max().orElse(0));
    }

    private void drawCell(Picture picture, int row, int column, double x, double y, double width, double height) {
        Color color = color(values[row][column]);
        picture.fill(x, y, width - 1, height - 1, color);
        if (texts != null) {
            List<String> lines = texts[row][column].lines().toList();
            for (int line = 0; line < lines.size(); line++) {
                picture.text(lines.get(line), x + width / 2, y + 16 + line * LINE,
                        CELL.of(11, Picture.readableOn(color)));
            }
        }
    }

    /** White to dark blue by way of light blue. */
    static Color color(float value) {
        float red = 1 - Math.clamp(value, 0f, 1f);
        float green = 1 - 0.72f * (1 - red);
        float blue = 1 - 0.42f * (1 - red);
        return new Color(red * red + red * (1 - red) * 0.8f, green, blue);
    }
}
