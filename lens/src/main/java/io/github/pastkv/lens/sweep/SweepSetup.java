package io.github.pastkv.lens.sweep;

import io.github.pastkv.lens.patching.MetricSpec;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The setup of a result file; results of equal setups have equal bits.
 *
 * @param model the model's identity
 * @param metric its name
 * @param setup options and prompts
 */
record SweepSetup(ObjectNode model, String metric, ObjectNode setup) {
    static SweepSetup of(Sweep sweep) {
        SweepCase first = sweep.cases().getFirst();
        return of(sweep.model(), first.metric().kind(), SweepJson.options(first), sweep.cases());
    }

    static SweepSetup of(ModelIdentity model, MetricSpec.Kind metric, ObjectNode options,
            List<? extends SweepCase> cases) {
        ArrayNode prompts = options.putArray("prompts");
        cases.forEach(each -> prompts.add(SweepJson.prompts(each)));
        return new SweepSetup(SweepJson.toJson(model), metric.toString(), options);
    }
}
