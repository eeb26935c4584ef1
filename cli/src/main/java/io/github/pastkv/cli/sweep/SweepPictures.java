package io.github.pastkv.cli.sweep;

import io.github.pastkv.cli.io.OutFile;
import io.github.pastkv.lens.patching.LabeledGrid;
import io.github.pastkv.lens.plot.DivergingMap;
import io.github.pastkv.lens.plot.GridFigure;
import io.github.pastkv.lens.plot.GridPage;
import io.github.pastkv.lens.plot.Picture;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a sweep found, as pictures.
 *
 * @param plot an SVG or PNG file, or null
 * @param page an HTML file, or null
 */
record SweepPictures(@Nullable Path plot, @Nullable Path page) {
    /** Refuses files of unknown formats, before anything is loaded. */
    void requireFormat() {
        Picture.requireFormat("--plot", plot);
    }

    /** Refuses pictures that would be too large, before the work. */
    void requireDrawable(SweepText sweep) {
        if (plot != null) {
            sweep.figures().forEach(figure -> new DivergingMap(figure).picture());
        }
    }

    /** Writes those asked for. */
    void write(SweepText sweep) throws IOException {
        List<GridFigure> figures = sweep.figures();
        if (plot != null) {
            List<LabeledGrid> grids = sweep.result().grids();
            for (int grid = 0; grid < figures.size(); grid++) {
                OutFile.write(figures.size() == 1 ? plot : named(plot, grids.get(grid).name()),
                        new DivergingMap(figures.get(grid)).picture()::write);
            }
        }
        if (page != null) {
            OutFile.write(page, new GridPage(sweep.pageCaption(), figures)::write);
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
