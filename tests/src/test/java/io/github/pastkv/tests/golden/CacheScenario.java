package io.github.pastkv.tests.golden;

import io.github.pastkv.testkit.reference.GoldenTensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A cache scenario of {@code golden/tlens}: steps played on one fresh cache.
 *
 * @param name its name
 * @param batchSize rows of the cache
 * @param steps the steps as the file tells them; strings name tensors
 * @param tensors the tensors that the steps name
 */
public record CacheScenario(String name, int batchSize, List<JsonNode> steps, GoldenTensors tensors) {
    public CacheScenario {
        steps = List.copyOf(steps);
    }

    /** All scenarios of the case in {@code folder}. */
    public static List<CacheScenario> readAll(Path folder) {
        GoldenTensors tensors = GoldenTensors.read(folder.resolve("cache_scenarios.safetensors"));
        JsonNode file = JsonMapper.shared().readTree(folder.resolve("cache_scenarios.json").toFile());
        List<CacheScenario> scenarios = new ArrayList<>();
        for (JsonNode scenario : file.required("scenarios")) {
            List<JsonNode> steps = new ArrayList<>();
            scenario.required("steps").forEach(steps::add);
            scenarios.add(new CacheScenario(scenario.required("name").asString(),
                    scenario.required("batch").asInt(), steps, tensors));
        }
        return scenarios;
    }

    @Override
    public String toString() {
        return name;
    }
}
