package io.github.pastkv.tests.golden;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.testkit.golden.GoldenFiles;
import io.github.pastkv.testkit.golden.GoldenModel;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import io.github.pastkv.testkit.reference.HfCase;
import java.io.IOException;
import java.nio.file.Files;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Cache scenarios recorded with TransformerLens: padding, frozen runs, chunks, cropping, expanding, row selection,
 * edits, runs over part of the layers.
 */
@Tag("kernels")
class TlensGoldenTest {
    /** Every scenario, on all kernels. */
    static Stream<Arguments> scenarios() {
        return GoldenModel.TLENS_NAMES.stream()
                .filter(name -> Files.exists(GoldenFiles.path("tlens/" + name).resolve("cache_scenarios.json")))
                .flatMap(
                        name -> CacheScenario.readAll(GoldenFiles.path("tlens/" + name)).stream()
                                .flatMap(scenario -> KernelsUnderTest.names().stream()
                                        .map(kernels -> Arguments.of(name, scenario, kernels))));
    }

    @ParameterizedTest(name = "{0}, {1}, {2}")
    @MethodSource("scenarios")
    void scenario_goesAsInTransformerLens(String name, CacheScenario scenario, String kernels) throws IOException {
        ModelOptions options = ModelOptions.defaults().withKernels(kernels);
        SessionOptions sessionOptions = SessionOptions.defaults().withBatchSize(scenario.batchSize());
        try (Model model = Model.load(HfCase.of(name).folder(), options);
                Session session = model.newSession(sessionOptions)) {
            new ScenarioPlayer(session, scenario).play();
        }
    }
}
