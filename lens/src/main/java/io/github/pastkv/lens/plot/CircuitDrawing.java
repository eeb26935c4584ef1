package io.github.pastkv.lens.plot;

import io.github.pastkv.lens.circuits.CircuitEdge;
import io.github.pastkv.lens.circuits.CircuitGraph;
import io.github.pastkv.lens.circuits.Receiver;
import io.github.pastkv.lens.circuits.Sender;
import java.awt.Color;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * A circuit as a picture: the embedding below, the output above, between them a line of heads and one of the
 * feed-forward block for each layer that takes part. An edge has the color of what reads it, a width and a number that
 * say by how much the metric rises without it, and an arrow at its reader.
 *
 * @param graph the model's graph
 * @param edges the circuit
 * @param caption what it shows
 */
public record CircuitDrawing(CircuitGraph graph, List<CircuitEdge> edges, Caption caption) {
    private static final int NODE_WIDTH = 64;
    private static final int NODE_HEIGHT = 26;
    private static final int LINE = 88;
    private static final int MARGIN = 20;
    private static final int MIN_WIDTH = 400; // of the legend
    private static final int LEGEND_HEIGHT = 30;
    private static final int ARROW = 7;
    private static final TextStyle EFFECT = TextStyle.PLAIN.of(10, Color.BLACK);
    private static final Color NODE_FILL = new Color(0xF4F4F4);
    private static final Color NODE_LINE = new Color(0x555555);

    private record Drawn(CircuitEdge edge, CircuitLayout.Way way) {}

    /** Draws it. */
    public Picture picture() {
        Map<String, Integer> ranks = ranks();
        CircuitLayout layout = new CircuitLayout(ranks);
        List<Drawn> drawn = new ArrayList<>();
        for (CircuitEdge edge : edges) {
            String from = graph.senders().get(edge.sender()).name();
            readers(edge.receiver()).forEach(reader -> drawn.add(new Drawn(edge, layout.addEdge(from, reader))));
        }
        layout.arrange();
        double width = Math.max(layout.width(), Math.max(caption.minWidth(), MIN_WIDTH));
        double top = MARGIN + caption.height(width) + 8;
        double height = top + Math.max(0, layout.numLines() - 1) * LINE + NODE_HEIGHT + LEGEND_HEIGHT + MARGIN;
        Picture picture = new Picture(width + 2 * MARGIN, height);
        caption.draw(picture, MARGIN, MARGIN, width);
        double left = MARGIN + (width - layout.width()) / 2;
        double bottom = height - MARGIN - LEGEND_HEIGHT - NODE_HEIGHT / 2.0;
        double largest = edges.stream().mapToDouble(CircuitEdge::effect).filter(Double::isFinite).max().orElse(1);
        drawn.forEach(each -> drawEdge(picture, each, left, bottom, largest));
        drawn.forEach(each -> drawEffect(picture, each, left, bottom, largest));
        ranks.keySet().forEach(name -> drawNode(picture, name, left + layout.place(name).x(),
                bottom - (double) layout.place(name).line() * LINE));
        drawLegend(picture, height - 18);
        return picture;
    }

    /** The nodes that are on an edge, with their ranks from below. */
    private Map<String, Integer> ranks() {
        Map<String, Integer> ranks = new TreeMap<>();
        for (CircuitEdge edge : edges) {
            Sender from = graph.senders().get(edge.sender());
            Receiver to = graph.receivers().get(edge.receiver());
            ranks.put(from.name(), rank(from));
            readers(edge.receiver()).forEach(name -> ranks.put(name, rank(to)));
        }
        return ranks;
    }

    /** The nodes that a receiver is a part of; keys and values are those of several heads, of which some lead on. */
    private List<String> readers(int receiver) {
        List<Integer> fed = graph.sendersFedBy(receiver);
        if (fed.isEmpty()) {
            return List.of(graph.receivers().get(receiver).name());
        }
        List<Integer> leading = fed.stream()
                .filter(sender -> edges.stream().anyMatch(edge -> edge.sender() == sender)).toList();
        return (leading.isEmpty() ? fed : leading).stream().map(sender -> graph.senders().get(sender).name())
                .toList();
    }

    private static int rank(Sender sender) {
        return switch (sender.kind()) {
            case EMBED -> 0;
            case HEAD -> 2 * sender.layer() + 1;
            case MLP -> 2 * sender.layer() + 2;
        };
    }

    private static int rank(Receiver receiver) {
        return switch (receiver.kind()) {
            case QUERY, KEY, VALUE -> 2 * receiver.layer() + 1;
            case MLP -> 2 * receiver.layer() + 2;
            case OUTPUT -> 2 * receiver.layer() + 3;
        };
    }

