package io.github.pastkv.lens.plot;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Places of nodes and edges on lines, one for each rank (layered drawing, Sugiyama et al. 1981): an edge that passes a
 * line has a place of its own on it, so it never crosses a node. Lines are ordered by the mean place of their
 * neighbors.
 */
final class CircuitLayout {
    private static final int NUM_SWEEPS = 8;
    private static final double NODE_WIDTH = 92;
    private static final double PASSAGE_WIDTH = 46;

    private final List<List<Item>> lines = new ArrayList<>();
    private final Map<String, Item> nodes = new HashMap<>();
    private double width;

    /** A node, or a place that an edge passes. */
    private static final class Item {
        private final int line;
        private final double space;
        private final List<Item> neighbors = new ArrayList<>();
        private double x;
        private double wanted;

        Item(int line, double space) {
            this.line = line;
            this.space = space;
        }
    }

    /** The items that an edge joins. */
    static final class Way {
        private final List<Item> items;

        private Way(List<Item> items) {
            this.items = items;
        }

        /** Where the edge goes along, its ends included. */
        List<Place> places() {
            return items.stream().map(item -> new Place(item.x, item.line)).toList();
        }
    }

    /** A place: its center, and its line from below. */
    record Place(double x, int line) {}

    /** Nodes by their ranks; lines are the ranks that have nodes, in order. */
    CircuitLayout(Map<String, Integer> rankOfNode) {
        TreeMap<Integer, Integer> lineOfRank = new TreeMap<>();
        rankOfNode.values().forEach(rank -> lineOfRank.put(rank, 0));
        int numLines = 0;
        for (Map.Entry<Integer, Integer> entry : lineOfRank.entrySet()) {
            entry.setValue(numLines++);
            lines.add(new ArrayList<>());
        }
        rankOfNode.entrySet().stream()
                .sorted(Comparator.comparingInt((Map.Entry<String, Integer> node) -> node.getKey().length())
                        .thenComparing(Map.Entry::getKey)) // a1.2 before a1.10
                .forEach(node -> {
                    int line = lineOfRank.getOrDefault(node.getValue(), 0);
                    Item item = new Item(line, NODE_WIDTH);
                    lines.get(line).add(item);
                    nodes.put(node.getKey(), item);
                });
    }

    /** Adds an edge. Its way is known after {@link #arrange}. */
    Way addEdge(String from, String to) {
        Item end = node(to);
        List<Item> way = new ArrayList<>();
        Item last = node(from);
        way.add(last);
        for (int line = last.line + 1; line < end.line; line++) {
            Item passage = new Item(line, PASSAGE_WIDTH);
            lines.get(line).add(passage);
            join(last, passage);
            way.add(passage);
            last = passage;
        }
        join(last, end);
        way.add(end);
        return new Way(way);
    }

    private Item node(String name) {
        Item item = nodes.get(name);
        if (item == null) {
            throw new IllegalArgumentException("node: " + name);
        }
        return item;
    }

    private static void join(Item a, Item b) {
        a.neighbors.add(b);
        b.neighbors.add(a);
    }

    /** Orders all lines and gives every item its place. */
    void arrange() {
        lines.forEach(CircuitLayout::pack);
        for (int sweep = 0; sweep < NUM_SWEEPS; sweep++) {
            for (List<Item> line : sweep % 2 == 0 ? lines : lines.reversed()) {
                line.forEach(item -> item.wanted =
                        item.neighbors.stream().mapToDouble(other -> other.x).average().orElse(item.x));
                line.sort(Comparator.comparingDouble(item -> item.wanted));
                pack(line);
            }
        }
        double left = lines.stream().flatMap(List::stream).mapToDouble(item -> item.x - item.space / 2).min().orElse(0);
        double right =
                lines.stream().flatMap(List::stream).mapToDouble(item -> item.x + item.space / 2).max().orElse(0);
        lines.forEach(line -> line.forEach(item -> item.x -= left));
        width = right - left;
    }

    /** As near to where its items should be as their order and width allow: pushed right, then shifted as a whole. */
    private static void pack(List<Item> line) {
        double end = Double.NEGATIVE_INFINITY;
        double shift = 0;
        for (Item item : line) {
            item.x = Math.max(item.wanted, end + item.space / 2);
            end = item.x + item.space / 2;
            shift += item.wanted - item.x;
        }
        for (Item item : line) {
            item.x += shift / line.size();
        }
    }

    double width() {
        return width;
    }

    int numLines() {
        return lines.size();
    }

    Place place(String name) {
        Item item = node(name);
        return new Place(item.x, item.line);
    }
}
