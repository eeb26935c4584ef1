package io.github.pastkv.tests.equality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.pastkv.cache.KvPool;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.testkit.model.LogitRows;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A logit does not depend on forks: a cache's parents, its children, and what was rewound. */
@Tag("slow")
class ForkEqualityTest {
    private static int[] from(int[] tokenIds, int first) {
        return Arrays.copyOfRange(tokenIds, first, tokenIds.length);
    }

    private static void requireRefused(Session session, int back) {
        assertThat(back).isGreaterThan(Subject.MAX_REWIND_TOKENS);
        int numTokens = session.numTokens(0);
        assertThatIllegalArgumentException().isThrownBy(() -> session.rewind(back)).withMessageContaining("window");
        assertThat(session.numTokens(0)).isEqualTo(numTokens);
    }

    private static int[] reversed(int[] tokenIds) {
        int[] reversed = new int[tokenIds.length];
        Arrays.setAll(reversed, i -> tokenIds[tokenIds.length - 1 - i]);
        return reversed;
    }

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#covering")
    void forkAtEveryToken_goesOnAsTheWhole_whateverTheOtherDoes(Subject subject) throws IOException {
        int[] tokenIds = subject.tokenIds();
        try (Model model = subject.load(); Session trunk = model.newSession(subject.session())) {
            LogitRows expected = Paths.oneShot(model, subject.session(), tokenIds);
            for (int at = 0; at < tokenIds.length; at++) {
                try (Session fork = trunk.fork(); Session forkOfFork = fork.fork()) {
                    fork.append(reversed(from(tokenIds, at)));
                    LogitRows.of(forkOfFork.append(from(tokenIds, at)))
                            .requireSameBits("fork at " + at, expected.slice(at, tokenIds.length));
                }
                LogitRows.of(trunk.append(tokenIds[at])).requireSameBits("trunk", expected.slice(at, at + 1));
                trunk.cache().checkIntegrity();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#covering")
    void forkOfAFrozenSession_outlivesIt(Subject subject) throws IOException {
        int[] tokenIds = subject.tokenIds();
        int half = tokenIds.length / 2;
        try (Model model = subject.load()) {
            LogitRows expected = Paths.oneShot(model, subject.session(), tokenIds);
            Session prefix = model.newSession(subject.session());
            KvPool pool = prefix.cache().pool();
            prefix.append(Arrays.copyOf(tokenIds, half));
            prefix.freeze();
            Session fork = prefix.fork();
            prefix.close();
            LogitRows.of(fork.append(from(tokenIds, half)))
                    .requireSameBits("after the prefix is closed", expected.slice(half, tokenIds.length));
            fork.close();
            assertThat(pool.heldBytes()).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#covering")
    void rewoundAndRedone_equalsOneStep(Subject subject) throws IOException {
        int[] tokenIds = subject.tokenIds();
        try (Model model = subject.load(); Session session = model.newSession(subject.session())) {
            LogitRows expected = Paths.oneShot(model, subject.session(), tokenIds);
            session.append(tokenIds);
            for (int back = 1; back <= tokenIds.length; back += 3) {
                int kept = tokenIds.length - back;
                if (!session.canRewind(back)) { // a window has let go of what is needed
                    requireRefused(session, back);
                    continue;
                }
                session.rewind(back);
                session.append(reversed(from(tokenIds, kept)));
                session.rewind(back);
                LogitRows.of(session.append(from(tokenIds, kept)))
                        .requireSameBits("rewound by " + back, expected.slice(kept, tokenIds.length));
            }
        }
    }
}
