package io.github.pastkv.tests.equality;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.kernels.ComputeType;
import io.github.pastkv.kernels.LinearPrecision;
import io.github.pastkv.kernels.WeightType;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.testkit.golden.GoldenModel;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * One cell of the equality matrix. Every path must give the bits of {@link Paths#oneShot}.
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

    /** In the plain precision. */
    Subject(TestModel model, String kernels, KvType kvType) {
        this(model, kernels, kvType, LinearPrecision.PLAIN);
    }

    /**
     * Models that run in every type and precision on scalar kernels too, which are slow, and at each width of vectors.
     */
    private static final Set<String> OF_EACH_KIND = Set.of("gpt2", "llama", "llama3_rope_tied", "mistral", "tiny");

    /**
     * The golden models on all kernels, and the shipped one, which is larger, on the fastest
     * ({@link KernelsEqualityTest} shows the others equal to those in every type and precision); with all storage types
     * and all forms of linear layers, but for most models on other than the fastest kernels and at forced widths, which
     * run the plainest only.
     */
    static Stream<Subject> all() {
        Stream<Subject> golden = TestModel.golden()
                .flatMap(model -> KernelsUnderTest.names().stream().flatMap(kernels -> of(model, kernels)));
        return Stream.concat(golden, allTypes(TestModel.tiny(), KernelsUnderTest.fastest()));
    }

    private static Stream<Subject> of(TestModel model, String kernels) {
        boolean isOther = !kernels.equals(KernelsUnderTest.fastest()) || KernelsUnderTest.isWidthForced();
        boolean isPlainest = (isOther && !OF_EACH_KIND.contains(model.toString()))
                || GoldenModel.MECHANISM_NAMES.contains(model.toString());
        return isPlainest ? Stream.of(new Subject(model, kernels, KvType.F32)) : allTypes(model, kernels);
    }

    /**
     * For paths that take long: the models of each kind in every type and precision on the fast kernels, all others,
     * and scalar kernels, in the plainest.
     */
    static Stream<Subject> fewer() {
        return all().filter(subject -> subject.isPlainest() || (OF_EACH_KIND.contains(subject.model().toString())
                && !subject.kernels().equals(KernelsUnderTest.SCALAR)));
    }

    /** For the longest paths: each model in the plainest precision on the fastest kernels. */
    static Stream<Subject> fewest() {
        return all().filter(
                subject -> subject.isPlainest() && subject.kernels().equals(KernelsUnderTest.fastest()));
    }

    private boolean isPlainest() {
        return kvType == KvType.F32 && precision.equals(LinearPrecision.PLAIN);
    }

    private static Stream<Subject> allTypes(TestModel model, String kernels) {
        Stream<Subject> plain = Arrays.stream(KvType.values()).map(type -> new Subject(model, kernels, type));
        return Stream.concat(plain,
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
