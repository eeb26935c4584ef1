package io.github.pastkv.lens.sweep;

import io.github.pastkv.lens.circuits.PathSweep;
import io.github.pastkv.lens.patching.PatchGrid;
import java.util.List;
import java.util.stream.Stream;

/** The cells that a sweep runs for each case. */
public sealed interface SweepGrid {
    /** Activations that are replaced. */
    record Activations(PatchGrid grid) implements SweepGrid {
        @Override
        public String name() {
            return grid.name();
        }
    }

    /** Single edges between parts of the model (direct path patching, see {@link PathSweep}). */
    record DirectPaths() implements SweepGrid {
        @Override
        public String name() {
            return PathSweep.GRID_NAME;
        }
    }

    /** Its name in results. */
    String name();

    /**
     * The grids of a name: one, or those of a bundle.
     *
     * @throws IllegalArgumentException for an unknown name
     */
    static List<SweepGrid> named(String name) {
        return name.equals(PathSweep.GRID_NAME)
                ? List.of(new DirectPaths())
                : PatchGrid.named(name).stream().<SweepGrid> map(Activations::new).toList();
    }

    /** Names of all ready-made grids and bundles. */
    static List<String> knownNames() {
        return Stream.concat(PatchGrid.knownNames().stream(), Stream.of(PathSweep.GRID_NAME)).toList();
    }
}
