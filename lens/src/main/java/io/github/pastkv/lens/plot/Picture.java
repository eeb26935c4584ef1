package io.github.pastkv.lens.plot;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;

/**
 * A drawing of rectangles, curves and texts on a white background, written as SVG or, at twice its size, as PNG. The
 * origin is the upper left corner. Not thread-safe while drawing.
 */
public final class Picture {
    private static final int PNG_SCALE = 2;
    private static final int MAX_SIDE = 20_000;

    private final int width;
    private final int height;
    private final List<Shape> shapes = new ArrayList<>();

    /**
     * An empty picture.
     *
     * @throws IllegalArgumentException if a side of its PNG is beyond 20,000 pixels
     */
    Picture(double width, double height) {
        this.width = (int) Math.ceil(width);
        this.height = (int) Math.ceil(height);
        if (this.width * PNG_SCALE > MAX_SIDE || this.height * PNG_SCALE > MAX_SIDE) {
            throw new IllegalArgumentException("picture: " + this.width * PNG_SCALE + " x " + this.height * PNG_SCALE
                    + " pixels, at most " + MAX_SIDE + " a side; use a page or fewer tokens");
        }
    }

    void fill(double x, double y, double boxWidth, double boxHeight, Color color) {
        shapes.add(new Shape.Box(x, y, boxWidth, boxHeight, color, null));
    }

    void frame(double x, double y, double boxWidth, double boxHeight, @Nullable Color fill, Color line) {
        shapes.add(new Shape.Box(x, y, boxWidth, boxHeight, fill, line));
    }

    /** @param tip what an SVG shows where the pointer is; may be empty */
    void curve(Color color, double lineWidth, String tip, double... points) {
        shapes.add(new Shape.Curve(points, color, lineWidth, tip));
    }

    void polygon(Color color, double... points) {
        shapes.add(new Shape.Polygon(points, color));
    }

    void text(String text, double x, double y, TextStyle style) {
        shapes.add(new Shape.Text(text, x, y, style));
    }

    /** Black or white, whichever can be read on a color (WCAG relative luminance). */
    static Color readableOn(Color background) {
        float[] linear = new float[3];
        background.getRGBColorComponents(linear);
        for (int i = 0; i < linear.length; i++) {
            linear[i] = (float) (linear[i] <= 0.04045 ? linear[i] / 12.92 : Math.pow((linear[i] + 0.055) / 1.055, 2.4));
        }
        double luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
        return luminance > 0.179 ? Color.BLACK : Color.WHITE;
    }

    /** Width of the picture; its PNG is twice as wide. */
    public int width() {
        return width;
    }

    /** Height of the picture; its PNG is twice as high. */
    public int height() {
        return height;
    }

    /**
     * Refuses a file that {@link #write} would, before the work.
     *
     * @param option the option that named the file, for the message
     * @param file the file, or null for none
     * @throws IllegalArgumentException for a file that ends neither in {@code .svg} nor in {@code .png}
     */
    public static void requireFormat(String option, @Nullable Path file) {
        if (file != null && !isSvg(file) && !isPng(file)) {
            throw new IllegalArgumentException(option + ": " + file + ", must end in .svg or .png");
        }
    }

    private static boolean isSvg(Path file) {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(".svg");
    }

    private static boolean isPng(Path file) {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(".png");
    }

    /**
     * Writes the picture.
     *
     * @throws IOException for a file that ends neither in {@code .svg} nor in {@code .png}, or cannot be written
     */
    public void write(Path file) throws IOException {
        if (isSvg(file)) {
            Files.writeString(file, svg());
        } else if (!isPng(file)) {
            throw new IOException(file + ": must end in .svg or .png");
        } else if (!ImageIO.write(image(), "png", file.toFile())) {
            throw new IOException(file + ": this JDK writes no PNG");
        }
    }

    /** The picture in pixels. */
    public BufferedImage image() {
        BufferedImage image = new BufferedImage(width * PNG_SCALE, height * PNG_SCALE, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        g.scale(PNG_SCALE, PNG_SCALE);
        g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, width, height);
        shapes.forEach(shape -> ShapePainter.paint(g, shape));
        g.dispose();
        return image;
    }

    /** The picture as SVG. */
    public String svg() {
        StringBuilder svg = new StringBuilder(String.format(Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
                        + "font-family=\"DejaVu Sans, Verdana, sans-serif\">%n"
                        + "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n",
                width, height, width, height));
        shapes.forEach(shape -> svg.append(SvgShapes.element(shape)));
        return svg.append("</svg>\n").toString();
    }
}
