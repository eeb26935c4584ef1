package io.github.pastkv.tests.quality;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.quality.LogitDifference;
import io.github.pastkv.model.quality.StorageQuality;
import io.github.pastkv.testkit.golden.GoldenModel;
import io.github.pastkv.testkit.reference.HfCase;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Cost of KV cache quantization on the golden models, over their prompts. Prints a line for docs/storage.md. */
class GoldenStorageQualityTest {
    private static final List<KvType> TYPES = List.of(KvType.F16, KvType.BF16, KvType.Q8);
    /** Random weights spread what a step loses further than a trained model's do. */
    private static final double MOST_KL_OF_Q8 = 5e-3;

    static Stream<String> cases() {
        return GoldenModel.NAMES.stream();
    }

    /** On the kernels that are the specification, whose bits are those of the vector kernels. */
    @ParameterizedTest
    @MethodSource("cases")
    void smallerTypes_costLittle(String name) throws IOException {
        HfCase golden = HfCase.of(name);
        List<SessionOptions> stored =
                TYPES.stream().map(type -> SessionOptions.defaults().withKvType(type)).toList();
        List<LogitDifference> differences;
        try (Model model = Model.load(golden.folder(), ModelOptions.defaults().withKernels("scalar"))) {
            differences = StorageQuality.measure(model, stored, List.of(golden.tokens()), _ -> {});
        }
        System.out.println(differences.stream().map(GoldenStorageQualityTest::columns)
                .collect(Collectors.joining(" | ", "| " + name + " | ", " |")));
        assertThat(differences).extracting(LogitDifference::meanLogit).doesNotContain(0.0).isSorted();
        LogitDifference q8 = differences.getLast();
        assertThat(q8.meanKl()).isPositive().isLessThan(MOST_KL_OF_Q8);
        assertThat(q8.largestLogit()).isGreaterThan(q8.meanLogit());
    }

    private static String columns(LogitDifference difference) {
        return String.format(Locale.ROOT, "%.1e | %.1e | %.1e", difference.meanKl(), difference.meanLogit(),
                difference.largestLogit());
    }
}
