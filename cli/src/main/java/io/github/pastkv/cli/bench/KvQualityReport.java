package io.github.pastkv.cli.bench;

import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.LayerKvTypes;
import io.github.pastkv.model.quality.LogitDifference;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What storage types cost, as a table and as JSON.
 *
 * @param model its name
 * @param types the types compared
 * @param differences of each type from an F32 cache
 */
record KvQualityReport(String model, KvShape shape, List<LayerKvTypes> types, List<LogitDifference> differences) {
    private long bytesPerToken(LayerKvTypes storage) {
        return KvCacheConfig.of(shape, 1).withKvTypes(storage).bytesPerToken();
    }

    private double shareOfF32(LayerKvTypes storage) {
        return (double) bytesPerToken(storage) / (4 * shape.elementsPerToken());
    }

    /** A line for each type. */
    String table() {
        StringBuilder table = new StringBuilder();
        table.append(String.format(Locale.ROOT, "%s, %,d tokens, against an f32 cache; KL in nats%n%n", model,
                differences.getFirst().numTokens()));
        table.append(String.format(Locale.ROOT, "%-14s %11s %6s %12s %12s %12s %12s %10s%n", "cache", "bytes/token",
                "of f32", "mean KL", "largest KL",
                "mean logit", "largest", "same best"));
        for (int i = 0; i < types.size(); i++) {
            LogitDifference difference = differences.get(i);
            table.append(String.format(Locale.ROOT, "%-14s %,11d %6.3f %12.3g %12.3g %12.3g %12.3g %9.2f%%%n",
                    types.get(i), bytesPerToken(types.get(i)),
                    shareOfF32(types.get(i)), difference.meanKl(), difference.largestKl(), difference.meanLogit(),
                    difference.largestLogit(), 100 * difference.sameBest()));
        }
        return table.toString();
    }

    /** One object. */
    ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("model", model);
        json.put("tokens", differences.getFirst().numTokens());
        ArrayNode rows = json.putArray("kv_types");
        for (int i = 0; i < types.size(); i++) {
            LogitDifference difference = differences.get(i);
            ObjectNode row = rows.addObject();
            row.put("kv_type", types.get(i).toString());
            row.put("bytes_per_token", bytesPerToken(types.get(i)));
            row.put("mean_kl", difference.meanKl());
            row.put("largest_kl", difference.largestKl());
            row.put("mean_logit_difference", difference.meanLogit());
            row.put("largest_logit_difference", difference.largestLogit());
            row.put("same_best", difference.sameBest());
        }
        return json;
    }
}
