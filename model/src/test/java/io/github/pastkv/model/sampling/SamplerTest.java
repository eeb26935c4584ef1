package io.github.pastkv.model.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SamplerTest {
    private static final int NUM_CASES = 20_000;

    @Test
    void next_randomCases_agreesWithTheSortingReference() {
        for (int seed = 0; seed < NUM_CASES; seed++) {
            Random random = new Random(seed);
            float[] logits = randomLogits(1 + random.nextInt(60), random);
            SamplingOptions options = randomOptions(logits.length, random);
            TokenHistory history = new TokenHistory(logits.length);
            random.ints(random.nextInt(10), 0, logits.length).forEach(history::add);
            long sampleIndex = random.nextInt(5);
            long position = random.nextLong();

            int expected = SortingSampler.next(options, logits, history, sampleIndex, position);
            int actual = new Sampler(options, logits.length).next(Tensor.of(logits, logits.length), history,
                    sampleIndex, position);
            assertThat(actual).as("seed %d, %s", seed, options).isEqualTo(expected);
        }
    }

    /** Rounded to force ties, with a few masked tokens. */
    private static float[] randomLogits(int vocabSize, Random random) {
        float[] logits = new float[vocabSize];
        for (int id = 0; id < vocabSize; id++) {
            logits[id] = random.nextInt(12) == 0 && id > 0
                    ? Float.NEGATIVE_INFINITY
                    : Math.round(random.nextGaussian() * 8) / 4f;
        }
        return logits;
    }

    private static SamplingOptions randomOptions(int vocabSize, Random random) {
        double temperature = random.nextInt(4) == 0 ? 0 : 0.05 + 3 * random.nextDouble();
        int topK = random.nextBoolean() ? 0 : 1 + random.nextInt(vocabSize + 3);
        double topP = random.nextBoolean() ? 1 : random.nextDouble();
        double penalty = random.nextBoolean() ? 1 : 0.5 + random.nextDouble();
        return new SamplingOptions(temperature, topK, topP, penalty, random.nextLong());
    }

    @Test
    void greedy_takesTheFirstOfEqualMaxima() {
        assertThat(draw(SamplingOptions.GREEDY, 1, 3, 2, 3)).isEqualTo(1);
        assertThat(draw(SamplingOptions.GREEDY, Float.NEGATIVE_INFINITY, -5)).isEqualTo(1);
    }

    @Test
    void repetitionPenalty_weakensBothSigns() {
        TokenHistory history = new TokenHistory(3);
        history.add(0);
        history.add(1);
        history.add(1);
        Sampler sampler = new Sampler(SamplingOptions.GREEDY.withRepetitionPenalty(2), 3);

        assertThat(sampler.next(Tensor.of(new float[] {4, 3, 2.5f}, 3), history, 0, 0)).isEqualTo(2);
        assertThat(sampler.next(Tensor.of(new float[] {-1, -1.5f, -1.75f}, 3), history, 0, 0)).isEqualTo(2);
        assertThat(sampler.next(Tensor.of(new float[] {6, 3, 2.5f}, 3), history, 0, 0)).isZero();
        history.clear();
        assertThat(sampler.next(Tensor.of(new float[] {4, 3, 2.5f}, 3), history, 0, 0)).isZero();
    }

    @Test
    void topKOfOneAndTopPOfZero_areGreedy() {
        for (long seed = 0; seed < 100; seed++) {
            SamplingOptions hot = new SamplingOptions(5, 0, 1, 1, seed);
            assertThat(draw(hot.withTopK(1), 1, 3, 2, 3)).isEqualTo(1);
            assertThat(draw(hot.withTopP(0), 1, 3, 2, 3)).isEqualTo(1);
        }
    }

    @Test
    void next_readsAtTheByteOffset() {
        MemorySegment rows = MemorySegment.ofArray(new float[] {9, 0, 0, 0, 0, 9});
        Sampler sampler = new Sampler(SamplingOptions.GREEDY, 3);
        TokenHistory history = new TokenHistory(3);
        assertThat(sampler.next(rows, 0, history, 0, 0)).isZero();
        assertThat(sampler.next(rows, 12, history, 0, 1)).isEqualTo(2);
    }

    /** Chi-square against the exact probabilities; 99.99 % of seeds would pass, and the draws never change. */
    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    void draws_followTheDistribution(int topK) {
        float[] logits = {0.5f, -1, 2, 1.25f, 0};
        SamplingOptions options = new SamplingOptions(0.8, topK, 1, 1, 42);
        double[] probabilities = probabilities(logits, options);
        Sampler sampler = new Sampler(options, logits.length);
        TokenHistory history = new TokenHistory(logits.length);
        int numDraws = 100_000;
        int[] counts = new int[logits.length];
        for (int draw = 0; draw < numDraws; draw++) {
            counts[sampler.next(Tensor.of(logits, logits.length), history, draw % 10, draw / 10)]++;
        }
        double chiSquare = 0;
        for (int id = 0; id < logits.length; id++) {
            double expected = numDraws * probabilities[id];
            chiSquare += expected == 0 ? counts[id] : (counts[id] - expected) * (counts[id] - expected) / expected;
        }
        assertThat(chiSquare).isLessThan(23.5); // 4 degrees of freedom
    }

    private static double[] probabilities(float[] logits, SamplingOptions options) {
        double[] probabilities = new double[logits.length];
        double total = 0;
        for (int id = 0; id < logits.length; id++) {
            int rank = 0;
            for (float other : logits) {
                rank += other > logits[id] ? 1 : 0;
            }
            probabilities[id] = options.topK() == 0 || rank < options.topK()
                    ? Math.exp(logits[id] / options.temperature())
                    : 0;
            total += probabilities[id];
        }
        for (int id = 0; id < logits.length; id++) {
            probabilities[id] /= total;
        }
        return probabilities;
    }

    @Test
    void next_badLogits_areRefused() {
        assertThatThrownBy(() -> draw(SamplingOptions.GREEDY, 1, Float.NaN)).isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("logits: NaN for token 1 at position 0, must be finite");
        assertThatThrownBy(() -> draw(SamplingOptions.GREEDY, Float.POSITIVE_INFINITY, 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("logits: Infinity for token 0 at position 0, must be finite");
        assertThatThrownBy(() -> draw(SamplingOptions.GREEDY, Float.NEGATIVE_INFINITY))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("logits: the greatest is -Infinity at position 0");
        assertThatThrownBy(() -> new Sampler(SamplingOptions.GREEDY, 3).next(Tensor.of(new float[2], 2),
                new TokenHistory(3), 0, 0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("logits: F32[2], must be contiguous F32[3]");
    }

    private static int draw(SamplingOptions options, float... logits) {
        return new Sampler(options, logits.length).next(Tensor.of(logits, logits.length),
                new TokenHistory(logits.length), 0, 0);
    }
}
