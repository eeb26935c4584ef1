package io.github.pastkv.chat.jinja.python;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;

/** Python's numbers: integers of any size ({@code Long} where they fit), floats, and booleans as 0 and 1. */
public final class Numbers {
    /** First and last of each range of Numeric_Type Digit in Unicode 16. */
    private static final int[] DIGIT_RANGES = {0xb2, 0xb3, 0xb9, 0xb9, 0x1369, 0x1371, 0x19da, 0x19da, 0x2070, 0x2070,
        0x2074, 0x2079,
        0x2080, 0x2089, 0x2460, 0x2468, 0x2474, 0x247c, 0x2488, 0x2490, 0x24ea, 0x24ea, 0x24f5, 0x24fd, 0x24ff, 0x24ff,
        0x2776, 0x277e, 0x2780, 0x2788, 0x278a, 0x2792, 0x10a40, 0x10a43, 0x10e60, 0x10e68, 0x11052, 0x1105a, 0x1f100,
        0x1f10a};

    private static final int MAX_BITS = 20_000;

    private Numbers() {}

    public static boolean isNumber(Object value) {
        return value instanceof Long || value instanceof BigInteger || value instanceof Double
                || value instanceof Boolean;
    }

    public static boolean isInteger(Object value) {
        return value instanceof Long || value instanceof BigInteger || value instanceof Boolean;
    }

    public static Object integer(BigInteger value) {
        if (value.bitLength() > MAX_BITS) {
            throw new TemplateError(
                    "an integer of " + value.bitLength() + " bits, at most " + MAX_BITS + " are allowed");
        }
        return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
    }

    public static BigInteger big(Object integer) {
        return switch (integer) {
            case Long value -> BigInteger.valueOf(value);
            case Boolean value -> value ? BigInteger.ONE : BigInteger.ZERO;
            case BigInteger value -> value;
            default -> throw new TemplateError(
                    "'" + Python.typeName(integer) + "' object cannot be interpreted as an integer");
        };
    }

    public static int toInt(Object integer) {
        BigInteger value = big(integer);
        if (value.bitLength() >= Integer.SIZE) {
            throw new TemplateError("the number " + value + " is too large here");
        }
        return value.intValue();
    }

    public static double toDouble(Object number) {
        double value = number instanceof Double real ? real : big(number).doubleValue();
        if (Double.isInfinite(value) && !(number instanceof Double)) {
            throw new TemplateError("int too large to convert to float");
        }
        return value;
    }

    public static int compare(Object left, Object right) {
        if (isInteger(left) && isInteger(right)) {
            return big(left).compareTo(big(right));
        }
        if (isFinite(left) && isFinite(right)) {
            return exact(left).compareTo(exact(right));
        }
        return Double.compare(toDouble(left), toDouble(right));
    }

    private static boolean isFinite(Object number) {
        return !(number instanceof Double real) || Double.isFinite(real);
    }

    private static BigDecimal exact(Object number) {
        return number instanceof Double real ? new BigDecimal(real) : new BigDecimal(big(number));
    }

    public static boolean isNan(Object value) {
        return value instanceof Double real && real.isNaN();
    }

    public static boolean equal(Object left, Object right) {
        return !isNan(left) && !isNan(right) && compare(left, right) == 0;
    }

    /** {@code + - * / // % **} of two numbers. */
    public static Object calculate(String operator, Object left, Object right) {
        if (operator.equals("/")) {
            requireDivisor(right, "division by zero");
            return toDouble(left) / toDouble(right);
        }
        boolean isExact = isInteger(left) && isInteger(right);
        return !isExact || (operator.equals("**") && big(right).signum() < 0)
                ? real(operator, toDouble(left), toDouble(right))
                : integer(whole(operator, big(left), big(right)));
    }

    private static void requireDivisor(Object divisor, String message) {
        if (toDouble(divisor) == 0) {
            throw new TemplateError(message);
        }
    }

