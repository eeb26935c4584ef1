package io.github.pastkv.lens.sweep;

import java.util.Arrays;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Some cells of one grid for one case of a {@link Sweep}: a unit of work that needs nothing but a model of the same
 * identity. {@link #toJson} and {@link #fromJson} carry it to another process. Tasks are cut by
 * {@link SweepResult#openTasks} and run by a {@link SweepRunner}.
 *
 * @param sweepId the sweep's {@linkplain Sweep#id identity}
 * @param modelDigest digest of the model that may run it
 * @param arithmetic arithmetic that may run it
 * @param caseIndex number of the case, from 0
 * @param sweepCase the case
 * @param grid the grid
 * @param cells row-major places in the grid, ascending; may be empty, for the baselines alone
 */
@SuppressWarnings("ArrayRecordComponent") // sent as JSON; nobody compares tasks
public record SweepTask(String sweepId, String modelDigest, String arithmetic, int caseIndex, SweepCase sweepCase,
        SweepGrid grid, int[] cells) {
    public SweepTask {
        requireAscending(cells);
        if (caseIndex < 0) {
            throw new IllegalArgumentException("caseIndex: " + caseIndex + ", must not be negative");
        }
    }

    static void requireAscending(int[] cells) {
        for (int i = 0; i < cells.length; i++) {
            if (cells[i] < 0 || (i > 0 && cells[i] <= cells[i - 1])) {
                throw new IllegalArgumentException("cells: " + cells[i] + " at " + i + ", must be ascending from 0");
            }
        }
    }

    /** The task as one line of JSON. */
    public String toJson() {
        ObjectNode json = JsonFields.object().put("sweep", sweepId).put("digest", modelDigest)
                .put("arithmetic", arithmetic).put("case_index", caseIndex);
        json.set("case", SweepJson.toJson(sweepCase));
        json.set("grid", SweepJson.toJson(grid));
        JsonFields.addIds(json.putArray("cells"), cells);
        return JsonMapper.shared().writeValueAsString(json);
    }

    /**
     * A task that {@link #toJson} wrote.
     *
     * @throws IllegalArgumentException for anything else, naming the field
     */
    public static SweepTask fromJson(String json) {
        JsonNode task = JsonFields.parse("task", json);
        JsonFields.requireKeys(task, Set.of("sweep", "digest", "arithmetic", "case_index", "case", "grid", "cells"));
        return new SweepTask(JsonFields.text(task, "sweep"), JsonFields.text(task, "digest"),
                JsonFields.text(task, "arithmetic"),
                JsonFields.require(task, "case_index", JsonNode::isInt).intValue(),
                SweepJson.readCase(JsonFields.require(task, "case", JsonNode::isObject)),
                SweepJson.readGrid(JsonFields.require(task, "grid", JsonNode::isObject)),
                JsonFields.ids(task, "cells"));
    }

    @Override
    public String toString() {
        return "SweepTask[case " + caseIndex + ", " + grid.name() + ", cells "
                + (cells.length <= 8 ? Arrays.toString(cells) : cells.length + " of them") + "]";
    }
}
