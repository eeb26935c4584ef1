package io.github.pastkv.chat.jinja;

import io.github.pastkv.chat.jinja.python.Budget;
import io.github.pastkv.chat.jinja.python.None;
import io.github.pastkv.chat.jinja.python.Numbers;
import io.github.pastkv.chat.jinja.python.TemplateError;
import io.github.pastkv.chat.jinja.python.Text;

import java.math.BigInteger;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;

/**
 * A Jinja template, rendered as Python's Jinja renders it in transformers' environment. What is not supported is
 * refused by name, when the template is parsed or when it is reached. Steps, depth, characters and time of a rendering
 * are bounded, and an interrupt of the thread ends one.
 *
 * <p>Immutable, safe for any number of threads.
 */
public final class JinjaTemplate {
    /**
     * A code point that is no character. Filters leave it as it is, so callers may mark places of their values with it.
     */
    public static final char BREAK = Text.BREAK;

    private static final int MAX_CHARS = 1_000_000;

    private final List<Stmt> statements;
    private final int numChars;

    private JinjaTemplate(List<Stmt> statements, int numChars) {
        this.statements = statements;
        this.numChars = numChars;
    }

    /** Parses a template of at most a million characters. */
    public static JinjaTemplate parse(String template) throws JinjaException {
        if (template.length() > MAX_CHARS) {
            throw new JinjaException("has " + template.length() + " characters, at most " + MAX_CHARS + " are read");
        }
        try {
            return new JinjaTemplate(Parser.parse(Lexer.tokens(template)), template.length());
        } catch (StackOverflowError _) {
            throw new JinjaException("nested too deeply");
        }
    }

    /**
     * The text for these values.
     *
     * @param values variables by name, as JSON
     */
    public String render(Map<String, JsonNode> values) throws JinjaException {
        return render(values, () -> LocalDateTime.now(ZoneId.systemDefault()));
    }

    /** {@link #render(Map)} at another time of day. */
    String render(Map<String, JsonNode> values, Supplier<LocalDateTime> clock) throws JinjaException {
        Renderer renderer = new Renderer(new Evaluator(clock));
        long numInputChars = numChars + values.values().stream().mapToLong(JinjaTemplate::numChars).sum();
        try {
            return new Budget(numInputChars).run(() -> renderer.render(statements, scope(values)));
        } catch (TemplateError e) {
            throw new JinjaException(renderer.line(), e.reason());
        } catch (StackOverflowError _) {
            throw new JinjaException(renderer.line(), "nested too deeply");
        }
    }

    private static Scope scope(Map<String, JsonNode> values) {
        Scope scope = new Scope(null);
        values.forEach((name, value) -> scope.set(name, toValue(value)));
        return scope;
    }

    private static long numChars(JsonNode node) {
        return node.isValueNode() ? node.asString("").length() + 8L
                : 8L + node.valueStream().mapToLong(JinjaTemplate::numChars)
                        .sum();
    }

    /** Infinite beyond the range of doubles, where Jackson fails for exact decimals. */
    private static double toDouble(JsonNode number) {
        return number.isBigDecimal() ? number.decimalValue().doubleValue() : number.doubleValue();
    }

    private static Object toValue(JsonNode node) {
        return switch (node.getNodeType()) {
            case STRING -> node.stringValue();
            case BOOLEAN -> node.booleanValue();
            case NUMBER -> node.isIntegralNumber() ? integer(node.bigIntegerValue()) : (Object) toDouble(node);
            case ARRAY -> {
                List<Object> items = new ArrayList<>();
                node.values().forEach(item -> items.add(toValue(item)));
                yield items;
            }
            case OBJECT -> {
                Map<Object, Object> map = new LinkedHashMap<>();
                node.properties().forEach(entry -> map.put(entry.getKey(), toValue(entry.getValue())));
                yield map;
            }
            default -> None.NONE;
        };
    }

    private static Object integer(BigInteger value) {
        return Numbers.integer(value);
    }
}
