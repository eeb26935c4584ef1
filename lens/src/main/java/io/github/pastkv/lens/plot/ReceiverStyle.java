package io.github.pastkv.lens.plot;

import io.github.pastkv.lens.circuits.Receiver;
import java.awt.Color;

/** How a {@link CircuitDrawing} shows what reads an edge. */
final class ReceiverStyle {
    private ReceiverStyle() {}

    /** Queries, keys and values enter beside each other. */
    static double port(Receiver receiver) {
        return switch (receiver.kind()) {
            case QUERY -> -18;
            case VALUE -> 18;
            case KEY, MLP, OUTPUT -> 0;
        };
    }

    /** The color of its edges. */
    static Color color(Receiver.Kind kind) {
        return switch (kind) {
            case QUERY -> new Color(0x0072B2);
            case KEY -> new Color(0x009E73);
            case VALUE -> new Color(0xD55E00);
            case MLP -> new Color(0x6B6B6B);
            case OUTPUT -> Color.BLACK;
        };
    }

    /** Its name in the legend. */
    static String title(Receiver.Kind kind) {
        return switch (kind) {
            case QUERY -> "query";
            case KEY -> "key";
            case VALUE -> "value";
            case MLP -> "feed-forward";
            case OUTPUT -> "output";
        };
    }
}
