package io.github.pastkv.lens.circuits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.lens.patching.PromptPair;
import io.github.pastkv.model.Model;
import io.github.pastkv.testkit.golden.GoldenModel;
import io.github.pastkv.testkit.golden.Mechanism;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Circuits found over a frozen prefix in batches: the bits of one full run after another. */
class CircuitSearchTest {
    /** Five tokens that differ at the third. */
    private static PromptPair randomPair(int vocabSize) {
        int[] clean = new Random(3).ints(5, 4, vocabSize).toArray();
        int[] corrupted = clean.clone();
        corrupted[2] = clean[2] == 4 ? 5 : 4;
        return new PromptPair(clean, corrupted);
    }

    static Stream<String> searchedModels() {
        return Mechanism.modelNames().stream().filter(name -> !GoldenModel.NORMED_BLOCK_NAMES.contains(name)
                && !GoldenModel.LATENT_NAMES.contains(name));
    }

    /** What heads and blocks add, embeddings included, makes up the stream: taken out whole, the other run is left. */
    @ParameterizedTest
    @MethodSource("searchedModels")
    void everyEdgeRemoved_isTheCorruptedRun(String name) throws IOException {
        try (Model model = Model.load(GoldenModel.of(name).folder());
                CircuitSearch search = new CircuitSearch(model, randomPair(model.config().vocabSize()), Metric::klFrom,
                        CircuitOptions.of(1e9))) {
            Circuit nothing = search.run();
            assertThat(nothing.kept()).isEmpty();
            assertThat(nothing.metric()).isCloseTo(search.corruptedMetric(), Percentage.withPercentage(0.1));
        }
    }

