package io.github.pastkv.lens.sweep;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A sweep: every cell of every grid, for every case, on one model. The numbers of several cases are averaged, so cases
 * have prompts of one length and one kind of metric. Immutable.
 *
 * @param model the model that the numbers are of
 * @param cases what is patched; at least one
 * @param grids what is replaced; at least one, of different names
 * @param isSet whether the result is the mean over the cases, with a spread, even of a single one
 */
public record Sweep(ModelIdentity model, List<? extends SweepCase> cases, List<SweepGrid> grids, boolean isSet) {
    public Sweep {
        cases = List.copyOf(cases);
        grids = List.copyOf(grids);
        if (cases.isEmpty() || grids.isEmpty()) {
            throw new IllegalArgumentException((cases.isEmpty() ? "cases" : "grids") + ": none, must be at least one");
        }
        if (cases.size() > 1 && !isSet) {
            throw new IllegalArgumentException("isSet: false, " + cases.size() + " cases are a set");
        }
        if (grids.stream().map(SweepGrid::name).distinct().count() < grids.size()) {
            throw new IllegalArgumentException("grids: " + grids.stream().map(SweepGrid::name).toList()
                    + ", names must differ");
        }
        SweepCase first = cases.getFirst();
        for (SweepCase each : cases) {
            requireAlike(first, each);
        }
    }

    private static void requireAlike(SweepCase first, SweepCase other) {
        if (other.baseIds().length != first.baseIds().length) {
            throw new IllegalArgumentException("cases: " + other.baseIds().length + " tokens, the first has "
                    + first.baseIds().length + "; prompts that are averaged must be equally long");
        }
        if (other.metric().kind() != first.metric().kind()
                || !SweepJson.options(other).equals(SweepJson.options(first))) {
            throw new IllegalArgumentException("cases: " + SweepJson.toJson(other) + ", the first is "
                    + SweepJson.toJson(first) + "; only cases of one kind are averaged");
        }
    }

    /**
     * The identity of the sweep, 64 hexadecimal digits: of the model's digest and arithmetic and of all cases. Grids
     * are not part of it, so a sweep can be extended by one.
     */
    public String id() {
        ObjectNode identity = JsonFields.object().put("digest", model.digest()).put("arithmetic", model.arithmetic());
        ArrayNode all = identity.putArray("cases");
        cases.forEach(each -> all.add(SweepJson.toJson(each)));
        String json = JsonMapper.shared().writeValueAsString(identity);
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(json.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
