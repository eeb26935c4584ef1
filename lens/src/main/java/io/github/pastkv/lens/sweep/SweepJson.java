package io.github.pastkv.lens.sweep;

import io.github.pastkv.lens.patching.MetricSpec;
import io.github.pastkv.lens.patching.PatchAxis;
import io.github.pastkv.lens.patching.PatchGrid;
import io.github.pastkv.lens.patching.PromptPair;
import io.github.pastkv.model.hooks.HookPoint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Cases, tasks and parts as JSON. Numbers that JSON lacks (NaN, infinities) are texts. */
final class SweepJson {
    private SweepJson() {}

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    static ObjectNode toJson(ModelIdentity model) {
        return object().put("name", model.name()).put("architecture", model.architecture())
                .put("parameters", model.numParameters()).put("digest", model.digest())
                .put("arithmetic", model.arithmetic());
    }

    /** What makes a sweep this one. */
    static ObjectNode identity(Sweep sweep) {
        ObjectNode json = object().put("digest", sweep.model().digest()).put("arithmetic", sweep.model().arithmetic());
        ArrayNode cases = json.putArray("cases");
        sweep.cases().forEach(each -> cases.add(toJson(each)));
        return json;
    }

    /** What all cases of a sweep have in common, beside the metric. */
    static ObjectNode options(SweepCase sweepCase) {
        return switch (sweepCase) {
            case PatchCase patch -> object().put("noising", patch.noising());
            case AblationCase ablation -> object().put("ablation", ablation.kind().toString());
        };
    }

    /** The prompts and tokens of a case, by ids. */
    static ObjectNode prompts(SweepCase sweepCase) {
        ObjectNode json = object();
        switch (sweepCase) {
            case PatchCase patch -> {
                addIds(json.putArray("clean_tokens"), patch.pair().clean());
                addIds(json.putArray("corrupted_tokens"), patch.pair().corrupted());
            }
            case AblationCase ablation -> {
                addIds(json.putArray("tokens"), ablation.baseIds());
                ArrayNode references = json.putArray("set_tokens");
                ablation.references().forEach(ids -> addIds(references.addArray(), ids));
            }
        }
        sweepCase.metric().answerToken().ifPresent(id -> json.put("answer_token", id));
        sweepCase.metric().wrongToken().ifPresent(id -> json.put("wrong_token", id));
        return json;
    }

    private static void addIds(ArrayNode target, int[] ids) {
        Arrays.stream(ids).forEach(target::add);
    }

    static ObjectNode toJson(SweepCase sweepCase) {
        ObjectNode json = options(sweepCase).put("metric", sweepCase.metric().kind().toString());
        return json.setAll(prompts(sweepCase));
    }

    private static SweepCase readCase(JsonNode json) {
        boolean isPatch = json.has("noising");
        requireKeys(json, isPatch
                ? Set.of("noising", "metric", "clean_tokens", "corrupted_tokens", "answer_token", "wrong_token")
                : Set.of("ablation", "metric", "tokens", "set_tokens", "answer_token", "wrong_token"));
        MetricSpec metric = readMetric(json);
        if (isPatch) {
            return new PatchCase(new PromptPair(ids(json, "clean_tokens"), ids(json, "corrupted_tokens")),
                    require(json, "noising", JsonNode::isBoolean).booleanValue(), metric);
        }
        List<int[]> references = new ArrayList<>();
        for (JsonNode row : require(json, "set_tokens", JsonNode::isArray)) {
            references.add(toIds(row, "set_tokens"));
        }
        AblationCase.Kind kind = oneOf(json, "ablation", AblationCase.Kind.values());
        return new AblationCase(ids(json, "tokens"), kind, references, metric);
    }

    private static MetricSpec readMetric(JsonNode json) {
        MetricSpec.Kind kind = oneOf(json, "metric", MetricSpec.Kind.values());
        return kind.of(kind.needsAnswer() ? require(json, "answer_token", JsonNode::isInt).intValue() : -1,
                kind.needsWrong() ? require(json, "wrong_token", JsonNode::isInt).intValue() : -1);
    }

    private static ObjectNode toJson(SweepGrid grid) {
        ObjectNode json = object().put("name", grid.name());
        if (grid instanceof SweepGrid.Activations(PatchGrid patches)) {
            ArrayNode points = json.putArray("points");
            patches.points().forEach(point -> points.add(point.name()));
            ArrayNode axes = json.putArray("axes");
            patches.axes().forEach(axis -> axes.add(axis.label()));
        }
        return json;
    }

    private static SweepGrid readGrid(JsonNode json) {
        requireKeys(json, Set.of("name", "points", "axes"));
        String name = text(json, "name");
        if (!json.has("points")) {
            SweepGrid paths = new SweepGrid.DirectPaths();
            if (!name.equals(paths.name())) {
                throw new IllegalArgumentException("grid.points: missing, only " + paths.name() + " has none");
            }
            return paths;
        }
        List<HookPoint> points = texts(json, "points").stream()
                .map(point -> oneOf("points", point, HookPoint.values(), HookPoint::name)).toList();
        List<PatchAxis> axes = texts(json, "axes").stream().map(label -> oneOf("axes", label, PatchAxis.values(),
                PatchAxis::label)).toList();
        return new SweepGrid.Activations(new PatchGrid(name, points, axes));
    }

