package io.github.pastkv.model.generation;

import io.github.pastkv.model.grammar.Grammar;
import java.util.Objects;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.cfg.DateTimeFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * A record type as the form of an answer: its JSON schema, the grammar that keeps a generation within it, and the
 * reader of the answer. Components may be records, enums, strings, booleans, numbers, {@code LocalDate},
 * {@code OffsetDateTime}, {@code Instant}, {@code UUID}, and {@code List}, {@code Set} and {@code Optional} of these;
 * any other type is refused by the name of its component. All components are required, an {@code Optional} may be null
 * in the JSON. Annotations of Jackson are not read.
 *
 * <p>Strings have at most {@value #MAX_STRING_LENGTH} characters and lists at most {@value #MAX_ITEMS} elements unless
 * set otherwise, so that a weak model comes to an end. Reuse an instance, as its grammar remembers which tokens may
 * follow. Safe for any number of threads.
 *
 * @param <T> the record type
 */
public final class RecordType<T extends Record> {
    /** Longest string, in characters, if nothing else is set. */
    public static final int MAX_STRING_LENGTH = 200;

    /** Most elements of a list, if nothing else is set. */
    public static final int MAX_ITEMS = 20;

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .disable(MapperFeature.USE_ANNOTATIONS) // the schema has the names of the components
            .disable(DateTimeFeature.ADJUST_DATES_TO_CONTEXT_TIME_ZONE)
            .build();

    private final Class<T> type;
    private final String schema;
    private final Grammar grammar;

    private RecordType(Class<T> type, int maxStringLength, int maxItems) {
        this.type = type;
        this.schema = RecordSchema.of(type, maxStringLength, maxItems);
        this.grammar = Grammar.ofJsonSchema(schema);
    }

    /**
     * A record type with the default limits.
     *
     * @throws IllegalArgumentException naming the component whose type is not supported
     */
    public static <T extends Record> RecordType<T> of(Class<T> type) {
        return of(type, MAX_STRING_LENGTH, MAX_ITEMS);
    }

    /**
     * A record type.
     *
     * @param maxStringLength longest string, in characters
     * @param maxItems most elements of a list or a set
     * @throws IllegalArgumentException naming the component whose type is not supported, or a limit below 1
     */
    public static <T extends Record> RecordType<T> of(Class<T> type, int maxStringLength, int maxItems) {
        Objects.requireNonNull(type, "type: null");
        requirePositive("maxStringLength", maxStringLength);
        requirePositive("maxItems", maxItems);
        return new RecordType<>(type, maxStringLength, maxItems);
    }

    private static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": " + value + ", must be at least 1");
        }
    }

    /** The JSON schema, for a prompt that shows it to the model. */
    public String schema() {
        return schema;
    }

    /** The grammar of the schema. */
    public Grammar grammar() {
        return grammar;
    }

    /**
     * The same options with this grammar.
     *
     * @throws IllegalArgumentException if they have another grammar
     */
    public GenerationOptions constrain(GenerationOptions options) {
        if (options.grammar() != null && options.grammar() != grammar) {
            throw new IllegalArgumentException(
                    "options: have " + options.grammar() + ", must have none beside " + this);
        }
        return options.withGrammar(grammar);
    }

    /**
     * Reads an answer that was generated with {@link #grammar}.
     *
     * @throws IllegalStateException if it was cut before its end, by the limit of new tokens, say
     */
    public T read(Generation generation) {
        if (generation.reason() != FinishReason.STOP_TOKEN) {
            throw new IllegalStateException("the answer is not a whole " + type.getSimpleName() + ", as it ended with "
                    + generation.reason() + " after " + generation.rows().getFirst().tokenIds().size()
                    + " tokens: " + generation.text());
        }
        return read(generation.text());
    }

    /**
     * Reads a JSON text.
     *
     * @throws IllegalArgumentException if it is not one of this type, or the record's constructor rejects the values
     */
    public T read(String json) {
        try {
            return MAPPER.readValue(json, type);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("json: is not a " + type.getSimpleName() + ": "
                    + e.getOriginalMessage(), e);
        }
    }

    @Override
    public String toString() {
        return "RecordType[" + type.getSimpleName() + "]";
    }
}
