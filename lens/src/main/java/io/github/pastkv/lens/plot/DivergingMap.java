package io.github.pastkv.lens.plot;

import java.awt.BasicStroke;
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
import java.util.Locale;
import javax.imageio.ImageIO;

/**
 * Draws a figure as heat maps: white is the baseline, red above it, blue below it, grey where there is no number, with
 * labels on both axes and a scale beside them. Drawn at twice the size that it is laid out in, fit for print.
 *
 * @param figure what is drawn
 */
public record DivergingMap(GridFigure figure) {
    private static final int SCALE = 2;
    private static final int MAX_SIDE = 20_000;
    private static final int MARGIN = 16;
    private static final int CELL = 20;
    private static final int HEADER = 44;
    private static final int SCALE_WIDTH = 96;
    private static final int SCALE_HEIGHT = 120;
    private static final Font FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 12);
    private static final Font BOLD = new Font(Font.SANS_SERIF, Font.BOLD, 14);
    private static final Color NO_NUMBER = new Color(0xD8D8D8);

    /** Where things lie, in units before scaling. */
    private record Layout(int left, int below, int panelWidth, int panelHeight, int width, int height) {
        static Layout of(GridFigure figure, FontMetrics metrics) {
            int left = 24 + widest(figure.rowLabels(), metrics);
            int below = (int) Math.ceil(widest(figure.columnLabels(), metrics) * 0.71) + 40;
            int panelWidth = left + Math.max(figure.columnLabels().size() * CELL + below - 24, 90);
            int panelHeight = 22 + figure.rowLabels().size() * CELL + below;
            int across = Math.min(figure.panelsPerRow(), figure.values().length);
            int down = Math.ceilDiv(figure.values().length, figure.panelsPerRow());
            int width = Math.max(across * panelWidth + SCALE_WIDTH, metrics.stringWidth(figure.title()) * 5 / 4);
            return new Layout(left, below, panelWidth, panelHeight, 2 * MARGIN + width,
                    MARGIN + HEADER + Math.max(down * panelHeight, SCALE_HEIGHT + 40));
        }

        private static int widest(List<String> labels, FontMetrics metrics) {
            return labels.stream().mapToInt(metrics::stringWidth).max().orElse(0);
        }
    }

    private static Layout layout(GridFigure figure) {
        Graphics2D g = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
        try {
            return Layout.of(figure, g.getFontMetrics(FONT));
        } finally {
            g.dispose();
        }
    }

    /**
     * Refuses a picture that is too large, so that it can be asked before the numbers are there.
     *
     * @throws IllegalArgumentException if a side is beyond 20,000 pixels
     */
    public void requireDrawable() {
        Layout layout = layout(figure);
        if (layout.width * SCALE > MAX_SIDE || layout.height * SCALE > MAX_SIDE) {
            throw new IllegalArgumentException("picture: " + layout.width * SCALE + " x " + layout.height * SCALE
                    + " pixels, at most " + MAX_SIDE + " a side; use a page or fewer tokens");
        }
    }

    /** Draws it. */
    public BufferedImage draw() {
        requireDrawable();
        Layout layout = layout(figure);
        BufferedImage image =
                new BufferedImage(layout.width * SCALE, layout.height * SCALE, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        g.scale(SCALE, SCALE);
        g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, layout.width, layout.height);
        text(g, BOLD, figure.title(), MARGIN, MARGIN + 12);
        for (int panel = 0; panel < figure.values().length; panel++) {
            int x = MARGIN + panel % figure.panelsPerRow() * layout.panelWidth;
            int y = HEADER + panel / figure.panelsPerRow() * layout.panelHeight;
            drawPanel(g, layout, panel, x, y);
        }
        drawScale(g, layout.width - MARGIN - SCALE_WIDTH + 20, HEADER + 22);
        g.dispose();
        return image;
    }

    private void drawPanel(Graphics2D g, Layout layout, int panel, int x, int y) {
        text(g, FONT, figure.panelTitles().get(panel), x + layout.left, y + 14);
        int left = x + layout.left;
        int top = y + 22;
        int numRows = figure.rowLabels().size();
        int numColumns = figure.columnLabels().size();
        for (int row = 0; row < numRows; row++) {
            String label = figure.rowLabels().get(row);
            text(g, FONT, label, left - 6 - g.getFontMetrics(FONT).stringWidth(label), top + row * CELL + 14);
            for (int column = 0; column < numColumns; column++) {
                g.setColor(color(figure.values()[panel][row][column]));
                g.fillRect(left + column * CELL, top + row * CELL, CELL, CELL);
            }
        }
        g.setStroke(new BasicStroke(0.6f));
        g.setColor(Color.GRAY);
        g.drawRect(left, top, numColumns * CELL, numRows * CELL);
        for (int column = 0; column < numColumns; column++) {
            turned(g, Math.PI / 4, figure.columnLabels().get(column), left + column * CELL + 6,
                    top + numRows * CELL + 14);
        }
        text(g, FONT, figure.columnAxis(), left, top + numRows * CELL + layout.below - 10);
        int axisWidth = g.getFontMetrics(FONT).stringWidth(figure.rowAxis());
        turned(g, -Math.PI / 2, figure.rowAxis(), x + 11, top + (numRows * CELL + axisWidth) / 2);
    }

    private void drawScale(Graphics2D g, int x, int y) {
        double reach = figure.reach();
        for (int step = 0; step < SCALE_HEIGHT; step++) {
            g.setColor(color(figure.baseline() + reach * (1 - 2.0 * step / (SCALE_HEIGHT - 1))));
            g.fillRect(x, y + step, 14, 1);
        }
        g.setColor(Color.GRAY);
        g.drawRect(x, y, 14, SCALE_HEIGHT);
        text(g, FONT, number(figure.baseline() + reach), x + 20, y + 10);
        text(g, FONT, number(figure.baseline()), x + 20, y + SCALE_HEIGHT / 2 + 5);
        text(g, FONT, number(figure.baseline() - reach), x + 20, y + SCALE_HEIGHT);
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.3g", value);
    }

    private static void text(Graphics2D g, Font font, String text, int x, int y) {
        g.setFont(font);
        g.setColor(Color.BLACK);
        g.drawString(text, x, y);
    }

    private static void turned(Graphics2D g, double angle, String text, int x, int y) {
        AffineTransform upright = g.getTransform();
        g.translate(x, y);
        g.rotate(angle);
        text(g, FONT, text, 0, 0);
        g.setTransform(upright);
    }

    private Color color(double value) {
        return Double.isFinite(value) ? color(value, figure.baseline(), figure.reach()) : NO_NUMBER;
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

    /** Draws it into a PNG file. */
    public void write(Path file) throws IOException {
        if (!ImageIO.write(draw(), "png", file.toFile())) {
            throw new IOException(file + ": this JDK writes no PNG");
        }
    }
}
