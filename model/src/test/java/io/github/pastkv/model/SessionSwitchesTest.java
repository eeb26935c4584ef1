package io.github.pastkv.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.pastkv.model.generation.GeneratedRow;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.testkit.golden.GoldenModel;
import io.github.pastkv.testkit.model.LogitRows;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Freezing, going without the cache for a while, and starting over. */
class SessionSwitchesTest {
    private static final GoldenModel LLAMA = GoldenModel.of("llama");
    private static final int[] PROMPT = Arrays.copyOf(LLAMA.tokens(), 19);
    private static final int[] SUFFIX = {44, 8, 15, 103, 61};

    @AutoClose private Model model;
    @AutoClose private Session session;
    private LogitRows suffixAlone;
    private LogitRows suffixAfterPrompt;

    @BeforeEach
    void appendPrompt() throws IOException {
        model = Model.load(LLAMA.folder());
        session = model.newSession();
        suffixAlone = LogitRows.of(session.append(SUFFIX));
        session.reset();
        session.append(PROMPT);
        suffixAfterPrompt = LogitRows.of(session.append(SUFFIX));
        session.cache().truncate(PROMPT.length);
    }

    @AfterEach
    void checkIntegrity() {
        session.cache().checkIntegrity();
    }

    private LogitRows suffix() {
        return LogitRows.of(session.append(SUFFIX));
    }

    @Test
    void frozenAppends_seeThePromptAndStoreNothing() {
        long bytes = session.cache().cacheBytes();
        session.freeze();
        assertThat(session.frozen()).isTrue();
        suffix().requireSameBits("frozen", suffixAfterPrompt);
        assertThat(session.size()).isEqualTo(PROMPT.length);
        assertThat(session.cache().cacheBytes()).isEqualTo(bytes);
    }

    @Test
    void unfrozenAppends_storeAgain() {
        session.freeze();
        session.unfreeze();
        assertThat(session.frozen()).isFalse();
        suffix().requireSameBits("unfrozen", suffixAfterPrompt);
        assertThat(session.size()).isEqualTo(PROMPT.length + SUFFIX.length);
    }

    @Test
    void withoutCache_appendsSeeNothingAndStoreNothing() {
        long bytes = session.cache().cacheBytes();
        try (Session.Scope _ = session.withoutCache()) {
            suffix().requireSameBits("without the cache", suffixAlone);
            suffix().requireSameBits("again", suffixAlone);
            assertThat(session.size()).isEqualTo(PROMPT.length);
            assertThat(session.cache().cacheBytes()).isEqualTo(bytes);
        }
        suffix().requireSameBits("with the cache again", suffixAfterPrompt);
    }

    @Test
    void withoutCache_nested_endsWithTheOuterOne() {
        try (Session.Scope _ = session.withoutCache()) {
            try (Session.Scope _ = session.withoutCache()) {
                suffix().requireSameBits("inner", suffixAlone);
            }
            suffix().requireSameBits("outer", suffixAlone);
        }
        suffix().requireSameBits("with the cache again", suffixAfterPrompt);
    }

    @Test
    void withoutCache_closedTwice_endsOnlyItself() {
        Session.Scope first = session.withoutCache();
        first.close();
        try (Session.Scope _ = session.withoutCache()) {
            first.close();
            suffix().requireSameBits("second", suffixAlone);
        }
        suffix().requireSameBits("with the cache again", suffixAfterPrompt);
    }

    @Test
    void withoutCache_afterAFailedAppend_endsWell() {
        try (Session.Scope _ = session.withoutCache()) {
            assertThat(catchAppend(-1)).isInstanceOf(IllegalArgumentException.class);
        }
        suffix().requireSameBits("with the cache again", suffixAfterPrompt);
    }

    private Throwable catchAppend(int tokenId) {
        return catchThrowable(() -> session.append(tokenId));
    }

    @Test
    void reset_forgetsTokensAndKeepsTheFlag() {
        session.freeze();
        session.reset();
        assertThat(session.size()).isZero();
        assertThat(session.numTokens(0)).isZero();
        assertThat(session.cache().cacheBytes()).isZero();
        assertThat(session.frozen()).isTrue();
        suffix().requireSameBits("frozen and empty", suffixAlone);
        session.unfreeze();
        suffix().requireSameBits("empty", suffixAlone);
        assertThat(session.size()).isEqualTo(SUFFIX.length);
    }

    @Test
    void generate_withoutCache_startsFromNothingAndStoresNothing() {
        try (Session.Scope _ = session.withoutCache()) {
            assertThat(generate()).isEqualTo(generateAlone(SUFFIX));
        }
        suffix().requireSameBits("with the cache again", suffixAfterPrompt);
    }

    private List<GeneratedRow> generate() {
        return session.generate(new int[][] {SUFFIX}, GenerationOptions.greedy(9), GenerationListener.NONE).rows();
    }

    private List<GeneratedRow> generateAlone(int[] prompt) {
        try (Session alone = session.model().newSession()) {
            return alone.generate(new int[][] {prompt}, GenerationOptions.greedy(9), GenerationListener.NONE).rows();
        }
    }
}
