package io.github.pastkv.model.grammar.schema;

import io.github.pastkv.model.grammar.automaton.Expression;
import io.github.pastkv.model.grammar.syntax.Regex;
import java.util.Map;

/**
 * The contents of strings of a {@code format}: RFC 3339 for dates and times, without leap seconds, with offsets below
 * 18 hours and not -00:00, as readers have them; RFC 9562 for UUIDs; the usual part of RFC 5321 for addresses.
 */
final class Formats {
    private static final String LEAP_YEAR = "(\\d\\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)";
    private static final String DATE =
            "(\\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])|(0[469]|11)-(0[1-9]|[12]\\d|30)"
                    + "|02-(0[1-9]|1\\d|2[0-8]))|" + LEAP_YEAR + "-02-29)";
    private static final String HOUR_MINUTE = "([01]\\d|2[0-3]):[0-5]\\d";
    private static final String TIME = HOUR_MINUTE + ":[0-5]\\d(\\.\\d{1,9})?(Z|\\+(0\\d|1[0-7]):[0-5]\\d"
            + "|-((0[1-9]|1[0-7]):[0-5]\\d|00:(0[1-9]|[1-5]\\d)))";
    private static final String ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`\\{|}~-]{1,20}";
    private static final String LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,20}[A-Za-z0-9])?";

    private static final Map<String, String> REGEX_BY_NAME = Map.of(
            "date", DATE,
            "time", TIME,
            "date-time", DATE + "T" + TIME,
            "uuid", "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
            "email", ATOM + "(\\." + ATOM + "){0,2}@(" + LABEL + "\\.){1,3}[A-Za-z]{2,12}");

    private Formats() {}

    static Expression content(SchemaNode schema) {
        String regex = REGEX_BY_NAME.get(schema.text("format"));
        if (regex == null) {
            throw schema.refusal("format", "is " + schema.text("format") + ", supported are "
                    + REGEX_BY_NAME.keySet().stream().sorted().toList());
        }
        return Regex.parse(regex).whole();
    }
}
