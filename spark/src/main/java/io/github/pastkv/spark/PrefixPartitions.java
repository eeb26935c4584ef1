package io.github.pastkv.spark;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.jspecify.annotations.Nullable;

/**
 * Partitions a data set by the prefixes of its prompts. Planning is a job of its own: it sorts all prompts by their
 * token ids, cuts each range of them into {@link PrefixSegment}s, and brings only those to the driver.
 *
 * @param options model and options, with the identity of the job
 * @param promptField place of the prompt in a row
 * @param numNewTokens tokens that are computed for each prompt after its own
 */
record PrefixPartitions(PastKvOptions options, int promptField, int numNewTokens) {
    /** Most tokens that a partition has if their number is not given: what a retry repeats. */
    static final long MAX_PARTITION_TOKENS = 1 << 20;
    private static final int MAX_SEGMENTS = 1 << 16; // on the driver, unless that is fewer than these per range:
    private static final int MIN_SEGMENTS_PER_RANGE = 16;

    /**
     * The rows, each with the token ids of its prompt, in the planned partitions, sorted by token ids.
     *
     * @param numPartitions 0 for one per core of the cluster, or more where these were too large
     */
    Dataset<Row> of(Dataset<Row> rows, int numPartitions) {
        JavaSparkContext spark = JavaSparkContext.fromSparkContext(rows.sparkSession().sparkContext());
        Broadcast<PrefixPlan> plan = spark.broadcast(plan(rows, numPartitions, spark.defaultParallelism()));
        return tokenized(rows, promptField, plan)
                .repartitionById(plan.value().numPartitions(), new Column(TokenizedRows.PARTITION))
                .drop(TokenizedRows.PARTITION)
                .sortWithinPartitions(new Column(TokenizedRows.IDS));
    }

    private Dataset<Row> tokenized(Dataset<Row> rows, int field, @Nullable Broadcast<PrefixPlan> plan) {
        return rows.mapPartitions(new TokenizedRows(options, field, plan),
                Encoders.row(TokenizedRows.schema(rows.schema())));
    }

    /** The plan for these rows. */
    PrefixPlan plan(Dataset<Row> rows, int numPartitions, int parallelism) {
        Column ids = new Column(TokenizedRows.IDS);
        Dataset<Row> prompts = rows.select(functions.col("`" + rows.columns()[promptField].replace("`", "``") + "`"));
        int numRanges = numPartitions == 0 ? parallelism : numPartitions;
        int maxSegments = Math.max(MIN_SEGMENTS_PER_RANGE, MAX_SEGMENTS / numRanges);
        int numNew = numNewTokens; // the function below must not hold this
        List<PrefixSegment> sorted = new ArrayList<>(tokenized(prompts, 0, null).select(ids).where(ids.isNotNull())
                .repartitionByRange(numRanges, ids)
                .sortWithinPartitions(ids).toJavaRDD()
                .mapPartitions(partition -> segments(partition, maxSegments, numNew)).collect());
        long numTokens = sorted.stream().mapToLong(PrefixSegment::numTokensAlone).sum();
        int planned = numPartitions == 0
                ? (int) Math.min(Math.max(parallelism, Math.ceilDiv(numTokens, MAX_PARTITION_TOKENS)), 100_000)
                : numPartitions;
        return PrefixPlan.of(sorted, planned);
    }

    private static Iterator<PrefixSegment> segments(Iterator<Row> sorted, int maxSegments,
            int numNewTokens) {
        PrefixSegments segments = new PrefixSegments(maxSegments);
        sorted.forEachRemaining(row -> segments.add(PromptReader.fromRow(row.getList(0)), numNewTokens));
        return segments.segments().iterator();
    }
}
