package io.github.pastkv.spark;

import io.github.pastkv.model.Session;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * Appends the token ids of each row's prompt, null for a bad row, and the partition that a plan gives it.
 *
 * @param options model and options, with the identity of the job
 * @param promptField place of the prompt in a row
 * @param plan null for partition 0
 */
record TokenizedRows(PastKvOptions options, int promptField, @Nullable Broadcast<PrefixPlan> plan)
        implements MapPartitionsFunction<Row, Row> {
    static final String IDS = "__pastkv_ids";
    static final String PARTITION = "__pastkv_partition";
    private static final long serialVersionUID = 1;

    /** The schema of the rows that come out. */
    static StructType schema(StructType input) {
        return input.add(IDS, DataTypes.createArrayType(DataTypes.IntegerType, false), true)
                .add(PARTITION, DataTypes.IntegerType, false);
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) throws Exception {
        ExecutorModels.Lease lease = TaskModel.lease(options);
        int maxTokens;
        try (Session session = lease.model().newSession(options.toSessionOptions())) {
            maxTokens = session.maxSeqLen();
        }
        PromptReader reader = new PromptReader(lease.model(), maxTokens);
        return new MappedIterator<>(rows, row -> tokenized(row, reader));
    }

    private Row tokenized(Row row, PromptReader reader) {
        List<@Nullable Object> fields = new ArrayList<>();
        for (int field = 0; field < row.size(); field++) {
            fields.add(row.get(field));
        }
        try {
            int[] ids = reader.read(row.get(promptField));
            fields.add(ids);
            fields.add(plan == null ? 0 : plan.value().partition(ids));
        } catch (BadRowException _) { // answered with its reason where it is run
            fields.add(null);
            fields.add(0);
        }
        return RowFactory.create(fields.toArray());
    }
}
