package io.github.pastkv.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.PastTensor;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.testkit.golden.GoldenModel;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who owns what, and what happens to those who come too late. */
class SessionCloseTest {
    private static final int MOST_COLLECTIONS = 1000;

    @AutoClose private Model model;

    @BeforeEach
    void load() throws IOException {
        model = Model.load(GoldenModel.of("llama").folder());
    }

    private static List<ThrowingCallable> uses(Session session) {
        return List.of(() -> session.append(3, 4), () -> session.append(new int[][] {{3}}), session::withoutCache,
                session::freeze, session::unfreeze, session::reset, session::size, () -> session.numTokens(0),
                () -> session.generate(new int[][] {{5}}, GenerationOptions.greedy(1), GenerationListener.NONE));
    }

    private static void openAndForget(Model watched, SessionOptions options) {
        watched.newSession(options).append(5, 6, 7);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void sessionForgottenOpen_isReportedWithWhereItWasOpened(boolean shares) throws Exception {
        BlockingQueue<String> reports = new LinkedBlockingQueue<>();
        try (Model watched = Model.load(GoldenModel.of("llama").folder(),
                ModelOptions.defaults().withLeakListener(reports::add))) {
            openAndForget(watched, SessionOptions.defaults().withPrefixReuse(shares));
            try (Session closed = watched.newSession()) {
                closed.append(5);
            }
            String report = null;
            for (int i = 0; report == null && i < MOST_COLLECTIONS; i++) {
                System.gc();
                report = reports.poll(50, TimeUnit.MILLISECONDS);
            }
            assertThat(report).contains("never closed").contains("SessionCloseTest.openAndForget");
            assertThat(reports).isEmpty();
        }
    }

    @Test
    void closedSession_refusesAllUse() {
        Session session = model.newSession();
        session.append(5, 6, 7);
        session.close();
        session.close();
        assertThat(uses(session)).allSatisfy(use -> assertThatIllegalStateException().isThrownBy(use)
                .withMessageContaining("closed"));
        assertThatIllegalStateException().isThrownBy(() -> session.cache().cacheBytes());
    }

    @Test
    void closedSessionOverAPassedCache_refusesAllUse_andLeavesTheCacheAsItIs() {
        try (KvCache cache = new KvCache(config(model.config()))) {
            Session session = model.newSession(cache);
            session.append(5, 6, 7);
            session.close();
            assertThat(uses(session)).allSatisfy(use -> assertThatIllegalStateException().isThrownBy(use)
                    .withMessageContaining("closed"));
            assertThat(cache.numSlots()).isEqualTo(3);
            cache.checkIntegrity();
        }
    }

    private static KvCacheConfig config(ModelConfig config) {
        return KvCacheConfig.of(config.toKvShape(), 1).withMaxTokens(config.maxSeqLen());
    }

    @Test
    void snapshot_outlivesSession() {
        Session session = model.newSession();
        session.append(5, 6, 7);
        try (PastTensor keys = session.cache().entry(2).pastKeys()) {
            float[] before = keys.toFloatArray();
            session.close();
            assertThat(keys.toFloatArray()).containsExactly(before);
        }
    }

    @Test
    void sessionInADetour_closes() {
        Session session = model.newSession();
        Session.Scope detour = session.withoutCache();
        session.append(5, 6, 7);
        session.close();
        detour.close();
        assertThatIllegalStateException().isThrownBy(session::size);
    }

    @Test
    void closedModel_refusesSteps() {
        try (Session session = model.newSession()) {
            session.append(5, 6, 7);
            model.close();
            model.close();
            assertThatIllegalStateException().isThrownBy(() -> session.append(8)).withMessage("the model is closed");
            assertThatIllegalStateException().isThrownBy(() -> session.append("text"))
                    .withMessage("the model is closed");
            assertThatIllegalStateException().isThrownBy(model::newSession).withMessage("the model is closed");
            assertThat(session.size()).isEqualTo(3);
            session.cache().checkIntegrity();
        }
    }

    @Test
    void cacheOfAnotherShape_isRefusedWithBothShapes() {
        KvShape shape = model.config().toKvShape();
        KvShape other = new KvShape(shape.numLayers(), shape.numKvHeads() + 1, shape.headDim());
        try (KvCache cache = new KvCache(KvCacheConfig.of(other, 1))) {
            assertThatIllegalArgumentException().isThrownBy(() -> model.newSession(cache))
                    .withMessageContainingAll(other.toString(), shape.toString());
        }
    }

    @Test
    void limitsBeyondTheModels_areRefusedWithBothNumbers() {
        try (KvCache cache = new KvCache(config(model.config()).withMaxTokens(97))) {
            assertThatIllegalArgumentException().isThrownBy(() -> model.newSession(cache))
                    .withMessageContainingAll("97", "96");
        }
        SessionOptions options = SessionOptions.defaults().withMaxSeqLen(97);
        assertThatIllegalArgumentException().isThrownBy(() -> model.newSession(options))
                .withMessageContainingAll("97", "96");
    }
}