    private void drawEdge(Picture picture, Drawn drawn, double left, double bottom, double largest) {
        Receiver to = graph.receivers().get(drawn.edge().receiver());
        Color color = ReceiverStyle.color(to.kind());
        double effect = drawn.edge().effect();
        double lineWidth = lineWidth(effect, largest);
        String tip = String.format(Locale.ROOT, "%s to %s: %.4g",
                graph.senders().get(drawn.edge().sender()).name(), to.name(), effect);
        List<CircuitLayout.Place> places = drawn.way().places();
        for (int i = 1; i < places.size(); i++) {
            boolean isLast = i == places.size() - 1;
            double x0 = left + places.get(i - 1).x();
            double y0 = bottom - (double) places.get(i - 1).line() * LINE - (i == 1 ? NODE_HEIGHT / 2.0 : 0);
            double x1 = left + places.get(i).x() + (isLast ? ReceiverStyle.port(to) : 0);
            double y1 = bottom - (double) places.get(i).line() * LINE
                    + (isLast ? NODE_HEIGHT / 2.0 + ARROW + lineWidth : 0);
            double bend = (y0 - y1) / 2;
            picture.curve(color, lineWidth, tip, x0, y0, x0, y0 - bend, x1, y1 + bend, x1, y1);
            if (isLast) {
                double half = ARROW / 2.0 + lineWidth / 2;
                picture.polygon(color, x1 - half, y1 + 0.5, x1 + half, y1 + 0.5, x1, y1 - ARROW - lineWidth);
            }
        }
    }

    private static double lineWidth(double effect, double largest) {
        return 1 + 5 * (Double.isFinite(effect) && largest > 0 ? Math.max(0, effect) / largest : 0);
    }

    /** By how much the metric rises without the edge: on the edge, where it passes a line or about its middle. */
    private void drawEffect(Picture picture, Drawn drawn, double left, double bottom, double largest) {
        Receiver to = graph.receivers().get(drawn.edge().receiver());
        List<CircuitLayout.Place> places = drawn.way().places();
        CircuitLayout.Place start = places.getFirst();
        CircuitLayout.Place end = places.getLast();
        boolean passes = places.size() > 2;
        CircuitLayout.Place passage = places.get(places.size() / 2);
        double x = left + passage.x();
        double y = bottom - (double) passage.line() * LINE;
        if (!passes) { // away from where edges of one sender part, or those to the output meet
            boolean isNearStart = to.kind() == Receiver.Kind.OUTPUT; // two or three fifths along its curve
            double endX = end.x() + ReceiverStyle.port(to);
            x = left + start.x() + (isNearStart ? 0.352 : 0.648) * (endX - start.x());
            double y0 = bottom - (double) start.line() * LINE - NODE_HEIGHT / 2.0;
            double y1 = bottom - (double) end.line() * LINE + NODE_HEIGHT / 2.0 + ARROW
                    + lineWidth(drawn.edge().effect(), largest);
            y = y0 + (isNearStart ? 0.424 : 0.576) * (y1 - y0);
        }
        double effect = drawn.edge().effect();
        String text = String.format(Locale.ROOT, Math.abs(effect) >= 1 ? "%.1f" : "%.2g", effect);
        double width = EFFECT.width(text);
        picture.fill(x - width / 2 - 1, y - 7, width + 2, 13, Color.WHITE);
        picture.text(text, x - width / 2, y + 4, EFFECT.of(10, ReceiverStyle.color(to.kind())));
    }

    private static void drawNode(Picture picture, String name, double x, double y) {
        picture.frame(x - NODE_WIDTH / 2.0, y - NODE_HEIGHT / 2.0, NODE_WIDTH, NODE_HEIGHT, NODE_FILL, NODE_LINE);
        picture.text(name, x, y + 4.5, TextStyle.PLAIN.at(TextStyle.Anchor.MIDDLE));
    }

    /** The kinds of readers that there are. */
    private void drawLegend(Picture picture, double y) {
        double x = MARGIN;
        picture.text("read as", x, y, TextStyle.NOTE);
        x += TextStyle.NOTE.width("read as") + 12;
        for (Receiver.Kind kind : Receiver.Kind.values()) {
            if (edges.stream().anyMatch(edge -> graph.receivers().get(edge.receiver()).kind() == kind)) {
                picture.curve(ReceiverStyle.color(kind), 3, "", x, y - 4, x + 18, y - 4);
                picture.text(ReceiverStyle.title(kind), x + 23, y, TextStyle.NOTE);
                x += 23 + TextStyle.NOTE.width(ReceiverStyle.title(kind)) + 16;
            }
        }
    }
}
