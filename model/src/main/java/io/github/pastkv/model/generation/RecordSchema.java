package io.github.pastkv.model.generation;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The JSON schema of a record type, with one definition for each record type in it. */
final class RecordSchema {
    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static final Map<Class<?>, String> FORMATS = Map.of(LocalDate.class, "date",
            OffsetDateTime.class, "date-time", Instant.class, "date-time", UUID.class, "uuid");
    private static final Set<Class<?>> NUMBERS =
            Set.of(double.class, Double.class, BigDecimal.class, float.class, Float.class);
    private static final Map<Class<?>, Long> MAX_INTEGERS = Map.of(byte.class, (long) Byte.MAX_VALUE,
            Byte.class, (long) Byte.MAX_VALUE, short.class, (long) Short.MAX_VALUE,
            Short.class, (long) Short.MAX_VALUE, int.class, (long) Integer.MAX_VALUE,
            Integer.class, (long) Integer.MAX_VALUE, long.class, Long.MAX_VALUE, Long.class, Long.MAX_VALUE);
    private static final int MAX_FLOAT_EXPONENT = 38;

    private final int maxStringLength;
    private final int maxItems;
    private final ObjectNode definitions = MAPPER.createObjectNode();

    private RecordSchema(int maxStringLength, int maxItems) {
        this.maxStringLength = maxStringLength;
        this.maxItems = maxItems;
    }

    /**
     * The schema as text.
     *
     * @throws IllegalArgumentException naming the component whose type is not supported
     */
    static String of(Class<? extends Record> type, int maxStringLength, int maxItems) {
        RecordSchema schema = new RecordSchema(maxStringLength, maxItems);
        ObjectNode root = schema.recordReference(type, type.getSimpleName());
        root.set("$defs", schema.definitions);
        return root.toString();
    }

    private ObjectNode recordReference(Class<?> type, String place) {
        String name = type.getName();
        if (!definitions.has(name)) {
            requireOpen(type, place);
            // before its components, as they may refer to it
            ObjectNode definition = definitions.putObject(name).put("type", "object");
            ObjectNode properties = definition.putObject("properties");
            ArrayNode required = definition.putArray("required");
            definition.put("additionalProperties", false);
            for (RecordComponent component : type.getRecordComponents()) {
                properties.set(component.getName(),
                        schema(component.getGenericType(), type.getSimpleName() + "." + component.getName()));
                required.add(component.getName());
            }
        }
        return MAPPER.createObjectNode().put("$ref", "#/$defs/" + name);
    }

    private static void requireOpen(Class<?> type, String place) {
        if (type.getTypeParameters().length > 0) {
            throw refusal(place, type, "has type parameters");
        }
        if (!type.getModule().isOpen(type.getPackageName(), JsonMapper.class.getModule())) {
            throw refusal(place, type, "cannot be created by reflection: add 'opens " + type.getPackageName()
                    + " to " + JsonMapper.class.getModule().getName() + ";' to the module-info.java of "
                    + type.getModule().getName());
        }
    }

    private ObjectNode schema(Type type, String place) {
        return switch (type) {
            case Class<?> plain -> plainSchema(plain, place);
            case ParameterizedType generic -> genericSchema(generic, place);
            default -> throw unknown(place, type);
        };
    }

    private ObjectNode plainSchema(Class<?> type, String place) {
        ObjectNode schema = MAPPER.createObjectNode();
        if (type == String.class) {
            return schema.put("type", "string").put("maxLength", maxStringLength);
        } else if (type == boolean.class || type == Boolean.class) {
            return schema.put("type", "boolean");
        } else if (MAX_INTEGERS.containsKey(type)) {
            long max = MAX_INTEGERS.get(type);
            return schema.put("type", "integer").put("minimum", -max - 1).put("maximum", max);
        } else if (type == BigInteger.class) {
            return schema.put("type", "integer");
        } else if (NUMBERS.contains(type)) {
            return numberSchema(schema, type);
        } else if (FORMATS.containsKey(type)) {
            return schema.put("type", "string").put("format", FORMATS.get(type));
        } else if (type.isEnum()) {
            ArrayNode names = schema.putArray("enum");
            Arrays.stream(type.getEnumConstants()).forEach(constant -> names.add(((Enum<?>) constant).name()));
            return schema;
        } else if (type.isRecord()) {
            return recordReference(type, place);
        }
        throw unknown(place, type);
    }

    /** Floats are bounded, as a number beyond their range would be read as an infinity; doubles reach beyond 1e99. */
    private static ObjectNode numberSchema(ObjectNode schema, Class<?> type) {
        schema.put("type", "number");
        if (type == float.class || type == Float.class) {
            BigDecimal max = BigDecimal.TEN.pow(MAX_FLOAT_EXPONENT);
            schema.put("minimum", max.negate()).put("maximum", max);
        }
        return schema;
    }

    private ObjectNode genericSchema(ParameterizedType type, String place) {
        ObjectNode schema = MAPPER.createObjectNode();
        if (type.getRawType() == List.class || type.getRawType() == Set.class) {
            schema.put("type", "array").put("maxItems", maxItems);
            schema.set("items", schema(type.getActualTypeArguments()[0], place));
            return schema;
        } else if (type.getRawType() == Optional.class) {
            ArrayNode options = schema.putArray("anyOf");
            options.add(schema(type.getActualTypeArguments()[0], place));
            options.addObject().put("type", "null");
            return schema;
        }
        throw unknown(place, type);
    }

    private static IllegalArgumentException unknown(String place, Type type) {
        return refusal(place, type, "is not supported; supported are records, enums, String, boolean, numbers, "
                + "LocalDate, OffsetDateTime, Instant, UUID, and List, Set and Optional of these");
    }

    private static IllegalArgumentException refusal(String place, Type type, String reason) {
        return new IllegalArgumentException(place + ": " + type.getTypeName() + " " + reason);
    }
}
