package io.github.pastkv.lens.sweep;

import io.github.pastkv.lens.patching.LabeledGrid;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Reads the numbers of a result file. */
final class SweepResume {
    private final PreviousResult file;

    SweepResume(PreviousResult file) {
        this.file = file;
    }

    /** Takes over numbers and baselines; refuses a file of something else, naming what differs, before any is taken. */
    void fill(SweepSetup setup, List<CaseNumbers> cases) throws IOException {
        file.requireSame(setup);
        JsonNode json = file.json();
        List<String> names = cases.getFirst().grids().stream().map(part -> part.of().name()).toList();
        for (String name : json.path("grids").propertyNames()) {
            if (!names.contains(name)) {
                throw file.refusal(
                        "has a grid '" + name + "' that would be lost; add --grid " + name);
            }
        }
        for (int number = 0; number < cases.size(); number++) {
            fill(cases.get(number), cases.size() == 1 && !json.has("pairs") ? json : json.path("pairs").path(number));
        }
    }

    private void fill(CaseNumbers numbers, JsonNode from) throws IOException {
        JsonNode baselines = from.path("baselines");
        for (String name : baselines.propertyNames()) {
            if (!baselines.get(name).isNull()) {
                numbers.baselines().put(name, file.number(baselines.get(name), "baselines"));
            }
        }
        for (CaseNumbers.GridNumbers part : numbers.grids()) {
            JsonNode grid = from.path("grids").path(part.of().name());
            JsonNode values = grid.has("values") ? grid.get("values") : grid;
            if (!values.isMissingNode()) {
                fill(part.numbers(), values);
            }
        }
    }

    private void fill(LabeledGrid grid, JsonNode values) throws IOException {
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
