package io.github.pastkv.tests.golden;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheEntry;
import io.github.pastkv.cache.PastTensor;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.lens.Hook;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.Closeness;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;

/** Replays a {@link CacheScenario} on a session and compares the results with those of TransformerLens. */
public final class ScenarioPlayer {
    private final Session session;
    private final Lens lens;
    private final KvCache cache;
    private final CacheScenario scenario;

    /** A player on a fresh session of the scenario's batch size. */
    public ScenarioPlayer(Session session, CacheScenario scenario) {
        this.session = session;
        this.lens = new Lens(session.model());
        this.cache = session.cache();
        this.scenario = scenario;
    }

    /** Plays all steps; the pool's bookkeeping is checked after each. */
    public void play() {
        for (int number = 0; number < scenario.steps().size(); number++) {
            play(scenario.steps().get(number), scenario.name() + ", step " + number);
            cache.checkIntegrity();
        }
    }

    private void play(JsonNode step, String where) {
        String op = step.required("op").asString();
        switch (op) {
            case "forward" -> forward(step, where);
            case "freeze" -> session.freeze();
            case "unfreeze" -> session.unfreeze();
            case "crop" -> cache.truncate(step.required("slots").asInt());
            case "expand" -> cache.selectRows(new int[step.required("rows").asInt()]);
            case "select" -> cache.selectRows(ints(step.required("rows")));
            case "expect_cache" -> expectCache(step, where);
            default -> throw new IllegalArgumentException(where + ": unknown step " + op);
        }
    }

    private static int[] ints(JsonNode rows) {
        return StreamSupport.stream(rows.spliterator(), false).mapToInt(JsonNode::asInt).toArray();
    }

    private void forward(JsonNode step, String where) {
        StepInput input = input(step);
        Hook[] hooks = StreamSupport.stream(step.path("hooks").spliterator(), false).map(ActivationEdit::hook)
                .toArray(Hook[]::new);
        boolean stops = step.has("stop_at_layer");
        Tensor actual = stops
                ? lens.stream(session, input, step.required("stop_at_layer").asInt(), hooks)
                : lens.run(session, input, hooks).logits();
        String result = stops ? "resid" : "logits";
        Tensor expected = scenario.tensors().floats(step.required(result).asString());
        Closeness.requireCloseAtReal(where + ", " + result, actual, expected, input.mask());
        requireEqual(where + ", slots", session.size(), step.required("slots_after").asInt());
    }

    private StepInput input(JsonNode step) {
        AttentionMask mask = scenario.tensors().mask(step.required("mask").asString());
        return step.has("start_at_layer")
                ? new StepInput.Residual(scenario.tensors().floats(step.required("input").asString()), mask,
                        step.required("start_at_layer").asInt())
                : StepInput.tokens(scenario.tensors().intRows(step.required("tokens").asString()), mask);
    }

    private void expectCache(JsonNode step, String where) {
        AttentionMask mask = scenario.tensors().mask(step.required("mask").asString());
        requireEqual(where + ", mask", cache.previousAttentionMask(), mask);
        requireEqual(where + ", slots", cache.numSlots(), step.required("slots").asInt());
        requireEqual(where + ", layers", cache.numLayers(), step.required("values").size());
        for (KvCacheEntry entry : cache.entries()) {
            expectLayer(entry, step, mask, where + ", layer " + entry.layer());
        }
    }

    /** Our keys are stored after rotation, so it is those that are compared where the model rotates. */
    private void expectLayer(KvCacheEntry entry, JsonNode step, AttentionMask mask, String where) {
        String keys = step.has("rotated_keys") ? "rotated_keys" : "keys";
        try (PastTensor pastKeys = entry.pastKeys(); PastTensor pastValues = entry.pastValues()) {
            Closeness.requireCloseAtReal(where + ", " + keys, pastKeys, tensor(step, keys, entry.layer()), mask);
            Closeness.requireCloseAtReal(where + ", values", pastValues, tensor(step, "values", entry.layer()), mask);
        }
    }

    private Tensor tensor(JsonNode step, String field, int layer) {
        return scenario.tensors().floats(step.required(field).required(layer).asString());
    }

    private static void requireEqual(String what, Object actual, Object expected) {
        if (!actual.equals(expected)) {
            throw new AssertionError(what + ": " + actual + " instead of " + expected);
        }
    }
}
