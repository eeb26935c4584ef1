package io.github.pastkv.lens.plot;

import java.awt.BasicStroke;
import java.awt.Graphics2D;
import java.awt.geom.AffineTransform;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;

/** Draws the shapes of a {@link Picture} in pixels. */
final class ShapePainter {
    private ShapePainter() {}

    static void paint(Graphics2D g, Shape shape) {
        switch (shape) {
            case Shape.Box box -> paint(g, box);
            case Shape.Curve curve -> {
                g.setColor(curve.line());
                g.setStroke(new BasicStroke((float) curve.lineWidth(), BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND));
                g.draw(path(curve.points()));
            }
            case Shape.Polygon polygon -> {
                g.setColor(polygon.fill());
                g.fill(outline(polygon.points()));
            }
            case Shape.Text text -> paint(g, text);
        }
    }

    private static void paint(Graphics2D g, Shape.Box box) {
        Rectangle2D area = new Rectangle2D.Double(box.x(), box.y(), box.width(), box.height());
        if (box.fill() != null) {
            g.setColor(box.fill());
            g.fill(area);
        }
        if (box.line() != null) {
            g.setColor(box.line());
            g.setStroke(new BasicStroke(1));
            g.draw(area);
        }
    }

    private static void paint(Graphics2D g, Shape.Text text) {
        TextStyle style = text.style();
        AffineTransform upright = g.getTransform();
        g.setFont(style.font());
        g.setColor(style.color());
        g.translate(text.x(), text.y());
        g.rotate(Math.toRadians(style.degrees()));
        double before = style.width(text.text()) * style.anchor().part;
        g.drawString(text.text(), (float) -before, 0);
        g.setTransform(upright);
    }

    private static Path2D outline(double[] points) {
        Path2D path = new Path2D.Double();
        path.moveTo(points[0], points[1]);
        for (int i = 2; i < points.length; i += 2) {
            path.lineTo(points[i], points[i + 1]);
        }
        path.closePath();
        return path;
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
}
