package io.github.pastkv.lens.plot;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;

/**
 * A table of numbers in {@code [0, 1]} as coloured cells with labels, and perhaps a text in each cell. White is 0, dark blue
 * is 1.
 *
 * @param title what it shows
 * @param rowLabels down the left side
 * @param columnLabels along the bottom, slanted
 * @param values {@code [rows][columns]}; outside {@code [0, 1]} they count as the nearest end
 * @param texts {@code [rows][columns]}, or null for none
 */
@SuppressWarnings("ArrayRecordComponent") // numbers to be drawn, compared by nobody
public record HeatMap(String title, List<String> rowLabels, List<String> columnLabels, float[][] values,
        String @Nullable [][] texts) {
    private static final int PADDING = 12;
    private static final int MAX_SIDE = 12_000;
    private static final Font FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 12);
    private static final Font TITLE_FONT = new Font(Font.SANS_SERIF, Font.BOLD, 15);

    /** Draws it. */
    public BufferedImage draw() {
        FontMetrics metrics = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics().getFontMetrics(FONT);
        int left = PADDING + rowLabels.stream().mapToInt(metrics::stringWidth).max().orElse(0) + 6;
        int longest = columnLabels.stream().mapToInt(metrics::stringWidth).max().orElse(0);
        int below = (int) (longest * 0.72) + 24;
        int cellWidth = cellWidth(metrics);
        int cellHeight = 22;
        int top = PADDING + 30;
        int width = left + columnLabels.size() * cellWidth + PADDING + below / 2;
        int height = top + rowLabels.size() * cellHeight + below + PADDING;
        if (width > MAX_SIDE || height > MAX_SIDE) {
            throw new IllegalArgumentException("picture: " + width + " x " + height + " pixels, at most " + MAX_SIDE
                    + " a side; show fewer tokens");
        }
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, width, height);
        g.setColor(Color.BLACK);
        g.setFont(TITLE_FONT);
        g.drawString(title, PADDING, PADDING + 15);
        g.setFont(FONT);
        for (int row = 0; row < rowLabels.size(); row++) {
            int y = top + row * cellHeight;
            drawLabel(g, rowLabels.get(row), left - 6 - metrics.stringWidth(rowLabels.get(row)), y + 15);
            for (int column = 0; column < columnLabels.size(); column++) {
                drawCell(g, row, column, left + column * cellWidth, y, cellWidth, cellHeight);
            }
        }
        for (int column = 0; column < columnLabels.size(); column++) {
            drawSlanted(g, columnLabels.get(column), left + column * cellWidth + cellWidth / 2 - 4,
                    top + rowLabels.size() * cellHeight + 14);
        }
        g.dispose();
        return image;
    }

    private int cellWidth(FontMetrics metrics) {
        int widest = 18;
        if (texts != null) {
            for (String[] row : texts) {
                for (String text : row) {
                    widest = Math.max(widest, metrics.stringWidth(text));
                }
            }
        }
        return widest + 6;
    }

    private void drawCell(Graphics2D g, int row, int column, int x, int y, int width, int height) {
        float value = Math.clamp(values[row][column], 0f, 1f);
        g.setColor(color(value));
        g.fillRect(x, y, width - 1, height - 1);
        if (texts != null) {
            g.setColor(value > 0.5f ? Color.WHITE : Color.BLACK);
            g.drawString(texts[row][column], x + 3, y + 15);
        }
    }

    private static void drawLabel(Graphics2D g, String label, int x, int y) {
        g.setColor(Color.DARK_GRAY);
        g.drawString(label, x, y);
    }

    private static void drawSlanted(Graphics2D g, String label, int x, int y) {
        AffineTransform upright = g.getTransform();
        g.translate(x, y);
        g.rotate(Math.PI / 4);
        drawLabel(g, label, 0, 0);
        g.setTransform(upright);
    }

    /** White to dark blue by way of light blue. */
    static Color color(float value) {
        float red = 1 - value;
        float green = 1 - 0.72f * value;
        float blue = 1 - 0.42f * value;
        return new Color(red * red + red * (1 - red) * 0.8f, green, blue);
    }

    /** Draws it into a PNG file. */
    public void write(Path file) throws IOException {
        if (!ImageIO.write(draw(), "png", file.toFile())) {
            throw new IOException(file + ": this JDK writes no PNG");
        }
    }
}
