package io.github.pastkv.spark.docs;

import io.github.pastkv.lens.patching.MetricSpec;
import io.github.pastkv.lens.sweep.ModelIdentity;
import io.github.pastkv.lens.sweep.PairsFile;
import io.github.pastkv.lens.sweep.PatchCase;
import io.github.pastkv.lens.sweep.Sweep;
import io.github.pastkv.lens.sweep.SweepGrid;
import io.github.pastkv.lens.sweep.SweepResult;
import io.github.pastkv.model.Model;
import io.github.pastkv.spark.PastKvOptions;
import io.github.pastkv.spark.PastKvSweep;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Patches all pairs of a file, as {@code pastkv patch --pairs} does, and goes on where an earlier run has stopped. */
public final class SweepPairs {
    /** @param args model, pairs, parts, result */
    public static void main(String[] args) throws Exception {
        SparkSession spark = SparkSession.builder().appName("sweep").getOrCreate();
        try (Model model = Model.load(Path.of(args[0]))) { // for shapes and labels; the driver runs nothing
            List<PatchCase> pairs =
                    new PairsFile(model, MetricSpec.Kind.LOGIT_DIFF).read(Path.of(args[1]), true, false);
            ModelIdentity identity = ModelIdentity.of(model, args[0]);
            SweepResult result =
                    SweepResult.empty(new Sweep(identity, pairs, SweepGrid.named("resid_pre"), true), model);
            if (Files.exists(Path.of(args[2]))) {
                PastKvSweep.merge(result, spark.read().parquet(args[2])); // what is there is not run again
            }
            Dataset<String> tasks = PastKvSweep.tasks(spark, result, 256, 0);
            Dataset<Row> parts = PastKvSweep.run(tasks, PastKvOptions.of(args[0]));
            parts.write().mode("append").parquet(args[2]);
            PastKvSweep.merge(result, spark.read().parquet(args[2]));
            Files.writeString(Path.of(args[3]), result.json(Map.of("command", "SweepPairs")));
        }
    }
}
