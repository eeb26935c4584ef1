package io.github.pastkv.tests.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.store.StoreWrites;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.store.CacheTier;
import io.github.pastkv.store.FileTier;
import io.github.pastkv.store.TierStore;
import io.github.pastkv.testkit.golden.GoldenModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A request that waits for a tier holds up no other request. */
class TierBesideGenerationTest {
    private static final int[] PROMPT = IntStream.range(0, 45).map(i -> i * 7 % 61 + 1).toArray();

    @TempDir private Path folder;

    private static Model load(CacheTier tier) throws IOException {
        return Model.load(GoldenModel.of("llama").folder(), ModelOptions.defaults().withNumThreads(2)
                .withBlockStore(new TierStore(List.of(tier), 8, StoreWrites.COMPLETE, false)));
    }

    private FileTier files() throws IOException {
        return new FileTier(folder, 1 << 20, FileTier.DEFAULT_DEADLINE);
    }

    private static Session session(Model model) {
        return model.newSession(SessionOptions.defaults().withBlockSize(4));
    }

    private static float[] logits(Model model) {
        try (Session session = session(model)) {
            return session.prefill(PROMPT).toFloatArray();
        }
    }

    @Test
    void generationGoesOn_whileAnotherRequestWaitsForATier() throws Exception {
        float[] expected;
        try (Model model = load(files())) {
            expected = logits(model);
        }
        WaitingTier waiting = new WaitingTier(files());
        try (Model model = load(waiting); ExecutorService thread = Executors.newSingleThreadExecutor()) {
            Future<float[]> loading = thread.submit(() -> logits(model));
            waiting.awaitGet();
            try (Session other = session(model)) {
                int[][] prompts = {{3, 1, 4, 1, 5, 9, 2, 6}};
                assertThat(other.generate(prompts, GenerationOptions.greedy(20).ignoringEos(), GenerationListener.NONE)
                        .rows().getFirst().tokenIds()).hasSize(20);
            }
            assertThat(loading.isDone()).isFalse();
            waiting.release();
            assertThat(loading.get()).isEqualTo(expected);
            assertThat(model.engineStats().numTokens()).as("the prompt was loaded").isLessThan(8 + 20 + 45L);
        }
    }
}
