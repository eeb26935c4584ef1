package io.github.pastkv.model.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LogitsProcessorsTest {
    private static final int VOCAB_SIZE = 7;
    private static final double NEVER = Double.NEGATIVE_INFINITY;

    private static TokenHistory history(int[] prompt, int... generated) {
        TokenHistory history = new TokenHistory(VOCAB_SIZE);
        Arrays.stream(prompt).forEach(history::add);
        history.endPrompt();
        Arrays.stream(generated).forEach(history::add);
        return history;
    }

    private static double[] processed(SamplingOptions options, TokenHistory history, double... logits) {
        LogitsProcessors.of(options, Set.of(3)).forEach(processor -> processor.process(logits, history));
        return logits;
    }

    private static int[] ids(int... ids) {
        return ids;
    }

    @Test
    void countPenalties_seeGeneratedTokensOnly() {
        SamplingOptions options = SamplingOptions.GREEDY.withPresencePenalty(0.5).withFrequencyPenalty(0.25);
        assertThat(processed(options, history(ids(1, 1, 2), 3, 3, 4), 1, 1, 1, 1, 1, 1, 1))
                .containsExactly(1, 1, 1, 0, 0.25, 1, 1);
    }

    @Test
    void biasComesBeforeTheRepetitionPenalty() {
        SamplingOptions options = SamplingOptions.GREEDY.withRepetitionPenalty(2).withLogitBias(Map.of(1, 3.0));
        assertThat(processed(options, history(ids(1)), 1, 1, 1, 1, 1, 1, 1)).containsExactly(1, 2, 1, 1, 1, 1, 1);
    }

    @Test
    void ngrams_occurOnce_alsoAcrossThePromptsEnd() {
        SamplingOptions two = SamplingOptions.GREEDY.withNoRepeatNgramSize(2);
        assertThat(processed(two, history(ids(5, 1, 2, 5, 3), 5), 0, 0, 0, 0, 0, 0, 0))
                .containsExactly(0, NEVER, 0, NEVER, 0, 0, 0);
        SamplingOptions three = SamplingOptions.GREEDY.withNoRepeatNgramSize(3);
        assertThat(processed(three, history(ids(5, 1, 2, 5, 3), 5, 1), 0, 0, 0, 0, 0, 0, 0))
                .containsExactly(0, 0, NEVER, 0, 0, 0, 0);
        SamplingOptions one = SamplingOptions.GREEDY.withNoRepeatNgramSize(1);
        assertThat(processed(one, history(ids(5), 1), 0, 0, 0, 0, 0, 0, 0))
                .containsExactly(0, NEVER, 0, 0, 0, NEVER, 0);
        assertThat(processed(three, history(ids(5)), 0, 0, 0, 0, 0, 0, 0)).containsOnly(0);
    }

    /** Against a search that compares all n-grams. */
    @Test
    void ngrams_equalANaiveSearch() {
        Random random = new Random(3);
        for (int round = 0; round < 500; round++) {
            int[] tokens = random.ints(random.nextInt(20), 0, 3).toArray();
            int size = 1 + random.nextInt(4);
            double[] logits = processed(SamplingOptions.GREEDY.withNoRepeatNgramSize(size), history(tokens),
                    new double[VOCAB_SIZE]);
            for (int id = 0; id < VOCAB_SIZE; id++) {
                int[] longer = Arrays.copyOf(tokens, tokens.length + 1);
                longer[tokens.length] = id;
                assertThat(logits[id] == NEVER).as("%s, size %d, id %d", Arrays.toString(tokens), size, id)
                        .isEqualTo(repeatsItsEnd(longer, size));
            }
        }
    }

    private static boolean repeatsItsEnd(int[] tokens, int size) {
        int start = tokens.length - size;
        return IntStream.range(0, Math.max(0, start))
                .anyMatch(from -> Arrays.equals(tokens, from, from + size, tokens, start, tokens.length));
    }

    @Test
    void suppressedAndForcedTokens_goByPlace() {
        SamplingOptions options =
                SamplingOptions.GREEDY.withSuppressTokens(Set.of(6)).withBeginSuppressTokens(Set.of(0))
                        .withForcedTokens(Map.of(1, 4));
        assertThat(processed(options, history(ids(2, 2)), 1, 1, 1, 1, 1, 1, 1))
                .containsExactly(NEVER, 1, 1, 1, 1, 1, NEVER);
        assertThat(processed(options, history(ids(2, 2), 3), 1, 1, 1, 1, 1, 1, 1))
                .containsExactly(NEVER, NEVER, NEVER, NEVER, 0, NEVER, NEVER);
        assertThat(processed(options, history(ids(2, 2), 3, 4), 1, 1, 1, 1, 1, 1, 1))
                .containsExactly(1, 1, 1, 1, 1, 1, NEVER);
    }

    @Test
    void stopTokens_areNotChosenBeforeTheLeastNumber() {
        SamplingOptions two = SamplingOptions.GREEDY.withMinNewTokens(2); // the stop token is 3
        assertThat(processed(two, history(ids(3, 3)), 1, 1, 1, 1, 1, 1, 1)).containsExactly(1, 1, 1, NEVER, 1, 1, 1);
        assertThat(processed(two, history(ids(2, 2), 1), 1, 1, 1, 1, 1, 1, 1)).containsExactly(1, 1, 1, NEVER, 1, 1, 1);
        assertThat(processed(two, history(ids(2, 2), 1, 1), 1, 1, 1, 1, 1, 1, 1)).containsOnly(1);
        Sampler sampler = new Sampler(two, 3, Set.of(1, 99));
        assertThat(sampler.next(Tensor.of(new float[] {0, 2, 1}, 3), new TokenHistory(3), 0, 0)).isEqualTo(2);
        assertThatIllegalArgumentException().isThrownBy(() -> SamplingOptions.GREEDY.withMinNewTokens(-1))
                .withMessage("minNewTokens: -1, must be at least 0");
    }

    @Test
    void tokensOutsideTheVocabulary_andWrongNumbers_areRefusedByName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> processed(SamplingOptions.GREEDY.withSuppressTokens(Set.of(7)), history(ids()),
                        new double[VOCAB_SIZE]))
                .withMessageContainingAll("7", "the vocabulary has 7");
        assertThatIllegalArgumentException().isThrownBy(() -> SamplingOptions.GREEDY.withMinP(1.5))
                .withMessageContainingAll("minP", "1.5", "[0, 1]");
        assertThatIllegalArgumentException().isThrownBy(() -> SamplingOptions.GREEDY.withTypicalP(0))
                .withMessageContainingAll("typicalP", "0", "(0, 1]");
        assertThatIllegalArgumentException().isThrownBy(() -> SamplingOptions.GREEDY.withNoRepeatNgramSize(-1))
                .withMessageContainingAll("noRepeatNgramSize", "-1");
    }

    @Test
    void logitsThatAreNoNumbers_andNoTokenLeft_areRefused() {
        Sampler plain = new Sampler(SamplingOptions.GREEDY, 3);
        TokenHistory history = new TokenHistory(3);
        assertThatIllegalStateException()
                .isThrownBy(() -> plain.next(Tensor.of(new float[] {1, Float.NaN, 2}, 3), history, 0, 5))
                .withMessageContainingAll("NaN", "token 1", "position 5", "f16");
        Sampler none = new Sampler(SamplingOptions.GREEDY.withSuppressTokens(Set.of(0, 1, 2)), 3);
        assertThatIllegalStateException()
                .isThrownBy(() -> none.next(Tensor.of(new float[] {1, 3, 2}, 3), history, 0, 5))
                .withMessageContainingAll("-Infinity", "position 5", "processors");
    }

    /** Min-p and typical-p after top-k and top-p, against sets computed by sorting everything. */
    @Test
    void truncations_keepTheTokensOfTheirDefinitions() {
        Random random = new Random(8);
        for (int round = 0; round < 300; round++) {
            float[] logits = new float[VOCAB_SIZE];
            for (int id = 0; id < VOCAB_SIZE; id++) {
                logits[id] = (float) (2 * random.nextGaussian());
            }
            SamplingOptions options = new SamplingOptions(0.5 + random.nextDouble(),
                    random.nextBoolean() ? 0 : 1 + random.nextInt(VOCAB_SIZE), random.nextBoolean() ? 1 : 0.9, 1, 0)
                    .withMinP(random.nextBoolean() ? 0 : 0.3 * random.nextDouble())
                    .withTypicalP(random.nextBoolean() ? 1 : 0.3 + 0.6 * random.nextDouble());
            Set<Integer> drawn = new HashSet<>();
            for (int seed = 0; seed < 400; seed++) {
                drawn.add(new Sampler(options.withSeed(seed), VOCAB_SIZE).next(Tensor.of(logits, VOCAB_SIZE),
                        new TokenHistory(VOCAB_SIZE), 0, 0));
            }
            Set<Integer> kept = kept(logits, options);
            assertThat(kept).as("%s", options).containsAll(drawn);
            assertThat(drawn).as("%s", options).containsAll(likely(logits, options, kept));
        }
    }

    private static Set<Integer> kept(float[] logits, SamplingOptions options) {
        double[] weights =
                IntStream.range(0, VOCAB_SIZE).mapToDouble(id -> Math.exp(logits[id] / options.temperature()))
                        .toArray();
        List<Integer> ids = new ArrayList<>(IntStream.range(0, VOCAB_SIZE).boxed().toList());
        ids.sort(Comparator.comparingDouble(id -> -weights[id]));
        double best = weights[ids.getFirst()];
        if (options.topK() > 0) {
            ids = ids.subList(0, options.topK());
        }
        ids = untilMass(ids, weights, options.topP());
        ids = ids.stream().filter(id -> weights[id] >= options.minP() * best).toList();
        if (options.typicalP() == 1) {
            return Set.copyOf(ids);
        }
        double total = ids.stream().mapToDouble(id -> weights[id]).sum();
        double entropy = ids.stream().mapToDouble(id -> -weights[id] / total * Math.log(weights[id] / total)).sum();
        List<Integer> typical = new ArrayList<>(ids);
        typical.sort(Comparator.comparingDouble(id -> Math.abs(-Math.log(weights[id] / total) - entropy)));
        return Set.copyOf(untilMass(typical, weights, options.typicalP()));
    }

    private static List<Integer> untilMass(List<Integer> ids, double[] weights, double mass) {
        double total = ids.stream().mapToDouble(id -> weights[id]).sum();
        double sum = 0;
        for (int count = 1; count <= ids.size(); count++) {
            sum += weights[ids.get(count - 1)];
            if (sum >= mass * total) {
                return ids.subList(0, count);
            }
        }
        return ids;
    }

    /** Those that 400 draws cannot have missed. */
    private static Set<Integer> likely(float[] logits, SamplingOptions options, Set<Integer> kept) {
        double total = kept.stream().mapToDouble(id -> Math.exp(logits[id] / options.temperature())).sum();
        Set<Integer> likely = new HashSet<>(kept);
        likely.removeIf(id -> Math.exp(logits[id] / options.temperature()) / total < 0.08);
        return likely;
    }
}
