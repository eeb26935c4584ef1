package io.github.pastkv.tests;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The tests run on JDK 25 or newer, with assertions enabled. */
@Tag("kernels")
class BuildTest {
    @Test
    void testJvm_isJdk25WithAssertions() {
        assertThat(Runtime.version().feature()).isGreaterThanOrEqualTo(25);
        assertThat(BuildTest.class.desiredAssertionStatus()).isTrue();
    }
}
