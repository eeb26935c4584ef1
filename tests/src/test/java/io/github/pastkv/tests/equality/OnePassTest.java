package io.github.pastkv.tests.equality;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.kernels.KernelsChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.testkit.model.CountingKernels;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A step of T tokens reads each weight once, whatever T is. */
class OnePassTest {
    private static final TestModel LLAMA = TestModel.golden("llama3_rope_tied");
    private static final int LINEARS_PER_LAYER = 4;

    @ParameterizedTest(name = "{0} threads")
    @ValueSource(ints = {1, 3})
    void stepOfOneAndOfHundredTokens_computeEachOutputOnce(int numThreads) throws IOException {
        CountingKernels kernels = new CountingKernels(KernelsChoice.choose(null).kernels());
        ModelOptions options = ModelOptions.defaults().withNumThreads(numThreads);
        try (Model model = Model.load(LLAMA.folder(), options, new KernelsChoice(kernels, "counting"));
                Session session = model.newSession()) {
            for (int numTokens : new int[] {1, 100, 1, 7}) {
                session.append(new Random(numTokens).ints(numTokens, 0, model.config().vocabSize()).toArray());
                requireOnce(kernels, model.config().numLayers(), 1, numTokens);
            }
        }
    }

    @ParameterizedTest(name = "{0} threads")
    @ValueSource(ints = {1, 3})
    void stepLongerThanAPass_computesEachOutputOncePerPass(int numThreads) throws IOException {
        CountingKernels kernels = new CountingKernels(KernelsChoice.choose(null).kernels());
        ModelOptions options = ModelOptions.defaults().withNumThreads(numThreads).withMaxBatchTokens(30);
        try (Model model = Model.load(LLAMA.folder(), options, new KernelsChoice(kernels, "counting"));
                Session session = model.newSession()) {
            session.append(new int[100]);
            requireOnce(kernels, model.config().numLayers(), 4, 100);
        }
    }

    private static void requireOnce(CountingKernels kernels, int numLayers, int numPasses, int numTokens) {
        assertThat(kernels.takeCounts()).as("%d tokens", numTokens).hasSize(LINEARS_PER_LAYER * numLayers + 1)
                .allSatisfy(outputs -> assertThat(outputs).isNotEmpty().containsOnly(numPasses));
    }
}
