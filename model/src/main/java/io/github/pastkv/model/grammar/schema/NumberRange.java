package io.github.pastkv.model.grammar.schema;

import io.github.pastkv.model.grammar.automaton.CodePoints;
import io.github.pastkv.model.grammar.automaton.Expression;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The numbers between two bounds, in decimal digits without an exponent.
 *
 * @param min least number; null for none
 * @param includesMin whether {@code min} itself is in the range
 * @param max greatest number; null for none
 */
record NumberRange(@Nullable BigDecimal min, boolean includesMin, @Nullable BigDecimal max, boolean includesMax) {
    /** All numbers. */
    static final NumberRange ALL = new NumberRange(null, true, null, true);

    boolean isAll() {
        return min == null && max == null;
    }

    /** Whether no number is in both ranges. */
    boolean isDisjointFrom(NumberRange other) {
        return isBelow(other) || other.isBelow(this);
    }

    private boolean isBelow(NumberRange other) {
        if (max == null || other.min == null) {
            return false;
        }
        int order = max.compareTo(other.min);
        return order < 0 || (order == 0 && !(includesMax && other.includesMin));
    }

    /** Integers of the range. */
    Expression integers() {
        return new NumberRange(min == null ? null : least(min), true, max == null ? null : greatest(max), true)
                .expression(false);
    }

    private BigDecimal least(BigDecimal bound) {
        BigDecimal least = bound.setScale(0, RoundingMode.CEILING);
        return !includesMin && least.compareTo(bound) == 0 ? least.add(BigDecimal.ONE) : least;
    }

    private BigDecimal greatest(BigDecimal bound) {
        BigDecimal greatest = bound.setScale(0, RoundingMode.FLOOR);
        return !includesMax && greatest.compareTo(bound) == 0 ? greatest.subtract(BigDecimal.ONE) : greatest;
    }

    /** Numbers of the range, integers included. */
    Expression decimals() {
        return expression(true);
    }

    private Expression expression(boolean hasFraction) {
        List<Expression> options = new ArrayList<>();
        if (max == null || max.signum() > 0 || (max.signum() == 0 && includesMax)) {
            options.add(min != null && min.signum() >= 0
                    ? positive(min, includesMin, max, includesMax, hasFraction)
                    : positive(BigDecimal.ZERO, true, max, includesMax, hasFraction));
        }
        if (min == null || min.signum() < 0) {
            options.add(Expression.sequence(new Expression.Text("-"), negated(hasFraction)));
        }
        return new Expression.Choice(options);
    }

    /** What follows the sign of negative numbers. */
    private Expression negated(boolean hasFraction) {
        BigDecimal mostNegative = min == null ? null : min.negate();
        return max != null && max.signum() < 0
                ? positive(max.negate(), includesMax, mostNegative, includesMin, hasFraction)
                : positive(BigDecimal.ZERO, false, mostNegative, includesMin, hasFraction);
    }

    private static Expression positive(BigDecimal min, boolean includesMin, @Nullable BigDecimal max,
            boolean includesMax, boolean hasFraction) {
        List<Expression> options = new ArrayList<>();
        int numDigitsMin = numDigits(min);
        int last = max == null ? numDigitsMin : numDigits(max);
        for (int numDigits = numDigitsMin; numDigits <= last; numDigits++) {
            options.add(new DigitRange(numDigits, numDigits == numDigitsMin ? min : null, includesMin,
                    numDigits == last ? max : null, includesMax, hasFraction).expression());
        }
        if (max == null) {
            options.add(Expression.sequence(new Expression.OneOf(CodePoints.range('1', '9')),
                    new Expression.Repeat(DigitRange.ANY_DIGIT, numDigitsMin, Expression.UNBOUNDED),
                    hasFraction ? DigitRange.ANY_FRACTION : Expression.EMPTY));
        }
        return new Expression.Choice(options);
    }

    private static int numDigits(BigDecimal number) {
        return number.toBigInteger().toString().length();
    }
}
