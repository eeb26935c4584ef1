package io.github.pastkv.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.lens.patching.MetricSpec;
import io.github.pastkv.lens.sweep.ModelIdentity;
import io.github.pastkv.lens.sweep.PairsFile;
import io.github.pastkv.lens.sweep.PatchCase;
import io.github.pastkv.lens.sweep.Sweep;
import io.github.pastkv.lens.sweep.SweepGrid;
import io.github.pastkv.lens.sweep.SweepResult;
import io.github.pastkv.lens.sweep.SweepRunner;
import io.github.pastkv.lens.sweep.SweepTask;
import io.github.pastkv.model.Model;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LocalSpark.class)
class PastKvSweepTest {
    private static final String MODEL = LocalSpark.model();
    private static final String PAIRS = """
            {"clean_tokens": [1, 20, 30, 40], "corrupt_tokens": [1, 20, 31, 40], "answer_token": 5, "wrong_token": 6}
            {"clean_tokens": [1, 22, 30, 41], "corrupt_tokens": [1, 23, 30, 41], "answer_token": 7, "wrong_token": 8}
            """;

    private static Sweep sweep(Model model, Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("pairs.jsonl"), PAIRS);
        List<PatchCase> cases = new PairsFile(model, MetricSpec.Kind.LOGIT_DIFF).read(file, true, false);
        return new Sweep(ModelIdentity.of(model, "tiny"), cases, SweepGrid.named("resid_pre"), true);
    }

    @Test
    void run_anyPartitions_mergesToTheFileOfOneMachine(@TempDir Path folder, SparkSession spark) throws Exception {
        try (Model model = Model.load(Path.of(MODEL))) {
            Sweep sweep = sweep(model, folder);
            SweepResult expected = SweepResult.empty(sweep, model);
            try (SweepRunner runner = new SweepRunner(model, sweep.model())) {
                expected.openTasks().forEach(task -> expected.add(runner.run(task)));
            }
            for (int numPartitions : new int[] {1, 2, 7}) {
                SweepResult result = SweepResult.empty(sweep, model);
                Dataset<String> tasks = PastKvSweep.tasks(spark, result, 3, numPartitions);
                assertThat(tasks.rdd().getNumPartitions()).isEqualTo(numPartitions);
                String parts = folder.resolve("parts" + numPartitions).toString();
                PastKvSweep.run(tasks, PastKvOptions.of(MODEL)).write().parquet(parts);
                PastKvSweep.merge(result, spark.read().parquet(parts).orderBy(functions.rand(7)));
                assertThat(result.json(Map.of())).isEqualTo(expected.json(Map.of()));
            }
        }
    }

    @Test
    void run_pairsOfAFile_writesWhatTheCommandWrites(@TempDir Path folder, SparkSession spark) throws Exception {
        Path pairs = Files.writeString(folder.resolve("pairs.jsonl"), PAIRS);
        Path json = folder.resolve("result.json");
        Path table = folder.resolve("result.csv");
        for (Path out : List.of(json, table)) {
            PastKvCommand.run("patch", "--model", MODEL, "--pairs", pairs.toString(), "--grid", "resid_pre", "--out",
                    out.toString());
        }
        try (Model model = Model.load(Path.of(MODEL))) {
            List<PatchCase> cases = new PairsFile(model, MetricSpec.Kind.LOGIT_DIFF).read(pairs, true, false);
            SweepResult result = SweepResult.empty(
                    new Sweep(ModelIdentity.of(model, MODEL), cases, SweepGrid.named("resid_pre"), true), model);
            PastKvSweep.merge(result, PastKvSweep.run(PastKvSweep.tasks(spark, result, 3, 2), PastKvOptions.of(MODEL)));
            assertThat(result.json(Map.of("command", PastKvCommand.commandOf(json)))).isEqualTo(Files.readString(json));
            assertThat(result.table()).isEqualTo(Files.readString(table));
        }
    }

    @Test
    void merge_taskOfAnotherModel_namesIt(@TempDir Path folder, SparkSession spark) throws Exception {
        try (Model model = Model.load(Path.of(MODEL))) {
            SweepResult result = SweepResult.empty(sweep(model, folder), model);
            SweepTask task = result.openTasks().getFirst();
            SweepTask other = new SweepTask(task.sweepId(), "0000", task.arithmetic(), 1, task.sweepCase(), task.grid(),
                    task.cells());
            Dataset<Row> parts = PastKvSweep.run(
                    spark.createDataset(List.of(task.toJson(), other.toJson()), Encoders.STRING()),
                    PastKvOptions.of(MODEL));
            assertThatThrownBy(() -> PastKvSweep.merge(result, parts))
                    .hasMessageContaining("1 tasks failed, the first with pair 2: task: is for a model with digest");
            assertThat(result.numDone()).isEqualTo(task.cells().length);
        }
    }
}
