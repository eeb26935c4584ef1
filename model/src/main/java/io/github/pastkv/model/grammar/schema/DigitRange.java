package io.github.pastkv.model.grammar.schema;

import io.github.pastkv.model.grammar.automaton.CodePoints;
import io.github.pastkv.model.grammar.automaton.Expression;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Numbers of a range that are not negative and have the same number of digits before the point. They are compared with
 * the bounds digit by digit: as long as a text equals a bound so far, the bound limits the next digit.
 */
final class DigitRange {
    static final Expression ANY_DIGIT = new Expression.OneOf(CodePoints.range('0', '9'));
    private static final Expression ANY_DIGITS = Expression.star(ANY_DIGIT);
    private static final Expression ZEROS = Expression.star(new Expression.Text("0"));

    /** A point and digits, or nothing. */
    static final Expression ANY_FRACTION = Expression.optional(
            Expression.sequence(new Expression.Text("."), ANY_DIGIT, ANY_DIGITS));

    private final int numWholeDigits;
    private final String minDigits; // without the point; both of the same length
    private final String maxDigits;
    private final boolean hasMin;
    private final boolean hasMax;
    private final boolean includesMin;
    private final boolean includesMax;
    private final boolean hasFraction;

    /**
     * @param min least number; null for none beside that of so many digits
     * @param max greatest number; null for none beside that of so many digits
     * @param hasFraction whether digits may follow behind a point
     */
    DigitRange(int numWholeDigits, @Nullable BigDecimal min, boolean includesMin, @Nullable BigDecimal max,
            boolean includesMax, boolean hasFraction) {
        this.numWholeDigits = numWholeDigits;
        this.hasMin = min != null;
        this.hasMax = max != null;
        this.includesMin = includesMin;
        this.includesMax = includesMax;
        this.hasFraction = hasFraction;
        int scale = Math.max(scale(min), scale(max));
        this.minDigits = digits(min, numWholeDigits, scale);
        this.maxDigits = digits(max, numWholeDigits, scale);
    }

    private static int scale(@Nullable BigDecimal bound) {
        return bound == null ? 0 : Math.max(0, bound.stripTrailingZeros().scale());
    }

    private static String digits(@Nullable BigDecimal bound, int numWholeDigits, int scale) {
        String digits = bound == null
                ? ""
                : bound.setScale(scale, RoundingMode.UNNECESSARY).unscaledValue().toString();
        return "0".repeat(numWholeDigits + scale - digits.length()) + digits;
    }

    Expression expression() {
        return from(0, hasMin, hasMax);
    }

    /** What may follow the digits before {@code at}, which equal those of a bound or lie between both. */
    Expression from(int at, boolean equalsMin, boolean equalsMax) {
        if (at >= numWholeDigits && !equalsMin && !equalsMax) {
            return at > numWholeDigits ? ANY_DIGITS : hasFraction ? ANY_FRACTION : Expression.EMPTY;
        }
        List<Expression> options = new ArrayList<>();
        if (at >= numWholeDigits && mayEnd(at, equalsMin, equalsMax)) {
            options.add(Expression.EMPTY);
        }
        if (at < numWholeDigits) {
            options.add(digit(at, equalsMin, equalsMax));
        } else if (hasFraction) {
            options.add(Expression.sequence(new Expression.Text(at == numWholeDigits ? "." : ""),
                    at < minDigits.length() ? digit(at, equalsMin, equalsMax) : beyond(equalsMin, equalsMax)));
        }
        return new Expression.Choice(options);
    }

    /** The rest of the text counts as zeros. */
    private boolean mayEnd(int at, boolean equalsMin, boolean equalsMax) {
        boolean minLeft = minDigits.substring(at).chars().anyMatch(digit -> digit != '0');
        boolean maxLeft = maxDigits.substring(at).chars().anyMatch(digit -> digit != '0');
        return (!equalsMin || (!minLeft && includesMin)) && (!equalsMax || maxLeft || includesMax);
    }

    private Expression digit(int at, boolean equalsMin, boolean equalsMax) {
        boolean isLeading = at == 0 && numWholeDigits > 1;
        int least = equalsMin ? minDigits.charAt(at) : isLeading ? '1' : '0';
        int greatest = equalsMax ? maxDigits.charAt(at) : '9';
        List<Expression> options = new ArrayList<>();
        for (int digit = least; digit <= greatest; digit++) {
            boolean staysMin = equalsMin && digit == least;
            boolean staysMax = equalsMax && digit == greatest;
            int last = staysMin || staysMax ? digit : lastFree(greatest, equalsMax);
            options.add(Expression.sequence(new Expression.OneOf(CodePoints.range(digit, last)),
                    from(at + 1, staysMin, staysMax)));
            digit = last;
        }
        return new Expression.Choice(options);
    }

    private static int lastFree(int greatest, boolean equalsMax) {
        return equalsMax ? greatest - 1 : greatest;
    }

    /** One or more digits behind all those of the bounds. */
    private Expression beyond(boolean equalsMin, boolean equalsMax) {
        if (equalsMax) {
            boolean isIn = includesMax && (!equalsMin || includesMin);
            return isIn ? Expression.sequence(new Expression.Text("0"), ZEROS) : new Expression.Choice(List.of());
        }
        return includesMin
                ? Expression.sequence(ANY_DIGIT, ANY_DIGITS)
                : Expression.sequence(ZEROS, new Expression.OneOf(CodePoints.range('1', '9')), ANY_DIGITS);
    }
}
