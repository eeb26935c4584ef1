package io.github.pastkv.spark;

import io.github.pastkv.lens.circuits.CircuitGraph;
import io.github.pastkv.lens.circuits.CircuitOptions;
import io.github.pastkv.lens.circuits.CircuitSearch;
import io.github.pastkv.lens.sweep.ModelIdentity;
import io.github.pastkv.lens.sweep.PatchCase;
import io.github.pastkv.model.Model;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Circuit searches over many pairs of prompts on a cluster. A pair is a row of a data set; the driver decides edge
 * after edge, and each step is a job that runs all pairs. The circuit and all numbers are those of one machine, bit for
 * bit, from any partitions.
 */
public final class PastKvCircuits {
    private PastKvCircuits() {}

    /**
     * A search. {@link CircuitSearch#run} and {@link io.github.pastkv.lens.sweep.CircuitResult} take it like one of
     * this process; a failed task fails the call. Runs a job that reads the prompts.
     *
     * @param model the driver's, for its graph; it runs nothing
     * @param identity of that model
     * @param circuit of which executors take {@code plain} and {@code kvType}
     * @param numPartitions 0 for one per core of the cluster
     * @throws IllegalArgumentException for no pair, a metric other than those of {@code CircuitCase.of}, or a model
     *         that is not the one that executors have
     */
    public static CircuitSearch search(SparkSession spark, Model model, ModelIdentity identity, List<PatchCase> pairs,
            CircuitOptions circuit, PastKvOptions options, int numPartitions) {
        PastKvOptions pinned = PastKv.pinned(spark, options);
        String ofDriver = ExecutorModels.text(identity);
        if (!ofDriver.equals(pinned.values().get("identity"))) {
            throw new IllegalArgumentException("identity: the driver's model is '" + ofDriver + "', executors have '"
                    + pinned.values().get("identity") + "'");
        }
        SparkCircuitRunner runner =
                new SparkCircuitRunner(pairs(spark, pairs, numPartitions), new CircuitPairTask(pinned, circuit));
        try {
            return new CircuitSearch(CircuitGraph.of(model), pairs.stream().map(PatchCase::pair).toList(), circuit,
                    runner);
        } catch (RuntimeException e) {
            runner.close();
            throw e;
        }
    }

    /** A row for each pair, with its number. */
    private static Dataset<Row> pairs(SparkSession spark, List<PatchCase> pairs, int numPartitions) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        List<Row> rows = new ArrayList<>();
        for (PatchCase pair : pairs) {
            rows.add(CircuitPairTask.row(rows.size(), pair));
        }
        int planned = numPartitions == 0 ? context.defaultParallelism() : numPartitions;
        return spark.createDataFrame(context.parallelize(rows, Math.clamp(planned, 1, Math.max(1, rows.size()))),
                CircuitPairTask.SCHEMA);
    }
}
