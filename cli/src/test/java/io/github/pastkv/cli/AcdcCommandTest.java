package io.github.pastkv.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class AcdcCommandTest {
    private static final String[] PAIR = {"--clean", "When Mary and John went to the store, John gave a drink to",
        "--corrupt", "When Mary and John went to the store, Mary gave a drink to", "--answer", " Mary", "--wrong",
        " John"};

    @TempDir private Path folder;

    private CommandRun acdc(String out, String... more) {
        List<String> arguments = new ArrayList<>(List.of("acdc", "--out", folder.resolve(out).toString()));
        arguments.addAll(List.of(PAIR));
        arguments.addAll(List.of(more));
        return CommandRun.of(arguments.toArray(String[]::new));
    }

    @Test
    void circuitOfTheShippedModel_keepsItsMetric_andIsWrittenAsJsonAndGraph() throws Exception {
        CommandRun run = acdc("circuit.json", "--threshold", "0.3", "--dot", folder.resolve("c.dot").toString());
        assertThat(run.err()).contains(" edges kept; kl of the circuit alone ");
        assertThat(run.exitCode()).isZero();
        JsonNode json = JsonMapper.shared().readTree(folder.resolve("circuit.json").toFile());
        int numKept = json.at("/edges").size();
        assertThat(numKept).isBetween(1, json.at("/edges_of_model").asInt() / 4);
        assertThat(json.at("/edges_undecided").asInt()).isZero();
        assertThat(json.at("/circuit_alone").asDouble()).isLessThan(json.at("/baselines/corrupted").asDouble());
        assertThat(json.at("/counts/tokens_times_layers").asLong())
                .isLessThan(json.at("/counts/plain_tokens_times_layers").asLong());
        String dot = Files.readString(folder.resolve("c.dot"));
        assertThat(dot).startsWith("digraph").contains("\"in output\"");
        assertThat(dot.lines().filter(line -> line.contains("penwidth"))).hasSize(numKept);
    }

    @Test
    void whatCannotBeSearched_isRefusedBeforeAnythingRuns() {
        assertThat(acdc("a.json", "--threshold", "0").err()).contains("--threshold: 0.0, must be positive");
        assertThat(acdc("a.json", "--threshold", "1", "--metric", "rank").err()).contains("known are kl, logit_diff");
        assertThat(acdc("none/a.json", "--threshold", "1").err()).contains("--out: there is no folder");
        assertThat(acdc("a.json").exitCode()).isEqualTo(2);
        assertThat(folder.resolve("a.json")).doesNotExist();
    }
}
