package io.github.pastkv.spark;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.lens.circuits.CircuitCase;
import io.github.pastkv.lens.circuits.CircuitOptions;
import io.github.pastkv.lens.circuits.CircuitPairRuns;
import io.github.pastkv.lens.circuits.CircuitRunner;
import io.github.pastkv.lens.circuits.CircuitStep;
import io.github.pastkv.lens.patching.MetricSpec;
import io.github.pastkv.lens.patching.PromptPair;
import io.github.pastkv.lens.sweep.PatchCase;
import java.io.IOException;
import java.io.Serializable;
import java.util.Iterator;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * Runs the pairs of a circuit search on an executor, each a row of {@link #SCHEMA}.
 *
 * @param options model and options, with the identity of the job
 * @param plain whether each run is made in full
 * @param kvType of the cache
 */
record CircuitPairTask(PastKvOptions options, boolean plain, KvType kvType) implements Serializable {
    private static final long serialVersionUID = 1;

    /** A pair as data. */
    static final StructType SCHEMA = new StructType().add("case_index", DataTypes.IntegerType, false)
            .add("clean_tokens", DataTypes.createArrayType(DataTypes.IntegerType, false), false)
            .add("corrupted_tokens", DataTypes.createArrayType(DataTypes.IntegerType, false), false)
            .add("metric", DataTypes.StringType, false).add("answer_token", DataTypes.IntegerType, false)
            .add("wrong_token", DataTypes.IntegerType, false);

    CircuitPairTask(PastKvOptions options, CircuitOptions circuit) {
        this(options, circuit.plain(), circuit.kvType());
    }

    /**
     * The numbers of a pair.
     *
     * @param caseIndex number of the pair, from 0
     * @param metrics of each run; for no step, of the clean and of the corrupted prompt
     */
    @SuppressWarnings("ArrayRecordComponent") // sent between processes; nobody compares parts
    record Part(int caseIndex, double[] metrics) implements Serializable {
        private static final long serialVersionUID = 1;
    }

    static Row row(int caseIndex, PatchCase pair) {
        CircuitCase _ = CircuitCase.of(pair.pair(), pair.metric()); // refuses a metric before any job
        return RowFactory.create(caseIndex, pair.pair().clean(), pair.pair().corrupted(), pair.metric().kind().name(),
                pair.metric().answerToken().orElse(-1), pair.metric().wrongToken().orElse(-1));
    }

    /** Lazily, the parts of a partition. */
    Iterator<Part> run(Iterator<Row> pairs, @Nullable Broadcast<CircuitStep> step) throws IOException {
        ExecutorModels.Lease lease = TaskModel.lease(options);
        return new MappedIterator<>(pairs, pair -> part(pair, lease, step));
    }

    private Part part(Row pair, ExecutorModels.Lease lease, @Nullable Broadcast<CircuitStep> step) {
        CircuitPairs open = lease.circuitPairs();
        String key = String.join(" ", pair.getList(1).toString(), pair.getList(2).toString(), pair.getString(3),
                Integer.toString(pair.getInt(4)), Integer.toString(pair.getInt(5)), Boolean.toString(plain),
                kvType.name());
        CircuitPairRuns runs = open.take(key, () -> read(pair, lease));
        try {
            return new Part(pair.getInt(0), step == null ? baselines(runs) : runs.metrics(step.value()));
        } finally {
            open.giveBack(key, runs);
        }
    }

    private CircuitPairRuns read(Row pair, ExecutorModels.Lease lease) {
        MetricSpec metric = MetricSpec.Kind.valueOf(pair.getString(3)).of(pair.getInt(4), pair.getInt(5));
        PromptPair prompts =
                new PromptPair(PromptReader.fromRow(pair.getList(1)), PromptReader.fromRow(pair.getList(2)));
        return new CircuitPairRuns(lease.model(), CircuitCase.of(prompts, metric),
                CircuitOptions.of(1).withPlain(plain).withKvType(kvType)); // the threshold is the driver's
    }

    private static double[] baselines(CircuitPairRuns runs) {
        CircuitRunner.Baselines baselines = runs.baselines();
        return new double[] {baselines.clean(), baselines.corrupted()};
    }
}
