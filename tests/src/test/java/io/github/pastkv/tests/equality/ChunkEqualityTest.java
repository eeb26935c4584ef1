package io.github.pastkv.tests.equality;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.testkit.model.LogitRows;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A logit does not depend on how earlier tokens were divided into steps, blocks or passes. */
@Tag("kernels")
@Tag("narrow")
@Tag("slow")
class ChunkEqualityTest {
    private static final int NUM_SPLITS = Subject.rounds(10);
    private static final int[] BLOCK_SIZES = {1, 5, 16, 64};
    private static final int[] PASS_TOKENS = {1, 3, 7, 512};

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#all")
    void chunks_equalOneStep(Subject subject) throws IOException {
        int[] tokenIds = subject.tokenIds();
        try (Model model = subject.load()) {
            LogitRows expected = Paths.oneShot(model, subject.session(), tokenIds);
            for (int seed = 0; seed < NUM_SPLITS; seed++) {
                int[] lengths = Paths.randomSplit(new Random(seed), tokenIds.length);
                Paths.chunked(model, subject.session(), tokenIds, lengths)
                        .requireSameBits("seed " + seed + ", chunks " + Arrays.toString(lengths), expected);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#cutPaths")
    void blockSizes_areEqual(Subject subject) throws IOException {
        int[] tokenIds = subject.tokenIds();
        try (Model model = subject.load()) {
            LogitRows expected = Paths.oneShot(model, subject.session(), tokenIds);
            for (int blockSize : BLOCK_SIZES) {
                SessionOptions options = subject.session().withBlockSize(blockSize);
                String blocks = "blocks of " + blockSize;
                Paths.oneShot(model, options, tokenIds).requireSameBits(blocks + ", one step", expected);
                Paths.chunked(model, options, tokenIds, Paths.ones(tokenIds.length))
                        .requireSameBits(blocks + ", token by token", expected);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#cutPaths")
    void passes_areEqual(Subject subject) throws IOException {
        int[] tokenIds = subject.tokenIds();
        LogitRows expected;
        try (Model model = subject.load()) {
            expected = Paths.oneShot(model, subject.session(), tokenIds);
        }
        for (int maxBatchTokens : PASS_TOKENS) {
            try (Model model = subject.load(ModelOptions.defaults().withMaxBatchTokens(maxBatchTokens))) {
                Paths.oneShot(model, subject.session(), tokenIds)
                        .requireSameBits("passes of " + maxBatchTokens, expected);
            }
        }
    }
}
