package io.github.pastkv.chat.jinja;

import io.github.pastkv.chat.jinja.Token.Kind;
import io.github.pastkv.chat.jinja.python.TemplateError;
import io.github.pastkv.chat.jinja.python.Text;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Cuts a template into tokens, with the white space rules of {@code trim_blocks} (the line end after a tag is dropped)
 * and {@code lstrip_blocks} (so is white space before a tag that begins its line). Comments and {@code raw} are
 * resolved here.
 */
final class Lexer {
    private static final List<String> OPERATORS =
            List.of("//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~",
                    "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";");

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private int line = 1;
    private boolean isLineStart = true;

    private Lexer(String template) {
        String text = template.replace("\r\n", "\n").replace('\r', '\n');
        this.source = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    }

    static List<Token> tokens(String template) throws JinjaException {
        Lexer lexer = new Lexer(template);
        try {
            lexer.lex();
        } catch (TemplateError e) {
            throw new JinjaException(lexer.line, e.reason());
        }
        return lexer.tokens;
    }

    private void lex() {
        while (at < source.length()) {
            int begin = nextDelimiter();
            if (begin < 0) {
                addData(source.substring(at));
                at = source.length();
            } else {
                lexFrom(begin);
            }
        }
        tokens.add(new Token(Kind.END, "", line));
    }

    private int nextDelimiter() {
        for (int begin = source.indexOf('{', at); begin >= 0; begin = source.indexOf('{', begin + 1)) {
            if (begin + 1 < source.length() && "%{#".indexOf(source.charAt(begin + 1)) >= 0) {
                return begin;
            }
        }
        return -1;
    }

    private void lexFrom(int begin) {
        char kind = source.charAt(begin + 1);
        int rawEnd = kind == '%' ? endOfRawBegin(begin) : -1;
        char sign = signAt(begin + 2);
        addData(beforeTag(source.substring(at, begin), sign, kind == '{'));
        countLines(at, begin);
        at = begin + 2 + (sign == 0 ? 0 : 1);
        isLineStart = false;
        if (rawEnd >= 0) {
            countLines(at, rawEnd);
            at = rawEnd;
            isLineStart = source.charAt(at - 1) == '\n';
            lexRaw();
        } else if (kind == '#') {
            lexComment();
        } else {
            lexTag(kind == '%');
        }
    }

    /** The sign behind a delimiter, or 0. */
    private char signAt(int index) {
        char next = index < source.length() ? source.charAt(index) : 0;
        return next == '-' || next == '+' ? next : 0;
    }

    /** What is left of the data before a tag. */
    private String beforeTag(String data, char sign, boolean isVariable) {
        if (sign == '-') {
            return Text.stripEnd(data);
        }
        if (sign == '+' || isVariable) {
            return data;
        }
        int lineBegin = data.lastIndexOf('\n') + 1;
        boolean isBlank = Text.isSpace(data.substring(lineBegin));
        return (lineBegin > 0 || isLineStart) && isBlank ? data.substring(0, lineBegin) : data;
    }

    private void addData(String data) {
        if (!data.isEmpty()) {
            tokens.add(new Token(Kind.DATA, data, line));
        }
    }

    private void countLines(int from, int to) {
        for (int i = from; i < to; i++) {
            line += source.charAt(i) == '\n' ? 1 : 0;
        }
    }

    private void moveTo(int index) {
        countLines(at, index);
        isLineStart = index > at ? source.charAt(index - 1) == '\n' : isLineStart;
        at = index;
    }

    private int skipSpace(int index) {
        int end = index;
        while (end < source.length() && Text.isSpace(source.codePointAt(end))) {
            end++;
        }
        return end;
    }

    /** Where the white space and line end that a closing delimiter takes with it end. */
    private int afterClosing(int index, char sign) {
        if (sign == '-') {
            return skipSpace(index);
        }
        return sign == 0 && index < source.length() && source.charAt(index) == '\n' ? index + 1 : index;
    }

    private void lexComment() {
        int end = source.indexOf("#}", at);
        if (end < 0) {
            throw new TemplateError("a comment is not closed");
        }
        char sign = end > at && "-+".indexOf(source.charAt(end - 1)) >= 0 ? source.charAt(end - 1) : 0;
        moveTo(afterClosing(end + 2, sign));
    }

    /** Behind <code>{% raw %}</code>, if the tag at {@code begin} is one; -1 otherwise. */
    private int endOfRawBegin(int begin) {
        int index = begin + 2 + (signAt(begin + 2) == 0 ? 0 : 1);
        index = skipSpace(index);
        if (!source.startsWith("raw", index)) {
            return -1;
        }
        index = skipSpace(index + 3);
        if (source.startsWith("-%}", index)) {
            return skipSpace(index + 3);
        }
        return source.startsWith("%}", index) ? index + 2 : -1;
    }

    private void lexRaw() {
        for (int begin = source.indexOf("{%", at); begin >= 0; begin = source.indexOf("{%", begin + 2)) {
            char sign = signAt(begin + 2);
            int index = skipSpace(begin + 2 + (sign == 0 ? 0 : 1));
            if (source.startsWith("endraw", index)) {
                index = skipSpace(index + 6);
                char closingSign = index < source.length() && "-+".indexOf(source.charAt(index)) >= 0
                        ? source.charAt(index)
                        : 0;
                index += closingSign == 0 ? 0 : 1;
                if (source.startsWith("%}", index)) {
                    addData(beforeTag(source.substring(at, begin), sign, false));
                    moveTo(afterClosing(index + 2, closingSign));
                    return;
                }
            }
        }
        throw new TemplateError("a raw block is not closed");
    }

    private void lexTag(boolean isBlock) {
        tokens.add(new Token(isBlock ? Kind.BLOCK_BEGIN : Kind.VARIABLE_BEGIN, "", line));
        Deque<Character> open = new ArrayDeque<>();
        while (true) {
            moveTo(skipSpace(at));
            if (at >= source.length()) {
                throw new TemplateError("a tag is not closed");
            }
            if (open.isEmpty() && closes(isBlock)) {
                return;
            }
            lexToken(open);
        }
    }

    private boolean closes(boolean isBlock) {
        String end = isBlock ? "%}" : "}}";
        char first = source.charAt(at);
        char sign = (first == '-' || (first == '+' && isBlock)) && source.startsWith(end, at + 1) ? first : 0;
        if (sign == 0 && !source.startsWith(end, at)) {
            return false;
        }
        tokens.add(new Token(isBlock ? Kind.BLOCK_END : Kind.VARIABLE_END, "", line));
        int index = at + (sign == 0 ? 2 : 3);
        moveTo(sign == '-' || isBlock ? afterClosing(index, sign) : index);
        return true;
    }

    private void lexToken(Deque<Character> open) {
        char first = source.charAt(at);
        if (first == '\'' || first == '"') {
            lexString(first);
        } else if (first >= '0' && first <= '9') {
            lexNumber();
        } else if (Character.isUnicodeIdentifierStart(source.codePointAt(at)) || first == '_') {
            int end = at;
            while (end < source.length() && isNamePart(source.codePointAt(end))) {
                end += Character.charCount(source.codePointAt(end));
            }
            add(Kind.NAME, source.substring(at, end), end);
        } else {
            lexOperator(open);
        }
    }

    private static boolean isNamePart(int codePoint) {
        return codePoint == '_' || (Character.isUnicodeIdentifierPart(codePoint)
                && !Character.isIdentifierIgnorable(codePoint));
    }

    private void add(Kind kind, String text, int end) {
        tokens.add(new Token(kind, text, line));
        moveTo(end);
    }

    private void lexString(char quote) {
        int end = at + 1;
        while (end < source.length() && source.charAt(end) != quote) {
            end += source.charAt(end) == '\\' ? 2 : 1;
        }
        if (end >= source.length()) {
            throw new TemplateError("a string is not closed");
        }
        add(Kind.STRING, Text.unescape(source.substring(at + 1, end)), end + 1);
    }

    private void lexNumber() {
        int end = digits(at);
        boolean isFloat = false;
        if (end + 1 < source.length() && source.charAt(end) == '.' && Character.isDigit(source.charAt(end + 1))) {
            isFloat = true;
            end = digits(end + 1);
        }
        int exponent = exponentEnd(end);
        isFloat |= exponent > end;
        end = Math.max(end, exponent);
        String digits = source.substring(at, end).replace("_", "");
        boolean isPrefixed = end < source.length() && Character.isLetter(source.charAt(end));
        if (isPrefixed || (!isFloat && digits.length() > 1 && digits.startsWith("0") && !digits.matches("0+"))) {
            throw new TemplateError("number " + source.substring(at, Math.min(source.length(), end + 2))
                    + ": only decimal numbers are supported");
        }
        add(isFloat ? Kind.FLOAT : Kind.INTEGER, digits, end);
    }

    private int digits(int from) {
        int end = from;
        while (end < source.length() && (isDigit(end) || (source.charAt(end) == '_' && isDigit(end + 1)))) {
            end++;
        }
        return end;
    }

    private boolean isDigit(int index) {
        return index < source.length() && source.charAt(index) >= '0' && source.charAt(index) <= '9';
    }

    private int exponentEnd(int index) {
        if (index >= source.length() || "eE".indexOf(source.charAt(index)) < 0) {
            return index;
        }
        int sign = index + 1 < source.length() && "+-".indexOf(source.charAt(index + 1)) >= 0 ? 1 : 0;
        int end = digits(index + 1 + sign);
        return end > index + 1 + sign ? end : index;
    }

    private void lexOperator(Deque<Character> open) {
        for (String operator : OPERATORS) {
            if (source.startsWith(operator, at)) {
                char first = operator.charAt(0);
                if ("([{".indexOf(first) >= 0) {
                    open.push(first == '(' ? ')' : first == '[' ? ']' : '}');
                } else if (")]}".indexOf(first) >= 0 && (open.isEmpty() || open.pop() != first)) {
                    throw new TemplateError("unexpected '" + first + "'");
                }
                add(Kind.OPERATOR, operator, at + operator.length());
                return;
            }
        }
        throw new TemplateError("unexpected character " + Text.repr(source.substring(at,
                at + Character.charCount(source.codePointAt(at)))));
    }
}
