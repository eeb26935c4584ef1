package io.github.pastkv.lens.sweep;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The numbers of some cells of one grid for one case. Parts of one case and grid merge to a part of the union of their
 * cells; the result does not depend on order or cut. {@link SweepResult#add} merges parts of a whole sweep.
 *
 * @param sweepId the sweep's {@linkplain Sweep#id identity}
 * @param caseIndex number of the case, from 0
 * @param grid the grid's name
 * @param baselines the case's numbers without a patch, by name
 * @param cells row-major places in the grid, ascending
 * @param values the number of each cell
 */
@SuppressWarnings("ArrayRecordComponent") // sent as JSON; nobody compares parts
public record SweepPart(String sweepId, int caseIndex, String grid, Map<String, Double> baselines, int[] cells,
        double[] values) {
    public SweepPart {
        SweepTask.requireAscending(cells);
        if (values.length != cells.length) {
            throw new IllegalArgumentException("values: " + values.length + " numbers for " + cells.length + " cells");
        }
        baselines = Collections.unmodifiableMap(new LinkedHashMap<>(baselines));
    }

    /**
     * The union of two parts.
     *
     * @throws IllegalArgumentException for a part of another sweep, case or grid, or two numbers of one cell that are
     *         not the same bits, which means that two machines compute differently
     */
    public SweepPart merge(SweepPart other) {
        requireSame("sweepId", sweepId, other.sweepId);
        requireSame("caseIndex", caseIndex, other.caseIndex);
        requireSame("grid", grid, other.grid);
        requireSame("baselines", baselines, other.baselines);
        int[] union = new int[cells.length + other.cells.length];
        double[] numbers = new double[union.length];
        int length = 0;
        for (int a = 0, b = 0; a < cells.length || b < other.cells.length; length++) {
            int mine = a < cells.length ? cells[a] : Integer.MAX_VALUE;
            int theirs = b < other.cells.length ? other.cells[b] : Integer.MAX_VALUE;
            union[length] = Math.min(mine, theirs);
            numbers[length] = mine <= theirs ? values[a] : other.values[b];
            if (mine == theirs) {
                requireSameBits(grid, mine, values[a], other.values[b]);
            }
            a += mine <= theirs ? 1 : 0;
            b += theirs <= mine ? 1 : 0;
        }
        return new SweepPart(sweepId, caseIndex, grid, baselines, Arrays.copyOf(union, length),
                Arrays.copyOf(numbers, length));
    }

    /** Refuses a part of another sweep than this one of {@code numCases} cases. */
    void requireOf(String id, int numCases) {
        if (!sweepId.equals(id)) {
            throw new IllegalArgumentException("part: is of sweep " + sweepId + ", this one is " + id);
        }
        if (caseIndex >= numCases) {
            throw new IllegalArgumentException("part: case " + caseIndex + ", there are " + numCases);
        }
    }

    private static void requireSame(String field, Object mine, Object theirs) {
        if (!Objects.equals(mine, theirs)) {
            throw new IllegalArgumentException("part: " + field + " " + theirs + ", must be " + mine);
        }
    }

    static void requireSameBits(String grid, int cell, double mine, double theirs) {
        if (Double.doubleToLongBits(mine) != Double.doubleToLongBits(theirs)) {
            throw new IllegalArgumentException("part: cell " + cell + " of " + grid + " is " + theirs
                    + ", another part has " + mine + "; equal models give equal bits");
        }
    }

    /** The part as one line of JSON. Numbers that JSON lacks (NaN, infinities) are texts. */
    public String toJson() {
        ObjectNode json = JsonFields.object().put("sweep", sweepId).put("case_index", caseIndex)
                .put("grid", grid);
        ObjectNode names = json.putObject("baselines");
        baselines.forEach(names::put);
        JsonFields.addIds(json.putArray("cells"), cells);
        ArrayNode numbers = json.putArray("values");
        Arrays.stream(values).forEach(numbers::add);
        return JsonMapper.shared().writeValueAsString(json);
    }

    /**
     * A part that {@link #toJson} wrote.
     *
     * @throws IllegalArgumentException for anything else, naming the field
     */
    public static SweepPart fromJson(String json) {
        JsonNode part = JsonFields.parse("part", json);
        JsonFields.requireKeys(part, Set.of("sweep", "case_index", "grid", "baselines", "cells", "values"));
        Map<String, Double> baselines = new LinkedHashMap<>();
        JsonFields.require(part, "baselines", JsonNode::isObject).forEachEntry((name, value) -> baselines.put(name,
                JsonFields.number(value, "baselines." + name)));
        List<Double> values = new ArrayList<>();
        JsonFields.require(part, "values", JsonNode::isArray)
                .forEach(value -> values.add(JsonFields.number(value, "values")));
        return new SweepPart(JsonFields.text(part, "sweep"),
                JsonFields.require(part, "case_index", JsonNode::isInt).intValue(),
                JsonFields.text(part, "grid"), baselines, JsonFields.ids(part, "cells"),
                values.stream().mapToDouble(Double::doubleValue).toArray());
    }

    @Override
    public String toString() {
        return "SweepPart[case " + caseIndex + ", " + grid + ", " + cells.length + " cells]";
    }
}
