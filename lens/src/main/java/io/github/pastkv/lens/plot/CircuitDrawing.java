package io.github.pastkv.lens.plot;

import io.github.pastkv.lens.circuits.CircuitEdge;
import io.github.pastkv.lens.circuits.CircuitGraph;
import io.github.pastkv.lens.circuits.Receiver;
import io.github.pastkv.lens.circuits.Sender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A circuit as a picture (SVG): the embedding below, the output above, between them a line of heads and one of the
 * feed-forward block for each layer that has a part in it. Edges are coloured by what reads them and are the wider the more
 * hangs on them; the pointer shows how much.
 *
 * @param graph the model's graph
 * @param edges the circuit
 * @param title what it shows
 */
public record CircuitDrawing(CircuitGraph graph, List<CircuitEdge> edges, String title) {
    private static final int NODE_WIDTH = 64;
    private static final int NODE_HEIGHT = 26;
    private static final int COLUMN = 92;
    private static final int LINE = 84;
    private static final int MIN_WIDTH = 420; // of title and legend
    private static final int MARGIN = 24;
    private static final int TITLE_HEIGHT = 34;
    private static final int LEGEND_HEIGHT = 34;

    /** Lines of one node lean to one side or the other, so that edges past them can be seen; in columns. */
    private static final double[] LEANS = {0, 0.9, -0.9, 0.45, -0.45};

    /** Place of a node: its line from below, and its column. */
    private record Node(String name, int rank) {}

    private record Place(double x, double y) {}

    /** Writes it. */
    public void write(Path file) throws IOException {
        Files.writeString(file, svg());
    }

    /** The picture. */
    public String svg() {
        TreeMap<Integer, TreeSet<Node>> lines = lines();
        int columns = lines.values().stream().mapToInt(TreeSet::size).max().orElse(1);
        int width = 2 * MARGIN + Math.max((columns + 1) * COLUMN, MIN_WIDTH);
        int height = TITLE_HEIGHT + LEGEND_HEIGHT + 2 * MARGIN + Math.max(0, lines.size() - 1) * LINE + NODE_HEIGHT;
        Map<String, Place> places = places(lines, width, height);
        StringBuilder svg = new StringBuilder(String.format(Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
                        + "font-family=\"sans-serif\" font-size=\"13\">%n<rect width=\"100%%\" height=\"100%%\" "
                        + "fill=\"white\"/>%n<text x=\"%d\" y=\"22\" font-size=\"14\">%s</text>%n",
                width, height, width, height, MARGIN, escaped(title)));
        double largest = edges.stream().mapToDouble(CircuitEdge::effect).filter(Double::isFinite).max().orElse(1);
        edges.forEach(edge -> appendEdge(svg, edge, places, largest));
        places.forEach((name, place) -> appendNode(svg, name, place));
        appendLegend(svg, height);
        return svg.append("</svg>\n").toString();
    }

    /** The nodes that are on an edge, by line. */
    private TreeMap<Integer, TreeSet<Node>> lines() {
        TreeMap<Integer, TreeSet<Node>> lines = new TreeMap<>();
        for (CircuitEdge edge : edges) {
            Sender from = graph.senders().get(edge.sender());
            Receiver to = graph.receivers().get(edge.receiver());
            add(lines, new Node(from.name(), rank(from)));
            readers(edge.receiver()).forEach(name -> add(lines, new Node(name, rank(to))));
        }
        return lines;
    }

    private static void add(TreeMap<Integer, TreeSet<Node>> lines, Node node) {
        lines.computeIfAbsent(node.rank(), _ -> new TreeSet<>((a, b) -> {
            int byLength = Integer.compare(a.name().length(), b.name().length()); // a1.2 before a1.10
            return byLength != 0 ? byLength : a.name().compareTo(b.name());
        })).add(node);
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

    private static Map<String, Place> places(TreeMap<Integer, TreeSet<Node>> lines, int width, int height) {
        Map<String, Place> places = new TreeMap<>();
        int line = 0;
        for (TreeSet<Node> nodes : lines.values()) {
            double y = height - LEGEND_HEIGHT - MARGIN - NODE_HEIGHT / 2.0 - (double) line * LINE;
            int column = 0;
            for (Node node : nodes) {
                double lean = nodes.size() == 1 ? LEANS[line % LEANS.length] * COLUMN : 0;
                double x = width / 2.0 + (column - (nodes.size() - 1) / 2.0) * COLUMN + lean;
                places.put(node.name(), new Place(x, y));
                column++;
            }
            line++;
        }
        return places;
    }

    private void appendEdge(StringBuilder svg, CircuitEdge edge, Map<String, Place> places, double largest) {
        Receiver to = graph.receivers().get(edge.receiver());
        String from = graph.senders().get(edge.sender()).name();
        Place start = place(places, from);
        for (String reader : readers(edge.receiver())) {
            Place end = place(places, reader);
            double y0 = start.y() - NODE_HEIGHT / 2.0;
            double x1 = end.x() + port(to);
            double y1 = end.y() + NODE_HEIGHT / 2.0;
            double bend = Math.max(24, (y0 - y1) / 2);
            double effect = Double.isFinite(edge.effect()) ? Math.max(0, edge.effect()) / largest : 0;
            svg.append(String.format(Locale.ROOT,
                    "<path d=\"M%.1f %.1f C%.1f %.1f %.1f %.1f %.1f %.1f\" fill=\"none\" stroke=\"%s\" "
                            + "stroke-width=\"%.2f\" stroke-opacity=\"0.8\"><title>%s to %s: %.4g</title></path>%n",
                    start.x(), y0, start.x(), y0 - bend, x1, y1 + bend, x1, y1, colour(to.kind()), 1 + 5 * effect,
                    from, to.name(), edge.effect()));
        }
    }

    private static Place place(Map<String, Place> places, String name) {
        return Objects.requireNonNull(places.get(name), name);
    }

    /** Queries, keys and values come in beside each other. */
    private static double port(Receiver receiver) {
        return switch (receiver.kind()) {
            case QUERY -> -18;
            case VALUE -> 18;
            case KEY, MLP, OUTPUT -> 0;
        };
    }

    private static String colour(Receiver.Kind kind) {
        return switch (kind) {
            case QUERY -> "#0072b2";
            case KEY -> "#009e73";
            case VALUE -> "#d55e00";
            case MLP -> "#6b6b6b";
            case OUTPUT -> "#000000";
        };
    }

    private static void appendNode(StringBuilder svg, String name, Place place) {
        svg.append(String.format(Locale.ROOT,
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"%d\" rx=\"6\" fill=\"#f4f4f4\" stroke=\"#555\"/>"
                        + "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>%n",
                place.x() - NODE_WIDTH / 2.0, place.y() - NODE_HEIGHT / 2.0, NODE_WIDTH, NODE_HEIGHT, place.x(),
                place.y() + 4.5, escaped(name)));
    }

    private static void appendLegend(StringBuilder svg, int height) {
        List<Receiver.Kind> kinds = new ArrayList<>(List.of(Receiver.Kind.values()));
        List<String> names = List.of("query", "key", "value", "feed-forward", "output");
        int x = MARGIN;
        for (int kind = 0; kind < kinds.size(); kind++) {
            svg.append(String.format(Locale.ROOT,
                    "<path d=\"M%d %d h18\" stroke=\"%s\" stroke-width=\"3\"/><text x=\"%d\" y=\"%d\" "
                            + "font-size=\"11\">%s</text>%n",
                    x, height - 16, colour(kinds.get(kind)), x + 23, height - 12, names.get(kind)));
            x += 34 + 7 * names.get(kind).length();
        }
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
