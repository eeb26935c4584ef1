package io.github.pastkv.cli.sweep;

import io.github.pastkv.model.Model;
import java.io.IOException;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What numbers are of: two sweeps with equal setups have equal bits.
 *
 * @param model name, digest and arithmetic
 * @param metric its name
 * @param setup the command's options and prompts
 */
record SweepSetup(ObjectNode model, String metric, ObjectNode setup) {
    /** Reads all weights for their digest. */
    static ObjectNode describe(Model model, String modelName) throws IOException {
        return JsonNodeFactory.instance.objectNode().put("name", modelName)
                .put("architecture", model.config().architecture()).put("parameters", model.numParameters())
                .put("digest", model.source().digest()).put("arithmetic", model.numericIdentity());
    }

    static SweepSetup of(ObjectNode model, MetricChoice metric, ObjectNode options, List<? extends SweepCase> cases) {
        ArrayNode prompts = options.putArray("prompts");
        cases.forEach(each -> prompts.add(each.describe()));
        return new SweepSetup(model, metric.toString(), options);
    }
}
