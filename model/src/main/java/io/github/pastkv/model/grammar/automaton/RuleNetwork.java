package io.github.pastkv.model.grammar.automaton;

import java.util.List;

/**
 * A network and where its rules begin and end.
 *
 * @param names of the rules
 * @param starts first node of each rule
 * @param ends last node of each rule, which has no edges
 * @param root the rule of a whole text
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record RuleNetwork(Network network, List<String> names, int[] starts, int[] ends, int root) {}
