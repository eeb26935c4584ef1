package io.github.pastkv.cli.sweep;

import io.github.pastkv.cli.io.OutFile;
import io.github.pastkv.lens.patching.LabelledGrid;
import io.github.pastkv.lens.patching.PatchAxis;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a sweep found, as JSON or as a table.
 *
 * @param isSet whether the numbers are means over cases, with a spread
 * @param positions what positions are called
 */
record SweepReport(SweepSetup setup, List<SweepNumbers> cases, boolean isSet, List<String> positions) {
    private static final List<String> TABLE_AXES = Arrays.stream(PatchAxis.values()).map(PatchAxis::label).toList();

    /** Whether a file's name asks for a table. */
    static boolean isTable(Path file) {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(".csv");
    }

    /** The grids: of the one case, or the means. */
    List<LabelledGrid> grids() {
        int numGrids = cases.getFirst().parts().size();
        return IntStream.range(0, numGrids).mapToObj(grid -> {
            List<LabelledGrid> perCase = cases.stream().map(each -> each.parts().get(grid).grid()).toList();
            return (isSet ? LabelledGrid.mean(perCase) : perCase.getFirst()).withPositions(positions);
        }).toList();
    }

    /** The mean of a baseline over the cases that have it. */
    double baseline(String name) {
        return LabelledGrid.mean(baselines(name));
    }

    private double[] baselines(String name) {
        return cases.stream().map(SweepNumbers::baselines).filter(numbers -> numbers.containsKey(name))
                .mapToDouble(numbers -> numbers.get(name)).toArray();
    }

    /** Writes a table if the file's name ends so, else JSON. */
    void write(Path file, List<String> arguments) throws IOException {
        OutFile.write(file, isTable(file) ? table() : json(arguments));
    }

    private String json(List<String> arguments) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        List<String> names = List.copyOf(cases.getFirst().baselines().keySet());
        ObjectNode baselines = json.putObject("baselines");
        names.forEach(name -> baselines.put(name, baseline(name)));
        if (isSet) {
            ObjectNode spread = json.putObject("spread");
            names.forEach(name -> spread.put(name, LabelledGrid.standardDeviation(baselines(name))));
            json.put("num_pairs", cases.size());
            json.put("num_pairs_done", cases.stream().filter(SweepNumbers::isComplete).count());
        }
        json.put("metric", setup.metric());
        json.set("model", setup.model());
        json.put("command", "pastkv " + String.join(" ", arguments));
        json.set("setup", setup.setup());
        ObjectNode grids = json.putObject("grids");
        grids().forEach(grid -> addGrid(grids.putObject(grid.name()), grid));
        if (isSet) {
            ArrayNode pairs = json.putArray("pairs");
            cases.forEach(each -> addCase(pairs.addObject(), each));
        }
        return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(json) + System.lineSeparator();
    }

    private static void addGrid(ObjectNode target, LabelledGrid grid) {
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

    private static void addCase(ObjectNode target, SweepNumbers numbers) {
        ObjectNode baselines = target.putObject("baselines");
        for (Map.Entry<String, Double> baseline : numbers.baselines().entrySet()) {
            baselines.put(baseline.getKey(), baseline.getValue());
        }
        ObjectNode grids = target.putObject("grids");
        for (SweepNumbers.Part part : numbers.parts()) {
            addNumbers(grids.putArray(part.grid().name()), part.grid(), part.grid().values());
        }
    }

    private static void addNumbers(ArrayNode target, LabelledGrid grid, double[] numbers) {
        addNumbers(target, grid, numbers, 0, 0);
    }

    /** Nested as the axes are; null where no run was made, the text "NaN" where a metric gave that. */
    private static void addNumbers(ArrayNode target, LabelledGrid grid, double[] numbers, int axis, int offset) {
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
     * A row for each cell: the grid, an index for each axis (empty where the grid has none), names of parts of the model for
     * edges, the number, and its spread.
     */
    private String table() {
        List<LabelledGrid> grids = grids();
        List<String> axes = new ArrayList<>(TABLE_AXES);
        grids.stream().flatMap(grid -> grid.axes().stream()).filter(axis -> !axes.contains(axis)).distinct()
                .forEach(axes::add);
        StringBuilder table = new StringBuilder("grid,").append(String.join(",", axes)).append(",value")
                .append(isSet ? ",spread\n" : "\n");
        for (LabelledGrid grid : grids) {
            for (int cell = 0; cell < grid.values().length; cell++) {
                appendRow(table, grid, axes, cell);
            }
        }
        return table.toString();
    }

    private static void appendRow(StringBuilder table, LabelledGrid grid, List<String> axes, int cell) {
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
