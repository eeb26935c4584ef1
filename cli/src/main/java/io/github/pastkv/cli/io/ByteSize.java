package io.github.pastkv.cli.io;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A number of bytes as people write it: {@code 8g}, {@code 512m}, {@code 1.5GiB} or plain bytes; units are powers of
 * 1024.
 */
public record ByteSize(long bytes) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,18}(?:\\.\\d{1,9})?)\\s*([kmgt]?)(?:i?b)?");
    private static final String UNITS = "kmgt";

    /** Reads a size, or refuses it in words. */
    public static final class Converter implements ITypeConverter<ByteSize> {
        @Override
        public ByteSize convert(String text) {
            Matcher matcher = FORM.matcher(text.strip().toLowerCase(Locale.ROOT));
            if (!matcher.matches()) {
                throw refusal(text);
            }
            int power = matcher.group(2).isEmpty() ? 0 : UNITS.indexOf(matcher.group(2)) + 1;
            double bytes = Double.parseDouble(matcher.group(1)) * Math.pow(1024, power);
            if (bytes < 1 || bytes > 1L << 62) {
                throw refusal(text);
            }
            return new ByteSize((long) bytes);
        }

        private static TypeConversionException refusal(String text) {
            return new TypeConversionException("'" + text + "' is not a size such as 512m, 8g or 1000000");
        }
    }

    /** For example {@code 1.2 MiB}. */
    @Override
    public String toString() {
        if (bytes < 1024) {
            return bytes + " B";
        }
        int power = (63 - Long.numberOfLeadingZeros(bytes)) / 10;
        return String.format(Locale.ROOT, "%.1f %ciB", bytes / Math.pow(1024, power), "KMGTPE".charAt(power - 1));
    }
}
