package io.github.pastkv.store;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a tier is and how it is used: {@code SCHEME:LOCATION[?option=value&...]}, such as
 * {@code file:/var/cache/pastkv?max=10GiB}.
 *
 * @param scheme in lower case
 * @param location what follows the scheme's colon, without options; for a server with its {@code //}, user and password
 * @param options by name
 */
public record TierUri(String scheme, String location, Map<String, String> options) {
    /** Options that are honored for every tier, beside those of its provider. */
    static final Set<String> COMMON_OPTIONS = Set.of("chunk", "write", "load", "verify", "keys");

    private static final Pattern URI = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*):([^?]+)(?:\\?(.*))?");
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,15})([KMGT]i?B|B)?");
    private static final Pattern SECRET_NAME = Pattern.compile("(?i)secret|password|token");
    private static final Pattern TIME = Pattern.compile("([0-9]{1,9})(ms|s|m|h|d)");

    public TierUri {
        options = Collections.unmodifiableMap(new TreeMap<>(options));
    }

    /**
     * Reads a URI.
     *
     * @throws IllegalArgumentException for anything else
     */
    public static TierUri parse(String uri) {
        Matcher matcher = URI.matcher(uri);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "cache tier: " + withoutSecrets(uri) + ", must be SCHEME:LOCATION[?option=value&...]");
        }
        Map<String, String> options = new TreeMap<>();
        String query = matcher.group(3);
        String[] all = query == null || query.isEmpty() ? new String[0] : query.split("&", -1);
        for (int i = 0; i < all.length; i++) {
            int equals = all[i].indexOf('=');
            String problem = equals <= 0 ? "must be name=value"
                    : put(options, all[i].substring(0, equals), all[i].substring(equals + 1));
            if (!problem.isEmpty()) { // without the option: it may be a part of a password with a question mark
                throw new IllegalArgumentException(
                        "cache tier: " + withoutSecrets(uri) + ", option " + (i + 1) + " " + problem);
            }
        }
        return new TierUri(matcher.group(1).toLowerCase(Locale.ROOT), matcher.group(2), options);
    }

    /** What is wrong with an option; empty for nothing. */
    private static String put(Map<String, String> options, String name, String value) {
        try {
            return options.put(name, URLDecoder.decode(value, StandardCharsets.UTF_8)) == null ? "" : "is given twice";
        } catch (IllegalArgumentException e) { // its message has a part of the value
            return "has a % without two hexadecimal digits";
        }
    }

    /**
     * A URI without options, and without what may be user and password: all up to the last {@code @}, as a password may
     * have any character, and what follows a user's colon where the rest was taken for options.
     */
    private static String withoutSecrets(String uri) {
        if (uri.regionMatches(true, 0, "file:", 0, 5)) {
            return uri.replaceFirst("(?s)\\?.*", "?...");
        }
        return uri.replaceFirst("(?s)^([A-Za-z][A-Za-z0-9+.-]*:)?(//)?.*@", "$1$2...@")
                .replaceFirst("(?s)[?&].*", "?...")
                .replaceFirst("(?s)//(:|[^/:\\[]+:(?![0-9]*(/|\\?|$))).*", "//...");
    }

    /** Refuses options that neither every tier nor its provider knows. */
    public void requireKnown(Set<String> known) {
        for (String name : options.keySet()) {
            if (!known.contains(name) && !COMMON_OPTIONS.contains(name)) {
                Set<String> all = new TreeSet<>(known);
                all.addAll(COMMON_OPTIONS);
                throw new IllegalArgumentException("cache tier " + this + ": option "
                        + (name.matches("[A-Za-z-]+") ? name + " is" : "is") + " unknown; " + scheme + ": tiers have "
                        + String.join(", ", all));
            }
        }
    }

    /** An option, or a default. */
    public String option(String name, String otherwise) {
        return options.getOrDefault(name, otherwise);
    }

    /** An option in bytes, such as {@code 512MiB}. */
    public long bytes(String name, long otherwise) {
        String value = options.get(name);
        if (value == null) {
            return otherwise;
        }
        Matcher matcher = SIZE.matcher(value);
        if (!matcher.matches()) {
            throw refusal(name, "must be a size such as 512MiB or 10GiB");
        }
        String unit = matcher.group(2) == null ? "B" : matcher.group(2);
        long base = unit.length() == 3 ? 1024 : 1000;
        int power = unit.equals("B") ? 0 : "KMGT".indexOf(unit.charAt(0)) + 1;
        try {
            long bytes = Long.parseLong(matcher.group(1));
            for (int i = 0; i < power; i++) {
                bytes = Math.multiplyExact(bytes, base);
            }
            return bytes;
        } catch (ArithmeticException e) {
            throw refusal(name, "is more than 2^63 bytes");
        }
    }

    /** An option as a time, such as {@code 250ms}, {@code 2s} or {@code 7d}. */
    public Duration time(String name, Duration otherwise) {
        String value = options.get(name);
        if (value == null) {
            return otherwise;
        }
        Matcher matcher = TIME.matcher(value);
        if (!matcher.matches()) {
            throw refusal(name, "must be a time such as 250ms, 2s or 7d");
        }
        long count = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(count);
            case "s" -> Duration.ofSeconds(count);
            case "m" -> Duration.ofMinutes(count);
            case "h" -> Duration.ofHours(count);
            default -> Duration.ofDays(count);
        };
    }

    /** An option as a positive whole number. */
    public int count(String name, int otherwise) {
        String value = options.get(name);
        if (value == null) {
            return otherwise;
        }
        if (!value.matches("[1-9][0-9]{0,8}")) {
            throw refusal(name, "must be a positive whole number");
        }
        return Integer.parseInt(value);
    }

    /** An error that names an option of this URI and what it should be; without the value of one that is secret. */
    public IllegalArgumentException refusal(String name, String problem) {
        String value = SECRET_NAME.matcher(name).find() ? "..." : withoutSecrets(options.getOrDefault(name, ""));
        return new IllegalArgumentException("cache tier " + this + ": " + name + "=" + value + ", " + problem);
    }

    /** Scheme and location, without user and password. */
    @Override
    public String toString() {
        return withoutSecrets(scheme + ":" + location);
    }
}
