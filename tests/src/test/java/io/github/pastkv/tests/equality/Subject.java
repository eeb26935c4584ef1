package io.github.pastkv.tests.equality;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.kernels.weights.ComputeType;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.testkit.golden.GoldenModel;
import io.github.pastkv.testkit.golden.Mechanism;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import io.github.pastkv.testkit.model.TestScale;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * One cell of the equality matrix. Every path must give the bits of {@link Paths#oneShot}.
 *
 * <p>All cells on all paths would take hours, so each test takes one of these sets, by what its path takes and what it
 * can break: {@link #all}, {@link #onAllKernels}, {@link #covering} or {@link #mechanisms}. Each of them has every
 * {@link Mechanism}, and each runs with the machine's own vectors and, in the nightly workflow, again with vectors of
 * 128 and of 256 bits. At 128 bits every build runs what is not slow, and the tests with the tag {@code narrow}.
 *
 * @param model the model and its prompt
 * @param kernels name of the kernels
 * @param kvType type that the cache stores
 * @param precision how linear layers are computed
 */
record Subject(TestModel model, String kernels, KvType kvType, LinearPrecision precision) {
    /** How far back windowed layers always go; less than the prompts. */
    static final int MAX_REWIND_TOKENS = 5;

    /** Every precision but the plain one. */
    static final List<LinearPrecision> OTHER_PRECISIONS =
            List.of(new LinearPrecision(ComputeType.BF16, WeightType.STORED),
                    new LinearPrecision(ComputeType.F32, WeightType.INT8),
                    new LinearPrecision(ComputeType.BF16, WeightType.INT8));

    /** The models whose attention differs most, which run in every type and precision; see {@link #otherTypes}. */
    private static final List<String> IN_ALL_TYPES = List.of("gpt2", "mistral", "deepseek_v2_lite", "llama");

    /** In the plain precision. */
    Subject(TestModel model, String kernels, KvType kvType) {
        this(model, kernels, kvType, LinearPrecision.PLAIN);
    }

    /** How often a random path is drawn for one subject: so often at night, else a third of it. */
    static int rounds(int numAtNight) {
        return TestScale.isNightly() ? numAtNight : Math.ceilDiv(numAtNight, 3);
    }

    /** For the cheapest path: {@link #cutPaths} and, once, {@link #otherFamilies}. */
    static Stream<Subject> all() {
        return KernelsUnderTest.isWidthForced() ? cutPaths() : Stream.concat(cutPaths(), otherFamilies());
    }

    /**
     * {@link #onAllKernels}; at narrower vectors in a build {@link #mechanisms}, as {@link KernelsEqualityTest}
     * compares the types and precisions there.
     */
    static Stream<Subject> cutPaths() {
        return KernelsUnderTest.isWidthForced() && !TestScale.isNightly() ? mechanisms() : onAllKernels();
    }

    /** The golden models that {@link #mechanisms} lacks, plain, on the fastest kernels. */
    static Stream<Subject> otherFamilies() {
        return GoldenModel.allNames().stream().filter(name -> !Mechanism.modelNames().contains(name))
                .map(name -> plain(TestModel.golden(name), KernelsUnderTest.fastest()));
    }

    /**
     * For paths that cut a text into steps, blocks and passes, and so call each kernel in other shapes:
     * {@link #covering}, and models in other types and precisions on the slower kernels.
     */
    static Stream<Subject> onAllKernels() {
        return Stream.concat(covering(), slowerKernels().flatMap(kernels -> otherTypes(inAllTypes(), kernels)));
    }

    /**
     * For most paths: {@link #mechanisms}, models in other types and precisions on the fastest kernels, and models on
     * the slower ones, plain. {@link KernelsEqualityTest} compares the kernels in every type and precision.
     */
    static Stream<Subject> covering() {
        Stream<Subject> types =
                otherTypes(Stream.concat(inAllTypes(), Stream.of(TestModel.tiny())), KernelsUnderTest.fastest());
        Stream<Subject> slower = slowerKernels()
                .flatMap(kernels -> IN_ALL_TYPES.stream().map(name -> plain(TestModel.golden(name), kernels)));
        return Stream.of(mechanisms(), types, slower).flatMap(subjects -> subjects);
    }

    /** For the longest paths: a model for each {@link Mechanism} and the shipped one, plain, on the fastest kernels. */
    static Stream<Subject> mechanisms() {
        return Stream.concat(Mechanism.modelNames().stream().map(TestModel::golden), Stream.of(TestModel.tiny()))
                .map(model -> plain(model, KernelsUnderTest.fastest()));
    }

    private static Stream<TestModel> inAllTypes() {
        return IN_ALL_TYPES.stream().map(TestModel::golden);
    }

    private static Stream<String> slowerKernels() {
        return KernelsUnderTest.names().stream().filter(kernels -> !kernels.equals(KernelsUnderTest.fastest()));
    }

    private static Subject plain(TestModel model, String kernels) {
        return new Subject(model, kernels, KvType.F32);
    }

    /**
     * Models in types and precisions beside the plain ones: all pairs at night, else every other one, so that each
     * model has half of the types and each type half of the models.
     */
    private static Stream<Subject> otherTypes(Stream<TestModel> someModels, String kernels) {
        List<TestModel> models = someModels.toList();
        return IntStream.range(0, models.size()).boxed()
                .flatMap(model -> TestScale.everyOther(otherTypes(models.get(model), kernels).toList(), model)
                        .stream());
    }

    private static Stream<Subject> otherTypes(TestModel model, String kernels) {
        Stream<Subject> types = Arrays.stream(KvType.values()).filter(type -> type != KvType.F32)
                .map(type -> new Subject(model, kernels, type));
        return Stream.concat(types,
                OTHER_PRECISIONS.stream().map(precision -> new Subject(model, kernels, KvType.F32, precision)));
    }

    /** The prompt. */
    int[] tokenIds() {
        return model.tokenIds();
    }

    Model load() throws IOException {
        return load(ModelOptions.defaults());
    }

    Model load(ModelOptions options) throws IOException {
        return Model.load(model.folder(), options.withKernels(kernels).withWeights(precision.weights())
                .withCompute(ComputeChoice.valueOf(precision.compute().name())));
    }

    /** Sessions of this storage type; windows forget what they may. */
    SessionOptions session() {
        return SessionOptions.defaults().withKvType(kvType).withMaxRewindTokens(MAX_REWIND_TOKENS);
    }

    @Override
    public String toString() {
        return model + " on " + kernels + ", " + precision + ", " + kvType + " cache";
    }
}