    private static BigInteger whole(String operator, BigInteger left, BigInteger right) {
        return switch (operator) {
            case "+" -> left.add(right);
            case "-" -> left.subtract(right);
            case "*" -> {
                requireSize((long) left.bitLength() + right.bitLength());
                yield left.multiply(right);
            }
            case "//" -> {
                requireDivisor(integer(right), "integer division or modulo by zero");
                BigInteger[] parts = left.divideAndRemainder(right);
                yield parts[1].signum() != 0 && parts[1].signum() != right.signum()
                        ? parts[0].subtract(BigInteger.ONE)
                        : parts[0];
            }
            case "%" -> {
                requireDivisor(integer(right), "integer modulo by zero");
                BigInteger remainder = left.remainder(right);
                yield remainder.signum() != 0 && remainder.signum() != right.signum() ? remainder.add(right)
                        : remainder;
            }
            default -> {
                requireSize(left.abs().compareTo(BigInteger.ONE) <= 0
                        ? 0
                        : right.bitLength() > 31 ? Long.MAX_VALUE : left.bitLength() * right.longValueExact());
                yield right.bitLength() > 31
                        ? left.abs().signum() == 0 ? left : right.testBit(0) ? left : left.abs()
                        : left.pow(right.intValueExact());
            }
        };
    }

    private static void requireSize(long numBits) {
        if (numBits > MAX_BITS) {
            throw new TemplateError("an integer of more than " + MAX_BITS + " bits");
        }
    }

    private static Object real(String operator, double left, double right) {
        return switch (operator) {
            case "+" -> left + right;
            case "-" -> left - right;
            case "*" -> left * right;
            case "//" -> {
                requireDivisor(right, "float floor division by zero");
                double quotient = Math.floor((left - floorMod(left, right)) / right + 0.25);
                yield quotient == 0 ? Math.copySign(0, left / right) : quotient;
            }
            case "%" -> {
                requireDivisor(right, "float modulo");
                yield floorMod(left, right);
            }
            default -> power(left, right);
        };
    }

    private static double floorMod(double left, double right) {
        double remainder = left % right;
        if (remainder != 0 && (remainder < 0) != (right < 0)) {
            return remainder + right;
        }
        return remainder == 0 ? Math.copySign(0, right) : remainder;
    }

    private static double power(double left, double right) {
        if (left < 0 && right != Math.rint(right)) {
            throw new TemplateError("complex numbers are not supported");
        }
        if (left == 0 && right < 0) {
            throw new TemplateError("0.0 cannot be raised to a negative power");
        }
        return StrictMath.pow(left, right);
    }

    /** Half to even, as Python's {@code round} of the exact value. */
    public static Object round(double value, int precision) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return value;
        }
        return new BigDecimal(value).setScale(precision, RoundingMode.HALF_EVEN).doubleValue();
    }

    /** The shortest digits that are this number; Java's own have two at least. */
    private static BigDecimal shortest(double value) {
        BigDecimal digits = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        BigDecimal one = digits.round(new MathContext(1)).stripTrailingZeros();
        return one.doubleValue() == value ? one : digits;
    }

    /** As Python writes a float: the shortest digits, with an exponent below 1e-4 and from 1e16 on. */
    public static String repr(double value) {
        if (Double.isNaN(value)) {
            return "nan";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "inf" : "-inf";
        }
        if (value == 0) {
            return 1 / value < 0 ? "-0.0" : "0.0";
        }
        BigDecimal digits = shortest(value);
        int exponent = digits.precision() - digits.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            return digits.scale() <= 0 ? digits.toPlainString() + ".0" : digits.toPlainString();
        }
        String unscaled = digits.unscaledValue().abs().toString();
        String mantissa = unscaled.length() == 1 ? unscaled : unscaled.charAt(0) + "." + unscaled.substring(1);
        String size = Math.abs(exponent) < 10 ? "0" + Math.abs(exponent) : String.valueOf(Math.abs(exponent));
        return (value < 0 ? "-" : "") + mantissa + "e" + (exponent < 0 ? "-" : "+") + size;
    }

    /** {@code str.isdigit}: of Unicode's Numeric_Type Decimal or Digit, which are those in circles and the like. */
    static boolean isDigit(int c) {
        for (int i = 0; i < DIGIT_RANGES.length; i += 2) {
            if (c >= DIGIT_RANGES[i] && c <= DIGIT_RANGES[i + 1]) {
                return true;
            }
        }
        return Character.isDigit(c);
    }

    /** {@code str.isnumeric}, but for ideographs, of which Java does not know whether they are numbers. */
    static boolean isNumeric(int c) {
        int type = Character.getType(c);
        boolean isNumber = type == Character.DECIMAL_DIGIT_NUMBER || type == Character.LETTER_NUMBER
                || type == Character.OTHER_NUMBER;
        if (!isNumber && Character.isIdeographic(c)) {
            throw new TemplateError("isnumeric() of an ideograph is not supported");
        }
        return isNumber;
    }
}
