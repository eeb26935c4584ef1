package io.github.pastkv.model.grammar.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.github.pastkv.model.grammar.automaton.Automaton;
import io.github.pastkv.model.grammar.automaton.Rules;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The validator of networknt decides what an instance is. */
class JsonSchemaTest {
    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static final SchemaRegistry REGISTRY =
            SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

    static boolean isValid(Schema schema, String json) {
        return schema.validate(json, InputFormat.JSON,
                context -> context.executionConfig(config -> config.formatAssertionsEnabled(true))).isEmpty();
    }

    private static boolean accepts(Automaton automaton, String text) {
        return automaton.next(automaton.start(), text.getBytes(StandardCharsets.UTF_8)).mayEnd();
    }

    /** Values of all kinds, small ones and some at the edges of what the schemas below say. */
    private static List<JsonNode> candidates() {
        List<String> scalars = new ArrayList<>(List.of("null", "true", "false", "0", "-1", "1", "2", "7", "10", "11",
                "-0.5", "0.5", "1.5", "9.99", "10.01", "99", "100", "1234567", "\"\"", "\"a\"", "\"ab\"", "\"abc\"",
                "\"\\n\"", "\"\\\"\"", "\"\u00e9\ud83d\ude00\"", "\"red\"", "\"2024-02-29\"", "\"2023-02-29\"",
                "\"2000-02-29\"", "\"1900-02-29\"", "\"2024-12-31T23:59:59.5Z\"", "\"2024-12-31T24:00:00Z\"",
                "\"123e4567-e89b-12d3-a456-426614174000\"", "\"a.b@example.org\"", "\"@\"", "\"x=5\""));
        List<String> all = new ArrayList<>(scalars);
        List<String> some = List.of("null", "1", "7", "\"a\"", "\"red\"", "[]", "{}", "[1, 1]");
        some.forEach(one -> {
            all.add("[" + one + "]");
            all.add("{\"a\": " + one + "}");
            all.add("{\"b\": " + one + "}");
            some.forEach(other -> {
                all.add("[" + one + ", " + other + "]");
                all.add("{\"a\": " + one + ", \"b\": " + other + "}");
                all.add("{\"a\": " + one + ", \"\\\"c\": " + other + "}");
                all.add("{\"b\": " + one + ", \"ab\": " + other + "}");
                all.add("[" + one + ", " + other + ", 1]");
                all.add("{\"a\": {\"a\": " + one + "}, \"b\": [" + other + "]}");
            });
        });
        return all.stream().map(MAPPER::readTree).toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "true", "{\"type\": \"object\"}", "{\"type\": \"integer\"}",
        "{\"type\": [\"number\", \"null\"], \"minimum\": 0.5, \"exclusiveMaximum\": 10}",
        "{\"type\": \"integer\", \"minimum\": -1, \"maximum\": 10}",
        "{\"exclusiveMinimum\": 1, \"maxLength\": 2, \"minItems\": 2}",
        "{\"type\": \"string\", \"minLength\": 1, \"maxLength\": 2}", "{\"pattern\": \"^a|\\\"\"}",
        "{\"type\": \"string\", \"pattern\": \"=\\\\d$\"}",
        "{\"type\": \"string\", \"format\": \"date\"}", "{\"type\": \"string\", \"format\": \"date-time\"}",
        "{\"format\": \"uuid\"}", "{\"type\": \"string\", \"format\": \"email\"}",
        "{\"enum\": [\"a\", 1, null, {\"a\": 1}, [1, 1]]}", "{\"const\": 7}",
        "{\"enum\": [\"a\", 1, 7.0], \"type\": \"integer\"}",
        "{\"type\": \"array\", \"items\": {\"type\": \"integer\"}, \"maxItems\": 2}",
        "{\"type\": \"array\", \"prefixItems\": [{\"const\": 1}, {\"type\": \"string\"}], \"minItems\": 1}",
        "{\"type\": \"array\", \"prefixItems\": [true], \"items\": false}", "{\"type\": \"array\", \"minItems\": 3}",
        "{\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"integer\"}, \"b\": true}}",
        "{\"type\": \"object\", \"properties\": {\"a\": true, \"b\": true}, \"required\": [\"b\"], "
                + "\"additionalProperties\": false}",
        "{\"type\": \"object\", \"properties\": {\"a\": true}, \"required\": [\"b\"]}",
        "{\"properties\": {\"\\\"c\": {\"type\": \"integer\"}, \"ab\": false}, \"additionalProperties\": "
                + "{\"type\": [\"integer\", \"object\"]}}",
        "{\"anyOf\": [{\"type\": \"integer\"}, {\"minimum\": 0.5, \"type\": \"number\"}]}",
        "{\"oneOf\": [{\"type\": \"integer\", \"maximum\": 5}, {\"type\": \"number\", \"exclusiveMinimum\": 5}, "
                + "{\"const\": \"a\"}, {\"enum\": [\"ab\"]}]}",
        "{\"oneOf\": [{\"type\": \"object\", \"required\": [\"a\"], \"properties\": {\"a\": {\"const\": 1}}}, "
                + "{\"type\": \"object\", \"required\": [\"a\"], \"properties\": {\"a\": {\"enum\": [7, \"a\"]}}}]}",
        "{\"allOf\": [{\"$ref\": \"#/$defs/n\"}], \"$defs\": {\"n\": {\"type\": \"null\"}}}",
        "{\"type\": \"object\", \"properties\": {\"a\": {\"$ref\": \"#\"}, \"b\": {\"type\": \"array\"}}, "
                + "\"additionalProperties\": false}"})
    void instances_ofASmallSchema_areItsTexts(String schema) {
        Automaton automaton = new Automaton(JsonSchema.rules(schema));
        Schema validator = REGISTRY.getSchema(schema, InputFormat.JSON);
        int numValid = 0;
        JsonNode json = MAPPER.readTree(schema);
        for (JsonNode value : candidates()) {
            boolean isValid = isValid(validator, value.toString());
            assertThat(accepts(automaton, JsonValues.text(ordered(value, json)))).as("%s", value).isEqualTo(isValid);
            numValid += isValid ? 1 : 0;
        }
        assertThat(numValid).isPositive();
    }

    /** The properties that the schema names come first, in its order. */
    static JsonNode ordered(JsonNode value, JsonNode schema) {
        ObjectNode ordered = MAPPER.createObjectNode();
        schema.path("properties").propertyNames().stream().filter(value::has)
                .forEach(name -> ordered.set(name, value.get(name)));
        value.properties().forEach(each -> ordered.set(each.getKey(), each.getValue()));
        return value.isObject() ? ordered : value;
    }

    @Test
    void bounds_ofNumbers_areThoseOfTheirValues() {
        List<String> bounds = List.of("-20", "-10.25", "-1", "-0.05", "0", "0.05", "0.5", "1", "9.75", "10", "101");
        List<String> numbers = new ArrayList<>();
        for (int i = -2200; i <= 2200; i++) {
            BigDecimal hundredths = BigDecimal.valueOf(i, 2);
            numbers.add((i % 100 == 0 ? hundredths.setScale(0) : hundredths).toPlainString());
        }
        numbers.addAll(
                List.of("0.050", "0.0501", "0.04999", "9.7500", "9.7501", "100", "101", "101.0", "101.001", "102",
                        "1000", "-20.01", "-20.0", "-100"));
        Random random = new Random(1);
        for (int i = 0; i < 25; i++) {
            BigDecimal min = random.nextInt(4) == 0 ? null : new BigDecimal(bounds.get(random.nextInt(bounds.size())));
            BigDecimal max = random.nextInt(4) == 0 ? null : new BigDecimal(bounds.get(random.nextInt(bounds.size())));
            if (min != null && max != null && min.compareTo(max) >= 0) {
                continue;
            }
            NumberRange range = new NumberRange(min, random.nextBoolean(), max, random.nextBoolean());
            if (range.isAll()) {
                continue;
            }
            Automaton decimals = new Automaton(Rules.of(range.decimals()));
            for (String number : numbers) {
                assertThat(accepts(decimals, number)).as("%s in %s", number, range)
                        .isEqualTo(isIn(new BigDecimal(number), range));
            }
            if (range.integers().toString().contains("OneOf")) {
                checkIntegers(range);
            }
        }
    }

    /** Schemas made from types of Java have no other bounds, and a text beyond them could not be converted. */
    @ParameterizedTest
    @CsvSource({"int32, -2147483648, 2147483647", "int64, -9223372036854775808, 9223372036854775807"})
    void formats_ofIntegers_areBounds(String format, String min, String max) {
        String schema = "{\"type\": \"integer\", \"format\": \"" + format + "\", \"maximum\": 1e30}";
        Automaton automaton = new Automaton(JsonSchema.rules(schema));

        for (String inside : List.of("0", "-7", min, max)) {
            assertThat(accepts(automaton, inside)).as(inside).isTrue();
        }
        for (String outside : List.of(new BigDecimal(min).subtract(BigDecimal.ONE).toString(),
                new BigDecimal(max).add(BigDecimal.ONE).toString(), max + "0")) {
            assertThat(accepts(automaton, outside)).as(outside).isFalse();
        }
    }

    private static void checkIntegers(NumberRange range) {
        Automaton integers;
        try {
            integers = new Automaton(Rules.of(range.integers()));
        } catch (IllegalArgumentException _) {
            integers = null; // none
        }
        for (int i = -130; i < 130; i++) {
            assertThat(integers != null && accepts(integers, String.valueOf(i))).as("%d in %s", i, range)
                    .isEqualTo(isIn(BigDecimal.valueOf(i), range));
        }
    }

    private static boolean isIn(BigDecimal number, NumberRange range) {
        boolean isAbove = range.min() == null || number.compareTo(range.min()) > 0
                || (range.includesMin() && number.compareTo(range.min()) == 0);
        return isAbove && (range.max() == null || number.compareTo(range.max()) < 0
                || (range.includesMax() && number.compareTo(range.max()) == 0));
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '~', value = {
        "{\"not\": {}}; #: 'not' is not supported",
        "{\"properties\": {\"a\": {\"multipleOf\": 2}}}; #/properties/a: 'multipleOf' is not supported",
        "{\"items\": {\"uniqueItems\": true}}; #/items: 'uniqueItems' is not supported",
        "{\"if\": {}}; 'if' is not supported", "{\"patternProperties\": {}}; 'patternProperties' is not supported",
        "{\"minProperties\": 1}; 'minProperties'", "{\"propertyNames\": {}}; 'propertyNames'",
        "{\"dependentRequired\": {}}; 'dependentRequired'", "{\"contains\": {}}; 'contains'",
        "{\"unevaluatedProperties\": false}; 'unevaluatedProperties'", "{\"$dynamicRef\": \"#\"}; '$dynamicRef'",
        "{\"nullable\": true}; 'nullable' is not supported",
        "{\"type\": \"text\"}; 'type' is \"text\"",
        "{\"type\": \"string\", \"format\": \"hostname\"}; 'format' is hostname",
        "{\"type\": \"string\", \"pattern\": \"(a)\\\\1\"}; 'pattern' is refused: regex: '\\1' is not supported",
        "{\"type\": \"string\", \"pattern\": \"a\", \"maxLength\": 3}; 'maxLength' beside 'pattern'",
        "{\"$ref\": \"#/$defs/a\"}; which is not in the document",
        "{\"$ref\": \"https://example.org/a\"}; '$ref' is https://example.org/a",
        "{\"$ref\": \"#/$defs/a\", \"minimum\": 1, \"$defs\": {\"a\": {}}}; 'minimum' beside '$ref'",
        "{\"anyOf\": [{}], \"type\": \"string\"}; 'type' beside 'anyOf'",
        "{\"allOf\": [{}, {}]}; 'allOf' of more than one schema",
        "{\"oneOf\": [{\"type\": \"integer\"}, {\"type\": \"number\"}]}; 'oneOf' is supported for schemas without",
        "{\"enum\": [1], \"minimum\": 1}; 'minimum' beside 'enum'",
        "{\"minLength\": -1, \"type\": \"string\"}; 'minLength' is -1",
        "{\"items\": [{}]}; #/items: [{}], must be an object or a boolean",
        "{\"type\": \"number\", \"minimum\": 1e200}; more than 100 digits", "{; not JSON", "[]; must be an object",
        "{\"$ref\": \"#\"}; rule # calls itself", "false; no text fulfills it",
        "{\"type\": \"object\", \"required\": [\"a\"], \"properties\": {\"a\": {\"$ref\": \"#\"}}}; never comes to an end"})
    void schema_thatIsNotSupported_isRefusedByItsKeyword(String schema, String message) {
        assertThatThrownBy(() -> new Automaton(JsonSchema.rules(schema))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void names_thatLookLikeRulesOrPointers_areOnlyNames() {
        Automaton helpers = new Automaton(JsonSchema.rules("{\"type\": \"object\", \"properties\": {"
                + "\"a\": {\"type\": \"object\", \"properties\": {\"k\": {\"type\": \"null\"}}}, "
                + "\"a additional\": {\"type\": \"null\"}, \"a from k\": {\"type\": \"null\"}, "
                + "\"a other key after \": {\"type\": \"null\"}}}"));
        Automaton pointers = new Automaton(JsonSchema.rules("{\"type\": \"object\", \"properties\": {"
                + "\"r\": {\"$ref\": \"#/properties/a%20b\"}, \"a b\": {\"type\": \"null\"}, "
                + "\"a%20b\": {\"type\": \"boolean\"}}}"));

        assertThat(accepts(helpers, "{\"a\": {\"k\": null, \"l\": 1}, \"a additional\": null}")).isTrue();
        assertThat(accepts(helpers, "{\"a\": {}, \"a from k\": null, \"a other key after \": null}")).isTrue();
        assertThat(accepts(helpers, "{\"a additional\": 1}")).isFalse();
        assertThat(accepts(pointers, "{\"r\": null, \"a b\": null, \"a%20b\": true}")).isTrue();
        assertThat(accepts(pointers, "{\"r\": true}")).isFalse();
        assertThat(accepts(pointers, "{\"a%20b\": null}")).isFalse();
    }

    @Test
    void oneOf_thatNeedsManyComparisons_isRefused() {
        StringBuilder nested = new StringBuilder();
        for (int level = 0; level < 7; level++) {
            String next = "{\"$ref\": \"#/$defs/d" + (level + 1) + "\"}";
            nested.append("\"d").append(level).append("\": {\"anyOf\": ").append(Collections.nCopies(6, next))
                    .append("}, ");
        }
        String ways = "{\"oneOf\": [{\"$ref\": \"#/$defs/d0\"}, {\"type\": \"null\"}], \"$defs\": {" + nested
                + "\"d7\": {\"type\": \"string\"}}}";
        String numbers = IntStream.range(0, 400).mapToObj(String::valueOf).collect(Collectors.joining(", "));
        String constants = "{\"oneOf\": [{\"enum\": [" + numbers + "]}, {\"enum\": [" + numbers.replace(", ", ".5, ")
                + ".5]}]}";

        for (String schema : List.of(ways, constants)) {
            assertThatThrownBy(() -> JsonSchema.rules(schema)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("'oneOf' needs more than 100000 comparisons");
        }
    }

    @Test
    void schemas_ofManyItemsOrNames_areRefusedBeyondALimit() {
        String items = Collections.nCopies(5000, "true").toString();
        String name = "a".repeat(501);
        String names = IntStream.range(0, 100).mapToObj(i -> "\"" + i + "x".repeat(400) + "\": true")
                .collect(Collectors.joining(", "));

        assertThatThrownBy(() -> new Automaton(JsonSchema.rules("{\"prefixItems\": " + items + "}")))
                .hasMessage("JSON schema: #: 'prefixItems' has 5000 schemas, at most 200 are supported");
        assertThatThrownBy(() -> JsonSchema.rules("{\"required\": [\"" + name + "\"]}"))
                .hasMessage("JSON schema: #: 'required' has a name of 501 characters, at most 500 are supported");
        assertThatThrownBy(() -> JsonSchema.rules("{\"properties\": {\"" + name + "\": true}}"))
                .hasMessage("JSON schema: #: 'properties' has a name of 501 characters, at most 500 are supported");
        assertThatThrownBy(() -> JsonSchema.rules("{\"properties\": {" + names + "}}"))
                .hasMessage("JSON schema: #: its properties need more than 5000 rules, which is not supported");
    }

    @Test
    void schemas_thatNestOrNameMuch_stayLinear() {
        StringBuilder nested = new StringBuilder("{\"type\": \"integer\"}");
        for (int depth = 0; depth < 60; depth++) {
            nested.insert(0, depth % 2 == 0 ? "{\"items\": " : "{\"properties\": {\"a\": ")
                    .append(depth % 2 == 0 ? "}" : "}}");
        }
        TreeMap<String, Object> properties = new TreeMap<>();
        for (int i = 0; i < 300; i++) {
            properties.put("property" + i, MAPPER.createObjectNode().put("type", "string"));
        }
        String many = "{\"type\": \"object\", \"properties\": " + MAPPER.writeValueAsString(properties) + "}";

        assertThat(accepts(new Automaton(JsonSchema.rules(nested.toString())), "{\"a\": [{}]}")).isTrue();
        assertThat(accepts(new Automaton(JsonSchema.rules(many)), "{\"property299\": \"x\", \"property3000\": 1}"))
                .isTrue();
        assertThat(accepts(new Automaton(JsonSchema.rules(many)), "{\"property299\": 1}")).isFalse();
    }
}
