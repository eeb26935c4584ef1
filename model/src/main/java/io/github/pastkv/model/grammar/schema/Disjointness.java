package io.github.pastkv.model.grammar.schema;

import java.math.BigDecimal;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.BooleanNode;

/**
 * Whether no value is an instance of two schemas, as far as types, constants, bounds of numbers and properties that
 * both objects require show it. A {@code oneOf} of other schemas is refused: its instances are none of
 * {@code anyOf}'s. Unions within unions multiply, so the comparisons of one document are counted.
 */
final class Disjointness {
    private static final int MAX_DEPTH = 16;
    private static final int MAX_COMPARISONS = 100_000;

    private final References references;
    private long numComparisons;

    Disjointness(References references) {
        this.references = references;
    }

    /** Refuses a {@code oneOf} two of whose schemas may have an instance in common. */
    void require(SchemaNode schema) {
        List<SchemaNode> branches = schema.list("oneOf");
        for (int i = 0; i < branches.size(); i++) {
            for (int j = 0; j < i; j++) {
                boolean areDisjoint = areDisjoint(branches.get(j), branches.get(i), 0);
                if (numComparisons > MAX_COMPARISONS) {
                    throw schema.refusal("oneOf", "needs more than " + MAX_COMPARISONS
                            + " comparisons of schemas and constants, which is not supported");
                }
                if (!areDisjoint) {
                    throw schema.refusal("oneOf", "is supported for schemas without common instances only; schemas "
                            + j + " and " + i + " may have some ('anyOf' may be meant)");
                }
            }
        }
    }

    private boolean areDisjoint(SchemaNode one, SchemaNode other, int depth) {
        if (one.json().isBoolean() || other.json().isBoolean() || depth > MAX_DEPTH || !count(1)) {
            return false;
        }
        for (String union : List.of("anyOf", "oneOf", "allOf")) {
            if (one.has(union)) {
                return one.list(union).stream().allMatch(each -> areDisjoint(each, other, depth + 1));
            }
            if (other.has(union)) {
                return other.list(union).stream().allMatch(each -> areDisjoint(one, each, depth + 1));
            }
        }
        if (one.has("$ref") || other.has("$ref")) {
            return areDisjoint(resolved(one), resolved(other), depth + 1);
        }
        return areDisjointPlain(one, other, depth);
    }

    /** Whether so many more comparisons are allowed. */
    private boolean count(long numMore) {
        numComparisons += numMore;
        return numComparisons <= MAX_COMPARISONS;
    }

    private SchemaNode resolved(SchemaNode schema) {
        return schema.has("$ref") ? references.target(schema) : schema;
    }

    private boolean areDisjointPlain(SchemaNode one, SchemaNode other, int depth) {
        List<JsonNode> constants = constants(one);
        List<JsonNode> others = constants(other);
        if (constants != null) {
            long numOthers = others == null ? 1 : others.size();
            return count(constants.size() * numOthers) && constants.stream().noneMatch(value -> others == null
                    ? SchemaKeywords.types(other).stream().anyMatch(type -> isKindOf(type, value))
                    : others.stream().anyMatch(each -> isEqual(value, each)));
        }
        if (others != null) {
            return areDisjointPlain(other, one, depth);
        }
        Set<String> common = SchemaKeywords.types(one);
        Set<String> otherTypes = SchemaKeywords.types(other);
        common.removeIf(type -> !otherTypes.contains(type) && !(isNumber(type)
                && otherTypes.stream().anyMatch(Disjointness::isNumber)));
        return common.stream().allMatch(type -> isNumber(type)
                ? ScalarSchemas.range(one).isDisjointFrom(ScalarSchemas.range(other))
                : type.equals("object") && areDisjointObjects(one, other, depth));
    }

    private static @Nullable List<JsonNode> constants(SchemaNode schema) {
        return schema.has("const") || schema.has("enum") ? SchemaKeywords.constants(schema) : null;
    }

    private static boolean isNumber(String type) {
        return type.equals("number") || type.equals("integer");
    }

    private static boolean isKindOf(String type, JsonNode value) {
        return type.equals(SchemaKeywords.typeOf(value)) || (value.isNumber() && type.equals("integer"));
    }

    /** Whether two values are the same: numbers by their value. */
    private static boolean isEqual(JsonNode one, JsonNode other) {
        return one.equals((a, b) -> {
            boolean areNumbers = a.isNumber() && b.isNumber();
            BigDecimal value = areNumbers ? a.decimalValue() : BigDecimal.ZERO;
            return areNumbers ? value.compareTo(b.decimalValue()) : a.equals(b) ? 0 : 1;
        }, other);
    }

    /** One property that both require and whose schemas are disjoint suffices, or one that only one of them allows. */
    private boolean areDisjointObjects(SchemaNode one, SchemaNode other, int depth) {
        if (!count((long) one.json().path("required").size() * other.json().path("required").size())) {
            return false;
        }
        for (SchemaNode[] pair : new SchemaNode[][] {{one, other}, {other, one}}) {
            for (JsonNode name : pair[0].json().path("required").values()) {
                String key = name.asString("");
                SchemaNode there = pair[1].at("properties", key);
                boolean isForbidden = pair[1].json().path("additionalProperties").equals(falseNode())
                        && there.json().isMissingNode();
                SchemaNode here = pair[0].at("properties", key);
                boolean isDisjoint = here.json().isObject() && there.json().isObject()
                        && pair[1].json().path("required").values().contains(name)
                        && areDisjoint(here, there, depth + 1);
                if (isForbidden || isDisjoint) {
                    return true;
                }
            }
        }
        return false;
    }

    private static JsonNode falseNode() {
        return BooleanNode.FALSE;
    }
}
