package io.github.pastkv.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.pastkv.cache.PastTensor;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.GoldenModel;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import io.github.pastkv.testkit.model.LogitRows;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tokens of one session behind another's: a frozen prefix and a text that was read elsewhere. */
@Tag("kernels")
class GraftTest {
    private static final int[] PREFIX = {12, 45, 7, 33, 9, 21, 60, 5, 17, 40};
    private static final int[] SUFFIX = {8, 51, 29, 14, 38, 11};
    private static final double TURN_TOLERANCE = 1e-5;

    static Stream<String> kernels() {
        return KernelsUnderTest.names().stream();
    }

    private static Model load(String name, String kernels) throws IOException {
        return Model.load(GoldenModel.of(name).folder(), ModelOptions.defaults().withKernels(kernels));
    }

    private static int[] both() {
        int[] tokenIds = Arrays.copyOf(PREFIX, PREFIX.length + SUFFIX.length);
        System.arraycopy(SUFFIX, 0, tokenIds, PREFIX.length, SUFFIX.length);
        return tokenIds;
    }

    private static Tensor past(Session session, int layer, boolean ofKeys) {
        try (PastTensor past = ofKeys
                ? session.cache().entry(layer).pastKeys()
                : session.cache().entry(layer).pastValues()) {
            return past.detach(Arena.ofAuto());
        }
    }

    /** The greatest difference between tokens of two sessions. */
    private static double distance(Session one, int fromOne, Session other, int fromOther, int layer, boolean ofKeys) {
        Tensor ofOne = past(one, layer, ofKeys);
        Tensor ofOther = past(other, layer, ofKeys);
        double greatest = 0;
        for (int i = 0; i < SUFFIX.length; i++) {
            for (int head = 0; head < ofOne.shape(2); head++) {
                for (int dim = 0; dim < ofOne.shape(3); dim++) {
                    greatest = Math.max(greatest, Math.abs(
                            ofOne.get(0, fromOne + i, head, dim) - ofOther.get(0, fromOther + i, head, dim)));
                }
            }
        }
        return greatest;
    }

    /** In layer 0 keys and values are functions of token and position; above they have seen what came before. */
    @ParameterizedTest
    @MethodSource("kernels")
    void graft_behindAFrozenPrefix_turnsKeysToTheirNewPositions(String kernels) throws IOException {
        for (String name : new String[] {"llama", "llama3_rope_tied"}) {
            try (Model model = load(name, kernels);
                    Session whole = model.newSession();
                    Session prefix = model.newSession();
                    Session alone = model.newSession()) {
                whole.append(both());
                prefix.append(PREFIX);
                prefix.freeze();
                alone.append(SUFFIX);
                try (Session grafted = prefix.fork()) {
                    grafted.graft(alone, 0, SUFFIX.length);
                    int at = PREFIX.length;
                    assertThat(distance(grafted, at, whole, at, 0, true)).isLessThan(TURN_TOLERANCE);
                    assertThat(distance(grafted, at, whole, at, 0, false)).isZero();
                    assertThat(distance(grafted, at, alone, 0, 0, true)).isGreaterThan(0.1);
                    assertThat(distance(grafted, at, whole, at, 1, true)).isGreaterThan(0.01);
                    assertThat(distance(grafted, at, alone, 0, 1, false)).isZero();
                    assertThat(grafted.cache().numExactTokens(0)).isEqualTo(PREFIX.length);
                    assertThat(grafted.append(3).shape()).containsExactly(1, model.config().vocabSize());
                }
                try (Session back = model.newSession()) {
                    back.graft(whole, PREFIX.length, both().length);
                    assertThat(distance(back, 0, alone, 0, 0, true)).isLessThan(TURN_TOLERANCE);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void graft_toWhereTheTokensStood_goesOnWithTheSameBits(String kernels) throws IOException {
        for (String name : new String[] {"gpt2", "llama"}) {
            try (Model model = load(name, kernels);
                    Session whole = model.newSession();
                    Session prefix = model.newSession()) {
                whole.append(both());
                prefix.append(PREFIX);
                prefix.graft(whole, PREFIX.length, both().length);
                LogitRows.of(prefix.append(3, 4, 5)).requireSameBits(name, LogitRows.of(whole.append(3, 4, 5)));
                assertThat(prefix.cache().isDerived()).isTrue();
                assertThat(whole.cache().isDerived()).isFalse();
                prefix.rewind(3 + SUFFIX.length);
                assertThat(prefix.cache().isDerived()).isFalse();
            }
        }
    }

    @Test
    void graft_neverEntersTheModelsIndex_theSameTokensReadDo() throws IOException {
        try (Model model = load("llama", KernelsUnderTest.fastest())) {
            try (Session grafted = model.newSession();
                    Session source = model.newSession(SessionOptions.defaults().withPrefixSalt("elsewhere"))) {
                grafted.append(PREFIX);
                source.append(SUFFIX);
                grafted.graft(source, 0, SUFFIX.length);
                grafted.append(3, 4);
            }
            int[] asked = Arrays.copyOf(both(), both().length + 1);
            try (Session reader = model.newSession()) {
                reader.prefill(asked);
                assertThat(reader.numReusedTokens()).as("what is before the graft").isEqualTo(PREFIX.length);
            }
            try (Session reader = model.newSession()) {
                reader.prefill(asked);
                assertThat(reader.numReusedTokens()).as("the control").isEqualTo(both().length);
            }
        }
    }

    @Test
    void graft_thatCannotBe_isRefusedAndChangesNothing() throws IOException {
        try (Model model = load("gpt2", KernelsUnderTest.fastest());
                Model other = load("gpt2", KernelsUnderTest.fastest());
                Session session = model.newSession();
                Session source = model.newSession();
                Session foreign = other.newSession()) {
            session.append(PREFIX);
            source.append(SUFFIX);
            foreign.append(SUFFIX);
            assertThatIllegalArgumentException().isThrownBy(() -> session.graft(source, 1, 6))
                    .withMessageContaining("learned");
            assertThatIllegalArgumentException().isThrownBy(() -> session.graft(foreign, 0, 6))
                    .withMessage("source: a session of another model");
            assertThatIllegalArgumentException().isThrownBy(() -> session.graft(source, 2, 7))
                    .withMessage("tokens: [2, 7), row 0 holds 6 tokens");
            session.freeze();
            assertThatIllegalStateException().isThrownBy(() -> session.graft(session, 10, 10));
            assertThat(session.numTokens(0)).isEqualTo(PREFIX.length);
        }
    }
}
