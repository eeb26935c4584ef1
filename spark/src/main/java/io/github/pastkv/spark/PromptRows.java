package io.github.pastkv.spark;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.jspecify.annotations.Nullable;

/**
 * Appends what is computed for a prompt to each row of a partition: output, detail, error and digest.
 *
 * @param kind of work
 * @param options model and options, with the identity of the job
 * @param promptField place of the prompt in a row
 * @param numFields fields that are kept; token ids may come after them
 * @param counts counters
 */
record PromptRows(Kind kind, PastKvOptions options, int promptField, int numFields, TokenCounts counts)
        implements MapPartitionsFunction<Row, Row> {
    private static final long serialVersionUID = 1;

    /** What is computed for a prompt. */
    enum Kind {
        GENERATE, SCORE;

        PromptRunner newRunner(ExecutorModels.Lease lease, PastKvOptions options) {
            return this == GENERATE ? new GenerateRunner(lease, options) : new ScoreRunner(lease, options);
        }
    }

    /** A row and its result. */
    private record Answer(Row row, RowResult result) {}

    @Override
    public Iterator<Row> call(Iterator<Row> rows) throws Exception {
        ExecutorModels.Lease lease = TaskModel.lease(options);
        PromptRunner runner = kind.newRunner(lease, options);
        TaskModel.closeWithTask(runner::close);
        PromptReader reader = new PromptReader(lease.model(), runner.maxTokens());
        Iterator<Callable<Answer>> calls = new MappedIterator<>(rows, row -> () -> answer(row, reader, runner));
        if (kind == Kind.SCORE) {
            return new MappedIterator<>(calls, call -> toRow(call.call()));
        }
        RunWindow<Answer> window = new RunWindow<>(calls, options.maxRunning(), TaskContext.get()::isInterrupted);
        TaskModel.closeWithTask(() -> {
            runner.cancel();
            window.close();
        });
        return new MappedIterator<>(window, this::toRow);
    }

    private Answer answer(Row row, PromptReader reader, PromptRunner runner) {
        try {
            int[] known = tokenIds(row);
            return new Answer(row, runner.run(known == null ? reader.read(row.get(promptField)) : known));
        } catch (BadRowException e) {
            return new Answer(row, RowResult.error(String.valueOf(e.getMessage())));
        }
    }

    /** Runs on the task's thread: accumulators are for one. */
    private Row toRow(Answer answer) {
        RowResult result = answer.result();
        counts.add(result);
        List<@Nullable Object> fields = new ArrayList<>();
        for (int field = 0; field < numFields; field++) {
            fields.add(answer.row().get(field));
        }
        fields.add(result.output());
        fields.add(result.detail());
        fields.add(result.error());
        fields.add(result.digest());
        return RowFactory.create(fields.toArray());
    }

    /** The ids that planning has found; null where it has not, or found a bad row. */
    private int @Nullable [] tokenIds(Row row) {
        return row.size() > numFields && !row.isNullAt(numFields)
                ? PromptReader.fromRow(row.getList(numFields))
                : null;
    }
}
