package io.github.pastkv.chat.jinja;

import io.github.pastkv.chat.jinja.Expr.CallArguments;
import io.github.pastkv.chat.jinja.Expr.Filter;
import io.github.pastkv.chat.jinja.Token.Kind;
import io.github.pastkv.chat.jinja.python.None;
import io.github.pastkv.chat.jinja.python.Numbers;
import io.github.pastkv.chat.jinja.python.TemplateError;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads expressions out of tokens, by Jinja's precedence, from the loosest: conditional, {@code or}, {@code and},
 * {@code not}, comparison, {@code + -}, {@code ~}, {@code * / // %}, {@code **}, sign, postfix, filters and tests.
 */
final class ExpressionParser {
    static final Map<String, Object> CONSTANTS =
            Map.of("true", true, "True", true, "false", false, "False", false, "none",
                    None.NONE, "None", None.NONE);
    private static final int MAX_DEPTH = 200;
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

    private final TokenStream tokens;
    private int depth;
    private int numConditionals;
    private final List<String> unknown = new ArrayList<>(); // what is wrong with names outside of conditions

    ExpressionParser(TokenStream tokens) {
        this.tokens = tokens;
    }

    /** From here on an unknown filter or test is an error only when it is reached. */
    void beginConditional() {
        numConditionals++;
    }

    void endConditional() {
        numConditionals--;
    }

    /** An expression, or several with commas between them. */
    Expr tuple(boolean allowsConditional, String... ends) {
        return tuple(allowsConditional, false, ends);
    }

    private Expr tuple(boolean allowsConditional, boolean isInParentheses, String... ends) {
        List<Expr> items = new ArrayList<>();
        boolean isTuple = false;
        while (!endsTuple(ends)) {
            items.add(allowsConditional ? expression() : parseOr());
            if (!tokens.skipOperator(",")) {
                break;
            }
            isTuple = true;
        }
        if (items.isEmpty() && !isInParentheses) {
            throw tokens.unexpected("an expression");
        }
        return isTuple || items.isEmpty() ? new Expr.TupleOf(items) : items.getFirst();
    }

    private boolean endsTuple(String... ends) {
        Token next = tokens.peek();
        return next.kind() == Kind.VARIABLE_END || next.kind() == Kind.BLOCK_END || next.isOperator(")")
                || (next.kind() == Kind.NAME && List.of(ends).contains(next.text()));
    }

    /** One expression. */
    Expr expression() {
        if (++depth > MAX_DEPTH) {
            throw new TemplateError("an expression with more than " + MAX_DEPTH + " levels");
        }
        int numUnknown = unknown.size();
        Expr then = parseOr();
        while (tokens.skipKeyword("if")) {
            unknown.subList(numUnknown, unknown.size()).clear();
            beginConditional();
            Expr test = parseOr();
            @Nullable Expr otherwise = tokens.skipKeyword("else") ? expression() : null;
            then = new Expr.Conditional(test, then, otherwise);
            endConditional();
        }
        depth--;
        if (depth == 0 && !unknown.isEmpty()) {
            throw new TemplateError(unknown.getFirst());
        }
        return then;
    }

    private Expr parseOr() {
        Expr left = parseAnd();
        while (tokens.skipKeyword("or")) {
            left = new Expr.Or(left, parseAnd());
        }
        return left;
    }

    private Expr parseAnd() {
        Expr left = parseNot();
        while (tokens.skipKeyword("and")) {
            left = new Expr.And(left, parseNot());
        }
        return left;
    }

    private Expr parseNot() {
        if (tokens.skipKeyword("not")) {
            return new Expr.Not(nested(this::parseNot));
        }
        return parseCompare();
    }

    private Expr nested(java.util.function.Supplier<Expr> parse) {
        if (++depth > MAX_DEPTH) {
            throw new TemplateError("an expression with more than " + MAX_DEPTH + " levels");
        }
        Expr result = parse.get();
        depth--;
        return result;
    }

    private Expr parseCompare() {
        Expr first = parseSum();
        List<String> operators = new ArrayList<>();
        List<Expr> operands = new ArrayList<>();
        while (true) {
            Token next = tokens.peek();
            if (next.kind() == Kind.OPERATOR && COMPARISONS.contains(next.text())) {
                operators.add(tokens.next().text());
            } else if (tokens.skipKeyword("in")) {
                operators.add("in");
            } else if (next.isName("not") && tokens.peekSecond().isName("in")) {
                tokens.next();
                tokens.next();
                operators.add("not in");
            } else {
                return operators.isEmpty() ? first : new Expr.Compare(first, operators, operands);
            }
            operands.add(parseSum());
        }
    }

    private Expr parseSum() {
        Expr left = parseConcat();
        while (tokens.peek().isOperator("+") || tokens.peek().isOperator("-")) {
            left = new Expr.Binary(tokens.next().text(), left, parseConcat());
        }
        return left;
    }

    private Expr parseConcat() {
        List<Expr> parts = new ArrayList<>(List.of(parseProduct()));
        while (tokens.skipOperator("~")) {
            parts.add(parseProduct());
        }
        return parts.size() == 1 ? parts.getFirst() : new Expr.Concat(parts);
    }

    private Expr parseProduct() {
        Expr left = parsePower();
        while (List.of("*", "/", "//", "%").contains(tokens.peek().text()) && tokens.peek().kind() == Kind.OPERATOR) {
            left = new Expr.Binary(tokens.next().text(), left, parsePower());
        }
        return left;
    }

    private Expr parsePower() {
        Expr left = parseUnary(true);
        while (tokens.skipOperator("**")) {
            left = new Expr.Binary("**", left, parseUnary(true));
        }
        return left;
    }

    private Expr parseUnary(boolean allowsFilters) {
        Token next = tokens.peek();
        Expr node;
        if (next.isOperator("-") || next.isOperator("+")) {
            tokens.next();
            node = new Expr.Unary(next.text(), nested(() -> parseUnary(false)));
        } else {
            node = primary();
        }
        node = postfix(node);
        return allowsFilters ? filters(node) : node;
    }

    private Expr primary() {
        Token token = tokens.peek();
        return switch (token.kind()) {
            case NAME -> {
                tokens.next();
                Object constant = CONSTANTS.get(token.text());
                yield constant == null ? new Expr.Name(token.text()) : new Expr.Const(constant);
            }
            case STRING -> strings();
            case INTEGER -> new Expr.Const(Numbers.integer(new BigInteger(tokens.next().text())));
            case FLOAT -> new Expr.Const(Double.parseDouble(tokens.next().text()));
            default -> nested(this::bracketed);
        };
    }

    private Expr strings() {
        StringBuilder text = new StringBuilder();
        while (tokens.peek().kind() == Kind.STRING) {
            text.append(tokens.next().text());
        }
        return new Expr.Const(text.toString());
    }

    private Expr bracketed() {
        if (tokens.skipOperator("(")) {
            Expr inner = tuple(true, true);
            tokens.expectOperator(")");
            return inner;
        }
        if (tokens.skipOperator("[")) {
            return new Expr.ListOf(expressionsTo("]"));
        }
        if (tokens.skipOperator("{")) {
            return dictionary();
        }
        throw tokens.unexpected("an expression");
    }

    private List<Expr> expressionsTo(String end) {
        List<Expr> items = new ArrayList<>();
        while (!tokens.peek().isOperator(end)) {
            items.add(expression());
            if (!tokens.skipOperator(",")) {
                break;
            }
        }
        tokens.expectOperator(end);
        return items;
    }

    private Expr dictionary() {
        List<Map.Entry<Expr, Expr>> entries = new ArrayList<>();
        while (!tokens.peek().isOperator("}")) {
            Expr key = expression();
            tokens.expectOperator(":");
            entries.add(Map.entry(key, expression()));
            if (!tokens.skipOperator(",")) {
                break;
            }
        }
        tokens.expectOperator("}");
        return new Expr.DictOf(entries);
    }

    private Expr postfix(Expr start) {
        Expr node = start;
        while (true) {
            if (tokens.skipOperator(".")) {
                Token name = tokens.next();
                if (name.kind() != Kind.NAME && name.kind() != Kind.INTEGER) {
                    throw new TemplateError("unexpected " + name.described() + ", expected a name or a number");
                }
                node = name.kind() == Kind.NAME
                        ? new Expr.Attribute(node, name.text())
                        : new Expr.Item(node, new Expr.Const(Long.parseLong(name.text())));
            } else if (tokens.skipOperator("[")) {
                node = subscript(node);
            } else if (tokens.peek().isOperator("(")) {
                node = new Expr.Call(node, arguments());
            } else {
                return node;
            }
        }
    }

    private Expr subscript(Expr object) {
        @Nullable Expr from = tokens.peek().isOperator(":") ? null : expression();
        if (!tokens.peek().isOperator(":")) {
            Expr key = from == null ? new Expr.Const(None.NONE) : from;
            if (tokens.skipOperator(",")) {
                List<Expr> keys = new ArrayList<>(List.of(key));
                keys.addAll(expressionsTo("]"));
                return new Expr.Item(object, new Expr.TupleOf(keys));
            }
            tokens.expectOperator("]");
            return new Expr.Item(object, key);
        }
        tokens.expectOperator(":");
        @Nullable Expr to = endsBound() ? null : expression();
        @Nullable Expr step = tokens.skipOperator(":") && !endsBound() ? expression() : null;
        tokens.expectOperator("]");
        return new Expr.SliceOf(object, from, to, step);
    }

    private boolean endsBound() {
        return tokens.peek().isOperator(":") || tokens.peek().isOperator("]");
    }

    private CallArguments arguments() {
        List<Expr> positional = new ArrayList<>();
        Map<String, Expr> named = new LinkedHashMap<>();
        @Nullable Expr star = null;
        @Nullable Expr doubleStar = null;
        tokens.expectOperator("(");
        while (!tokens.peek().isOperator(")")) {
            if (tokens.skipOperator("**")) {
                doubleStar = expression();
            } else if (tokens.skipOperator("*")) {
                star = expression();
            } else if (tokens.peek().kind() == Kind.NAME && tokens.peekSecond().isOperator("=")) {
                String name = tokens.next().text();
                tokens.next();
                named.put(name, expression());
            } else if (named.isEmpty() && star == null && doubleStar == null) {
                positional.add(expression());
            } else {
                throw new TemplateError("a positional argument follows a named one");
            }
            if (!tokens.skipOperator(",")) {
                break;
            }
        }
        tokens.expectOperator(")");
        return new CallArguments(positional, named, star, doubleStar);
    }

    /** Filters, tests and calls behind an operand. */
    private Expr filters(Expr operand) {
        Expr node = operand;
        while (true) {
            if (tokens.skipOperator("|")) {
                node = filter(node);
            } else if (tokens.skipKeyword("is")) {
                node = test(node);
            } else if (tokens.peek().isOperator("(")) {
                node = new Expr.Call(node, arguments());
            } else {
                return node;
            }
        }
    }

    private Filter filter(@Nullable Expr operand) {
        String name = dottedName();
        note(Filters.problem(name));
        return new Filter(operand, name, tokens.peek().isOperator("(") ? arguments() : CallArguments.NONE);
    }

    private void note(@Nullable String problem) {
        if (problem != null && numConditionals == 0) {
            unknown.add(problem);
        }
    }

    private String dottedName() {
        StringBuilder name = new StringBuilder(tokens.expectName());
        while (tokens.skipOperator(".")) {
            name.append('.').append(tokens.expectName());
        }
        return name.toString();
    }

    /** The filters of a filter block, of which the innermost has no operand. */
    Filter filterOfBlock() {
        Filter node = filter(null);
        while (tokens.skipOperator("|")) {
            node = filter(node);
        }
        if (!unknown.isEmpty()) {
            throw new TemplateError(unknown.getFirst());
        }
        return node;
    }

    /** The same behind a name that a block is assigned to: each begins with a bar. */
    Filter filtersOfBlock() {
        tokens.expectOperator("|");
        return filterOfBlock();
    }

    private Expr test(Expr operand) {
        boolean isNegated = tokens.skipKeyword("not");
        String name = dottedName();
        note(Tests.problem(name));
        CallArguments arguments = CallArguments.NONE;
        Token next = tokens.peek();
        if (next.isOperator("(")) {
            arguments = arguments();
        } else if (beginsArgument(next)) {
            if (next.isName("is")) {
                throw new TemplateError("tests cannot be chained with 'is'");
            }
            arguments = new CallArguments(List.of(postfix(primary())), Map.of(), null, null);
        }
        Expr test = new Expr.Test(operand, name, arguments);
        return isNegated ? new Expr.Not(test) : test;
    }

    private static boolean beginsArgument(Token token) {
        return switch (token.kind()) {
            case STRING, INTEGER, FLOAT -> true;
            case NAME -> !Set.of("else", "or", "and").contains(token.text());
            case OPERATOR -> token.text().equals("[") || token.text().equals("{");
            default -> false;
        };
    }
}
