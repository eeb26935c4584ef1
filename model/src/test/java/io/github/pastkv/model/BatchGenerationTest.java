package io.github.pastkv.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.GeneratedRow;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.sampling.SamplingOptions;
import io.github.pastkv.testkit.golden.GoldenModel;
import io.github.pastkv.testkit.model.PaddedBatch;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Generation of several rows of different lengths, which do not know of each other. */
class BatchGenerationTest {
    private static final GoldenModel LLAMA = GoldenModel.of("llama");
    private static final int[] SHORT = {82, 24, 15};
    private static final int[] MIDDLE = Arrays.copyOf(LLAMA.tokens(), 17);
    private static final int[] LONG = LLAMA.tokens();
    private static final GenerationOptions GREEDY = GenerationOptions.greedy(20);
    private static final GenerationOptions SAMPLED =
            GREEDY.withSampling(new SamplingOptions(1.3, 40, 0.95, 1.2, 5));

    @AutoClose private Model model;

    @BeforeEach
    void load() throws IOException {
        model = Model.load(LLAMA.folder());
    }

    private List<GeneratedRow> generate(GenerationOptions options, int[]... prompts) {
        return generate(SessionOptions.defaults(), options, GenerationListener.NONE, prompts);
    }

    private List<GeneratedRow> generate(SessionOptions session, GenerationOptions options,
            GenerationListener listener, int[]... prompts) {
        try (Session open = model.newSession(session.withBatchSize(prompts.length))) {
            return open.generate(prompts, options, listener).rows();
        }
    }

    private GeneratedRow alone(GenerationOptions options, int[] prompt) {
        return generate(options, prompt).getFirst();
    }

    @Test
    void greedyRows_equalRowsAlone() {
        assertThat(generate(GREEDY, MIDDLE, SHORT, LONG)).containsExactly(alone(GREEDY, MIDDLE),
                alone(GREEDY, SHORT), alone(GREEDY, LONG));
    }

    @Test
    void padsAnywhere_changeNothing() {
        List<GeneratedRow> ragged = generate(GREEDY, MIDDLE, SHORT, LONG);
        for (PaddedBatch batch : List.of(PaddedBatch.left(MIDDLE, SHORT, LONG),
                PaddedBatch.holes(new Random(3), MIDDLE, SHORT, LONG))) {
            try (Session session = model.newSession(SessionOptions.defaults().withBatchSize(3))) {
                Generation generation =
                        session.generate(batch.tokenIds(), batch.mask(), GREEDY, GenerationListener.NONE);
                assertThat(generation.rows()).isEqualTo(ragged);
            }
        }
    }

    /** A draw is a function of seed, sample index and position, so the place in the batch does not matter. */
    @Test
    void sampledRows_equalRowsAlone() {
        assertThat(generate(SAMPLED, MIDDLE, SHORT, LONG)).containsExactly(alone(SAMPLED, MIDDLE),
                alone(SAMPLED, SHORT), alone(SAMPLED, LONG));
        assertThat(alone(SAMPLED.withFirstSampleIndex(1), LONG)).isNotEqualTo(alone(SAMPLED, LONG));
    }

    @Test
    void rowThatEndsEarly_leavesTheOthersAlone() {
        int stop = alone(GREEDY, SHORT).tokenIds().get(2);
        GenerationOptions options = GREEDY.withStopTokens(Set.of(stop));
        List<GeneratedRow> rows = generate(options, MIDDLE, SHORT, LONG);
        assertThat(rows.get(1).reason()).isEqualTo(FinishReason.STOP_TOKEN);
        assertThat(rows.get(1).tokenIds()).hasSizeLessThan(3);
        assertThat(rows).containsExactly(alone(options, MIDDLE), alone(options, SHORT), alone(options, LONG));
    }

    @Test
    void rowThatIsCanceled_leavesTheOthersAlone() {
        GenerationListener cancelsRowZero = new GenerationListener() {
            @Override
            public boolean onToken(int row, int tokenId) {
                return row != 0;
            }
        };
        List<GeneratedRow> rows = generate(SessionOptions.defaults(), GREEDY, cancelsRowZero, LONG, MIDDLE);
        assertThat(rows.getFirst().reason()).isEqualTo(FinishReason.CANCELED);
        assertThat(rows.getFirst().tokenIds()).isEqualTo(alone(GREEDY, LONG).tokenIds().subList(0, 1));
        assertThat(rows.getLast()).isEqualTo(alone(GREEDY, MIDDLE));
    }

    @Test
    void contextLimit_endsEachRowByItself() {
        SessionOptions limited = SessionOptions.defaults().withMaxSeqLen(35);
        GenerationOptions unbounded = GenerationOptions.greedy(1000).ignoringEos();
        List<GeneratedRow> rows = generate(limited, unbounded, GenerationListener.NONE, MIDDLE, LONG);
        assertThat(rows).extracting(GeneratedRow::reason).containsOnly(FinishReason.CONTEXT_FULL);
        assertThat(rows.get(0).tokenIds()).hasSize(35 - MIDDLE.length + 1);
        assertThat(rows.get(1).tokenIds()).hasSize(35 - LONG.length + 1);
    }
}
