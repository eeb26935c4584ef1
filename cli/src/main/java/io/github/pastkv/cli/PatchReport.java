package io.github.pastkv.cli;

import io.github.pastkv.lens.patching.GridResult;
import io.github.pastkv.lens.patching.PatchAxis;
import io.github.pastkv.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a sweep found, as JSON or as a table.
 *
 * @param metric its name
 * @param clean the clean prompt's number
 * @param corrupted the corrupted prompt's number
 * @param results one for each grid
 * @param tokens what the tokens of the patched prompt are called
 */
record PatchReport(String metric, double clean, double corrupted, List<GridResult> results, List<String> tokens) {
    /** Writes a table if the file's name ends so, else JSON. */
    void write(Path file, Model model, String modelName, List<String> arguments) throws IOException {
        boolean isTable = file.toString().toLowerCase(Locale.ROOT).endsWith(".csv");
        Files.writeString(file, isTable ? table() : json(model, modelName, arguments));
    }

    private String json(Model model, String modelName, List<String> arguments) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.putObject("baselines").put("clean", clean).put("corrupted", corrupted);
        json.put("metric", metric);
        json.putObject("model").put("name", modelName).put("architecture", model.config().architecture())
                .put("parameters", model.numParameters());
        json.put("command", "pastkv " + String.join(" ", arguments));
        ObjectNode grids = json.putObject("grids");
        for (GridResult result : results) {
            ObjectNode grid = grids.putObject(result.grid().name());
            ArrayNode axes = grid.putArray("axes");
            ArrayNode labels = grid.putArray("labels");
            for (int axis = 0; axis < result.shape().length; axis++) {
                axes.add(result.grid().axes().get(axis).label());
                ArrayNode ofAxis = labels.addArray();
                labels(result, axis).forEach(ofAxis::add);
            }
            addValues(grid.putArray("values"), result, 0, 0);
        }
        return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(json) + System.lineSeparator();
    }

    private List<String> labels(GridResult result, int axis) {
        PatchAxis kind = result.grid().axes().get(axis);
        boolean isPosition = kind == PatchAxis.POSITION || kind == PatchAxis.SOURCE_POSITION;
        return isPosition ? tokens : IntStream.range(0, result.shape()[axis]).mapToObj(String::valueOf).toList();
    }

    /** Nested as the axes are; null where no run was made, the text "NaN" where a metric gave that. */
    private static void addValues(ArrayNode target, GridResult result, int axis, int offset) {
        int stride = 1;
        for (int inner = axis + 1; inner < result.shape().length; inner++) {
            stride *= result.shape()[inner];
        }
        for (int index = 0; index < result.shape()[axis]; index++) {
            int at = offset + index * stride;
            if (axis + 1 < result.shape().length) {
                addValues(target.addArray(), result, axis + 1, at);
            } else if (!result.isDone(at)) {
                target.addNull();
            } else {
                target.add(result.values()[at]);
            }
        }
    }

    /** A row for each cell: the grid, an index for each axis (empty where the grid has none), and the number. */
    private String table() {
        StringBuilder table = new StringBuilder("grid");
        for (PatchAxis axis : PatchAxis.values()) {
            table.append(',').append(axis.label());
        }
        table.append(",value\n");
        for (GridResult result : results) {
            for (int cell = 0; cell < result.values().length; cell++) {
                appendRow(table, result, cell);
            }
        }
        return table.toString();
    }

    private static void appendRow(StringBuilder table, GridResult result, int cell) {
        table.append(result.grid().name());
        for (PatchAxis axis : PatchAxis.values()) {
            table.append(',');
            int place = result.grid().axes().indexOf(axis);
            if (place >= 0) {
                int stride = 1;
                for (int inner = place + 1; inner < result.shape().length; inner++) {
                    stride *= result.shape()[inner];
                }
                table.append(cell / stride % result.shape()[place]);
            }
        }
        double value = result.values()[cell];
        table.append(',').append(result.isDone(cell) ? String.valueOf(value) : "").append('\n');
    }
}
