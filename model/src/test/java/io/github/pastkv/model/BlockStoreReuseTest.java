package io.github.pastkv.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.prefix.PrefixMissReason;
import io.github.pastkv.cache.store.BlockStore;
import io.github.pastkv.cache.store.InMemoryBlockStore;
import io.github.pastkv.testkit.golden.GoldenModel;
import java.io.IOException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a model has read is found again by one that is loaded later, with the same bits, as long as both are the same
 * model.
 */
class BlockStoreReuseTest {
    private static final int[] PROMPT = IntStream.range(0, 45).map(i -> i * 7 % 90 + 1).toArray();

    private static Model load(String family, BlockStore store) throws IOException {
        return Model.load(GoldenModel.of(family).folder(),
                ModelOptions.defaults().withNumThreads(1).withBlockStore(store));
    }

    private static float[] logits(Model model, SessionOptions options) {
        try (Session session = model.newSession(options)) {
            return session.prefill(PROMPT).toFloatArray();
        }
    }

    @ParameterizedTest
    @CsvSource({"llama,F32,0", "llama,BF16,0", "llama,Q8,20", "gpt2,F16,0"})
    void reloadedModel_findsThePrompt_withTheSameBits(String family, KvType type, int window) throws IOException {
        SessionOptions options = SessionOptions.defaults().withKvType(type)
                .withWindow(window == 0 ? KvWindow.NONE : KvWindow.of(window));
        float[] cold;
        try (Model model = Model.load(GoldenModel.of(family).folder(), ModelOptions.defaults().withNumThreads(1))) {
            cold = logits(model, options);
        }
        try (BlockStore store = new InMemoryBlockStore(1 << 24)) {
            try (Model model = load(family, store)) {
                assertThat(logits(model, options)).isEqualTo(cold);
            }
            assertThat(store.stats().numChunks()).isEqualTo(1); // the end of the prompt, two blocks of 16 tokens
            try (Model model = load(family, store); Session session = model.newSession(options)) {
                assertThat(session.explainPrefix(PROMPT).missReason()).isEqualTo(new PrefixMissReason.InStore(32));
                assertThat(session.prefill(PROMPT).toFloatArray()).isEqualTo(cold);
                assertThat(store.stats().numFound()).as("to explain, and to load").isEqualTo(2);
            }
        }
    }

    @Test
    void precisionChosenByAuto_countsAsWhatItIs() throws IOException {
        try (BlockStore store = new InMemoryBlockStore(1 << 24)) {
            ModelOptions options = ModelOptions.defaults().withNumThreads(1).withBlockStore(store);
            ComputeChoice chosen;
            try (Model model = Model.load(GoldenModel.of("llama").folder(),
                    options.withCompute(ComputeChoice.AUTO))) {
                chosen = ComputeChoice.valueOf(model.linearPrecision().compute().name());
                logits(model, SessionOptions.defaults());
            }
            for (ComputeChoice choice : new ComputeChoice[] {ComputeChoice.F32, ComputeChoice.BF16}) {
                long numFound = store.stats().numFound();
                try (Model model = Model.load(GoldenModel.of("llama").folder(), options.withCompute(choice))) {
                    logits(model, SessionOptions.defaults());
                }
                assertThat(store.stats().numFound() > numFound).as("%s", choice).isEqualTo(choice == chosen);
            }
        }
    }

    @Test
    void otherModelTypeOrSalt_findsNothing() throws IOException {
        try (BlockStore store = new InMemoryBlockStore(1 << 24)) {
            try (Model model = load("llama", store)) {
                logits(model, SessionOptions.defaults());
                try (Session session = model.newSession(SessionOptions.defaults().withPrefixSalt("other"))) {
                    session.prefill(PROMPT);
                }
            }
            long numFound = store.stats().numFound();
            try (Model model = load("llama", store)) {
                logits(model, SessionOptions.defaults().withPrefixSalt("third"));
                logits(model, SessionOptions.defaults().withKvType(KvType.BF16));
            }
            try (Model model = load("gpt2", store)) {
                logits(model, SessionOptions.defaults());
            }
            assertThat(store.stats().numFound()).isEqualTo(numFound);
        }
    }
}
