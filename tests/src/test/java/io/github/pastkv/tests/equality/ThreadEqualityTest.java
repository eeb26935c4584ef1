package io.github.pastkv.tests.equality;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.testkit.model.LogitRows;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A logit does not depend on the number of threads or on other sessions of the model. */
@Tag("kernels")
@Tag("slow")
class ThreadEqualityTest {
    private static final int NUM_SESSIONS = 2;
    private static final int NUM_RUNS = Subject.rounds(5);

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#covering")
    void oneTwoOrThreeThreads_areEqual(Subject subject) throws IOException {
        List<LogitRows> results = new ArrayList<>();
        for (int numThreads = 1; numThreads <= 3; numThreads++) {
            try (Model model = subject.load(ModelOptions.defaults().withNumThreads(numThreads))) {
                results.add(Paths.oneShot(model, subject.session(), subject.tokenIds()));
            }
        }
        results.get(1).requireSameBits("two threads", results.get(0));
        results.get(2).requireSameBits("three threads", results.get(0));
    }

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#covering")
    void twoSessionsAtOnce_equalOneAlone(Subject subject) throws Exception {
        int[] tokenIds = subject.tokenIds();
        try (Model model = subject.load(ModelOptions.defaults().withNumThreads(2));
                ExecutorService callers = Executors.newFixedThreadPool(NUM_SESSIONS)) {
            LogitRows expected = Paths.oneShot(model, subject.session(), tokenIds);
            CyclicBarrier start = new CyclicBarrier(NUM_SESSIONS);
            List<Callable<Void>> calls = new ArrayList<>();
            for (int caller = 0; caller < NUM_SESSIONS; caller++) {
                Random random = new Random(caller);
                calls.add(() -> {
                    start.await();
                    runRepeatedly(subject, model, random, expected);
                    return null;
                });
            }
            for (Future<Void> call : callers.invokeAll(calls)) {
                call.get();
            }
        }
    }

    private static void runRepeatedly(Subject subject, Model model, Random random, LogitRows expected) {
        try (Session session = model.newSession(subject.session())) {
            for (int run = 0; run < NUM_RUNS; run++) {
                int[] lengths = Paths.randomSplit(random, subject.tokenIds().length);
                Paths.chunked(session, subject.tokenIds(), lengths).requireSameBits("run " + run, expected);
                session.reset();
            }
        }
    }
}
