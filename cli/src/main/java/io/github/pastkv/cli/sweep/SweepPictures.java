package io.github.pastkv.cli.sweep;

import io.github.pastkv.cli.io.OutFile;
import io.github.pastkv.lens.patching.LabelledGrid;
import io.github.pastkv.lens.plot.DivergingMap;
import io.github.pastkv.lens.plot.GridFigure;
import io.github.pastkv.lens.plot.GridPage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a sweep found, as pictures.
 *
 * @param plot a PNG file, or null
 * @param page an HTML file, or null
 */
record SweepPictures(@Nullable Path plot, @Nullable Path page) {
    /** Refuses pictures that would be too large, before the work. */
    void requireDrawable(List<LabelledGrid> grids) {
        if (plot != null) {
            grids.forEach(grid -> new DivergingMap(GridFigure.of(grid, 0, "")).requireDrawable());
        }
    }

    /** Writes those asked for. */
    void write(List<LabelledGrid> grids, double baseline, String metric, String modelName) throws IOException {
        List<GridFigure> figures = grids.stream().map(grid -> GridFigure.of(grid, baseline, metric)).toList();
        if (plot != null) {
            for (int grid = 0; grid < figures.size(); grid++) {
                OutFile.write(figures.size() == 1 ? plot : named(plot, grids.get(grid).name()),
                        new DivergingMap(figures.get(grid))::write);
            }
        }
        if (page != null) {
            OutFile.write(page, new GridPage("Patching " + modelName, figures)::write);
        }
    }

    /** {@code grids.png} with {@code resid_pre} is {@code grids.resid_pre.png}. */
    private static Path named(Path file, String name) {
        String whole = String.valueOf(file.getFileName());
        int ending = whole.lastIndexOf('.');
        return file.resolveSibling(ending <= 0
                ? whole + "." + name
                : whole.substring(0, ending) + "." + name + whole.substring(ending));
    }
}
