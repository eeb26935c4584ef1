package io.github.pastkv.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cli.CommandRun;
import io.github.pastkv.cli.TestModels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class KvQualityCommandTest {
    @TempDir private Path folder;

    @Test
    void shippedModel_isComparedOnItsHeldOutText_inEachType() {
        CommandRun run = CommandRun.of("kv-quality", "--max-tokens", "70");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).startsWith("tiny, 70 tokens, against an f32 cache; KL in nats\n")
                .containsPattern("\nf32 +6,144 +1\\.000 +0\\.00 +0\\.00 +0\\.00 +0\\.00 +100\\.00%\n")
                .containsPattern("\nbf16 +3,072 +0\\.500 ").containsPattern("\nq8 +1,632 +0\\.266 ");
    }

    @Test
    void tokens_ofAnyModel_areComparedInTheTypesAskedFor() throws Exception {
        CommandRun run = CommandRun.of("kv-quality", "--model", TestModels.folder("llama").toString(), "--tokens",
                "5,6,7", "--tokens", TestModels.prompt("llama"), "--kv-type", "q8,1=f32", "--json");
        JsonNode json = JsonMapper.shared().readTree(run.out());
        assertThat(json.get("tokens").intValue()).isEqualTo(3 + TestModels.prompt("llama").split(",").length);
        JsonNode row = json.get("kv_types").get(0);
        assertThat(json.get("kv_types").size()).isEqualTo(1);
        assertThat(row.get("kv_type").stringValue()).isEqualTo("q8,1=f32");
        // 2 heads of 8; three layers of q8 with a scale for each head, one of f32
        assertThat(row.get("bytes_per_token").intValue()).isEqualTo(3 * 2 * 2 * 10 + 2 * 2 * 32);
        assertThat(row.get("mean_kl").doubleValue()).isPositive()
                .isLessThanOrEqualTo(row.get("largest_kl").doubleValue());
    }

    @Test
    void text_isCutAtTheContext() throws Exception {
        Path text = folder.resolve("text.txt");
        Files.writeString(text, "Once upon a time, Mary and John went to the park. ".repeat(120),
                StandardCharsets.UTF_8);
        CommandRun run = CommandRun.of("kv-quality", "--text", text.toString(), "--kv-type", "bf16", "--max-tokens",
                "1100");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).startsWith("tiny, 1,100 tokens");
    }

    @Test
    void whatIsMissing_isNamed() {
        assertThat(CommandRun.of("kv-quality", "--model", TestModels.folder("llama").toString()).err())
                .contains("no text for this model: give --text or --tokens");
        assertThat(CommandRun.of("kv-quality", "--text", "x", "--tokens", "1").err())
                .contains("--text and --tokens: give one of them");
        assertThat(CommandRun.of("kv-quality", "--max-tokens", "0").err())
                .contains("--max-tokens: 0, must be positive");
        assertThat(CommandRun.of("kv-quality", "--tokens", "1,b").err()).contains("'b' is not a token id");
    }
}
