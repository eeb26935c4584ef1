package io.github.pastkv.model.grammar.schema;

import io.github.pastkv.model.grammar.automaton.CodePoints;
import io.github.pastkv.model.grammar.automaton.Expression;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Strings as JSON spells them. A free string may use any escape; where the content matters (constants, keys, patterns)
 * each character has one spelling, and only characters that need an escape have one.
 */
final class JsonStrings {
    private static final CodePoints CONTROLS = CodePoints.range(0, 0x1F);
    private static final CodePoints PLAIN = CodePoints.ALL.minus(CONTROLS).minus(CodePoints.of("\"\\"));
    private static final String SHORT = "\"\\\b\f\n\r\t";
    private static final String SHORT_LETTERS = "\"\\bfnrt";
    private static final CodePoints HEX = CodePoints.of("0123456789abcdefABCDEF");

    private JsonStrings() {}

    /** A string of {@code min} to {@code max} characters. */
    static Expression free(int min, int max) {
        return quoted(new Expression.Repeat(anyCharacter(), min, max));
    }

    /** A string whose content is one of the texts of {@code content}. */
    static Expression of(Expression content) {
        return quoted(spelled(content));
    }

    private static Expression quoted(Expression spelled) {
        return Expression.sequence(new Expression.Text("\""), spelled, new Expression.Text("\""));
    }

    private static Expression anyCharacter() {
        return Expression.choice(new Expression.OneOf(PLAIN),
                Expression.sequence(new Expression.Text("\\"), Expression.choice(
                        new Expression.OneOf(CodePoints.of(SHORT_LETTERS + "/")), unicodeEscape())));
    }

    /** {@code u} and four digits that are no surrogate, or two pairs of surrogates. */
    private static Expression unicodeEscape() {
        Expression hex = new Expression.OneOf(HEX);
        Expression u = new Expression.Text("u");
        Expression d = new Expression.OneOf(CodePoints.of("dD"));
        Expression notSurrogate = Expression.choice(
                Expression.sequence(new Expression.OneOf(HEX.minus(CodePoints.of("dD"))), hex, hex, hex),
                Expression.sequence(d, new Expression.OneOf(CodePoints.range('0', '7')), hex, hex));
        Expression pair = Expression.sequence(d, new Expression.OneOf(CodePoints.of("89abAB")), hex, hex,
                new Expression.Text("\\u"), d, new Expression.OneOf(CodePoints.of("cdefCDEF")), hex, hex);
        return Expression.sequence(u, Expression.choice(notSurrogate, pair));
    }

    /** The texts of an expression without calls, as they are spelled within quotes. */
    static Expression spelled(Expression content) {
        return switch (content) {
            case Expression.Text(String text) -> new Expression.Text(spelled(text));
            case Expression.OneOf(CodePoints set) -> spelled(set);
            case Expression.Sequence(List<Expression> parts) ->
                    new Expression.Sequence(parts.stream().map(JsonStrings::spelled).toList());
            case Expression.Choice(List<Expression> options) ->
                    new Expression.Choice(options.stream().map(JsonStrings::spelled).toList());
            case Expression.Repeat(Expression part, int min, int max) ->
                    new Expression.Repeat(spelled(part), min, max);
            case Expression.ControlToken _ -> throw new IllegalArgumentException("content: a control token");
            case Expression.Call call -> throw new IllegalArgumentException("content: calls " + call.rule());
        };
    }

    /** One character of a set. */
    static Expression spelled(CodePoints set) {
        List<Expression> options = new ArrayList<>();
        options.add(new Expression.OneOf(set.intersect(PLAIN)));
        for (int codePoint = 0; codePoint <= '\\'; codePoint++) {
            if (set.contains(codePoint) && !PLAIN.contains(codePoint)) {
                options.add(new Expression.Text(spelled(Character.toString(codePoint))));
            }
        }
        return new Expression.Choice(options);
    }

    /** A text as it is spelled within quotes. */
    static String spelled(String text) {
        StringBuilder spelled = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            int escape = SHORT.indexOf(c);
            if (escape >= 0) {
                spelled.append('\\').append(SHORT_LETTERS.charAt(escape));
            } else if (CONTROLS.contains(c)) {
                spelled.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                spelled.append(c);
            }
        }
        return spelled.toString();
    }
}
