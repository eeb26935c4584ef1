package io.github.pastkv.spark;

import io.github.pastkv.lens.circuits.CircuitRunner;
import io.github.pastkv.lens.circuits.CircuitStep;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;
import org.jspecify.annotations.Nullable;

/**
 * Makes the runs of a search on a cluster: a job for each step. Rows stay in the memory of executors, so that Spark
 * sends a pair to the executor that has read it. For one thread.
 */
final class SparkCircuitRunner implements CircuitRunner {
    private final JavaRDD<Row> pairs;
    private final CircuitPairTask task;

    SparkCircuitRunner(Dataset<Row> pairs, CircuitPairTask task) {
        this.pairs = pairs.toJavaRDD().persist(StorageLevel.MEMORY_ONLY());
        this.task = task;
    }

    @Override
    public List<Baselines> baselines() {
        return run(null).stream().map(part -> new Baselines(part.metrics()[0], part.metrics()[1])).toList();
    }

    @Override
    public double[][] metrics(CircuitStep step) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(pairs.context());
        Broadcast<CircuitStep> sent = context.broadcast(step); // once to each executor, however many pairs it has
        try {
            return run(sent).stream().map(CircuitPairTask.Part::metrics).toArray(double[][]::new);
        } finally {
            sent.destroy();
        }
    }

    /** The parts in the order of the pairs. */
    private List<CircuitPairTask.Part> run(@Nullable Broadcast<CircuitStep> step) {
        CircuitPairTask sent = task; // the function below must not hold this
        return pairs.mapPartitions(rows -> sent.run(rows, step)).collect().stream()
                .sorted(Comparator.comparingInt(CircuitPairTask.Part::caseIndex)).toList();
    }

    @Override
    public void close() {
        JavaRDD<Row> _ = pairs.unpersist(false);
    }
}
