package io.github.pastkv.chat.jinja.python;

import java.time.LocalDateTime;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;

/** {@code datetime.strftime} of a time without zone, in the C locale. */
public final class Strftime {
    private Strftime() {}

    public static String format(LocalDateTime time, String format) {
        StringBuilder result = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                result.append(c);
                continue;
            }
            boolean isUnpadded = format.charAt(i + 1) == '-' && i + 2 < format.length();
            i += isUnpadded ? 2 : 1;
            String text = directive(time, format.charAt(i));
            result.append(isUnpadded ? text.replaceFirst("^[0 ]+(?=\\d)", "") : text);
        }
        return result.toString();
    }

    private static String directive(LocalDateTime time, char directive) {
        return switch (directive) {
            case 'a' -> time.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
            case 'A' -> time.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'b', 'h' -> time.getMonth().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
            case 'B' -> time.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'c' -> format(time, "%a %b %e %H:%M:%S %Y");
            case 'C' -> padded(time.getYear() / 100, 2);
            case 'd' -> padded(time.getDayOfMonth(), 2);
            case 'D', 'x' -> format(time, "%m/%d/%y");
            case 'e' -> String.format(Locale.ROOT, "%2d", time.getDayOfMonth());
            case 'f' -> padded(time.getNano() / 1000, 6);
            case 'F' -> format(time, "%Y-%m-%d");
            case 'G' -> String.valueOf(time.get(IsoFields.WEEK_BASED_YEAR));
            case 'H' -> padded(time.getHour(), 2);
            case 'I' -> padded(time.get(ChronoField.CLOCK_HOUR_OF_AMPM), 2);
            case 'j' -> padded(time.getDayOfYear(), 3);
            case 'm' -> padded(time.getMonthValue(), 2);
            case 'M' -> padded(time.getMinute(), 2);
            case 'n' -> "\n";
            case 'p' -> time.getHour() < 12 ? "AM" : "PM";
            case 'R' -> format(time, "%H:%M");
            case 'S' -> padded(time.getSecond(), 2);
            case 't' -> "\t";
            case 'T', 'X' -> format(time, "%H:%M:%S");
            case 'u' -> String.valueOf(time.getDayOfWeek().getValue());
            case 'U' -> padded((time.getDayOfYear() + 6 - time.getDayOfWeek().getValue() % 7) / 7, 2);
            case 'V' -> padded(time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), 2);
            case 'w' -> String.valueOf(time.getDayOfWeek().getValue() % 7);
            case 'W' -> padded((time.getDayOfYear() + 7 - time.getDayOfWeek().getValue()) / 7, 2);
            case 'y' -> padded(time.getYear() % 100, 2);
            case 'Y' -> String.valueOf(time.getYear());
            case 'z', 'Z' -> "";
            case '%' -> "%";
            default -> throw new TemplateError("strftime: %" + directive + " is not supported");
        };
    }

    private static String padded(int value, int width) {
        return String.format(Locale.ROOT, "%0" + width + "d", value);
    }
}
