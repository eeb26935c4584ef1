package io.github.pastkv.chat.jinja;

import io.github.pastkv.chat.jinja.Token.Kind;
import io.github.pastkv.chat.jinja.python.TemplateError;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Tokens one after the other. */
final class TokenStream {
    private final List<Token> tokens;
    private int at;

    TokenStream(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token peek() {
        return tokens.get(at);
    }

    /** How many tokens have been read. */
    int position() {
        return at;
    }

    /** Those of {@code names} that are names among the tokens read since a position. */
    Set<String> namesSince(int position, Set<String> names) {
        return tokens.subList(position, at).stream().filter(token -> token.kind() == Kind.NAME).map(Token::text)
                .filter(names::contains).collect(Collectors.toSet());
    }

    /** The token after the next. */
    Token peekSecond() {
        return tokens.get(Math.min(at + 1, tokens.size() - 1));
    }

    /** The next token; the end stays the next. */
    Token next() {
        return tokens.get(at < tokens.size() - 1 ? at++ : at);
    }

    boolean skipOperator(String operator) {
        boolean isNext = peek().isOperator(operator);
        at += isNext ? 1 : 0;
        return isNext;
    }

    boolean skipKeyword(String name) {
        boolean isNext = peek().isName(name);
        at += isNext ? 1 : 0;
        return isNext;
    }

    void expect(Kind kind) {
        if (peek().kind() != kind) {
            throw unexpected(new Token(kind, "", 0).described());
        }
        at++;
    }

    void expectOperator(String operator) {
        if (!skipOperator(operator)) {
            throw unexpected("'" + operator + "'");
        }
    }

    void expectKeyword(String name) {
        if (!skipKeyword(name)) {
            throw unexpected("'" + name + "'");
        }
    }

    String expectName() {
        if (peek().kind() != Kind.NAME) {
            throw unexpected("a name");
        }
        return next().text();
    }

    TemplateError unexpected(String expected) {
        return new TemplateError("unexpected " + peek().described() + ", expected " + expected);
    }
}
