package io.github.pastkv.model.grammar.automaton;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Turns {@link Rules} into a {@link Network}. */
final class NetworkBuilder {
    private final Network network = new Network();
    private final Map<String, Integer> ruleByName = new HashMap<>();

    private NetworkBuilder() {}

    /** The network, with the rules in the order of their names' entries. */
    static RuleNetwork build(Rules rules) {
        return new NetworkBuilder().buildAll(rules);
    }

    private RuleNetwork buildAll(Rules rules) {
        List<String> names = List.copyOf(rules.byName().keySet());
        int[] starts = new int[names.size()];
        int[] ends = new int[names.size()];
        for (int i = 0; i < starts.length; i++) {
            ruleByName.put(names.get(i), i);
            starts[i] = network.addNode();
            ends[i] = network.addNode();
        }
        int rule = 0;
        for (Map.Entry<String, Expression> each : rules.byName().entrySet()) { // in the order of the names
            add(starts[rule], each.getValue(), ends[rule], each.getKey());
            rule++;
        }
        return new RuleNetwork(network, names, starts, ends, names.indexOf(rules.root()));
    }

    /** Adds the paths that read a text of an expression. */
    private void add(int from, Expression expression, int to, String inRule) {
        switch (expression) {
            case Expression.Text(String text) -> addBytes(from, utf8(text), to);
            case Expression.OneOf(CodePoints set) -> Utf8Ranges.addEdges(network, from, set, to);
            case Expression.Sequence(List<Expression> parts) -> addSequence(from, parts, to, inRule);
            case Expression.Choice(List<Expression> options) -> addChoice(from, options, to, inRule);
            case Expression.Repeat repeat -> addRepeat(from, repeat, to, inRule);
            case Expression.ControlToken() ->
                    network.addBytes(from, Expression.CONTROL_BYTE, Expression.CONTROL_BYTE, to);
            case Expression.Call(String rule) -> network.addCall(from, requireRule(rule, inRule), to);
        }
    }

    private int requireRule(String name, String inRule) {
        Integer rule = ruleByName.get(name);
        if (rule == null) {
            throw new IllegalArgumentException("grammar: rule " + inRule + " names " + name + ", which is no rule");
        }
        return rule;
    }

    private void addBytes(int from, byte[] bytes, int to) {
        int node = from;
        for (int i = 0; i < bytes.length; i++) {
            int next = i == bytes.length - 1 ? to : network.addNode();
            network.addBytes(node, bytes[i] & 0xFF, bytes[i] & 0xFF, next);
            node = next;
        }
        if (bytes.length == 0) {
            network.addEpsilon(from, to);
        }
    }

    /** Texts of a choice share nodes as far as they begin alike, so that a long list of them has few places. */
    private void addChoice(int from, List<Expression> options, int to, String inRule) {
        Map<Long, Integer> nodeByPrefix = new HashMap<>(); // by the node before the last byte, and that byte
        for (Expression option : options) {
            if (option instanceof Expression.Text(String text)) {
                int node = from;
                for (byte value : utf8(text)) {
                    int before = node;
                    node = nodeByPrefix.computeIfAbsent(((long) before << Byte.SIZE) | (value & 0xFF),
                            _ -> addByte(before, value));
                }
                network.addEpsilon(node, to);
            } else {
                add(from, option, to, inRule);
            }
        }
    }

    private int addByte(int from, byte value) {
        int node = network.addNode();
        network.addBytes(from, value & 0xFF, value & 0xFF, node);
        return node;
    }

    private static byte[] utf8(String text) {
        if (text.codePoints().anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
            throw new IllegalArgumentException("grammar: a text holds half a surrogate pair, which is no character");
        }
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private void addSequence(int from, List<Expression> parts, int to, String inRule) {
        int node = from;
        for (Expression part : parts) {
            int next = network.addNode();
            add(node, part, next, inRule);
            node = next;
        }
        network.addEpsilon(node, to);
    }

    private void addRepeat(int from, Expression.Repeat repeat, int to, String inRule) {
        int node = from;
        for (int i = 0; i < repeat.min(); i++) {
            int next = network.addNode();
            add(node, repeat.part(), next, inRule);
            node = next;
        }
        if (repeat.max() == Expression.UNBOUNDED) {
            int loop = network.addNode();
            network.addEpsilon(node, loop);
            add(loop, repeat.part(), loop, inRule);
            node = loop;
        } else {
            for (int i = repeat.min(); i < repeat.max(); i++) {
                network.addEpsilon(node, to);
                int next = network.addNode();
                add(node, repeat.part(), next, inRule);
                node = next;
            }
        }
        network.addEpsilon(node, to);
    }
}
