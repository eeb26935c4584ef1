package io.github.pastkv.lens.plot;

import java.awt.Color;
import java.awt.Font;
import java.awt.font.FontRenderContext;
import java.awt.geom.AffineTransform;
import java.util.List;

/**
 * How a text looks.
 *
 * @param degrees clockwise, around the anchor
 */
record TextStyle(int size, boolean bold, Anchor anchor, double degrees, Color color) {
    private static final FontRenderContext METRICS = new FontRenderContext(new AffineTransform(), true, true);

    static final TextStyle PLAIN = new TextStyle(12, false, Anchor.START, 0, Color.BLACK);
    static final TextStyle TITLE = new TextStyle(15, true, Anchor.START, 0, Color.BLACK);
    static final TextStyle NOTE = new TextStyle(12, false, Anchor.START, 0, new Color(0x444444));

    /** Which part of a text stands at its place. */
    enum Anchor {
        START(0),
        MIDDLE(0.5),
        END(1);

        final double part; // of the text's width

        Anchor(double part) {
            this.part = part;
        }
    }

    TextStyle at(Anchor newAnchor) {
        return new TextStyle(size, bold, newAnchor, degrees, color);
    }

    TextStyle turned(double newDegrees) {
        return new TextStyle(size, bold, anchor, newDegrees, color);
    }

    TextStyle of(int newSize, Color newColor) {
        return new TextStyle(newSize, bold, anchor, degrees, newColor);
    }

    Font font() {
        return new Font(Font.SANS_SERIF, bold ? Font.BOLD : Font.PLAIN, size);
    }

    double width(String text) {
        return font().getStringBounds(text, METRICS).getWidth();
    }

    double widest(List<String> texts) {
        return texts.stream().mapToDouble(this::width).max().orElse(0);
    }
}
