package io.github.pastkv.chat.jinja;

import io.github.pastkv.chat.jinja.Expr.Filter;
import io.github.pastkv.chat.jinja.Stmt.Signature;
import io.github.pastkv.chat.jinja.Stmt.Target;
import io.github.pastkv.chat.jinja.Token.Kind;
import io.github.pastkv.chat.jinja.python.TemplateError;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads statements out of tokens. */
final class Parser {
    private static final int MAX_DEPTH = 200;
    private static final Set<String> KNOWN_ELSEWHERE =
            Set.of("extends", "include", "import", "from", "block", "autoescape");

    private static final Set<String> SPECIAL_NAMES = Set.of("varargs", "kwargs", "caller");

    private final TokenStream tokens;
    private final ExpressionParser expressions;
    private int depth;
    private int numOpenLoops;

    private Parser(TokenStream tokens) {
        this.tokens = tokens;
        this.expressions = new ExpressionParser(tokens);
    }

    static List<Stmt> parse(List<Token> tokens) throws JinjaException {
        TokenStream stream = new TokenStream(tokens);
        try {
            return new Parser(stream).body(Set.of());
        } catch (TemplateError e) {
            throw new JinjaException(stream.peek().line(), e.reason());
        }
    }

    /**
     * Statements up to a tag of one of these names, of which the name itself is next; to the end where there are none.
     */
    private List<Stmt> body(Set<String> ends) {
        if (++depth > MAX_DEPTH) {
            throw new TemplateError("more than " + MAX_DEPTH + " blocks within each other");
        }
        List<Stmt> statements = new ArrayList<>();
        while (true) {
            Token token = tokens.next();
            switch (token.kind()) {
                case DATA -> statements.add(new Stmt.Data(token.line(), token.text()));
                case VARIABLE_BEGIN -> {
                    statements.add(new Stmt.Output(token.line(), expressions.tuple(true)));
                    tokens.expect(Kind.VARIABLE_END);
                }
                case BLOCK_BEGIN -> {
                    if (tokens.peek().kind() == Kind.NAME && ends.contains(tokens.peek().text())) {
                        depth--;
                        return statements;
                    }
                    statements.add(statement(token.line()));
                }
                default -> {
                    if (!ends.isEmpty()) {
                        throw new TemplateError("the template ends where " + String.join(" or ", ends.stream().sorted()
                                .map(end -> "'" + end + "'").toList()) + " must follow");
                    }
                    depth--;
                    return statements;
                }
            }
        }
    }

    /** The body of a block, and its end. */
    private List<Stmt> bodyTo(String end) {
        tokens.expect(Kind.BLOCK_END);
        List<Stmt> body = body(Set.of(end));
        endTag();
        return body;
    }

    private void endTag() {
        tokens.next();
        tokens.expect(Kind.BLOCK_END);
    }

    private Stmt statement(int line) {
        Token name = tokens.next();
        if (name.kind() != Kind.NAME) {
            throw new TemplateError("a tag must begin with a name, not with " + name.described());
        }
        return switch (name.text()) {
            case "if" -> parseIf(line);
            case "for" -> parseFor(line);
            case "set" -> parseSet(line);
            case "with" -> parseWith(line);
            case "macro" -> parseMacro(line);
            case "call" -> parseCall(line);
            case "filter" -> new Stmt.FilterBlock(line, expressions.filterOfBlock(), bodyTo("endfilter"));
            case "generation" -> new Stmt.Generation(line, bodyTo("endgeneration"));
            case "break" -> closed(new Stmt.Break(line));
            case "continue" -> closed(new Stmt.Continue(line));
            default -> throw new TemplateError(KNOWN_ELSEWHERE.contains(name.text())
                    ? "the tag '" + name.text() + "' is not supported"
                    : "unknown tag '" + name.text() + "'");
        };
    }

    private Stmt closed(Stmt statement) {
        tokens.expect(Kind.BLOCK_END);
        return statement;
    }

    private Stmt parseIf(int line) {
        List<Map.Entry<Expr, List<Stmt>>> branches = new ArrayList<>();
        List<Stmt> otherwise = List.of();
        expressions.beginConditional();
        String end = "elif";
        while (end.equals("elif")) {
            Expr test = expressions.tuple(false);
            tokens.expect(Kind.BLOCK_END);
            branches.add(Map.entry(test, body(Set.of("elif", "else", "endif"))));
            end = tokens.next().text();
        }
        if (end.equals("else")) {
            otherwise = bodyTo("endif");
        } else {
            tokens.expect(Kind.BLOCK_END);
        }
        expressions.endConditional();
        return new Stmt.If(line, branches, otherwise);
    }

