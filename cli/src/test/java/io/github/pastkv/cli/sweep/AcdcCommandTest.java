package io.github.pastkv.cli.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cli.CommandRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

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
        assertThat(run.err()).contains(" edges kept; kl of the circuit alone ",
                "; " + json("circuit.json").at("/counts/runs").asInt() + " runs in ");
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
    void withoutAFile_theStrongestEdgesArePrinted() {
        CommandRun run = CommandRun.of(Stream.of(Stream.of("acdc", "--threshold", "0.3"), Stream.of(PAIR))
                .flatMap(part -> part).toArray(String[]::new));
        assertThat(run.exitCode()).as(run.err()).isZero();
        List<String> lines = run.out().lines().toList();
        assertThat(lines.getFirst()).isEqualTo("edge                 metric rises without it by");
        List<Double> effects = new ArrayList<>();
        for (String line : lines.subList(1, lines.size())) {
            if (line.contains(" -> ")) {
                assertThat(line).matches("[a-z0-9.]+ +-> [a-z0-9.]+ +[0-9.e+-]+");
                effects.add(Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)));
            }
        }
        assertThat(effects).isNotEmpty().isSortedAccordingTo(Comparator.reverseOrder())
                .allMatch(effect -> effect >= 0.3);
        CommandRun resumed = CommandRun.of(Stream.of(Stream.of("acdc", "--threshold", "0.3", "--resume"),
                Stream.of(PAIR)).flatMap(part -> part).toArray(String[]::new));
        assertThat(resumed.exitCode()).isEqualTo(2);
        assertThat(resumed.err()).contains("--resume: give --out, the file to continue from");
    }

    @Test
    void whatCannotBeSearched_isRefusedBeforeAnythingRuns() {
        assertThat(acdc("a.json", "--threshold", "0").err()).contains("--threshold: 0.0, must be positive");
        assertThat(acdc("a.json", "--threshold", "1", "--metric", "rank").err()).contains("known are kl, logit_diff");
        assertThat(acdc("none/a.json", "--threshold", "1").err()).contains("--out: there is no folder");
        assertThat(acdc("a.json").exitCode()).isEqualTo(2);
        assertThat(folder.resolve("a.json")).doesNotExist();
    }

    private JsonNode json(String name) {
        return JsonMapper.shared().readTree(folder.resolve(name).toFile());
    }

    private CommandRun check(String name, String... more) {
        return CommandRun.of(Stream.of(Stream.of("acdc", "--check", folder.resolve(name).toString()), Stream.of(more))
                .flatMap(part -> part).toArray(String[]::new));
    }

    @Test
    void resume_goesOnToTheSameCircuit_andRefusesAnotherSearch() throws Exception {
        assertThat(acdc("c.json", "--threshold", "0.3").exitCode()).isZero();
        JsonNode whole = json("c.json");
        ObjectNode partly = (ObjectNode) json("c.json");
        ArrayNode tried = (ArrayNode) partly.at("/tried");
        assertThat(tried.size()).isGreaterThan(60);
        while (tried.size() > 60) {
            tried.remove(tried.size() - 1);
        }
        partly.put("metric_now", 0.0);
        double effects = 0;
        for (JsonNode edge : tried) {
            effects += edge.path("removed").asBoolean() ? edge.path("effect").asDouble() : 0;
        }
        Files.writeString(folder.resolve("c.json"), partly.put("metric_now", effects).toString());
        CommandRun run = acdc("c.json", "--threshold", "0.3", "--resume");
        assertThat(run.exitCode()).as(run.err()).isZero();
        JsonNode resumed = json("c.json");
        assertThat(resumed.at("/edges").size()).isEqualTo(whole.at("/edges").size());
        assertThat(resumed.at("/circuit_alone")).isEqualTo(whole.at("/circuit_alone"));
        assertThat(resumed.at("/counts/runs").asInt()).isBetween(whole.at("/counts/runs").asInt() + 1,
                2 * whole.at("/counts/runs").asInt() - 1);
        CommandRun complete = acdc("c.json", "--threshold", "0.3", "--resume");
        assertThat(complete.err()).contains(" runs in ").doesNotContain("% of the work");
        resumed = json("c.json");
        CommandRun other = acdc("c.json", "--threshold", "0.5", "--resume");
        assertThat(other.err()).contains("another setup.threshold: 0.3 there, 0.5 here").hasLineCount(1);
        assertThat(json("c.json")).isEqualTo(resumed);
    }

    @Test
    void check_runsTheCircuitOfAFileAlone() throws Exception {
        assertThat(acdc("c.json", "--threshold", "0.3", "--svg", folder.resolve("c.svg").toString()).exitCode())
                .isZero();
        CommandRun same = check("c.json", PAIR);
        assertThat(same.out()).contains(" of 784 edges; kl of the circuit alone 0.69", "says the same");
        CommandRun others = check("c.json", "--clean", PAIR[1].replace("Mary", "Anna"), "--corrupt",
                PAIR[3].replace("Mary", "Anna"), "--answer", " Anna", "--wrong", " John");
        assertThat(others.out()).contains("was found for something else:", "setup.prompts.0.clean_tokens.1: ",
                " there, ");
        assertThat(others.exitCode()).isZero();
        ObjectNode wrong = ((ObjectNode) json("c.json")).put("circuit_alone", 0.1);
        Files.writeString(folder.resolve("c.json"), wrong.toString());
        assertThat(check("c.json", PAIR).err())
                .contains("says 0.1 for the same model and prompts, and this run gives 0.69");
        Files.writeString(folder.resolve("c.json"), wrong.toString().replace("a1.1", "a9.1"));
        assertThat(check("c.json", PAIR).err()).contains("does not fit this model: sender: 'a9.1'");
        assertThat(acdc("x.json", "--check", folder.resolve("c.json").toString()).err()).contains("not with --out");
        String svg = Files.readString(folder.resolve("c.svg"));
        assertThat(svg).startsWith("<svg").contains(">embed</text>", ">output</text>", "a1.1 to output: ");
        assertThat(DocumentBuilderFactory.newInstance().newDocumentBuilder()
                .parse(folder.resolve("c.svg").toFile()).getElementsByTagName("rect").getLength()).isGreaterThan(4);
        assertNumbersCoverOnlyTheirEdges(svg);
    }

    /** An edge under the number of another looks as if it ended there. */
    private static void assertNumbersCoverOnlyTheirEdges(String svg) {
        List<String> edges = Pattern.compile("<title>(\\w+\\S* to \\S+): ").matcher(svg).results()
                .map(edge -> edge.group(1)).distinct().toList();
        List<double[]> boxes = Pattern.compile("<rect x=\"(\\S+)\" y=\"(\\S+)\" width=\"(\\S+)\" height=\"13.0\"")
                .matcher(svg).results().map(box -> Stream.of(box.group(1), box.group(2), box.group(3))
                        .mapToDouble(Double::parseDouble).toArray())
                .toList();
        assertThat(boxes).hasSameSizeAs(edges).isNotEmpty();
        Pattern.compile("M(.+) (.+) C(.+) (.+) (.+) (.+) (.+) (.+)\" fill.*<title>(.+): ").matcher(svg).results()
                .forEach(curve -> {
                    double[] p = IntStream.rangeClosed(1, 8).mapToDouble(i -> Double.parseDouble(curve.group(i)))
                            .toArray();
                    for (double t = 0; t <= 1; t += 0.02) {
                        double x = bezier(p[0], p[2], p[4], p[6], t);
                        double y = bezier(p[1], p[3], p[5], p[7], t);
                        for (int i = 0; i < boxes.size(); i++) {
                            double[] box = boxes.get(i);
                            boolean isCovered =
                                    x > box[0] && x < box[0] + box[2] && y > box[1] && y < box[1] + 13;
                            assertThat(isCovered && !edges.get(i).equals(curve.group(9)))
                                    .as("%s under the number of %s", curve.group(9), edges.get(i)).isFalse();
                        }
                    }
                });
    }

    private static double bezier(double a, double b, double c, double d, double t) {
        double u = 1 - t;
        return u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c + t * t * t * d;
    }

    @Test
    void pairsOfAFile_areSearchedTogether() throws Exception {
        String pair = JsonMapper.shared().writeValueAsString(
                Map.of("clean", PAIR[1], "corrupt", PAIR[3], "answer", PAIR[5], "wrong", PAIR[7]));
        Path file = Files.write(folder.resolve("pairs.jsonl"), List.of(pair, pair.replace("Mary", "Anna")));
        CommandRun run = CommandRun.of("acdc", "--pairs", file.toString(), "--threshold", "1", "--out",
                folder.resolve("both.json").toString());
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(acdc("one.json", "--threshold", "1").exitCode()).isZero();
        assertThat(json("both.json").at("/setup/prompts").size()).isEqualTo(2);
        assertThat(json("both.json").at("/baselines/corrupted"))
                .isNotEqualTo(json("one.json").at("/baselines/corrupted"));
        assertThat(check("both.json", "--pairs", file.toString()).out()).contains("corrupted prompts", "says the same");
    }
}
