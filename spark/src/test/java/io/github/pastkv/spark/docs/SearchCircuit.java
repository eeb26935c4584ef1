package io.github.pastkv.spark.docs;

import io.github.pastkv.lens.circuits.CircuitListener;
import io.github.pastkv.lens.circuits.CircuitOptions;
import io.github.pastkv.lens.circuits.CircuitSearch;
import io.github.pastkv.lens.patching.MetricSpec;
import io.github.pastkv.lens.sweep.CircuitResult;
import io.github.pastkv.lens.sweep.ModelIdentity;
import io.github.pastkv.lens.sweep.PairsFile;
import io.github.pastkv.lens.sweep.PatchCase;
import io.github.pastkv.model.Model;
import io.github.pastkv.spark.PastKvCircuits;
import io.github.pastkv.spark.PastKvOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;

/** Searches the circuit of all pairs of a file, as {@code pastkv acdc --pairs} does. */
public final class SearchCircuit {
    /** @param args model, pairs, threshold, result */
    public static void main(String[] args) throws Exception {
        SparkSession spark = SparkSession.builder().appName("circuit").getOrCreate();
        double threshold = Double.parseDouble(args[2]);
        try (Model model = Model.load(Path.of(args[0]))) { // for its graph; the driver runs nothing
            List<PatchCase> pairs =
                    new PairsFile(model, MetricSpec.Kind.LOGIT_DIFF).read(Path.of(args[1]), false, true);
            ModelIdentity identity = ModelIdentity.of(model, args[0]);
            try (CircuitSearch search = PastKvCircuits.search(spark, model, identity, pairs,
                    CircuitOptions.of(threshold), PastKvOptions.of(args[0]), 0)) {
                CircuitResult result = CircuitResult.empty(identity, pairs, threshold, search);
                search.run(result.circuit(), CircuitListener.NONE);
                Files.writeString(Path.of(args[3]), result.json(result.alone(), Map.of("command", "SearchCircuit")));
            }
        }
    }
}
