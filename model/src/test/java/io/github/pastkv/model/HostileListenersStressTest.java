package io.github.pastkv.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.generation.BeamOptions;
import io.github.pastkv.model.generation.GeneratedRow;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.generation.TokenLogProbability;
import io.github.pastkv.testkit.golden.GoldenFiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Listeners that use the session whose generation they hear, its cache, and others: a use is refused, or the tokens of
 * all rows and what is stored stay those of an undisturbed generation.
 */
@Tag("stress")
class HostileListenersStressTest {
    private static final int NUM_GENERATIONS = 120 * Integer.getInteger("pastkv.test.scale", 1);
    private static final long SEED = Long.getLong("pastkv.stress.seed", 20261129);
    private static final int[][] PROMPTS = {{1, 2, 3}, {4, 5, 6, 7}};
    private static final GenerationOptions OPTIONS = GenerationOptions.greedy(6).ignoringEos();

    /** What a listener does, by name. */
    private static final Map<String, Consumer<Session>> USES = new TreeMap<>(Map.ofEntries(
            Map.entry("append", session -> session.append(new int[][] {{7, 8}, {9, 10}})),
            Map.entry("prefill", session -> session.prefill(new int[][] {{7}, {9}}, AttentionMask.ones(2, 1))),
            Map.entry("rewind", session -> session.rewind(1)), Map.entry("reset", Session::reset),
            Map.entry("fork", session -> session.fork().close()), Map.entry("freeze", Session::freeze),
            Map.entry("unfreeze", Session::unfreeze), Map.entry("close", Session::close),
            Map.entry("withoutCache", session -> session.withoutCache().close()),
            Map.entry("generate", session -> session.generate(PROMPTS, OPTIONS, GenerationListener.NONE)),
            Map.entry("beamSearch", session -> session.beamSearch(PROMPTS, BeamOptions.of(2, 2))),
            Map.entry("graft", session -> session.graft(session, 0, 1)),
            Map.entry("cache.truncate", session -> session.cache().truncate(1)),
            Map.entry("cache.truncateRow", session -> session.cache().truncateRow(1, 1)),
            Map.entry("cache.rewind", session -> session.cache().rewind(1)),
            Map.entry("cache.selectRows", session -> session.cache().selectRows(1, 0)),
            Map.entry("cache.repeatRows", session -> session.cache().repeatRows(2)),
            Map.entry("cache.addRows", session -> session.cache().addRows(1)),
            Map.entry("cache.markDerived", session -> session.cache().markDerived(0, 0)),
            Map.entry("cache.release", session -> session.cache().release()),
            Map.entry("cache.freeze", session -> session.cache().freeze()),
            Map.entry("cache.reset", session -> session.cache().reset()),
            Map.entry("cache.fork", session -> session.cache().fork().close()),
            Map.entry("cache.beginStep", session -> session.cache().beginStep(AttentionMask.ones(2, 1)).close()),
            Map.entry("cache.close", session -> session.cache().close()),
            Map.entry("another session", session -> {
                try (Session other = session.model().newSession()) {
                    other.append(1, 2, 3);
                }
            })));

    private static Model model;
    private final Random random = new Random(SEED);

    @BeforeAll
    static void load() throws IOException {
        model = Model.load(GoldenFiles.path("hf/llama"), ModelOptions.defaults().withKernels("scalar"));
    }

    @AfterAll
    static void close() {
        model.close();
    }

    /** Uses the session once, at a random call. */
    private static final class HostileListener implements GenerationListener {
        private final Runnable use;
        private int numCallsUntilUse;

        HostileListener(Runnable use, int numCallsUntilUse) {
            this.use = use;
            this.numCallsUntilUse = numCallsUntilUse;
        }

        private void call() {
            if (numCallsUntilUse-- == 0) {
                use.run();
            }
        }

        @Override
        public boolean onToken(int row, int tokenId) {
            call();
            return true;
        }

        @Override
        public void onLogProbability(int row, TokenLogProbability logProbability) {
            call();
        }
    }

    private static List<List<Integer>> tokens(Session session, GenerationListener listener) {
        return session.generate(PROMPTS, OPTIONS.withNumLogProbabilities(0), listener).rows().stream()
                .map(GeneratedRow::tokenIds).toList();
    }

    @Test
    void useOfTheSession_isRefused_orChangesNothing() {
        List<List<Integer>> expected;
        try (Session session = newSession()) {
            expected = tokens(session, GenerationListener.NONE);
        }
        List<String> names = new ArrayList<>(USES.keySet());
        for (int i = 0; i < NUM_GENERATIONS; i++) {
            if (i % names.size() == 0) {
                Collections.shuffle(names, random);
            }
            String name = names.get(i % names.size());
            int call = random.nextInt(20);
            String what = "seed " + SEED + ": " + name + " at call " + call;
            Session session = newSession();
            try (session) {
                assertThat(tokens(session, new HostileListener(() -> USES.get(name).accept(session), call)))
                        .as(what).isEqualTo(expected);
            } catch (IllegalStateException | IllegalArgumentException e) {
                assertThat(e.getMessage()).as(what).isNotBlank();
            }
            requireUndisturbed(what, expected);
        }
    }

    private static void requireUndisturbed(String what, List<List<Integer>> expected) {
        try (Session session = newSession()) {
            assertThat(tokens(session, GenerationListener.NONE)).as("after %s", what).isEqualTo(expected);
            KvCache cache = session.cache();
            cache.checkIntegrity();
        }
    }

    private static Session newSession() {
        return model.newSession(SessionOptions.defaults().withBatchSize(2));
    }
}
