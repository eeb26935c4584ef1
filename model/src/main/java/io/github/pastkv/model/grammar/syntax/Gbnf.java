package io.github.pastkv.model.grammar.syntax;

import io.github.pastkv.model.grammar.automaton.CodePoints;
import io.github.pastkv.model.grammar.automaton.Expression;
import io.github.pastkv.model.grammar.automaton.Rules;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads GBNF, the notation of llama.cpp's grammars: rules {@code name ::= ...} of literals, character classes,
 * {@code .}, groups, alternatives and repetition, with comments behind {@code #}. The root is the rule {@code root}.
 */
public final class Gbnf {
    private final SyntaxReader reader;
    private final Map<String, Expression> rules = new LinkedHashMap<>();

    private Gbnf(String text) {
        this.reader = new SyntaxReader("GBNF", text);
    }

    /**
     * The rules of a grammar.
     *
     * @throws IllegalArgumentException naming what is wrong or not supported, and where it is
     */
    public static Rules parse(String text) {
        return new Gbnf(text).parse();
    }

    private Rules parse() {
        skipSpace(true);
        while (reader.peek() != SyntaxReader.END) {
            String name = name();
            skipSpace(false);
            reader.require("::=", "'::=' must follow the name of a rule");
            skipSpace(true);
            if (rules.put(name, choice(false)) != null) {
                throw reader.error("rule " + name + " is there twice");
            }
            skipSpace(true);
        }
        if (!rules.containsKey(Rules.ROOT)) {
            throw reader.error("there is no rule root");
        }
        return new Rules(Rules.ROOT, rules);
    }

    /** Skips spaces and comments, and line ends where these end no rule. */
    private void skipSpace(boolean withLineEnds) {
        while (true) {
            int next = reader.peek();
            if (next == '#') {
                while (reader.peek() != '\n' && reader.peek() != '\r' && reader.peek() != SyntaxReader.END) {
                    reader.next();
                }
            } else if (next == ' ' || next == '\t' || (withLineEnds && (next == '\n' || next == '\r'))) {
                reader.next();
            } else {
                return;
            }
        }
    }

    private String name() {
        StringBuilder name = new StringBuilder();
        while (isNameCharacter(reader.peek())) {
            name.appendCodePoint(reader.next());
        }
        if (name.isEmpty()) {
            throw reader.error("the name of a rule must follow (letters, digits, '-' and '_')");
        }
        return name.toString();
    }

    private static boolean isNameCharacter(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    }

    /** @param isInGroup whether line ends are white space */
    private Expression choice(boolean isInGroup) {
        List<Expression> options = new ArrayList<>();
        options.add(sequence(isInGroup));
        while (reader.take("|")) {
            skipSpace(true);
            options.add(sequence(isInGroup));
        }
        return options.size() == 1 ? options.getFirst() : new Expression.Choice(options);
    }

    private Expression sequence(boolean isInGroup) {
        List<Expression> parts = new ArrayList<>();
        while (true) {
            int next = reader.peek();
            if (next == '"') {
                reader.next();
                parts.add(literal());
            } else if (next == '[') {
                reader.next();
                parts.add(new Expression.OneOf(characters()));
            } else if (next == '(') {
                parts.add(group());
            } else if (next == '.') {
                reader.next();
                parts.add(new Expression.OneOf(CodePoints.ALL));
            } else if (isNameCharacter(next)) {
                parts.add(new Expression.Call(name()));
            } else if (next == '<' || next == '!') {
                throw reader.error("tokens as in <think> and <[1000]> are not supported");
            } else {
                return new Expression.Sequence(parts);
            }
            skipSpace(isInGroup);
            parts.add(repeated(parts.removeLast(), isInGroup));
        }
    }

    private Expression group() {
        reader.next();
        reader.enter();
        skipSpace(true);
        Expression inner = choice(true);
        reader.require(")", "a group is not closed");
        reader.leave(1);
        return inner;
    }

    private Expression repeated(Expression part, boolean isInGroup) {
        Expression result = part;
        int numSuffixes = 0;
        while (true) {
            if (reader.take("*")) {
                result = Expression.star(result);
            } else if (reader.take("+")) {
                result = new Expression.Repeat(result, 1, Expression.UNBOUNDED);
            } else if (reader.take("?")) {
                result = Expression.optional(result);
            } else if (reader.take("{")) {
                result = counted(result, isInGroup);
            } else {
                reader.leave(numSuffixes);
                return result;
            }
            reader.enter();
            numSuffixes++;
            skipSpace(isInGroup);
        }
    }

    private Expression counted(Expression part, boolean isInGroup) {
        skipSpace(isInGroup);
        int min = reader.peek() == ',' ? 0 : reader.count();
        int max = min;
        skipSpace(isInGroup);
        if (reader.take(",")) {
            skipSpace(isInGroup);
            max = reader.isDigit() ? reader.count() : Expression.UNBOUNDED;
            skipSpace(isInGroup);
        }
        reader.require("}", "a repetition is not closed");
        if (max < min) {
            throw reader.error("a repetition {" + min + "," + max + "} must ascend");
        }
        return new Expression.Repeat(part, min, max);
    }

    private Expression literal() {
        StringBuilder text = new StringBuilder();
        while (!reader.take("\"")) {
            text.appendCodePoint(character("a literal"));
        }
        return new Expression.Text(text.toString());
    }

    private CodePoints characters() {
        boolean isNegated = reader.take("^");
        List<CodePoints> members = new ArrayList<>();
        while (!reader.take("]")) {
            int first = reader.requireNoSurrogate(character("a character class"));
            int last = first;
            if (reader.peek() == '-' && !reader.isNext("-]")) {
                reader.next();
                last = reader.requireNoSurrogate(character("a character class"));
            }
            if (last < first) {
                throw reader.error("a range in brackets must lead from a character to a later one");
            }
            members.add(CodePoints.range(first, last));
        }
        CodePoints set = CodePoints.union(members);
        return isNegated ? set.complement() : set;
    }

    /** One character of a literal or a class, escaped or not. */
    private int character(String inside) {
        int c = reader.next();
        if (c == SyntaxReader.END || c == '\n' || c == '\r') {
            throw reader.error(inside + " is not closed");
        }
        if (c != '\\') {
            return c;
        }
        int letter = reader.next();
        return switch (letter) {
            case 'x' -> reader.hex(2);
            case 'u' -> reader.hex(4);
            case 'U' -> reader.hex(8);
            case 't' -> '\t';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case '\\', '"', '[', ']', '-', '^' -> letter;
            default -> throw reader.error("'\\" + (letter < 0 ? "" : Character.toString(letter))
                    + "' is no escape of GBNF");
        };
    }
}
