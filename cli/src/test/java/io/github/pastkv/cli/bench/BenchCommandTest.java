package io.github.pastkv.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.pastkv.cli.CommandRun;
import io.github.pastkv.cli.TestModels;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

class BenchCommandTest {
    private static CommandRun bench(String... more) {
        String[] args = new String[7 + more.length];
        List.of("bench", "--model", TestModels.folder("llama").toString(), "--repetitions", "2", "--warm-up", "0")
                .toArray(args);
        System.arraycopy(more, 0, args, 7, more.length);
        return CommandRun.of(args);
    }

    @Test
    void json_hasARowForEachCaseThatFits() {
        CommandRun run = bench("--prompt", "8", "--gen", "4", "--depth", "0,16,4096", "--batch", "1,3", "--json");
        assertThat(run.exitCode()).isZero();
        List<JsonNode> rows = run.out().lines().map(new ObjectMapper()::readTree).toList();
        assertThat(rows.stream().map(row -> row.get("test").asString() + " " + row.get("batch") + " "
                + row.get("depth") + " " + row.get("tokens")).toList())
                .containsExactly("pp8 1 0 8", "tg4 1 0 4", "tg4 3 0 12", "pp8 1 16 8", "tg4 1 16 4",
                        "tg4 3 16 12");
        assertThat(run.err().lines().toList()).containsExactly(
                "pastkv: left out pp8, batch 1, depth 4096: 4104 tokens are needed, the context of the model is 96",
                "pastkv: left out tg4, batch 1, depth 4096: 4101 tokens are needed, the context of the model is 96",
                "pastkv: left out tg4, batch 3, depth 4096: 4101 tokens are needed, the context of the model is 96");
    }

    @Test
    void json_numbersFollowFromTheTimes() {
        CommandRun run = bench("--prompt", "8", "--gen", "4", "--depth", "16", "--batch", "3", "--json");
        List<JsonNode> rows = run.out().lines().map(new ObjectMapper()::readTree).toList();
        JsonNode prompt = rows.get(0);
        JsonNode decode = rows.get(1);
        double weightBytes = decode.get("weight_bytes").asDouble();
        // 4 layers, 2 heads of 8 in F32: 512 bytes a token in blocks of 16; rows fill one block, then begin a second
        assertThat(prompt.get("read_bytes_per_pass").asDouble()).isEqualTo(weightBytes + 2 * 16 * 512);
        assertThat(decode.get("read_bytes_per_pass").asDouble()).isEqualTo(weightBytes + 1.5 * 3 * 16 * 512);
        for (JsonNode row : rows) {
            double seconds = (row.get("seconds").get(0).asDouble() + row.get("seconds").get(1).asDouble()) / 2;
            double passes = row.get("passes").asDouble();
            assertThat(row.get("tokens_per_second").asDouble())
                    .isCloseTo(row.get("tokens").asInt() / seconds, within(1e-6 / seconds));
            assertThat(row.get("read_rate").asDouble() * seconds)
                    .isCloseTo(passes * row.get("read_bytes_per_pass").asDouble(), within(1.0));
            assertThat(row.get("read_share").asDouble())
                    .isEqualTo(row.get("read_rate").asDouble() / row.get("read_limit").asDouble());
        }
        // layers of [48 + 2 * 16, 48], [48, 48], [140, 48], [48, 70], head [109, 48]; 2 * 4 * 48 a key
        double perToken = 4 * (80 * 48 + 48 * 48 + 140 * 48 + 48 * 70);
        double unread = 7 * (48 * 48 + 140 * 48 + 48 * 70); // of the last layer, of tokens whose logits nobody wants
        double promptWork = 2 * (8 * perToken - unread + 109 * 48 + 384 * (8 * 17 + 28));
        double decodeWork = 2 * 3 * (4 * (perToken + 109 * 48) + 384 * (4 * 18 + 6));
        assertThat(work(prompt)).isCloseTo(promptWork, within(1.0));
        assertThat(work(decode)).isCloseTo(decodeWork, within(1.0));
    }

    private static double work(JsonNode row) {
        return row.get("flops").asDouble() * row.get("tokens").asInt() / row.get("tokens_per_second").asDouble();
    }

    @Test
    void table_namesModelLimitsAndRows() {
        CommandRun run = bench("--prompt", "0", "--gen", "3", "--depth", "0,32", "--batch", "1", "--kv-type", "bf16");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains("cache bf16, compute f32 on ").contains("limit of multiply-adds: ")
                .containsPattern("(?m)^\\| tg3 +\\| +1 \\| +0 \\|").containsPattern("(?m)^\\| tg3 +\\| +1 \\| +32 \\|");
        assertThat(run.err()).isEmpty();
    }

    @Test
    void cacheThatDoesNotFit_leavesOutTheRow() {
        CommandRun run =
                bench("--prompt", "0", "--gen", "2", "--depth", "64", "--batch", "1,8", "--cache-limit", "100k");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).containsPattern("(?m)^\\| tg2 +\\| +1 \\|")
                .doesNotContainPattern("(?m)^\\| tg2 +\\| +8 \\|");
        assertThat(run.err()).startsWith("pastkv: left out tg2, batch 8, depth 64: ");
    }

    @ParameterizedTest
    @CsvSource({"--prompt,-1", "--gen,-2", "--depth,-3", "--batch,0", "--repetitions,0", "--warm-up,-1"})
    void optionOutOfRange_isWrongUse(String option, String value) {
        CommandRun run = CommandRun.of("bench", option, value);
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains(option + ": " + value + ", must be in [");
    }
}
