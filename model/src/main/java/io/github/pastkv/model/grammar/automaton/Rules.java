package io.github.pastkv.model.grammar.automaton;

import java.util.LinkedHashMap;
import java.util.List;
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

    /** The same rules, whose names all begin with {@code prefix}. */
    public Rules withPrefix(String prefix) {
        Map<String, Expression> renamed = new LinkedHashMap<>();
        byName.forEach((name, expression) -> renamed.put(prefix + name, withPrefix(expression, prefix)));
        return new Rules(prefix + root, renamed);
    }

    private static Expression withPrefix(Expression expression, String prefix) {
        return switch (expression) {
            case Expression.Text text -> text;
            case Expression.OneOf set -> set;
            case Expression.ControlToken token -> token;
            case Expression.Call(String rule) -> new Expression.Call(prefix + rule);
            case Expression.Sequence(List<Expression> parts) -> new Expression.Sequence(withPrefix(parts, prefix));
            case Expression.Choice(List<Expression> options) -> new Expression.Choice(withPrefix(options, prefix));
            case Expression.Repeat(Expression part, int min, int max) ->
                    new Expression.Repeat(withPrefix(part, prefix), min, max);
        };
    }

    private static List<Expression> withPrefix(List<Expression> expressions, String prefix) {
        return expressions.stream().map(each -> withPrefix(each, prefix)).toList();
    }
}
