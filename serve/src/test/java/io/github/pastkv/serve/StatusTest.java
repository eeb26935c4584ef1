package io.github.pastkv.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What the live page is made of. */
final class StatusTest {
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
