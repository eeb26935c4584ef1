package io.github.pastkv.model.grammar.automaton;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Named expressions that may call each other; the texts of the grammar are those of the root.
 *
 * @param root name of the rule that a whole text follows
 */
public record Rules(String root, Map<String, Expression> byName) {
    /** The name of the root where only one rule is needed. */
    public static final String ROOT = "root";

    public Rules {
        byName = new LinkedHashMap<>(byName);
        if (!byName.containsKey(root)) {
            throw new IllegalArgumentException("grammar: has no rule " + root);
        }
    }

    /** One rule. */
    public static Rules of(Expression root) {
        return new Rules(ROOT, Map.of(ROOT, root));
    }
}
