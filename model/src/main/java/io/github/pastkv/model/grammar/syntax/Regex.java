package io.github.pastkv.model.grammar.syntax;

import io.github.pastkv.model.grammar.automaton.CodePoints;
import io.github.pastkv.model.grammar.automaton.Expression;
import java.util.List;

/**
 * A regular expression as ECMAScript and JSON schema write it: alternatives, each bound to the start or the end of a
 * text or not. Groups, classes, {@code \d \w \s}, repetition and escapes are known; what describes more than a set of
 * texts, such as a back reference or a look-ahead, is refused by name.
 */
public record Regex(List<Alternative> alternatives) {
    /** One of the top-level alternatives. */
    record Alternative(Expression expression, boolean beginsText, boolean endsText) {}

    public Regex {
        alternatives = List.copyOf(alternatives);
    }

    /**
     * Reads a regular expression.
     *
     * @throws IllegalArgumentException naming the construct that is not supported, and where it is
     */
    public static Regex parse(String regex) {
        return new RegexParser(regex).parse();
    }

    /** The texts that match as a whole. */
    public Expression whole() {
        return new Expression.Choice(alternatives.stream().map(Alternative::expression).toList());
    }

    /** The texts of which a part matches, as JSON schema's {@code pattern} means it. */
    public Expression contained() {
        Expression any = Expression.star(new Expression.OneOf(CodePoints.ALL));
        return new Expression.Choice(alternatives.stream().map(each -> Expression.sequence(
                each.beginsText() ? Expression.EMPTY : any, each.expression(),
                each.endsText() ? Expression.EMPTY : any)).toList());
    }
}
