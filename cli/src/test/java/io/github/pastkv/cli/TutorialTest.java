package io.github.pastkv.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The commands of the tutorial, as they are written there, and the numbers that it tells. */
class TutorialTest {
    private static final Path TUTORIAL = Path.of("../docs/tutorials/find-the-name-mover.md");
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|(\\S+)");
    private static final Pattern FILE = Pattern.compile("\\w+\\.(json|png|svg)");

    @TempDir private Path folder;

    @Test
    void everyCommand_runs_andSaysWhatTheTutorialSays() throws IOException {
        List<String> commands =
                Files.readAllLines(TUTORIAL).stream().filter(line -> line.startsWith("./pastkv ")).toList();
        assertThat(commands).hasSize(11);
        StringBuilder all = new StringBuilder();
        for (String command : commands) {
            CommandRun run = CommandRun.of(words(command.substring("./pastkv ".length())).toArray(String[]::new));
            assertThat(run.exitCode()).as(command + run.err()).isZero();
            all.append(run.out()).append(run.err());
        }
        assertThat(all).contains("drink to Mary", "96 % ·John(9)", "91 % ·John(9)    6 % ·John(3)",
                "9 of 784 edges kept; kl of the circuit alone 0.69", "corrupted prompt 13.67",
                "13 of 784 edges kept; kl of the circuit alone 0.09",
                "13 of 784 edges; kl of the circuit alone 0.71", "corrupted prompts 12.83");
        assertThat(all.toString().lines().filter(line -> line.startsWith("layer 0 "))).singleElement().asString()
                .endsWith("·to");
        assertThat(all.toString().lines().filter(line -> line.matches("layer [1-5] .*"))).hasSize(5)
                .allMatch(line -> line.endsWith("·Mary"));
        for (String file : List.of("grids.resid_pre.png", "heads.png", "without.mlp_out_all_pos.png", "circuit.svg")) {
            assertThat(folder.resolve(file)).exists();
        }
        assertThatNumbersAreTold();
    }

    private void assertThatNumbersAreTold() {
        assertThat(all("names.json", "/grids/head_out_all_pos/values").filter(value -> value > -12.25)).hasSize(2);
        assertThat(all("without.json", "/grids/head_out_all_pos/values").filter(value -> value < 9.25)).hasSize(3);
        assertThat(all("without.json", "/grids/mlp_out_all_pos/values").filter(value -> value < 9.25)).hasSize(1);
        double[] residual = all("grids.json", "/grids/resid_pre/values").mapToDouble(value -> value).toArray();
        for (int layer = 0; layer < 6; layer++) {
            for (int position = 0; position < 14; position++) {
                boolean isAnswer = position == (layer < 2 ? 9 : 13);
                assertThat(residual[layer * 14 + position] > 0).as("layer %d, position %d", layer, position)
                        .isEqualTo(isAnswer);
            }
        }
        assertNumber("grids.json", "/baselines/clean", 12.2);
        assertNumber("grids.json", "/baselines/corrupted", -13.7);
        assertNumber("grids.json", "/grids/head_out_all_pos/values/0/1", 9.0);
        assertNumber("grids.json", "/grids/head_out_all_pos/values/1/1", 12.2);
        assertNumber("names.json", "/grids/head_out_all_pos/values/0/1", 7.2);
        assertNumber("names.json", "/grids/head_out_all_pos/values/1/1", 10.1);
        assertNumber("without.json", "/grids/head_out_all_pos/values/0/1", -1.0);
        assertNumber("without.json", "/grids/head_out_all_pos/values/1/1", -1.6);
        assertNumber("without.json", "/grids/head_out_all_pos/values/0/0", 3.0);
        assertNumber("without.json", "/grids/mlp_out_all_pos/values/0", -1.2);
        JsonNode edges = json("circuit.json").at("/edges");
        String told = "m3 output 0.6, m1 output 1.1, a1.1 output 8.0, a1.1 m3 1.0, a1.1 m1 1.9, a0.1 v1.0 10.8, "
                + "embed v1.0 2.1, embed q0.1 2.7, embed v0.0 7.8";
        assertThat(edges.valueStream().map(edge -> String.format(Locale.ROOT, "%s %s %.1f",
                edge.path("from").asString(), edge.path("to").asString(), edge.path("effect").asDouble())))
                .containsExactlyInAnyOrder(told.split(", "));
    }

    private Stream<Double> all(String file, String pointer) {
        return json(file).at(pointer).valueStream()
                .flatMap(each -> each.isArray() ? each.valueStream() : Stream.of(each)).map(JsonNode::asDouble);
    }

    private void assertNumber(String file, String pointer, double told) {
        assertThat(json(file).at(pointer).asDouble()).as(pointer).isCloseTo(told, Offset.offset(0.0501));
    }

    private JsonNode json(String file) {
        return JsonMapper.shared().readTree(folder.resolve(file).toFile());
    }

    private List<String> words(String command) {
        List<String> words = new ArrayList<>();
        WORD.matcher(command).results().forEach(word -> {
            String text = word.group(1) == null ? word.group(2) : word.group(1);
            words.add(FILE.matcher(text).matches()
                    ? folder.resolve(text).toString()
                    : text.replaceFirst("^docs/", "../docs/"));
        });
        return words;
    }
}
