package io.github.pastkv.serve.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.sampling.LogitsProcessor;
import io.github.pastkv.model.sampling.SamplingOptions;
import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.tinymodel.TinyModel;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which prompts start, while one runs that does not end. */
final class RequestQueueTest {
    private static final long POOL_TOKENS = 320;
    private static final long BYTES_PER_TOKEN = 6144; // of the tiny model, F32

    @TempDir private static Path folder;

    private final CountDownLatch computed = new CountDownLatch(1); // of an endless request, all but its end
    private final CountDownLatch goOn = new CountDownLatch(1);
    private final List<ServedModel> models = new ArrayList<>();
    private int numPrompts;

    @BeforeEach
    void load() throws IOException {
        TinyModel.unpackTo(folder);
    }

    private ServedModel load(String name) throws IOException {
        Model model = Model.load(folder, ModelOptions.defaults().withKernels("vector").withNumThreads(1));
        models.add(new ServedModel(name, model,
                SessionOptions.defaults().withMaxPoolBytes(POOL_TOKENS * BYTES_PER_TOKEN)));
        return models.getLast();
    }

    private static RequestQueue queue(int maxRunning) {
        return new RequestQueue(maxRunning, 8, new ServerMetrics(), _ -> {});
    }

    @AfterEach
    void close() {
        models.forEach(ServedModel::close);
    }

    /** A request for one token after a prompt that shares nothing with others. */
    private RunRequest request(ServedModel model, int numTokens) {
        int[] prompt = new int[numTokens];
        Arrays.fill(prompt, 5 + numPrompts++);
        return new RunRequest(model, List.of(prompt), GenerationOptions.greedy(1), "", "", null, false,
                GenerationOptions.NO_LOG_PROBABILITIES, null);
    }

    private static RunRequest withOptions(RunRequest request, GenerationOptions options) {
        return new RunRequest(request.model(), request.prompts(), options, "", "", null, false,
                request.numPromptLogProbabilities(), request.timeout());
    }

    /** A request that does not end before {@link #goOn}. */
    private RunRequest endless(ServedModel model, int numTokens) {
        LogitsProcessor wait = (_, _) -> {
            computed.countDown();
            try {
                goOn.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        };
        SamplingOptions sampling = GenerationOptions.greedy(1).sampling().withProcessors(List.of(wait));
        return withOptions(request(model, numTokens), GenerationOptions.greedy(1).withSampling(sampling));
    }

    private void end(RequestQueue queue) throws InterruptedException {
        goOn.countDown();
        assertThat(queue.awaitIdle(Duration.ofMinutes(10))).isTrue();
    }

    @Test
    void cancel_ofThePromptThatHasNoRoom_startsThoseBehindIt() throws Exception {
        ServedModel model = load("one");
        RequestQueue queue = queue(4);
        queue.submit(endless(model, 144));
        RequestRun first = queue.submit(request(model, 192));
        queue.submit(endless(model, 16));
        assertThat(queue.numRunning(null)).isEqualTo(1);
        first.cancel();
        assertThat(queue.numRunning(null)).isEqualTo(2);
        end(queue);
    }

    @Test
    void fullCacheOfAModel_keepsNoOtherModelWaiting() throws Exception {
        ServedModel one = load("one");
        ServedModel other = load("other");
        RequestQueue queue = queue(4);
        queue.submit(endless(one, 144));
        queue.submit(request(one, 192));
        queue.submit(request(one, 16));
        queue.submit(endless(other, 16));
        assertThat(queue.numRunning("one")).isEqualTo(1);
        assertThat(queue.numRunning("other")).isEqualTo(1);
        end(queue);
    }

    @Test
    void requestThatComesFirst_isNotRefusedForThoseBehindIt() throws Exception {
        ServedModel model = load("one");
        RequestQueue queue = queue(1);
        for (int i = 0; i < 3; i++) {
            queue.submit(request(model, 16)); // their times are measured
        }
        assertThat(queue.awaitIdle(Duration.ofMinutes(10))).isTrue();
        queue.submit(endless(model, 16));
        queue.submit(request(model, 16));
        assertThatThrownBy(() -> queue.submit(impatient(model, -1))).isInstanceOf(ApiException.class)
                .hasMessageContaining("the client's timeout is");
        queue.submit(impatient(model, 0));
        assertThat(queue.numWaiting(null)).isEqualTo(2);
        end(queue);
    }

    /** A request whose client does not wait, so that it comes first of its priority. */
    private RunRequest impatient(ServedModel model, int priority) {
        RunRequest request = request(model, 16);
        return new RunRequest(model, request.prompts(), request.options().withPriority(priority), "", "", null, false,
                request.numPromptLogProbabilities(), Duration.ofNanos(1));
    }

    /** What one tenant has asked for before does not keep another waiting: computed tokens decide who is next. */
    @Test
    void tenantWithFewerComputedTokens_isNext() throws Exception {
        ServedModel model = load("one");
        RequestQueue queue = queue(1);
        queue.submit(ofTenant("alice", endless(model, 16)));
        computed.await(); // so that bob, who comes next, begins level with alice
        for (int i = 0; i < 5; i++) {
            queue.submit(ofTenant("alice", request(model, 16)));
        }
        queue.submit(ofTenant("bob", request(model, 16)));
        end(queue);
        assertThat(queue.recentPrompts().reversed()).extracting(RecentPrompt::tenant).containsExactly("alice", "alice",
                "bob", "alice", "alice", "alice", "alice");
    }

    private static RunRequest ofTenant(String tenant, RunRequest request) {
        return new RunRequest(request.model(), request.prompts(), request.options(), tenant, tenant, null, false,
                request.numPromptLogProbabilities(), request.timeout());
    }

    @Test
    void failAll_startsNothing() throws Exception {
        ServedModel model = load("one");
        RequestQueue queue = queue(4);
        queue.submit(endless(model, 144));
        queue.submit(request(model, 192));
        queue.submit(endless(model, 16));
        queue.failAll(ApiException.unavailable("draining", 0, "the server is shutting down"));
        assertThat(queue.numRunning(null)).isLessThanOrEqualTo(1);
        assertThat(queue.numWaiting(null)).isZero();
        end(queue);
    }
}
