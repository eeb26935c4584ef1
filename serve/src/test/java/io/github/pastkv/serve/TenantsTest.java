package io.github.pastkv.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What a tenant and an operator see of others. */
final class TenantsTest {
    private static final String ALICE = "sk-alice-0123456789";
    private static final String BOB = "sk-bob-0123456789ab";
    private static final String CAROL = "sk-carol-0123456789";

    @TempDir private Path folder;

    @Test
    void status_namesOtherTenants_toOperatorsOnly() throws Exception {
        Path keys = Files.writeString(folder.resolve("keys"),
                ALICE + " alice\n" + BOB + " bob\n" + CAROL + " carol operator\n");
        try (TestServer server = new TestServer(options -> options.withKeyFile(keys))) {
            ask(server, ALICE, "The cat sat on the mat");
            ask(server, BOB, "The secret of Bob is a red ball");
            server.awaitIdle();
            String toAlice = status(server, ALICE);
            String toCarol = status(server, CAROL);

            assertThat(toAlice).contains("\"alice\"", "\"other tenants\"", "cat sat").doesNotContain("bob", "secret");
            assertThat(toCarol).contains("\"alice\"", "\"bob\"").doesNotContain("other tenants", "secret", "cat sat");
            JsonNode pool = TestServer.json(toAlice).path("models").path(0).path("pool");
            assertThat(numCachedBytes(pool)).isEqualTo(pool.path("cached_bytes").longValue()).isPositive();
            assertThat(numCells(pool)).isEqualTo(pool.path("map").path("blocks").intValue()).isPositive();
        }
    }

    private static long numCachedBytes(JsonNode pool) {
        return pool.path("owners").valueStream().mapToLong(owner -> owner.path("cached_bytes").longValue()).sum();
    }

    private static int numCells(JsonNode pool) {
        return pool.path("map").path("runs").valueStream().mapToInt(run -> run.path(2).intValue()).sum();
    }

    private static void ask(TestServer server, String key, String prompt) throws Exception {
        HttpResponse<String> response = server.client.send(server.request("/v1/completions")
                .header("Content-Type", "application/json").header("Authorization", "Bearer " + key)
                .POST(HttpRequest.BodyPublishers.ofString("{\"prompt\": \"" + prompt + "\", \"max_tokens\": 3}"))
                .build(), HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    }

    private static String status(TestServer server, String key) throws Exception {
        return server.client.send(server.request("/v1/status").header("Authorization", "Bearer " + key).build(),
                HttpResponse.BodyHandlers.ofString()).body();
    }
}
