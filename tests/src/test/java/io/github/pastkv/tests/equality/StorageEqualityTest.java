package io.github.pastkv.tests.equality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.LayerKvTypes;
import io.github.pastkv.kernels.KernelsChoice;
import io.github.pastkv.kernels.ScalarKernels;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import io.github.pastkv.testkit.model.LogitRows;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A logit does not depend on the path when keys, values and layers are stored in different types. */
@Tag("kernels")
class StorageEqualityTest {
    private static final KvTypes Q8_AND_F16 = new KvTypes(KvType.Q8, KvType.F16);
    private static final List<LayerKvTypes> MIXES = List.of(LayerKvTypes.of(Q8_AND_F16),
            LayerKvTypes.of(new KvTypes(KvType.BF16, KvType.Q8)),
            LayerKvTypes.of(KvTypes.of(KvType.Q8)).withLayer(0, KvTypes.of(KvType.F32)).withLayer(2, Q8_AND_F16));

    static Stream<TestModel> models() {
        return Stream.of(TestModel.golden("gpt2"), TestModel.golden("llama"));
    }

    @ParameterizedTest
    @MethodSource("models")
    void mixedStorage_onEveryPath_equalsOneStep(TestModel testModel) throws IOException {
        for (LayerKvTypes types : MIXES) {
            SessionOptions options = SessionOptions.defaults().withKvTypes(types);
            LogitRows scalar = oneShot(testModel, "scalar", options);
            for (String kernels : KernelsUnderTest.names()) {
                boolean ofOurIdentity = KernelsChoice.choose(kernels).kernels().numericIdentity()
                        .equals(ScalarKernels.NUMERIC_IDENTITY);
                LogitRows expected = ofOurIdentity ? scalar : oneShot(testModel, kernels, options);
                try (Model model = load(testModel, kernels)) {
                    requireEqual(model, options, testModel.tokenIds(), expected, types + " on " + kernels);
                }
            }
        }
    }

    private static LogitRows oneShot(TestModel testModel, String kernels, SessionOptions options) throws IOException {
        try (Model model = load(testModel, kernels)) {
            return Paths.oneShot(model, options, testModel.tokenIds());
        }
    }

    private static Model load(TestModel testModel, String kernels) throws IOException {
        return Model.load(testModel.folder(), ModelOptions.defaults().withKernels(kernels));
    }

    private static void requireEqual(Model model, SessionOptions options, int[] tokenIds, LogitRows expected,
            String what) {
        Random random = new Random(31);
        for (int blockSize : new int[] {1, 16, 64}) {
            SessionOptions blocked = options.withBlockSize(blockSize);
            Paths.oneShot(model, blocked, tokenIds).requireSameBits(what + ", one step", expected);
            Paths.chunked(model, blocked, tokenIds, Paths.ones(tokenIds.length))
                    .requireSameBits(what + ", step by step", expected);
            Paths.chunked(model, blocked, tokenIds, Paths.randomSplit(random, tokenIds.length))
                    .requireSameBits(what + ", in chunks", expected);
        }
        int half = tokenIds.length / 2;
        int[] tail = Arrays.copyOfRange(tokenIds, half, tokenIds.length);
        try (Session session = model.newSession(options)) {
            session.append(tokenIds);
            session.rewind(tail.length);
            LogitRows.of(session.append(tail)).requireSameBits(what + ", rewound", expected.slice(half,
                    tokenIds.length));
            session.rewind(tail.length);
            try (Session fork = session.fork()) {
                LogitRows.of(fork.append(tail)).requireSameBits(what + ", forked",
                        expected.slice(half, tokenIds.length));
            }
        }
    }

    @Test
    void layersThatStoreAlike_shareTheirMemory_othersHaveTheirOwn() throws IOException {
        try (Model model = load(TestModel.golden("llama"), "scalar");
                Session session = model.newSession(SessionOptions.defaults().withKvTypes(MIXES.get(2)))) {
            session.append(1, 2, 3);
            int width = model.config().numKvHeads();
            int headDim = model.config().headDim();
            long q8 = KvType.Q8.bytesPerHead(headDim);
            long layers = 2L * q8 * (model.config().numLayers() - 2);
            long expected = width * (layers + 2L * 4 * headDim + q8 + 2L * headDim);
            assertThat(session.cache().config().bytesPerToken()).isEqualTo(expected);
            assertThat(session.cache().cacheBytes()).isEqualTo(16 * expected);
        }
    }

    @Test
    void typesOfALayerThatTheModelDoesNotHave_areRefused() throws IOException {
        LayerKvTypes types = LayerKvTypes.of(Q8_AND_F16).withLayer(7, Q8_AND_F16);
        try (Model model = load(TestModel.golden("llama"), "scalar")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> model.newSession(SessionOptions.defaults().withKvTypes(types)))
                    .withMessage("layer: 7, the shape has 4 layers");
        }
    }
}
