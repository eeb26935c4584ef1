package io.github.pastkv.cli.sweep;

import io.github.pastkv.cli.io.Output;
import io.github.pastkv.lens.circuits.PathSweep;
import io.github.pastkv.lens.patching.MetricSpec;
import io.github.pastkv.lens.sweep.SweepGrid;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What a sweep runs over, what it makes of each run and where that goes. */
final class SweepMixin {
    /** The grids, for helps. */
    static final String GRIDS_1 =
            "Grids: resid_pre, resid_mid, resid_post, attn_out, mlp_out, layer_out (both blocks) by layer and";
    static final String GRIDS_2 =
            "position, and the last three with _all_pos by layer; head_out, head_q, head_k, head_v, head_pattern,";
    static final String GRIDS_3 =
            "each with _all_pos (by layer and head) or _by_pos (by layer, position and head);";
    static final String GRIDS_4 =
            "head_pattern_dest_src_pos; direct_path (each edge from an embedding, head or block to what reads it,";
    static final String GRIDS_5 =
            "alone); and the bundles block_every, head_all_pos_every and head_by_pos_every.";

    @Spec(Spec.Target.MIXEE) private CommandSpec spec = CommandSpec.create();

    @Option(names = "--grid", paramLabel = "NAME", split = ",", hideParamSyntax = true, required = true,
            description = "What is exchanged; may be given more than once.") private List<String> gridNames = List.of();

    @Option(names = "--metric", paramLabel = "NAME", converter = KindConverters.Metric.class,
            description = "logit_diff, normalised (the same, 0 for the corrupted prompt and 1 for the clean one), probability, "
                    + "loss or rank of the answer, or kl (from the clean run). Default: logit_diff.") private MetricSpec.Kind metric =
                            MetricSpec.Kind.LOGIT_DIFF;

    @Option(names = "--plain",
            description = "Run every prompt in full; slower, the same bits.") private boolean plain;

    @Output
    @Option(names = "--out", paramLabel = "FILE",
            description = "Write all numbers to FILE: .csv for a table of rows, else JSON.") private @Nullable Path out;

    @Option(names = "--resume",
            description = "Go on from what FILE of --out (JSON) has already, if it is of the same model, prompts and "
                    + "options.") private boolean resume;

    @Output
    @Option(names = "--plot", paramLabel = "FILE",
            description = "Draw a heat map around the baseline (.svg or .png). Several grids get a file each, with the grid's name "
                    + "before the ending.") private @Nullable Path plot;

    @Output
    @Option(names = "--page", paramLabel = "FILE",
            description = "Write all grids as one HTML page that needs nothing beside it.") private @Nullable Path page;

    /** Refuses grids that there are not, before the work. */
    void check() {
        if (resume && out == null) {
            throw new ParameterException(spec.commandLine(),
                    "--resume: goes on from the file of --out, which is missing");
        }
        if (resume && isTable()) {
            throw new ParameterException(spec.commandLine(),
                    "--resume: " + out + ", a table does not say what it is of; give --out a .json");
        }
        pictures().requireFormat();
        grids();
    }

    /** Whether the name of the file asks for a table. */
    boolean isTable() {
        return out != null && out.toString().toLowerCase(Locale.ROOT).endsWith(".csv");
    }

    MetricSpec.Kind metric() {
        return metric;
    }

    boolean plain() {
        return plain;
    }

    @Nullable
    Path out() {
        return out;
    }

    boolean resume() {
        return resume;
    }

    SweepPictures pictures() {
        return new SweepPictures(plot, page);
    }

    /** The grids, those of bundles one by one. */
    List<SweepGrid> grids() {
        try {
            return gridNames.stream().flatMap(name -> SweepGrid.named(name).stream()).distinct().toList();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(),
                    "--grid: " + e.getMessage() + ", " + PathSweep.GRID_NAME);
        }
    }
}
