package io.github.pastkv.lens.sweep;

import io.github.pastkv.lens.patching.LabeledGrid;
import io.github.pastkv.lens.patching.PatchAxis;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Writes a {@link SweepResult} as JSON or as a table. */
final class SweepReport {
    private static final List<String> TABLE_AXES = Arrays.stream(PatchAxis.values()).map(PatchAxis::label).toList();

    private SweepReport() {}

    static String json(SweepResult result, Map<String, String> extra) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ObjectNode baselines = json.putObject("baselines");
        result.baselineNames().forEach(name -> baselines.put(name, result.baseline(name)));
        boolean isSet = result.sweep().isSet();
        if (isSet) {
            ObjectNode spread = json.putObject("spread");
            result.baselineNames()
                    .forEach(name -> spread.put(name, LabeledGrid.standardDeviation(result.baselines(name))));
            json.put("num_pairs", result.cases().size());
            json.put("num_pairs_done", result.numCasesDone());
        }
        json.put("metric", result.setup().metric());
        json.set("model", result.setup().model());
        extra.forEach(json::put);
        json.set("setup", result.setup().setup());
        ObjectNode grids = json.putObject("grids");
        result.grids().forEach(grid -> addGrid(grids.putObject(grid.name()), grid));
        if (isSet) {
            ArrayNode pairs = json.putArray("pairs");
            result.cases().forEach(each -> addCase(pairs.addObject(), each));
        }
        return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(json) + System.lineSeparator();
    }

    private static void addGrid(ObjectNode target, LabeledGrid grid) {
        ArrayNode axes = target.putArray("axes");
        grid.axes().forEach(axes::add);
        ArrayNode labels = target.putArray("labels");
        for (List<String> axisLabels : grid.labels()) {
            ArrayNode array = labels.addArray();
            axisLabels.forEach(array::add);
        }
        addNumbers(target.putArray("values"), grid, grid.values());
        if (grid.spread() != null) {
            addNumbers(target.putArray("spread"), grid, grid.spread());
        }
    }

    private static void addCase(ObjectNode target, CaseNumbers numbers) {
        ObjectNode baselines = target.putObject("baselines");
        for (Map.Entry<String, Double> baseline : numbers.baselines().entrySet()) {
            baselines.put(baseline.getKey(), baseline.getValue());
        }
        ObjectNode grids = target.putObject("grids");
        for (CaseNumbers.GridNumbers grid : numbers.grids()) {
            addNumbers(grids.putArray(grid.of().name()), grid.numbers(), grid.numbers().values());
        }
    }

    private static void addNumbers(ArrayNode target, LabeledGrid grid, double[] numbers) {
        addNumbers(target, grid, numbers, 0, 0);
    }

    /** Nested as the axes are; null where no run was made, the text "NaN" where a metric gave that. */
    private static void addNumbers(ArrayNode target, LabeledGrid grid, double[] numbers, int axis, int offset) {
        int[] shape = grid.shape();
        int stride = Arrays.stream(shape, axis + 1, shape.length).reduce(1, Math::multiplyExact);
        for (int index = 0; index < shape[axis]; index++) {
            int at = offset + index * stride;
            if (axis + 1 < shape.length) {
                addNumbers(target.addArray(), grid, numbers, axis + 1, at);
            } else if (grid.isDone(at)) {
                target.add(numbers[at]);
            } else {
                target.addNull();
            }
        }
    }

    /**
     * A row for each cell: the grid, an index for each axis (empty where the grid has none), names of parts of the
     * model for edges, the number, and its spread.
     */
    static String table(SweepResult result) {
        List<LabeledGrid> grids = result.grids();
        List<String> axes = new ArrayList<>(TABLE_AXES);
        grids.stream().flatMap(grid -> grid.axes().stream()).filter(axis -> !axes.contains(axis)).distinct()
                .forEach(axes::add);
        StringBuilder table = new StringBuilder("grid,").append(String.join(",", axes)).append(",value")
                .append(result.sweep().isSet() ? ",spread\n" : "\n");
        for (LabeledGrid grid : grids) {
            for (int cell = 0; cell < grid.values().length; cell++) {
                appendRow(table, grid, axes, cell);
            }
        }
        return table.toString();
    }

    private static void appendRow(StringBuilder table, LabeledGrid grid, List<String> axes, int cell) {
        table.append(grid.name());
        int[] index = grid.index(cell);
        for (String axis : axes) {
            int place = grid.axes().indexOf(axis);
            table.append(',');
            if (place >= 0) {
                boolean isNumber = TABLE_AXES.contains(axis);
                table.append(isNumber ? String.valueOf(index[place]) : grid.labels().get(place).get(index[place]));
            }
        }
        table.append(',').append(grid.isDone(cell) ? String.valueOf(grid.values()[cell]) : "");
        double @Nullable [] spread = grid.spread();
        if (spread != null) {
            table.append(',').append(grid.isDone(cell) ? String.valueOf(spread[cell]) : "");
        }
        table.append('\n');
    }
}
