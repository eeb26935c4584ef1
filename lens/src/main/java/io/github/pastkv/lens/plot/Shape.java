package io.github.pastkv.lens.plot;

import java.awt.Color;
import org.jspecify.annotations.Nullable;

/** A part of a {@link Picture}. */
sealed interface Shape {
    /** A rectangle, filled or framed or both. */
    record Box(double x, double y, double width, double height, @Nullable Color fill,
            @Nullable Color line) implements Shape {}

    /**
     * A line or curve.
     *
     * @param points start and, for a line, its end; for a curve two control points and its end; as x and y in turn
     */
    @SuppressWarnings("ArrayRecordComponent") // coordinates to be drawn, compared by nobody
    record Curve(double[] points, Color line, double lineWidth, String tip) implements Shape {}

    /** A filled polygon. */
    @SuppressWarnings("ArrayRecordComponent") // coordinates to be drawn, compared by nobody
    record Polygon(double[] points, Color fill) implements Shape {}

    /** A text at an anchor. */
    record Text(String text, double x, double y, TextStyle style) implements Shape {}
}
