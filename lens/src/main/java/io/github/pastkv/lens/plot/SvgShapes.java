package io.github.pastkv.lens.plot;

import java.awt.Color;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Writes the shapes of a {@link Picture} as SVG. */
final class SvgShapes {
    private SvgShapes() {}

    /** One element, with the end of its line. */
    static String element(Shape shape) {
        return switch (shape) {
            case Shape.Box box -> String.format(Locale.ROOT,
                    "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\" stroke=\"%s\"/>%n", box.x(),
                    box.y(), box.width(), box.height(), color(box.fill()), color(box.line()));
            case Shape.Curve curve -> String.format(Locale.ROOT,
                    "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%.2f\">%s</path>%n",
                    data(curve.points()), color(curve.line()), curve.lineWidth(),
                    curve.tip().isEmpty() ? "" : "<title>" + escaped(curve.tip()) + "</title>");
            case Shape.Polygon polygon -> String.format(Locale.ROOT, "<path d=\"%sZ\" fill=\"%s\"/>%n",
                    points(polygon.points()), color(polygon.fill()));
            case Shape.Text text -> String.format(Locale.ROOT,
                    "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%d\"%s text-anchor=\"%s\"%s fill=\"%s\" "
                            + "xml:space=\"preserve\">%s</text>%n",
                    text.x(), text.y(), text.style().size(), text.style().bold() ? " font-weight=\"bold\"" : "",
                    text.style().anchor().name().toLowerCase(Locale.ROOT),
                    text.style().degrees() == 0
                            ? ""
                            : String.format(Locale.ROOT, " transform=\"rotate(%.0f %.1f %.1f)\"",
                                    text.style().degrees(),
                                    text.x(), text.y()),
                    color(text.style().color()), escaped(text.text()));
        };
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
