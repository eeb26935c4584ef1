package io.github.pastkv.spark;

import java.io.IOException;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoder;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Models on the executors of a Spark cluster, for what {@link PastKvGenerate} and {@link PastKvScore} do not cover. An
 * executor loads a model once, for its first task; all its tasks share the model and its cached prefixes.
 */
public final class PastKv {
    private PastKv() {}

    /**
     * Applies a function with a model to each partition, lazily. The executors must compute the same bits: a task on
     * one that does not fails.
     */
    public static <T, R> Dataset<R> mapPartitions(Dataset<T> elements, PastKvOptions options,
            ModelFunction<T, R> function, Encoder<R> encoder) {
        PastKvOptions pinned = pinned(elements.sparkSession(), options);
        return elements.mapPartitions((MapPartitionsFunction<T, R>) partition -> function
                .call(TaskModel.lease(pinned).model(), partition), encoder);
    }

    /**
     * Partitions rows so that prompts that begin alike are in one partition, next to each other, and all partitions
     * leave about as many tokens to compute. Runs a job over the prompts.
     *
     * @param promptColumn texts or arrays of token ids; rows with bad prompts go to the first partition
     * @param numPartitions 0 for one per core, or more where these would have over a million tokens
     * @return the rows with their own columns, sorted by token ids within each partition
     */
    public static Dataset<Row> partitionByPrefix(Dataset<Row> rows, String promptColumn, PastKvOptions options,
            int numPartitions) {
        PromptColumns.requireBatch(rows);
        PastKvOptions pinned = pinned(rows.sparkSession(), options);
        int field = PromptColumns.prompt(rows.schema(), promptColumn);
        return new PrefixPartitions(pinned, field, 0).of(rows, numPartitions).drop(TokenizedRows.IDS);
    }

    /**
     * The identity of the results: a digest of the model's files, and the numeric identity of the kernels. Results of
     * equal identity have equal bits. One task finds it out.
     */
    public static String identity(SparkSession spark, PastKvOptions options) {
        return JavaSparkContext.fromSparkContext(spark.sparkContext()).parallelize(List.of(options), 1)
                .map(PastKv::identity).collect().getFirst();
    }

    private static String identity(PastKvOptions options) throws IOException {
        return TaskModel.lease(options).identity();
    }

    /** The options with the identity that all executors must have. */
    static PastKvOptions pinned(SparkSession spark, PastKvOptions options) {
        String given = options.values().get("identity");
        return given == null ? options.with("identity", identity(spark, options)) : options;
    }

    /** Closes the models of this process that no task uses. Executors close theirs when they exit. */
    public static void closeIdleModels() {
        ExecutorModels.closeIdle();
    }
}
