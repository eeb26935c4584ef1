package io.github.pastkv.model.grammar.automaton;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;

/** Refuses rules that call themselves before they have read a byte, which no automaton with a stack can follow. */
final class LeftRecursion {
    private final RuleNetwork rules;
    private final Network network;
    private final BitSet nullable;

    private LeftRecursion(RuleNetwork rules, BitSet nullable) {
        this.rules = rules;
        this.network = rules.network();
        this.nullable = nullable;
    }

    /** @param nullable nodes that reach the end of their rule without a byte */
    static void refuse(RuleNetwork rules, BitSet nullable) {
        new LeftRecursion(rules, nullable).check();
    }

    private void check() {
        int numRules = rules.starts().length;
        int[][] firstCalls = new int[numRules][];
        int[] numCallers = new int[numRules];
        for (int rule = 0; rule < numRules; rule++) {
            firstCalls[rule] = firstCalls(rule);
            Arrays.stream(firstCalls[rule]).forEach(called -> numCallers[called]++);
        }
        BitSet left = withoutOuter(firstCalls, numCallers);
        if (!left.isEmpty()) {
            throw new IllegalArgumentException("grammar: rule " + rules.names().get(onCycle(firstCalls, left))
                    + " calls itself before it reads a character (left recursion), which is not supported");
        }
    }

    /** The rules that may begin a text of a rule. */
    private int[] firstCalls(int rule) {
        BitSet called = new BitSet();
        BitSet seen = new BitSet();
        ArrayDeque<Integer> open = new ArrayDeque<>();
        open.add(rules.starts()[rule]);
        while (!open.isEmpty()) {
            int node = open.remove();
            if (seen.get(node)) {
                continue;
            }
            seen.set(node);
            for (int edge = network.firstEdge(node); edge != Network.NONE; edge = network.nextEdge(edge)) {
                boolean isCall = network.isCall(edge);
                if (isCall) {
                    called.set(network.calledRule(edge));
                }
                if (network.isEpsilon(edge)
                        || (isCall && nullable.get(rules.starts()[network.calledRule(edge)]))) {
                    open.add(network.target(edge));
                }
            }
        }
        return called.stream().toArray();
    }

    /** Takes away rules that no other one calls first, until each has such a caller. */
    private static BitSet withoutOuter(int[][] firstCalls, int[] numCallers) {
        BitSet left = new BitSet();
        left.set(0, numCallers.length);
        ArrayDeque<Integer> outer = new ArrayDeque<>();
        for (int rule = 0; rule < numCallers.length; rule++) {
            if (numCallers[rule] == 0) {
                outer.add(rule);
            }
        }
        while (!outer.isEmpty()) {
            int rule = outer.remove();
            left.clear(rule);
            for (int called : firstCalls[rule]) {
                if (--numCallers[called] == 0) {
                    outer.add(called);
                }
            }
        }
        return left;
    }

    /** A rule on a cycle: reached from any rule that is left by as many steps to a caller as there are rules. */
    private static int onCycle(int[][] firstCalls, BitSet left) {
        int[] caller = new int[firstCalls.length];
        left.stream().forEach(rule -> Arrays.stream(firstCalls[rule]).forEach(called -> caller[called] = rule));
        int rule = left.nextSetBit(0);
        for (int step = 0; step < firstCalls.length; step++) {
            rule = caller[rule];
        }
        return rule;
    }
}
