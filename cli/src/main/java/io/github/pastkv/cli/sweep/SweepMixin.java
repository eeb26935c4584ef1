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
    static final String GRIDS = """
            Grids by axes:%n\
              layer, position        resid_pre, resid_mid, resid_post, attn_out, mlp_out,%n\
                                     layer_out (attn_out and mlp_out together)%n\
              layer                  attn_out_all_pos, mlp_out_all_pos, layer_out_all_pos%n\
              layer, head            head_out_all_pos, head_q_all_pos, head_pattern_all_pos%n\
              layer, kv head         head_k_all_pos, head_v_all_pos%n\
              layer, position, head  the head_ names above with _by_pos instead of _all_pos%n\
              layer, head, position, source position    head_pattern_dest_src_pos%n\
              receiver, sender       direct_path (path patching of one edge)%n\
            Several grids at once: block_every, head_all_pos_every, head_by_pos_every.""";

    @Spec(Spec.Target.MIXEE) private CommandSpec spec = CommandSpec.create();

    @Option(names = "--grid", paramLabel = "NAME", split = ",", hideParamSyntax = true, required = true,
            description = "The set of activations to replace; see below. "
                    + "Repeatable, or separated by commas.") private List<String> gridNames = List.of();

    @Option(names = "--metric", paramLabel = "NAME", converter = KindConverters.Metric.class,
            completionCandidates = KindConverters.Metric.class,
            description = "logit_diff; normalized (logit_diff scaled to 0 for the corrupted prompt and 1 for the "
                    + "clean one); probability, loss or rank of the answer; or kl (divergence from the clean run). "
                    + "Default: logit_diff.") private MetricSpec.Kind metric =
                            MetricSpec.Kind.LOGIT_DIFF;

    @Option(names = "--plain",
            description = "Compute each run in full instead of reusing work. Slower, with the same "
                    + "results.") private boolean plain;

    @Output
    @Option(names = "--out", paramLabel = "FILE",
            description = "Write all results to FILE, as CSV if it ends in .csv, otherwise as "
                    + "JSON.") private @Nullable Path out;

    @Option(names = "--resume",
            description = "Continue from the results in the JSON file of --out, which must have the same model, "
                    + "prompts and options.") private boolean resume;

    @Output
    @Option(names = "--plot", paramLabel = "FILE",
            description = "Draw a heat map (.svg or .png), centered on the unpatched result. With several grids, one "
                    + "file per grid, with the grid's name before the extension.") private @Nullable Path plot;

    @Output
    @Option(names = "--page", paramLabel = "FILE",
            description = "Write all grids as one self-contained HTML page.") private @Nullable Path page;

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
