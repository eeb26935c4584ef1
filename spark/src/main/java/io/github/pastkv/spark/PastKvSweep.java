package io.github.pastkv.spark;

import io.github.pastkv.lens.sweep.SweepPart;
import io.github.pastkv.lens.sweep.SweepResult;
import io.github.pastkv.lens.sweep.SweepRunner;
import io.github.pastkv.lens.sweep.SweepTask;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Sweeps on a cluster: tasks in, parts out, both as data sets that can be written and read again. Parts merge to the
 * result that one machine would have computed, bit for bit, in any order and from any partitions.
 */
public final class PastKvSweep {
    /** Column of a part, as {@link SweepPart#toJson} writes it; null for a task that failed. */
    public static final String PART = "part";
    /** Column of the reason why a task has no part; null otherwise. */
    public static final String ERROR = "error";
    private static final StructType SCHEMA = new StructType().add("case_index", DataTypes.IntegerType, false)
            .add("grid", DataTypes.StringType, false).add(PART, DataTypes.StringType).add(ERROR, DataTypes.StringType);

    private PastKvSweep() {}

    /**
     * The tasks that are left of a sweep, each as {@link SweepTask#toJson} writes it. Tasks of one case follow each
     * other, in the same partition but where it is cut, as they share the case's prompts.
     *
     * @param maxCells most cells of a task
     * @param numPartitions 0 for four per core of the cluster
     */
    public static Dataset<String> tasks(SparkSession spark, SweepResult result, int maxCells, int numPartitions) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        List<String> tasks = result.openTasks(maxCells).stream().map(SweepTask::toJson).toList();
        int planned = numPartitions == 0 ? 4 * context.defaultParallelism() : numPartitions;
        int used = Math.clamp(planned, 1, Math.max(1, tasks.size()));
        return spark.createDataset(context.parallelize(tasks, used).rdd(), Encoders.STRING());
    }

    /**
     * Runs tasks, lazily. A task that does not fit the model gives a row with an error.
     *
     * @return rows of {@code case_index}, {@code grid}, {@link #PART} and {@link #ERROR}
     */
    public static Dataset<Row> run(Dataset<String> tasks, PastKvOptions options) {
        PastKvOptions pinned = PastKv.pinned(tasks.sparkSession(), options);
        return tasks.mapPartitions((MapPartitionsFunction<String, Row>) partition -> run(partition, pinned),
                Encoders.row(SCHEMA));
    }

    private static Iterator<Row> run(Iterator<String> tasks, PastKvOptions options) throws Exception {
        ExecutorModels.Lease lease = TaskModel.lease(options);
        SweepRunner runner = new SweepRunner(lease.model(), lease.modelIdentity());
        TaskModel.closeWithTask(runner::close);
        return new MappedIterator<>(tasks, json -> row(SweepTask.fromJson(json), runner));
    }

    private static Row row(SweepTask task, SweepRunner runner) {
        String part = null;
        String error = null;
        try {
            part = runner.run(task).toJson();
        } catch (IllegalArgumentException e) {
            error = e.getMessage();
        }
        return RowFactory.create(task.caseIndex(), task.grid().name(), part, error);
    }

    /**
     * Adds the parts of {@link #run}, or of a file that it was written to, to a result. They pass through the driver
     * one partition at a time.
     *
     * @throws IllegalArgumentException for a row with an error, after all others have been added, or a part of another
     *         sweep
     */
    public static void merge(SweepResult result, Dataset<Row> parts) {
        long numFailed = 0;
        String first = "";
        Column[] columns = {new Column("case_index"), new Column(PART), new Column(ERROR)};
        for (Iterator<Row> rows = parts.select(columns).toLocalIterator(); rows.hasNext();) {
            Row row = rows.next();
            if (row.isNullAt(1)) {
                first = numFailed == 0 ? "pair " + (row.getInt(0) + 1) + ": " + row.getString(2) : first;
                numFailed++;
            } else {
                result.add(SweepPart.fromJson(row.getString(1)));
            }
        }
        if (numFailed > 0) {
            throw new IllegalArgumentException("parts: " + numFailed + " tasks failed, the first with " + first);
        }
    }
}
