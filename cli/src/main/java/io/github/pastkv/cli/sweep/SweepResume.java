package io.github.pastkv.cli.sweep;

import io.github.pastkv.lens.patching.LabelledGrid;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Numbers of a file that a sweep wrote before. */
final class SweepResume {
    private final PreviousResult file;

    SweepResume(PreviousResult file) {
        this.file = file;
    }

    /** Takes over numbers and baselines; refuses a file of something else, naming what differs, before any is taken. */
    void fill(SweepSetup setup, List<SweepNumbers> cases) throws IOException {
        file.requireSame(setup);
        JsonNode json = file.json();
        List<String> names = cases.getFirst().parts().stream().map(part -> part.grid().name()).toList();
        for (String name : json.path("grids").propertyNames()) {
            if (!names.contains(name)) {
                throw file.refusal(
                        "has a grid '" + name + "' that is not asked for and would be lost; add --grid " + name);
            }
        }
        for (int number = 0; number < cases.size(); number++) {
            fill(cases.get(number), cases.size() == 1 && !json.has("pairs") ? json : json.path("pairs").path(number));
        }
    }

    private void fill(SweepNumbers numbers, JsonNode from) throws IOException {
        JsonNode baselines = from.path("baselines");
        for (String name : baselines.propertyNames()) {
            if (!baselines.get(name).isNull()) {
                numbers.baselines().put(name, file.number(baselines.get(name), "baselines"));
            }
        }
        for (SweepNumbers.Part part : numbers.parts()) {
            JsonNode grid = from.path("grids").path(part.grid().name());
            JsonNode values = grid.has("values") ? grid.get("values") : grid;
            if (!values.isMissingNode()) {
                fill(part.grid(), values);
            }
        }
    }

    private void fill(LabelledGrid grid, JsonNode values) throws IOException {
        List<JsonNode> cells = new ArrayList<>();
        flatten(values, cells);
        if (cells.size() != grid.values().length) {
            throw file.refusal(
                    "has " + cells.size() + " cells of grid " + grid.name() + ", it has " + grid.values().length);
        }
        for (int cell = 0; cell < cells.size(); cell++) {
            if (!cells.get(cell).isNull()) {
                grid.put(cell, file.number(cells.get(cell), grid.name()));
            }
        }
    }

    private static void flatten(JsonNode values, List<JsonNode> cells) {
        if (values.isArray()) {
            values.forEach(inner -> flatten(inner, cells));
        } else {
            cells.add(values);
        }
    }
}