    @ParameterizedTest
    @MethodSource("searchedModels")
    void fastSearch_hasTheBitsOfThePlainOne_andItsCircuitRunAloneItsMetric(String name) throws IOException {
        try (Model model = Model.load(GoldenModel.of(name).folder())) {
            PromptPair pair = randomPair(model.config().vocabSize());
            double threshold;
            try (CircuitSearch search = new CircuitSearch(model, pair, Metric::klFrom, CircuitOptions.of(1))) {
                threshold = search.corruptedMetric() / 100;
            }
            CircuitOptions options = CircuitOptions.of(threshold).withMaxRows(7);
            try (CircuitSearch fast = new CircuitSearch(model, pair, Metric::klFrom, options);
                    CircuitSearch plain = new CircuitSearch(model, pair, Metric::klFrom, options.withPlain(true))) {
                Circuit found = fast.run();
                Circuit expected = plain.run();
                assertThat(found.tried()).isEqualTo(expected.tried());
                assertThat(found.metric()).isEqualTo(expected.metric());
                assertThat(fast.numPlainRuns()).isEqualTo(plain.numRuns());
                assertThat(fast.numPlainTokens()).isEqualTo(plain.numTokensRun()).isGreaterThan(fast.numTokensRun());
                assertThat(fast.metricOf(found)).isEqualTo(found.metric());
                assertThat(plain.metricOf(found)).isEqualTo(found.metric());
                assertThat(found.kept()).isNotEmpty().hasSizeLessThan(found.graph().numEdges());
                assertThat(found.numUndecided()).isZero();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = KvType.class, names = {"F16", "BF16", "Q8"})
    void fastSearch_overStoredTypes_hasTheBitsOfThePlainOne(KvType type) throws IOException {
        try (Model model = Model.load(GoldenModel.of("llama").folder())) {
            PromptPair pair = randomPair(model.config().vocabSize());
            CircuitOptions options = CircuitOptions.of(0.003).withKvType(type);
            try (CircuitSearch fast = new CircuitSearch(model, pair, Metric::klFrom, options);
                    CircuitSearch plain = new CircuitSearch(model, pair, Metric::klFrom, options.withPlain(true))) {
                assertThat(fast.run().tried()).isEqualTo(plain.run().tried());
            }
        }
    }

    @Test
    void budgetOfBytes_changesNothingButTheRunsThatGoTogether() throws IOException {
        try (Model model = Model.load(GoldenModel.of("gpt2").folder())) {
            PromptPair pair = randomPair(model.config().vocabSize());
            CircuitOptions options = CircuitOptions.of(0.01);
            try (CircuitSearch wide = new CircuitSearch(model, pair, Metric::klFrom, options);
                    CircuitSearch narrow =
                            new CircuitSearch(model, pair, Metric::klFrom, options.withMaxBatchBytes(1))) {
                assertThat(narrow.run().tried()).isEqualTo(wide.run().tried());
                assertThat(narrow.numRuns()).isEqualTo(narrow.numPlainRuns()).isLessThan(wide.numRuns());
            }
        }
    }

    @Test
    void severalPairs_haveTheMeanOfTheirMetrics_whateverTheirLengths() throws IOException {
        try (Model model = Model.load(GoldenModel.of("gpt2").folder())) {
            PromptPair first = randomPair(model.config().vocabSize());
            PromptPair second = new PromptPair(new int[] {9, 7, 30}, new int[] {9, 8, 30});
            CircuitOptions options = CircuitOptions.of(0.01);
            List<CircuitCase> pairs = List.of(new CircuitCase(first, Metric::klFrom),
                    new CircuitCase(second, Metric::klFrom));
            try (CircuitSearch both = new CircuitSearch(model, pairs, options);
                    CircuitSearch ofFirst = new CircuitSearch(model, first, Metric::klFrom, options);
                    CircuitSearch ofSecond = new CircuitSearch(model, second, Metric::klFrom, options)) {
                Circuit found = both.run();
                assertThat(both.corruptedMetric())
                        .isEqualTo((ofFirst.corruptedMetric() + ofSecond.corruptedMetric()) / 2);
                assertThat(found.metric()).isEqualTo((ofFirst.metricOf(found) + ofSecond.metricOf(found)) / 2);
                assertThat(both.numPlainRuns()).isEqualTo(2L * found.tried().size());
            }
            assertThatThrownBy(() -> new CircuitSearch(model, List.of(), options))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("at least one");
        }
    }

    static Set<String> refusedModels() {
        return GoldenModel.NORMED_BLOCK_NAMES;
    }

    @ParameterizedTest
    @MethodSource("refusedModels")
    void modelsWhoseStreamIsNoSumOfHeads_areRefusedByName(String name) throws IOException {
        try (Model model = Model.load(GoldenModel.of(name).folder())) {
            assertThatThrownBy(() -> CircuitGraph.of(model)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(model.config().architecture() + " normalizes the output of attention");
        }
    }

    @Test
    void searchThatIsEndedByItsListener_goesOnFromWhatIsDecided() throws IOException {
        try (Model model = Model.load(GoldenModel.of("gpt_neox").folder());
                CircuitSearch search = new CircuitSearch(model, randomPair(model.config().vocabSize()), Metric::klFrom,
                        CircuitOptions.of(0.01))) {
            Circuit expected = search.run();
            Circuit ended = search.emptyCircuit();
            assertThat(search.run(ended, (_, numUndecided) -> numUndecided > 50)).isFalse();
            assertThat(ended.numUndecided()).isBetween(1L, 50L);
            Circuit goneOn = Circuit.of(search.graph(), ended.tried(), ended.metric());
            assertThat(search.run(goneOn, CircuitListener.NONE)).isTrue();
            assertThat(goneOn.tried()).isEqualTo(expected.tried());
            assertThat(goneOn.metric()).isEqualTo(expected.metric());
        }
    }

    @Test
    void baselinesThatFail_closeTheRunner() throws IOException {
        try (Model model = Model.load(GoldenModel.of("gpt_neox").folder())) {
            List<PromptPair> pairs = List.of(randomPair(model.config().vocabSize()));
            FailingRunner runner = new FailingRunner();
            assertThatThrownBy(() -> new CircuitSearch(CircuitGraph.of(model), pairs, CircuitOptions.of(1), runner))
                    .hasMessage("the metric fails");
            assertThat(runner.isClosed).isTrue();
        }
    }

    private static final class FailingRunner implements CircuitRunner {
        private boolean isClosed;

        @Override
        public List<Baselines> baselines() {
            throw new IllegalStateException("the metric fails");
        }

        @Override
        public double[][] metrics(CircuitStep step) {
            throw new AssertionError("runs without baselines");
        }

        @Override
        public void close() {
            isClosed = true;
        }
    }
}
