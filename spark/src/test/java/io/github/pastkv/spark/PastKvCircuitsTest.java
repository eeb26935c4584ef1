package io.github.pastkv.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.lens.circuits.CircuitCase;
import io.github.pastkv.lens.circuits.CircuitListener;
import io.github.pastkv.lens.circuits.CircuitOptions;
import io.github.pastkv.lens.circuits.CircuitPairRuns;
import io.github.pastkv.lens.circuits.CircuitSearch;
import io.github.pastkv.lens.patching.MetricSpec;
import io.github.pastkv.lens.sweep.CircuitResult;
import io.github.pastkv.lens.sweep.ModelIdentity;
import io.github.pastkv.lens.sweep.PairsFile;
import io.github.pastkv.lens.sweep.PatchCase;
import io.github.pastkv.model.Model;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LocalSpark.class)
class PastKvCircuitsTest {
    private static final String MODEL = LocalSpark.model();
    private static final double THRESHOLD = 0.3;
    private static final int[] NUM_PARTITIONS =
            Integer.getInteger("pastkv.test.scale", 1) > 1 ? new int[] {1, 2} : new int[] {2}; // a job for each step
    private static final CircuitOptions OPTIONS = CircuitOptions.of(THRESHOLD);
    private static final String PAIRS = """
            {"clean_tokens": [1, 20, 30, 40], "corrupt_tokens": [1, 20, 31, 40], "answer_token": 5, "wrong_token": 6}
            {"clean_tokens": [1, 22, 41], "corrupt_tokens": [1, 23, 41], "answer_token": 7, "wrong_token": 8}
            {"clean_tokens": [1, 24, 30, 42], "corrupt_tokens": [1, 25, 30, 42], "answer_token": 9, "wrong_token": 10}
            """;

    private static List<PatchCase> pairs(Model model, Path file) throws Exception {
        return new PairsFile(model, MetricSpec.Kind.LOGIT_DIFF).read(file, false, true);
    }

    @Test
    void search_anyPartitions_writesTheFileOfTheCommand(@TempDir Path folder, SparkSession spark) throws Exception {
        Path file = Files.writeString(folder.resolve("pairs.jsonl"), PAIRS);
        Path expected = folder.resolve("circuit.json");
        PastKvCommand.run("acdc", "--model", MODEL, "--pairs", file.toString(), "--metric", "logit_diff", "--threshold",
                Double.toString(THRESHOLD), "--out", expected.toString());
        try (Model model = Model.load(Path.of(MODEL))) {
            List<PatchCase> pairs = pairs(model, file);
            ModelIdentity identity = ModelIdentity.of(model, MODEL);
            for (int numPartitions : NUM_PARTITIONS) {
                try (CircuitSearch search = PastKvCircuits.search(spark, model, identity, pairs, OPTIONS,
                        PastKvOptions.of(MODEL), numPartitions)) {
                    CircuitResult result = CircuitResult.empty(identity, pairs, THRESHOLD, search);
                    assertThat(search.run(result.circuit(), CircuitListener.NONE)).isTrue();
                    assertThat(result.circuit().kept()).isNotEmpty();
                    assertThat(result.json(result.alone(), Map.of("command", PastKvCommand.commandOf(expected))))
                            .isEqualTo(Files.readString(expected));
                }
            }
        }
    }

    @Test
    void pairs_overTheLimit_areReadAgain(@TempDir Path folder) throws Exception {
        try (Model model = Model.load(Path.of(MODEL))) {
            PatchCase pair = pairs(model, Files.writeString(folder.resolve("pairs.jsonl"), PAIRS)).getFirst();
            CircuitCase circuitCase = CircuitCase.of(pair.pair(), pair.metric());
            long bytesOfOne;
            try (CircuitPairRuns runs = new CircuitPairRuns(model, circuitCase, OPTIONS)) {
                bytesOfOne = runs.numHeapBytes();
            }
            try (CircuitPairs pairs = new CircuitPairs(bytesOfOne)) {
                CircuitPairRuns first = pairs.take("first", () -> new CircuitPairRuns(model, circuitCase, OPTIONS));
                pairs.giveBack("first", first);
                assertThat(pairs.take("first", () -> null)).isSameAs(first);
                pairs.giveBack("first", first);
                pairs.giveBack("second", new CircuitPairRuns(model, circuitCase, OPTIONS));
                assertThat(pairs.take("first", () -> null)).isNull();
                pairs.take("second", () -> null).close();
            }
        }
    }

    @Test
    void search_badSetup_isRefused(@TempDir Path folder, SparkSession spark) throws Exception {
        try (Model model = Model.load(Path.of(MODEL))) {
            List<PatchCase> pairs = pairs(model, Files.writeString(folder.resolve("pairs.jsonl"), PAIRS));
            ModelIdentity identity = ModelIdentity.of(model, MODEL);
            PastKvOptions options = PastKvOptions.of(MODEL);
            assertThatThrownBy(() -> PastKvCircuits.search(spark, model, identity, List.of(), OPTIONS, options, 0))
                    .hasMessageContaining("pairs: none");
            ModelIdentity other = new ModelIdentity("x", identity.architecture(), 1, "0000", identity.arithmetic());
            assertThatThrownBy(() -> PastKvCircuits.search(spark, model, other, pairs, OPTIONS, options, 0))
                    .hasMessageContaining("identity: the driver's model is '0000");
            PatchCase rank = new PatchCase(pairs.getFirst().pair(), true, new MetricSpec.Rank(5));
            assertThatThrownBy(
                    () -> PastKvCircuits.search(spark, model, identity, List.of(rank), OPTIONS, options, 0))
                    .hasMessageContaining("metric: rank, known are");
        }
    }
}
