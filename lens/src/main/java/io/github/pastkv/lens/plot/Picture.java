package io.github.pastkv.lens.plot;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.font.FontRenderContext;
import java.awt.geom.AffineTransform;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
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
    private static final FontRenderContext METRICS = new FontRenderContext(new AffineTransform(), true, true);

    private final int width;
    private final int height;
    private final List<Shape> shapes = new ArrayList<>();

    private sealed interface Shape {}

    private record Box(double x, double y, double width, double height, @Nullable Color fill,
            @Nullable Color line) implements Shape {}

    /**
     * {@code points}: start and, for a line, its end; for a curve two control points and its end; as x and y in turn.
     */
    @SuppressWarnings("ArrayRecordComponent") // coordinates to be drawn, compared by nobody
    private record Curve(double[] points, Color line, double lineWidth, String tip) implements Shape {}

    @SuppressWarnings("ArrayRecordComponent") // coordinates to be drawn, compared by nobody
    private record Polygon(double[] points, Color fill) implements Shape {}

    private record Text(String text, double x, double y, Style style) implements Shape {}

    /** Which part of a text stands at its place. */
    enum Anchor {
        START(0),
        MIDDLE(0.5),
        END(1);

        private final double part; // of the text's width

        Anchor(double part) {
            this.part = part;
        }
    }

    /**
     * How a text looks.
     *
     * @param degrees clockwise, around the anchor
     */
    record Style(int size, boolean bold, Anchor anchor, double degrees, Color color) {
        static final Style PLAIN = new Style(12, false, Anchor.START, 0, Color.BLACK);
        static final Style TITLE = new Style(15, true, Anchor.START, 0, Color.BLACK);
        static final Style NOTE = new Style(12, false, Anchor.START, 0, new Color(0x444444));

        Style at(Anchor newAnchor) {
            return new Style(size, bold, newAnchor, degrees, color);
        }

        Style turned(double newDegrees) {
            return new Style(size, bold, anchor, newDegrees, color);
        }

        Style of(int newSize, Color newColor) {
            return new Style(newSize, bold, anchor, degrees, newColor);
        }

        private Font font() {
            return new Font(Font.SANS_SERIF, bold ? Font.BOLD : Font.PLAIN, size);
        }

        double width(String text) {
            return font().getStringBounds(text, METRICS).getWidth();
        }

        double widest(List<String> texts) {
            return texts.stream().mapToDouble(this::width).max().orElse(0);
        }
    }

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
        shapes.add(new Box(x, y, boxWidth, boxHeight, color, null));
    }

    void frame(double x, double y, double boxWidth, double boxHeight, @Nullable Color fill, Color line) {
        shapes.add(new Box(x, y, boxWidth, boxHeight, fill, line));
    }

    /** @param tip what an SVG shows where the pointer is; may be empty */
    void curve(Color color, double lineWidth, String tip, double... points) {
        shapes.add(new Curve(points, color, lineWidth, tip));
    }

    void polygon(Color color, double... points) {
        shapes.add(new Polygon(points, color));
    }

    void text(String text, double x, double y, Style style) {
        shapes.add(new Text(text, x, y, style));
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
        shapes.forEach(shape -> draw(g, shape));
        g.dispose();
        return image;
    }

    private static void draw(Graphics2D g, Shape shape) {
        switch (shape) {
            case Box box -> {
                Rectangle2D area = new Rectangle2D.Double(box.x, box.y, box.width, box.height);
                if (box.fill != null) {
                    g.setColor(box.fill);
                    g.fill(area);
                }
                if (box.line != null) {
                    g.setColor(box.line);
                    g.setStroke(new BasicStroke(1));
                    g.draw(area);
                }
            }
            case Curve curve -> {
                g.setColor(curve.line);
                g.setStroke(new BasicStroke((float) curve.lineWidth, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND));
                g.draw(path(curve.points));
            }
            case Polygon polygon -> {
                Path2D path = new Path2D.Double();
                path.moveTo(polygon.points[0], polygon.points[1]);
                for (int i = 2; i < polygon.points.length; i += 2) {
                    path.lineTo(polygon.points[i], polygon.points[i + 1]);
                }
                path.closePath();
                g.setColor(polygon.fill);
                g.fill(path);
            }
            case Text text -> {
                AffineTransform upright = g.getTransform();
                g.setFont(text.style.font());
                g.setColor(text.style.color);
                g.translate(text.x, text.y);
                g.rotate(Math.toRadians(text.style.degrees));
                double before = text.style.width(text.text) * text.style.anchor.part;
                g.drawString(text.text, (float) -before, 0);
                g.setTransform(upright);
            }
        }
    }

    private static Path2D path(double[] p) {
        Path2D path = new Path2D.Double();
        path.moveTo(p[0], p[1]);
        if (p.length == 4) {
            path.lineTo(p[2], p[3]);
        } else {
            path.curveTo(p[2], p[3], p[4], p[5], p[6], p[7]);
        }
        return path;
    }

    /** The picture as SVG. */
    public String svg() {
        StringBuilder svg = new StringBuilder(String.format(Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
                        + "font-family=\"DejaVu Sans, Verdana, sans-serif\">%n"
                        + "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n",
                width, height, width, height));
        shapes.forEach(shape -> append(svg, shape));
        return svg.append("</svg>\n").toString();
    }

    private static void append(StringBuilder svg, Shape shape) {
        svg.append(switch (shape) {
            case Box box -> String.format(Locale.ROOT,
                    "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\" stroke=\"%s\"/>%n", box.x,
                    box.y, box.width, box.height, color(box.fill), color(box.line));
            case Curve curve -> String.format(Locale.ROOT,
                    "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%.2f\">%s</path>%n",
                    data(curve.points), color(curve.line), curve.lineWidth,
                    curve.tip.isEmpty() ? "" : "<title>" + escaped(curve.tip) + "</title>");
            case Polygon polygon -> String.format(Locale.ROOT, "<path d=\"%sZ\" fill=\"%s\"/>%n",
                    points(polygon.points), color(polygon.fill));
            case Text text -> String.format(Locale.ROOT,
                    "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%d\"%s text-anchor=\"%s\"%s fill=\"%s\" "
                            + "xml:space=\"preserve\">%s</text>%n",
                    text.x, text.y, text.style.size, text.style.bold ? " font-weight=\"bold\"" : "",
                    text.style.anchor.name().toLowerCase(Locale.ROOT),
                    text.style.degrees == 0
                            ? ""
                            : String.format(Locale.ROOT, " transform=\"rotate(%.0f %.1f %.1f)\"", text.style.degrees,
                                    text.x, text.y),
                    color(text.style.color), escaped(text.text));
        });
    }

    private static String data(double[] p) {
        return p.length == 4
                ? points(p)
                : String.format(Locale.ROOT, "M%.1f %.1f C%.1f %.1f %.1f %.1f %.1f %.1f", p[0], p[1], p[2], p[3], p[4],
                        p[5], p[6], p[7]);
    }

    private static String points(double[] points) {
        StringBuilder data = new StringBuilder();
        for (int i = 0; i < points.length; i += 2) {
            data.append(String.format(Locale.ROOT, "%s%.1f %.1f", i == 0 ? "M" : "L", points[i], points[i + 1]));
        }
        return data.toString();
    }

    private static String color(@Nullable Color color) {
        return color == null ? "none" : String.format(Locale.ROOT, "#%06x", color.getRGB() & 0xFFFFFF);
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replaceAll("\\p{Cntrl}", " ");
    }
}