    static String write(SweepTask task) {
        ObjectNode json = object().put("sweep", task.sweepId()).put("digest", task.modelDigest())
                .put("arithmetic", task.arithmetic()).put("case_index", task.caseIndex());
        json.set("case", toJson(task.sweepCase()));
        json.set("grid", toJson(task.grid()));
        addIds(json.putArray("cells"), task.cells());
        return JsonMapper.shared().writeValueAsString(json);
    }

    static SweepTask readTask(String text) {
        JsonNode json = parse("task", text);
        requireKeys(json, Set.of("sweep", "digest", "arithmetic", "case_index", "case", "grid", "cells"));
        return new SweepTask(text(json, "sweep"), text(json, "digest"), text(json, "arithmetic"),
                require(json, "case_index", JsonNode::isInt).intValue(),
                readCase(require(json, "case", JsonNode::isObject)),
                readGrid(require(json, "grid", JsonNode::isObject)), ids(json, "cells"));
    }

    static String write(SweepPart part) {
        ObjectNode json = object().put("sweep", part.sweepId()).put("case_index", part.caseIndex())
                .put("grid", part.grid());
        ObjectNode baselines = json.putObject("baselines");
        part.baselines().forEach(baselines::put);
        addIds(json.putArray("cells"), part.cells());
        ArrayNode values = json.putArray("values");
        Arrays.stream(part.values()).forEach(values::add);
        return JsonMapper.shared().writeValueAsString(json);
    }

    static SweepPart readPart(String text) {
        JsonNode json = parse("part", text);
        requireKeys(json, Set.of("sweep", "case_index", "grid", "baselines", "cells", "values"));
        Map<String, Double> baselines = new LinkedHashMap<>();
        require(json, "baselines", JsonNode::isObject).forEachEntry((name, value) -> baselines.put(name,
                number(value, "baselines." + name)));
        List<Double> values = new ArrayList<>();
        require(json, "values", JsonNode::isArray).forEach(value -> values.add(number(value, "values")));
        return new SweepPart(text(json, "sweep"), require(json, "case_index", JsonNode::isInt).intValue(),
                text(json, "grid"), baselines, ids(json, "cells"),
                values.stream().mapToDouble(Double::doubleValue).toArray());
    }

    private static JsonNode parse(String what, String text) {
        try {
            JsonNode json = JsonMapper.shared().readTree(text);
            if (!json.isObject()) {
                throw new IllegalArgumentException(what + ": is no JSON object");
            }
            return json;
        } catch (JacksonException e) {
            throw new IllegalArgumentException(what + ": is no JSON: " + e.getOriginalMessage(), e);
        }
    }

    private static void requireKeys(JsonNode json, Set<String> known) {
        Set<String> unknown = new TreeSet<>(json.propertyNames());
        unknown.removeAll(known);
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(unknown.iterator().next() + ": unknown, known are "
                    + String.join(", ", new TreeSet<>(known)));
        }
    }

    private static JsonNode require(JsonNode json, String key, Predicate<JsonNode> isValid) {
        JsonNode value = json.path(key);
        if (!isValid.test(value)) {
            throw new IllegalArgumentException(
                    key + ": " + (value.isMissingNode() ? "missing" : value + " does not fit"));
        }
        return value;
    }

    private static String text(JsonNode json, String key) {
        return require(json, key, JsonNode::isString).stringValue();
    }

    private static List<String> texts(JsonNode json, String key) {
        List<String> texts = new ArrayList<>();
        require(json, key, JsonNode::isArray).forEach(value -> texts.add(value.asString("")));
        return texts;
    }

    private static int[] ids(JsonNode json, String key) {
        return toIds(require(json, key, JsonNode::isArray), key);
    }

    private static int[] toIds(JsonNode array, String key) {
        int[] ids = new int[array.size()];
        for (int i = 0; i < ids.length; i++) {
            if (!array.get(i).isInt()) {
                throw new IllegalArgumentException(key + ": " + array.get(i) + " at " + i + ", must be an integer");
            }
            ids[i] = array.get(i).intValue();
        }
        return ids;
    }

    private static <T> T oneOf(JsonNode json, String key, T[] values) {
        return oneOf(key, text(json, key), values, String::valueOf);
    }

    private static <T> T oneOf(String key, String name, T[] values, Function<T, String> nameOf) {
        return Arrays.stream(values).filter(value -> nameOf.apply(value).equals(name)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException(key + ": '" + name + "', known are "
                        + String.join(", ", Arrays.stream(values).map(nameOf).toList())));
    }

    private static double number(JsonNode value, String where) {
        try {
            return value.isNumber() ? value.doubleValue() : Double.parseDouble(value.asString(""));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(where + ": " + value + ", must be a number", e);
        }
    }
}
