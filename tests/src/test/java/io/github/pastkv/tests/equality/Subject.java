package io.github.pastkv.tests.equality;

import io.github.pastkv.cache.DataType;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import java.io.IOException;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * One corner of the equality matrix: whatever path a test takes, its bits must be those of {@link Paths#oneShot}.
 *
 * @param model the model and its prompt
 * @param kernels name of the kernels
 * @param kvType type that the cache stores
 */
record Subject(TestModel model, String kernels, DataType kvType) {
    /**
     * The golden models on all kernels, and the shipped one, which is larger, on the fastest ({@link KernelsEqualityTest}
     * shows the others equal to those); each with all storage types.
     */
    static Stream<Subject> all() {
        Stream<Subject> golden = TestModel.golden().flatMap(
                model -> KernelsUnderTest.names().stream().flatMap(kernels -> allTypes(model, kernels)));
        return Stream.concat(golden, allTypes(TestModel.tiny(), KernelsUnderTest.fastest()));
    }

    private static Stream<Subject> allTypes(TestModel model, String kernels) {
        return Arrays.stream(DataType.values()).map(type -> new Subject(model, kernels, type));
    }

    /** The prompt. */
    int[] tokenIds() {
        return model.tokenIds();
    }

    Model load() throws IOException {
        return load(ModelOptions.defaults());
    }

    Model load(ModelOptions options) throws IOException {
        return Model.load(model.folder(), options.withKernels(kernels));
    }

    /** Sessions of this storage type. */
    SessionOptions session() {
        return SessionOptions.defaults().withKvType(kvType);
    }

    @Override
    public String toString() {
        return model + " on " + kernels + ", " + kvType + " cache";
    }
}
