package io.github.pastkv.model.grammar.syntax;

import io.github.pastkv.model.grammar.automaton.CodePoints;
import io.github.pastkv.model.grammar.automaton.Expression;
import java.util.ArrayList;
import java.util.List;

/** Reads one {@link Regex}. */
final class RegexParser {
    private final SyntaxReader reader;
    private final RegexClasses classes;

    RegexParser(String regex) {
        this.reader = new SyntaxReader("regex", regex);
        this.classes = new RegexClasses(reader);
    }

    Regex parse() {
        List<Regex.Alternative> alternatives = new ArrayList<>();
        do {
            boolean beginsText = reader.take("^");
            Expression expression = sequence();
            alternatives.add(new Regex.Alternative(expression, beginsText, reader.take("$")));
        } while (reader.take("|"));
        if (reader.peek() != SyntaxReader.END) {
            throw reader.error(reader.peek() == ')' ? "')' closes no group" : "'$' must end an alternative");
        }
        return new Regex(alternatives);
    }

    private Expression choice() {
        List<Expression> options = new ArrayList<>();
        do {
            options.add(sequence());
        } while (reader.take("|"));
        return options.size() == 1 ? options.getFirst() : new Expression.Choice(options);
    }

    private Expression sequence() {
        List<Expression> parts = new ArrayList<>();
        while (!endsSequence()) {
            parts.add(repeated(atom()));
        }
        return parts.size() == 1 ? parts.getFirst() : new Expression.Sequence(parts);
    }

    private boolean endsSequence() {
        return switch (reader.peek()) {
            case SyntaxReader.END, '|', ')', '$' -> true;
            default -> false;
        };
    }

    private Expression atom() {
        int first = reader.next();
        return switch (first) {
            case '(' -> group();
            case '[' -> new Expression.OneOf(classes.bracketed());
            case '.' -> new Expression.OneOf(RegexClasses.LINE_ENDS.complement());
            case '\\' -> new Expression.OneOf(classes.escape(false));
            case '^' -> throw reader.error("'^' must begin an alternative outside of groups");
            case '*', '+', '?' -> throw reader.error("'" + (char) first + "' has nothing to repeat");
            case '{' -> throw reader.error("'{' must be escaped to stand for itself");
            default -> new Expression.OneOf(CodePoints.range(first, first));
        };
    }

    private Expression group() {
        if (reader.take("?")) {
            requirePlainGroup();
        }
        reader.enter();
        Expression inner = choice();
        if (reader.peek() == '$') {
            throw reader.error("'$' must end an alternative outside of groups");
        }
        reader.require(")", "a group is not closed");
        reader.leave(1);
        return inner;
    }

    /** Groups with and without a name are the same here; everything else behind {@code (?} is refused. */
    private void requirePlainGroup() {
        if (reader.take(":")) {
            return;
        }
        for (String assertion : List.of("=", "!", "<=", "<!")) {
            if (reader.isNext(assertion)) {
                throw reader.error("look-ahead and look-behind '(?" + assertion + "' are not supported");
            }
        }
        if (!reader.take("<") && !reader.take("P<")) {
            throw reader.error("'(?" + Character.toString(Math.max(' ', reader.peek())) + "' is not supported");
        }
        while (reader.peek() != '>') {
            if (reader.next() == SyntaxReader.END) {
                throw reader.error("the name of a group is not closed");
            }
        }
        reader.next();
    }

    private Expression repeated(Expression part) {
        Expression result = part;
        if (reader.take("*")) {
            result = Expression.star(part);
        } else if (reader.take("+")) {
            result = new Expression.Repeat(part, 1, Expression.UNBOUNDED);
        } else if (reader.take("?")) {
            result = Expression.optional(part);
        } else if (reader.take("{")) {
            result = counted(part);
        } else {
            return part;
        }
        reader.take("?"); // lazy: matches the same texts
        if (reader.peek() == '+') {
            throw reader.error("possessive repetition is not supported");
        }
        return result;
    }

    private Expression counted(Expression part) {
        int min = reader.count();
        int max = min;
        if (reader.take(",")) {
            max = reader.isDigit() ? reader.count() : Expression.UNBOUNDED;
        }
        if (max < min) {
            throw reader.error("a repetition {" + min + "," + max + "} must ascend");
        }
        reader.require("}", "a repetition is not closed");
        return new Expression.Repeat(part, min, max);
    }
}
