package io.github.pastkv.springai.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.springai.PastKvChatModel;
import io.github.pastkv.springai.TinyModelFolder;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.advisor.MessageChatMemoryAdvisor;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Flux;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** An application that answers over HTTP: texts, streams, records, conversations; its health and its meters. */
final class BootApplicationTest {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static ConfigurableApplicationContext context;

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}

    @RestController
    static class Stories {
        record Animal(String name, int legs, boolean isTame) {}

        private final ChatClient client;
        private final ChatClient remembering;

        Stories(ChatClient.Builder builder, ChatMemory memory) {
            this.client = builder.build();
            this.remembering =
                    builder.clone().defaultAdvisors(MessageChatMemoryAdvisor.builder(memory).build()).build();
        }

        @GetMapping("/text")
        String text(@RequestParam String prompt) {
            return client.prompt(prompt).call().content();
        }

        @GetMapping(path = "/stream", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
        Flux<String> stream(@RequestParam String prompt) {
            return client.prompt(prompt).stream().content();
        }

        @GetMapping("/animal")
        Animal animal(@RequestParam String prompt) {
            return client.prompt(prompt).options(ChatOptions.builder().maxTokens(200)).call().entity(Animal.class);
        }

        @GetMapping("/turn")
        String turn(@RequestParam String prompt, @RequestParam String user) {
            return remembering.prompt(prompt).advisors(advisor -> advisor.param(ChatMemory.CONVERSATION_ID, user))
                    .call()
                    .content();
        }
    }

    @BeforeAll
    static void start() {
        context = new SpringApplicationBuilder(Application.class, Stories.class).run("--server.port=0",
                "--spring.main.banner-mode=off", "--logging.level.root=off",
                "--spring.ai.pastkv.model-path=" + TinyModelFolder.path(),
                "--spring.ai.pastkv.kernels=scalar", "--spring.ai.pastkv.threads=2",
                "--spring.ai.pastkv.chat.max-tokens=12", "--spring.ai.pastkv.chat.temperature=0",
                "--management.endpoints.web.exposure.include=health,metrics",
                "--management.endpoint.health.show-details=always");
    }

    @AfterAll
    static void stop() {
        context.close();
        HTTP.close();
    }

    private static HttpRequest request(String path, String... parameters) {
        StringBuilder query = new StringBuilder(path);
        for (int i = 0; i < parameters.length; i += 2) {
            query.append(i == 0 ? '?' : '&').append(parameters[i]).append('=')
                    .append(URLEncoder.encode(parameters[i + 1], StandardCharsets.UTF_8));
        }
        String port = context.getEnvironment().getProperty("local.server.port");
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + query)).timeout(Duration.ofMinutes(5))
                .build();
    }

    private static String get(String path, String... parameters) throws IOException, InterruptedException {
        HttpResponse<String> response =
                HTTP.send(request(path, parameters), HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return response.body();
    }

    private static JsonNode json(String path, String... parameters) throws IOException, InterruptedException {
        return JsonMapper.shared().readTree(get(path, parameters));
    }

    private static double meter(String name, String... tags) throws IOException, InterruptedException {
        return json("/actuator/metrics/" + name, tags).path("measurements").path(0).path("value").asDouble();
    }

    @Test
    void text_isAnswered() throws Exception {
        assertThat(get("/text", "prompt", "Once upon a time")).isNotBlank();
    }

    @Test
    void stream_givesTheSameText() throws Exception {
        HttpResponse<Stream<String>> response =
                HTTP.send(request("/stream", "prompt", "Once upon a time"), HttpResponse.BodyHandlers.ofLines());
        List<String> events = response.body().filter(line -> line.startsWith("data:")).map(line -> line.substring(5))
                .toList();

        assertThat(events).hasSizeGreaterThan(3);
        assertThat(String.join("", events).replaceAll("\\s", ""))
                .isEqualTo(get("/text", "prompt", "Once upon a time").replaceAll("\\s", ""));
    }

    /** The small model cannot write JSON by itself: the schema constrains its answer. */
    @Test
    void entity_isARecord() throws Exception {
        JsonNode animal = json("/animal", "prompt", "A big animal: ");

        assertThat(animal.path("name").isString()).isTrue();
        assertThat(animal.path("legs").isInt()).isTrue();
        assertThat(animal.path("isTame").isBoolean()).isTrue();
    }

    @Test
    void secondTurn_computesOnlyWhatIsNew() throws Exception {
        String first = "Once there was a little girl. Her name was Lily and she liked to sing.";
        get("/turn", "user", "lily", "prompt", first);
        double numPrompt = meter("pastkv.prompt.tokens");
        double numCached = meter("pastkv.cached.tokens");
        double numCompletion = meter("pastkv.completion.tokens");

        get("/turn", "user", "lily", "prompt", "One day");

        double numTurn = meter("pastkv.prompt.tokens") - numPrompt;
        double numNew = numTurn - (meter("pastkv.cached.tokens") - numCached);
        assertThat(numTurn).isGreaterThan(20);
        assertThat(numNew).isBetween(1.0, 6.0);
        assertThat(meter("pastkv.completion.tokens")).isGreaterThan(numCompletion);
    }

    @Test
    void meters_areThere() throws Exception {
        get("/text", "prompt", "The sun");

        assertThat(meter("pastkv.requests.running")).isZero();
        assertThat(meter("pastkv.cache.used", "tag", "state:held")).isZero();
        assertThat(meter("pastkv.cache.used", "tag", "state:cached")).isPositive();
        assertThat(meter("pastkv.cache.max", "tag", "model:tiny")).isGreaterThan(1000);
        assertThat(meter("pastkv.preemptions")).isZero();
        assertThat(meter("gen_ai.client.token.usage", "tag", "gen_ai.system:pastkv")).isPositive();
    }

    @Test
    void health_namesTheModel() throws Exception {
        JsonNode health = json("/actuator/health").path("components").path("pastkv");

        assertThat(health.path("status").asString()).isEqualTo("UP");
        assertThat(health.path("details").path("model").asString()).isEqualTo("tiny");
        assertThat(health.path("details").path("numericIdentity").asString())
                .isEqualTo(context.getBean(PastKvChatModel.class).model().numericIdentity());
    }
}