    private Stmt parseFor(int line) {
        numOpenLoops++;
        Target target = target(false);
        requireNotLoop(target);
        tokens.expectKeyword("in");
        Expr items = expressions.tuple(false, "recursive");
        Expr filter = tokens.skipKeyword("if") ? expressions.expression() : null;
        boolean isRecursive = tokens.skipKeyword("recursive");
        tokens.expect(Kind.BLOCK_END);
        List<Stmt> body = body(Set.of("else", "endfor"));
        List<Stmt> otherwise = List.of();
        if (tokens.next().text().equals("else")) {
            otherwise = bodyTo("endfor");
        } else {
            tokens.expect(Kind.BLOCK_END);
        }
        numOpenLoops--;
        return new Stmt.For(line, target, items, filter, isRecursive, body, otherwise);
    }

    private Stmt parseSet(int line) {
        Target target = target(true);
        if (numOpenLoops > 0) {
            requireNotLoop(target);
        }
        if (tokens.skipOperator("=")) {
            Expr value = expressions.tuple(true);
            tokens.expect(Kind.BLOCK_END);
            return new Stmt.Set(line, target, value);
        }
        @Nullable Filter filter = tokens.peek().isOperator("|") ? expressions.filtersOfBlock() : null;
        return new Stmt.SetBlock(line, target, filter, bodyTo("endset"));
    }

    private Stmt parseWith(int line) {
        List<Map.Entry<Target, Expr>> values = new ArrayList<>();
        while (tokens.peek().kind() != Kind.BLOCK_END) {
            if (!values.isEmpty()) {
                tokens.expectOperator(",");
            }
            Target target = target(false);
            tokens.expectOperator("=");
            values.add(Map.entry(target, expressions.expression()));
        }
        return new Stmt.With(line, values, bodyTo("endwith"));
    }

    private Stmt parseMacro(int line) {
        String name = tokens.expectName();
        Signature signature = signature();
        int position = tokens.position();
        List<Stmt> body = bodyTo("endmacro");
        return new Stmt.MacroDefinition(line, name, signature, body, tokens.namesSince(position, SPECIAL_NAMES));
    }

    private Stmt parseCall(int line) {
        Signature signature =
                tokens.peek().isOperator("(") ? signature() : new Signature(List.of(), List.of());
        if (!(expressions.expression() instanceof Expr.Call call)) {
            throw new TemplateError("a call block must call something");
        }
        int position = tokens.position();
        List<Stmt> body = bodyTo("endcall");
        return new Stmt.CallBlock(line, call, signature, body, tokens.namesSince(position, SPECIAL_NAMES));
    }

    private Signature signature() {
        List<String> names = new ArrayList<>();
        List<@Nullable Expr> defaults = new ArrayList<>();
        tokens.expectOperator("(");
        while (!tokens.peek().isOperator(")")) {
            if (!names.isEmpty()) {
                tokens.expectOperator(",");
            }
            names.add(tokens.expectName());
            boolean hasDefault = tokens.skipOperator("=");
            if (!hasDefault && !defaults.isEmpty() && defaults.getLast() != null) {
                throw new TemplateError("a parameter without a default follows one that has one");
            }
            defaults.add(hasDefault ? expressions.expression() : null);
        }
        tokens.expectOperator(")");
        return new Signature(names, defaults);
    }

    /** A variable, an attribute of a namespace where that is allowed, or several of them. */
    private Target target(boolean allowsAttribute) {
        boolean isTuple = false;
        List<Target> targets = new ArrayList<>();
        do {
            if (!targets.isEmpty() && endsTarget()) {
                break;
            }
            targets.add(oneTarget(allowsAttribute));
            isTuple |= tokens.peek().isOperator(",");
        } while (tokens.skipOperator(","));
        return isTuple ? new Target.Several(targets) : targets.getFirst();
    }

    private static void requireNotLoop(Target target) {
        boolean isLoop = switch (target) {
            case Target.Variable variable -> variable.name().equals("loop");
            case Target.Several several -> {
                several.targets().forEach(Parser::requireNotLoop);
                yield false;
            }
            case Target.NamespaceAttribute _ -> false;
        };
        if (isLoop) {
            throw new TemplateError("Can't assign to special loop variable in for-loop target");
        }
    }

    private boolean endsTarget() {
        return tokens.peek().isName("in") || tokens.peek().isOperator("=") || tokens.peek().isOperator(")")
                || tokens.peek().kind() == Kind.BLOCK_END;
    }

    private Target oneTarget(boolean allowsAttribute) {
        if (tokens.skipOperator("(")) {
            Target inner = target(allowsAttribute);
            tokens.expectOperator(")");
            return inner;
        }
        String name = tokens.expectName();
        if (ExpressionParser.CONSTANTS.containsKey(name)) {
            throw new TemplateError("cannot assign to '" + name + "'");
        }
        return allowsAttribute && tokens.skipOperator(".")
                ? new Target.NamespaceAttribute(name, tokens.expectName())
                : new Target.Variable(name);
    }
}
