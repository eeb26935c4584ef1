package io.github.pastkv.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.kernels.KernelsChoice;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Logs the kernels that this run tests, and why others are not available. */
@Tag("kernels")
class AvailableKernelsTest {
    private static final List<String> ALL = List.of("scalar", "vector", "onednn");

    @Test
    void kernelsOfThisRun_areNamedInTheLog() {
        List<String> lines = new ArrayList<>();
        List<String> tested = KernelsUnderTest.names();
        for (String name : ALL) {
            lines.add(
                    name + ": " + (tested.contains(name) ? "tested, " + nameOf(name) : "not tested, " + whyNot(name)));
        }
        System.out.println("kernels of this run: " + String.join("; ", lines));
        assertThat(ALL).containsAll(tested);
    }

    private static String nameOf(String name) {
        return KernelsChoice.choose(name).kernels().name();
    }

    private static String whyNot(String name) {
        try {
            return nameOf(name) + " is tested in another run";
        } catch (IllegalStateException e) {
            return "impossible here: " + e.getMessage();
        }
    }
}
