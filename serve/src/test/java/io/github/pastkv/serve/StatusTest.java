package io.github.pastkv.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.model.ModelOptions;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What the live page is made of. */
final class StatusTest {
    private static String metrics = "";

    @BeforeAll
    static void readMetrics() throws Exception {
        try (TestServer server = new TestServer()) {
            server.ask("/v1/completions", "{'prompt': 'Once upon a time', 'max_tokens': 3, 'ignore_eos': true}");
            server.awaitIdle();
            metrics = server.metrics();
        }
    }

    @Test
    void page_loadsNothingFromElsewhere() throws Exception {
        try (TestServer server = new TestServer()) {
            HttpResponse<String> page = server.get("/");

            assertThat(page.statusCode()).isEqualTo(200);
            assertThat(page.headers().firstValue("Content-Type")).hasValue("text/html;charset=utf-8");
            assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
                    .contains("default-src 'none'");
            assertThat(page.body()).contains("<script src=\"page.js\">").doesNotContain("http://", "https://");
            assertThat(server.get("/page.js").body()).contains("v1/status");
        }
    }

    @Test
    void status_countsRequestsAndBlocks_andSaysWhatPromptsFound() throws Exception {
        try (TestServer server = new TestServer()) {
            server.ask("/v1/completions", "{'prompt': 'The cat sat on the mat', 'max_tokens': 3, 'ignore_eos': true}");
            server.ask("/v1/completions",
                    "{'prompt': 'The cat sat on the roof of the house', 'max_tokens': 3, 'ignore_eos': true}");
            server.awaitIdle();
            JsonNode model = TestServer.json(server.get("/v1/status").body()).path("models").path(0);

            assertThat(model.path("name").stringValue()).isEqualTo("tiny");
            assertThat(model.path("running").intValue()).isZero();
            assertThat(model.path("generated_tokens").intValue()).isEqualTo(6);
            assertThat(model.path("pool").path("cached_bytes").longValue()).isPositive();
            assertThat(model.path("pool").path("held_bytes").longValue()).isZero();
            assertThat(model.path("pool").path("shared_bytes").longValue()).isZero();
            assertThat(model.path("recent_prompts").path(0).path("cached_tokens").intValue()).isPositive();
            assertThat(model.path("recent_prompts").path(0).path("reason").stringValue()).contains("' roof', not ' m'");
            JsonNode shared = model.path("prompt_tree").path(0);
            assertThat(shared.path("prompts").intValue()).isEqualTo(2);
            assertThat(shared.path("hits").intValue()).isEqualTo(1);
            assertThat(shared.path("text").stringValue()).contains("The cat sat on the");
            assertThat(shared.path("children").size()).isEqualTo(2);
            assertThat(shared.path("children").path(0).path("from").intValue())
                    .isEqualTo(shared.path("tokens").intValue());
        }
    }

    @Test
    void status_andMetrics_haveTheTiers(@TempDir Path folder) throws Exception {
        UnaryOperator<ModelOptions> tiers = options -> options.withCacheTiers("file:" + folder);
        try (TestServer server = new TestServer(options -> options, tiers, sessions -> sessions)) {
            server.ask("/v1/completions", "{'prompt': 'The cat sat on the mat', 'max_tokens': 1}");
            JsonNode model = TestServer.json(server.get("/v1/status").body()).path("models").path(0);

            assertThat(model.path("tiers").size()).isEqualTo(1);
            assertThat(model.path("tiers").path(0).path("name").stringValue()).startsWith("file:");
            assertThat(model.path("tiers").path(0).path("tokens_loaded").intValue()).isZero();
            assertThat(server.metrics()).contains("pastkv_tier_loaded_tokens_total{model_name=\"tiny\",tier=\"file:");
        }
    }

    /** The names that the dashboards of vLLM's project ask for. */
    @ParameterizedTest
    @ValueSource(strings = {"num_requests_running", "num_requests_waiting", "kv_cache_usage_perc",
        "prefix_cache_queries_total", "prefix_cache_hits_total", "num_preemptions_total", "prompt_tokens_total",
        "generation_tokens_total", "request_success_total", "time_to_first_token_seconds_bucket",
        "inter_token_latency_seconds_bucket", "e2e_request_latency_seconds_bucket", "request_queue_time_seconds_sum",
        "request_prefill_time_seconds_sum", "request_decode_time_seconds_sum", "request_prompt_tokens_bucket",
        "request_generation_tokens_bucket", "request_max_num_generation_tokens_sum", "iteration_tokens_total_bucket",
        "cache_config_info", "request_inference_time_seconds_sum", "request_time_per_output_token_seconds_bucket",
        "request_prefill_kv_computed_tokens_sum", "request_params_max_tokens_bucket", "request_params_n_count"})
    void metrics_haveTheNamesThatDashboardsKnow(String name) {
        assertThat(metrics).contains("\nvllm:" + name + "{").contains("model_name=\"tiny\"");
    }

    @Test
    void metrics_ofPassesAndTheCache_areTrue() {
        assertThat(metrics).contains("vllm:request_params_max_tokens_sum{model_name=\"tiny\"} 3.0");
        double numTokens = value("pastkv_engine_tokens_total{model_name=\"tiny\"}");
        assertThat(value("vllm:iteration_tokens_total_sum{model_name=\"tiny\"}")).isEqualTo(numTokens).isPositive();
        double numPasses = value("pastkv_engine_passes_total{model_name=\"tiny\"}");
        assertThat(value("vllm:iteration_tokens_total_count{model_name=\"tiny\"}")).isEqualTo(numPasses);
        assertThat(value("vllm:iteration_tokens_total_bucket{model_name=\"tiny\",le=\"1.0\"}"))
                .as("passes that decode").isEqualTo(2);
        assertThat(value("vllm:iteration_tokens_total_bucket{model_name=\"tiny\",le=\"+Inf\"}")).isEqualTo(numPasses);
        assertThat(metrics)
                .containsPattern("vllm:cache_config_info\\{block_size=\"16\",.*,model_name=\"tiny\",.*\\} 1");
    }

    private static double value(String sample) {
        return metrics.lines().filter(line -> line.startsWith(sample + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(sample.length()))).findFirst().orElseThrow();
    }

    @Test
    void warmUp_leavesNothingBehind() throws Exception {
        try (TestServer server = new TestServer(options -> options.withWarmUp(Duration.ofMillis(100)))) {
            JsonNode model = TestServer.json(server.get("/v1/status").body()).path("models").path(0);

            assertThat(model.path("engine").path("passes").intValue()).isPositive();
            assertThat(model.path("prefix").path("blocks").intValue()).isZero();
            assertThat(model.path("prefix").path("tokens_asked").intValue()).isZero();
            server.server.requireNothingHeld();
        }
    }
}
