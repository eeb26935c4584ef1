package io.github.pastkv.model.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.GoldenModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Beam search on shared blocks equals one that computes each hypothesis from its tokens, without a cache. */
class BeamSearchTest {
    private static final int[][] PROMPTS = {{20, 48, 46, 18, 17, 34, 43}, {5, 9}};
    private static final Set<Integer> STOP_TOKENS = Set.of(10, 20, 30, 40, 50, 60, 87);

    /** A text under way in the naive search. */
    private record Text(List<Integer> tokenIds, double sum) {
        Text with(int tokenId, double logProbability) {
            return new Text(Stream.concat(tokenIds.stream(), Stream.of(tokenId)).toList(), sum + logProbability);
        }
    }

    @ParameterizedTest
    @CsvSource({"gpt2, 3, 7, 1, false", "gpt2, 2, 9, 0.3, true", "llama, 4, 6, 1, true", "llama, 1, 8, 2, false",
        "llama3_rope_tied, 3, 9, 0, true", "llama3_rope_tied, 5, 4, -1, true"})
    void beams_equalASearchWithoutCache(String name, int numBeams, int maxNewTokens, double lengthPenalty,
            boolean stops) throws IOException {
        BeamOptions options = BeamOptions.of(numBeams, maxNewTokens).withLengthPenalty(lengthPenalty)
                .withStopTokens(stops ? STOP_TOKENS : Set.of());
        try (Model model = Model.load(GoldenModel.of(name).folder());
                Session session = model.newSession(SessionOptions.defaults().withBatchSize(PROMPTS.length))) {
            List<List<BeamHypothesis>> actual = session.beamSearch(PROMPTS, options);
            for (int row = 0; row < PROMPTS.length; row++) {
                assertThat(actual.get(row)).as("prompt " + row).isEqualTo(naive(model, PROMPTS[row], options));
            }
            assertThat(session.size()).isZero();
            session.cache().checkIntegrity();
        }
    }

    private static List<BeamHypothesis> naive(Model model, int[] prompt, BeamOptions options) {
        List<BeamHypothesis> ended = new ArrayList<>();
        List<Text> running = List.of(new Text(List.of(), 0));
        for (int length = 1; length <= options.maxNewTokens() && !running.isEmpty(); length++) {
            List<Text> all = continuations(model, prompt, running);
            List<Text> next = new ArrayList<>();
            int considered = options.numBeams() * (1 + options.stopTokens().size());
            for (int rank = 0; rank < considered && next.size() < options.numBeams(); rank++) {
                Text text = all.get(rank);
                if (!options.stopTokens().contains(text.tokenIds().getLast())) {
                    next.add(text);
                } else if (rank < options.numBeams()) {
                    end(ended, text, text.tokenIds().subList(0, length - 1), FinishReason.STOP_TOKEN, options);
                }
            }
            running = next;
            if (length == options.maxNewTokens()) {
                running.forEach(text -> end(ended, text, text.tokenIds(), FinishReason.LENGTH, options));
            } else
                if (ended.size() == options.numBeams() && ended.getLast().score() >= score(next.getFirst(), options)) {
                    break;
                }
        }
        return ended;
    }

    private static void end(List<BeamHypothesis> ended, Text text, List<Integer> tokenIds, FinishReason reason,
            BeamOptions options) {
        ended.add(new BeamHypothesis(tokenIds, text.sum(), score(text, options), reason));
        ended.sort(Comparator.comparingDouble(BeamHypothesis::score).reversed());
        if (ended.size() > options.numBeams()) {
            ended.removeLast();
        }
    }

    private static double score(Text text, BeamOptions options) {
        return text.sum() / StrictMath.pow(text.tokenIds().size(), options.lengthPenalty());
    }

    /** All continuations of all texts, best first. */
    private static List<Text> continuations(Model model, int[] prompt, List<Text> texts) {
        List<Text> all = new ArrayList<>();
        for (Text text : texts) {
            double[] next = logProbabilities(model, prompt, text.tokenIds());
            IntStream.range(0, next.length).forEach(id -> all.add(text.with(id, next[id])));
        }
        all.sort(Comparator.comparingDouble(Text::sum).reversed()); // stable: lower beam, then lower id
        return all;
    }

    /** Of the token after the prompt and these tokens, computed from the beginning. */
    private static double[] logProbabilities(Model model, int[] prompt, List<Integer> tokenIds) {
        int[] all = IntStream.concat(IntStream.of(prompt), tokenIds.stream().mapToInt(id -> id)).toArray();
        try (Session session = model.newSession()) {
            Tensor last = session.append(all).narrow(0, all.length - 1, all.length);
            double[] logits =
                    IntStream.range(0, model.config().vocabSize()).mapToDouble(id -> last.get(0, id)).toArray();
            double most = IntStream.range(0, logits.length).mapToDouble(id -> logits[id]).max().orElseThrow();
            double sum = 0;
            for (double logit : logits) {
                sum += StrictMath.exp(logit - most);
            }
            double logSum = most + StrictMath.log(sum);
            return IntStream.range(0, logits.length).mapToDouble(id -> logits[id] - logSum).toArray();
        }
    }
}
