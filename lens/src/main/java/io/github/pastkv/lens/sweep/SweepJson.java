package io.github.pastkv.lens.sweep;

import io.github.pastkv.lens.patching.MetricSpec;
import io.github.pastkv.lens.patching.PatchAxis;
import io.github.pastkv.lens.patching.PatchGrid;
import io.github.pastkv.lens.patching.PromptPair;
import io.github.pastkv.model.hooks.HookPoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Models, cases and grids as JSON. */
final class SweepJson {
    private SweepJson() {}

    static ObjectNode toJson(ModelIdentity model) {
        return JsonFields.object().put("name", model.name()).put("architecture", model.architecture())
                .put("parameters", model.numParameters()).put("digest", model.digest())
                .put("arithmetic", model.arithmetic());
    }

    /** What all cases of a sweep have in common, beside the metric. */
    static ObjectNode options(SweepCase sweepCase) {
        return switch (sweepCase) {
            case PatchCase patch -> JsonFields.object().put("noising", patch.noising());
            case AblationCase ablation -> JsonFields.object().put("ablation", ablation.kind().toString());
        };
    }

    /** The prompts and tokens of a case, by ids. */
    static ObjectNode prompts(SweepCase sweepCase) {
        ObjectNode json = JsonFields.object();
        switch (sweepCase) {
            case PatchCase patch -> {
                JsonFields.addIds(json.putArray("clean_tokens"), patch.pair().clean());
                JsonFields.addIds(json.putArray("corrupted_tokens"), patch.pair().corrupted());
            }
            case AblationCase ablation -> {
                JsonFields.addIds(json.putArray("tokens"), ablation.baseIds());
                ArrayNode references = json.putArray("set_tokens");
                ablation.references().forEach(ids -> JsonFields.addIds(references.addArray(), ids));
            }
        }
        sweepCase.metric().answerToken().ifPresent(id -> json.put("answer_token", id));
        sweepCase.metric().wrongToken().ifPresent(id -> json.put("wrong_token", id));
        return json;
    }

    static ObjectNode toJson(SweepCase sweepCase) {
        ObjectNode json = options(sweepCase).put("metric", sweepCase.metric().kind().toString());
        return json.setAll(prompts(sweepCase));
    }

    static SweepCase readCase(JsonNode json) {
        boolean isPatch = json.has("noising");
        JsonFields.requireKeys(json, isPatch
                ? Set.of("noising", "metric", "clean_tokens", "corrupted_tokens", "answer_token", "wrong_token")
                : Set.of("ablation", "metric", "tokens", "set_tokens", "answer_token", "wrong_token"));
        MetricSpec metric = readMetric(json);
        if (isPatch) {
            return new PatchCase(
                    new PromptPair(JsonFields.ids(json, "clean_tokens"), JsonFields.ids(json, "corrupted_tokens")),
                    JsonFields.require(json, "noising", JsonNode::isBoolean).booleanValue(), metric);
        }
        List<int[]> references = new ArrayList<>();
        for (JsonNode row : JsonFields.require(json, "set_tokens", JsonNode::isArray)) {
            references.add(JsonFields.toIds(row, "set_tokens"));
        }
        AblationCase.Kind kind = JsonFields.oneOf(json, "ablation", AblationCase.Kind.values());
        return new AblationCase(JsonFields.ids(json, "tokens"), kind, references, metric);
    }

    private static MetricSpec readMetric(JsonNode json) {
        MetricSpec.Kind kind = JsonFields.oneOf(json, "metric", MetricSpec.Kind.values());
        return kind.of(kind.needsAnswer() ? JsonFields.require(json, "answer_token", JsonNode::isInt).intValue() : -1,
                kind.needsWrong() ? JsonFields.require(json, "wrong_token", JsonNode::isInt).intValue() : -1);
    }

    static ObjectNode toJson(SweepGrid grid) {
        ObjectNode json = JsonFields.object().put("name", grid.name());
        if (grid instanceof SweepGrid.Activations(PatchGrid patches)) {
            ArrayNode points = json.putArray("points");
            patches.points().forEach(point -> points.add(point.name()));
            ArrayNode axes = json.putArray("axes");
            patches.axes().forEach(axis -> axes.add(axis.label()));
        }
        return json;
    }

    static SweepGrid readGrid(JsonNode json) {
        JsonFields.requireKeys(json, Set.of("name", "points", "axes"));
        String name = JsonFields.text(json, "name");
        if (!json.has("points")) {
            SweepGrid paths = new SweepGrid.DirectPaths();
            if (!name.equals(paths.name())) {
                throw new IllegalArgumentException("grid.points: missing, only " + paths.name() + " has none");
            }
            return paths;
        }
        List<HookPoint> points = JsonFields.texts(json, "points").stream()
                .map(point -> JsonFields.oneOf("points", point, HookPoint.values(), HookPoint::name)).toList();
        List<PatchAxis> axes =
                JsonFields.texts(json, "axes").stream().map(label -> JsonFields.oneOf("axes", label, PatchAxis.values(),
                        PatchAxis::label)).toList();
        return new SweepGrid.Activations(new PatchGrid(name, points, axes));
    }
}
