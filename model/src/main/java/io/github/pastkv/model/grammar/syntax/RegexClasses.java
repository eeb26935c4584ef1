package io.github.pastkv.model.grammar.syntax;

import io.github.pastkv.model.grammar.automaton.CodePoints;
import java.util.ArrayList;
import java.util.List;

/** Reads the parts of a regular expression that stand for one character: escapes and classes in brackets. */
final class RegexClasses {
    /** What {@code .} leaves out. */
    static final CodePoints LINE_ENDS = CodePoints.of("\n\r\u2028\u2029");

    private static final CodePoints DIGITS = CodePoints.range('0', '9');
    private static final CodePoints WORD = CodePoints.range('a', 'z').union(CodePoints.range('A', 'Z')).union(DIGITS)
            .union(CodePoints.of("_"));
    private static final CodePoints SPACE = LINE_ENDS.union(CodePoints.of("\t\u000b\f \u00a0\u1680\u202f\u205f\u3000"
            + "\ufeff")).union(CodePoints.range(0x2000, 0x200a));

    private final SyntaxReader reader;

    RegexClasses(SyntaxReader reader) {
        this.reader = reader;
    }

    /** What follows a backslash. */
    CodePoints escape(boolean isInBrackets) {
        int letter = reader.next();
        return switch (letter) {
            case 'd' -> DIGITS;
            case 'D' -> DIGITS.complement();
            case 'w' -> WORD;
            case 'W' -> WORD.complement();
            case 's' -> SPACE;
            case 'S' -> SPACE.complement();
            case 'b' -> {
                if (!isInBrackets) {
                    throw reader.error("'\\b' is not supported");
                }
                yield CodePoints.of("\b");
            }
            case 't' -> CodePoints.of("\t");
            case 'n' -> CodePoints.of("\n");
            case 'r' -> CodePoints.of("\r");
            case 'f' -> CodePoints.of("\f");
            case 'v' -> CodePoints.of("\u000b");
            case '0' -> zero();
            case 'x' -> single(reader.hex(2));
            case 'u' -> single(unicode());
            case SyntaxReader.END -> throw reader.error("a backslash must not end the text");
            default -> literal(letter);
        };
    }

    private CodePoints literal(int character) {
        if (Character.isLetterOrDigit(character)) {
            throw reader.error("'\\" + Character.toString(character) + "' is not supported");
        }
        return single(character);
    }

    private CodePoints zero() {
        if (reader.isDigit()) {
            throw reader.error("octal escapes are not supported");
        }
        return single(0);
    }

    /** Four digits, two surrogates of four digits each, or digits in braces. */
    private int unicode() {
        if (reader.take("{")) {
            int value = 0;
            while (!reader.take("}")) {
                value = (value << 4) | reader.hex(1);
                if (!Character.isValidCodePoint(value)) {
                    throw reader.error("'\\u{' names no character");
                }
            }
            return reader.requireNoSurrogate(value);
        }
        int first = reader.hex(4);
        if (Character.isHighSurrogate((char) first) && reader.take("\\u")) {
            int second = reader.hex(4);
            return Character.isLowSurrogate((char) second)
                    ? Character.toCodePoint((char) first, (char) second)
                    : reader.requireNoSurrogate(second);
        }
        return reader.requireNoSurrogate(first);
    }

    private static CodePoints single(int codePoint) {
        return CodePoints.range(codePoint, codePoint);
    }

    /** What follows an opening bracket. */
    CodePoints bracketed() {
        boolean isNegated = reader.take("^");
        List<CodePoints> members = new ArrayList<>();
        while (!reader.take("]")) {
            if (reader.isNext("[:")) {
                throw reader.error("'[:' of POSIX classes is not supported");
            }
            CodePoints from = member();
            if (reader.peek() == '-' && !reader.isNext("-]")) {
                reader.next();
                from = range(from, member());
            }
            members.add(from);
        }
        CodePoints set = CodePoints.union(members);
        return isNegated ? set.complement() : set;
    }

    private CodePoints member() {
        int character = reader.next();
        if (character == SyntaxReader.END) {
            throw reader.error("a class in brackets is not closed");
        }
        return character == '\\' ? escape(true) : single(character);
    }

    private CodePoints range(CodePoints from, CodePoints to) {
        if (!isSingle(from) || !isSingle(to) || from.first(0) > to.first(0)) {
            throw reader.error("a range in brackets must lead from a character to a later one");
        }
        return CodePoints.range(from.first(0), to.first(0));
    }

    private static boolean isSingle(CodePoints set) {
        return set.numRanges() == 1 && set.first(0) == set.last(0);
    }
}
