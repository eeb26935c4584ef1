package io.github.pastkv.tests.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.testkit.golden.CacheScenario;
import io.github.pastkv.testkit.golden.ScenarioPlayer;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The cache scenarios of TransformerLens: pads, holes, frozen runs, chunks, cropping, expanding, selecting. */
@Tag("kernels")
class TlensGoldenTest {
    /** Scenarios that edit activations or run a part of the layers: they need the lens, which is still to come. */
    private static final List<String> NEEDS_THE_LENS = List.of("frozen_edit_hook_v", "frozen_edit_hook_k",
            "frozen_edit_hook_q", "frozen_edit_hook_z", "frozen_edit_hook_resid_pre", "frozen_two_edits",
            "stored_edit_hook_v", "stored_edit_hook_k", "split_at_layer_1", "split_at_layer_2", "split_at_layer_3",
            "split_at_layer_padded");

    /** Every scenario that needs no lens, on all kernels. */
    static Stream<Arguments> scenarios() {
        return GoldenResources.TLENS_CASES.stream().flatMap(
                name -> CacheScenario.readAll(GoldenResources.tlens(name)).stream()
                        .filter(scenario -> !NEEDS_THE_LENS.contains(scenario.name()))
                        .flatMap(scenario -> KernelsUnderTest.names().stream()
                                .map(kernels -> Arguments.of(name, scenario, kernels))));
    }

    @ParameterizedTest(name = "{0}, {1}, {2}")
    @MethodSource("scenarios")
    void scenario_goesAsInTransformerLens(String name, CacheScenario scenario, String kernels) throws IOException {
        ModelOptions options = ModelOptions.defaults().withKernels(kernels);
        SessionOptions sessionOptions = SessionOptions.defaults().withBatchSize(scenario.batchSize());
        try (Model model = Model.load(GoldenResources.hf(name).folder(), options);
                Session session = model.newSession(sessionOptions)) {
            new ScenarioPlayer(session, scenario).play();
        }
    }

    @ParameterizedTest
    @FieldSource("io.github.pastkv.tests.golden.GoldenResources#TLENS_CASES")
    void scenariosLeftOut_areThoseThatNeedTheLens(String name) {
        List<CacheScenario> needing =
                CacheScenario.readAll(GoldenResources.tlens(name)).stream().filter(CacheScenario::needsLens).toList();
        assertThat(needing).extracting(CacheScenario::name).containsExactlyInAnyOrderElementsOf(NEEDS_THE_LENS);
    }
}
