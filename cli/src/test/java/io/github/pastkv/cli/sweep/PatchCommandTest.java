package io.github.pastkv.cli.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cli.CommandRun;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

class PatchCommandTest {
    private static final String CLEAN = "When Mary and John went to the store, John gave a drink to";
    private static final String CORRUPT = "When Mary and John went to the store, Mary gave a drink to";

    @TempDir private Path folder;

    private CommandRun patch(String out, String... more) {
        List<String> arguments = new ArrayList<>(List.of("patch", "--out", folder.resolve(out).toString()));
        arguments.addAll(List.of(more));
        return CommandRun.of(arguments.toArray(String[]::new));
    }

    @Test
    void grids_ofTheShippedModel_haveAxesLabelsAndBaselines() throws Exception {
        CommandRun run = patch("grids.json", "--clean", CLEAN, "--corrupt", CORRUPT, "--answer", " Mary", "--wrong",
                " John", "--grid", "resid_pre,head_out_all_pos");
        assertThat(run.err()).contains(" runs in ");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains("logit of \" Mary\" minus logit of \" John\"", "clean ", "corrupted ",
                "cells differ, the strongest:");
        JsonNode json = JsonMapper.shared().readTree(folder.resolve("grids.json").toFile());
        assertThat(json.at("/baselines/clean").asDouble()).isPositive();
        assertThat(json.at("/baselines/corrupted").asDouble()).isNegative();
        JsonNode grid = json.at("/grids/resid_pre");
        assertThat(grid.at("/axes/0").asString()).isEqualTo("layer");
        assertThat(grid.at("/axes/1").asString()).isEqualTo("position");
        assertThat(grid.at("/labels/1").size()).isEqualTo(grid.at("/values/0").size());
        // Before the prompts differ there is nothing to patch, and the whole stream at the first difference is all
        // there is.
        assertThat(grid.at("/values/0/0").asDouble()).isEqualTo(json.at("/baselines/corrupted").asDouble());
        assertThat(json.at("/grids/head_out_all_pos/axes/1").asString()).isEqualTo("head");
    }

    @Test
    void table_hasARowForEachCell_andPlainRunsGiveTheSame() throws Exception {
        String[] pair = {"--clean-tokens", "16,20,73,13,17", "--corrupt-tokens", "16,20,9,13,17", "--answer-token", "5",
            "--wrong-token", "6", "--grid", "head_k_by_pos", "--metric", "probability"};
        assertThat(patch("fast.csv", pair).exitCode()).isZero();
        String[] plain = Arrays.copyOf(pair, pair.length + 1);
        plain[pair.length] = "--plain";
        assertThat(patch("plain.csv", plain).exitCode()).isZero();
        List<String> rows = Files.readAllLines(folder.resolve("fast.csv"));
        assertThat(rows.getFirst()).isEqualTo("grid,layer,position,head,kv_head,source_position,value");
        assertThat(rows).hasSizeGreaterThan(20).isEqualTo(Files.readAllLines(folder.resolve("plain.csv")));
    }

    @Test
    void pictures_areDrawnForEachGrid_andThePageHasAll() throws Exception {
        CommandRun run = patch("grids.json", "--clean", CLEAN, "--corrupt", CORRUPT, "--answer", " Mary", "--wrong",
                " John", "--grid", "resid_pre,head_v_all_pos,head_v_by_pos", "--plot",
                folder.resolve("map.png").toString(), "--page", folder.resolve("map.html").toString());
        assertThat(run.exitCode()).as(run.err()).isZero();
        JsonNode json = JsonMapper.shared().readTree(folder.resolve("grids.json").toFile());
        BufferedImage map = ImageIO.read(folder.resolve("map.resid_pre.png").toFile());
        assertThat(map.getWidth()).isGreaterThan(600);
        assertThat(folder.resolve("map.head_v_all_pos.png")).exists();
        assertThat(folder.resolve("map.head_v_by_pos.png")).exists();
        String page = Files.readString(folder.resolve("map.html"));
        assertThat(page)
                .contains("clean into corrupted): resid_pre", "): head_v_by_pos", "clean: " + CLEAN,
                        "corrupted: " + CORRUPT,
                        "minus logit of", "pastkv patch --out ")
                .contains(json.at("/grids/resid_pre/values/0/12").asString()).doesNotContain("src=", "href=");
    }

    @Test
    void filesThatCannotBeWritten_areRefusedBeforeAnythingRuns() {
        for (String option : List.of("--plot", "--page")) {
            CommandRun run = patch("x.json", "--clean", CLEAN, "--corrupt", CORRUPT, "--answer", " Mary", "--wrong",
                    " John", "--grid", "resid_pre", option, folder.resolve("none/x").toString());
            assertThat(run.err()).contains(option + ": there is no folder");
            assertThat(run.exitCode()).isNotZero();
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void pairsThatCannotBePatched_areRefusedBeforeAnythingRuns() {
        assertRefused("must differ", "--clean", CLEAN, "--corrupt", CLEAN, "--answer", " Mary", "--wrong", " John",
                "--grid", "resid_pre");
        assertRefused("equally many", "--clean", CLEAN, "--corrupt", CORRUPT + " her", "--answer", " Mary", "--wrong",
                " John", "--grid", "resid_pre");
        assertRefused("and must be one", "--clean", CLEAN, "--corrupt", CORRUPT, "--answer", " Mary and", "--wrong",
                " John", "--grid", "resid_pre");
        assertRefused("'resid', known are", "--clean", CLEAN, "--corrupt", CORRUPT, "--answer", " Mary", "--wrong",
                " John", "--grid", "resid");
        assertRefused("give --wrong or --wrong-token", "--clean", CLEAN, "--corrupt", CORRUPT, "--answer", " Mary",
                "--grid", "resid_pre");
        assertThat(folder).isEmptyDirectory();
    }

    private void assertRefused(String message, String... arguments) {
        CommandRun run = patch("x.json", arguments);
        assertThat(run.err()).contains(message).hasLineCount(1);
        assertThat(run.exitCode()).isEqualTo(2);
    }

    private static final String[] PAIR = {"--clean", CLEAN, "--corrupt", CORRUPT, "--answer", " Mary", "--wrong",
        " John"};

    private JsonNode json(String name) {
        return JsonMapper.shared().readTree(folder.resolve(name).toFile());
    }

    private static String[] with(String[] arguments, String... more) {
        return Stream.concat(Arrays.stream(arguments), Arrays.stream(more)).toArray(String[]::new);
    }

    private Path pairs(String... lines) throws IOException {
        return Files.write(folder.resolve("pairs.jsonl"), List.of(lines));
    }

    private static String line(String clean, String corrupt, String answer, String wrong) {
        return JsonMapper.shared().writeValueAsString(
                Map.of("clean", clean, "corrupt", corrupt, "answer", answer, "wrong", wrong));
    }

    private static final String ANNA = "When Anna and John went to the store, John gave a drink to";
    private static final String ANNA_CORRUPT = "When Anna and John went to the store, Anna gave a drink to";

    @Test
    void pairsOfAFile_giveTheMeanOfEachCellAndItsSpread() throws Exception {
        assertThat(patch("mary.json", with(PAIR, "--grid", "resid_pre")).exitCode()).isZero();
        assertThat(patch("anna.json", "--clean", ANNA, "--corrupt", ANNA_CORRUPT, "--answer", " Anna", "--wrong",
                " John", "--grid", "resid_pre").exitCode()).isZero();
        Path file = pairs(line(CLEAN, CORRUPT, " Mary", " John"), "",
                line(ANNA, ANNA_CORRUPT, " Anna", " John"));
        CommandRun run = patch("both.json", "--pairs", file.toString(), "--grid", "resid_pre,direct_path", "--plot",
                folder.resolve("both.png").toString());
        assertThat(run.exitCode()).as(run.err()).isZero();
        JsonNode both = json("both.json");
        double mary = json("mary.json").at("/grids/resid_pre/values/1/12").asDouble();
        double anna = json("anna.json").at("/grids/resid_pre/values/1/12").asDouble();
        assertThat(both.at("/grids/resid_pre/values/1/12").asDouble()).isEqualTo((mary + anna) / 2);
        assertThat(both.at("/grids/resid_pre/spread/1/12").asDouble())
                .isCloseTo(Math.abs(mary - anna) / Math.sqrt(2), Offset.offset(1e-9));
        assertThat(both.at("/pairs/1/grids/resid_pre/1/12").asDouble()).isEqualTo(anna);
        assertThat(both.at("/num_pairs_done").asInt()).isEqualTo(2);
        assertThat(both.at("/grids/resid_pre/labels/1").valueStream().map(JsonNode::asString)).contains("#1", " gave");
        assertThat(folder.resolve("both.resid_pre.png")).exists();
    }

    @Test
    void edges_areThoseOfTheGraph_andPlainRunsGiveTheSame() throws Exception {
        String[] pair = {"--clean-tokens", "16,20,73", "--corrupt-tokens", "16,20,9", "--answer-token", "5",
            "--wrong-token", "6", "--grid", "direct_path"};
        assertThat(patch("fast.json", pair).exitCode()).isZero();
        assertThat(patch("plain.csv", with(pair, "--plain")).exitCode()).isZero();
        JsonNode grid = json("fast.json").at("/grids/direct_path");
        assertThat(grid.at("/labels/0/0").asString()).isEqualTo("output");
        assertThat(grid.at("/labels/1/0").asString()).isEqualTo("embed");
        int lastReceiver = grid.at("/labels/0").size() - 1; // reads the embedding only
        assertThat(grid.at("/values").get(lastReceiver).get(0).isNumber()).isTrue();
        assertThat(grid.at("/values").get(lastReceiver).get(1).isNull()).isTrue();
        List<String> rows = Files.readAllLines(folder.resolve("plain.csv"));
        assertThat(rows.get(0)).endsWith("source_position,receiver,sender,value");
        assertThat(rows.get(1)).startsWith("direct_path,,,,,,output,embed,")
                .endsWith("," + grid.at("/values/0/0").asDouble());
    }

    @Test
    void resume_goesOnFromWhatIsThere_toTheSameNumbers() throws Exception {
        String[] options = with(PAIR, "--grid", "resid_pre,mlp_out", "--noising");
        assertThat(patch("whole.json", options).exitCode()).isZero();
        String whole = Files.readString(folder.resolve("whole.json"));
        ObjectNode partly = (ObjectNode) json("whole.json");
        ((ArrayNode) partly.at("/grids/resid_pre/values/1")).setNull(12);
        ((ObjectNode) partly.at("/grids")).remove("mlp_out");
        Files.writeString(folder.resolve("whole.json"), partly.toString());
        CommandRun run = patch("whole.json", with(options, "--resume"));
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(json("whole.json").at("/grids")).isEqualTo(JsonMapper.shared().readTree(whole).at("/grids"));
        CommandRun again = patch("whole.json", with(options, "--resume"));
        assertThat(again.err()).containsPattern("(?m)^0 runs in ");
        assertThat(json("whole.json").at("/baselines")).isEqualTo(JsonMapper.shared().readTree(whole).at("/baselines"));
    }

    @Test
    void resume_ofAnotherSweep_isRefused_andTheFileStays() throws Exception {
        assertThat(patch("old.json", with(PAIR, "--grid", "resid_pre")).exitCode()).isZero();
        String old = Files.readString(folder.resolve("old.json"));
        assertNotResumed("another metric: \"logit_diff\" there, \"rank\" here",
                with(PAIR, "--grid", "resid_pre", "--metric", "rank"));
        assertNotResumed("another setup.noising: false there, true here",
                with(PAIR, "--grid", "resid_pre", "--noising"));
        assertNotResumed("another setup.prompts", "--clean", ANNA, "--corrupt", ANNA_CORRUPT, "--answer", " Anna",
                "--wrong", " John", "--grid", "resid_pre");
        assertNotResumed("has a grid 'resid_pre' that would be lost", with(PAIR, "--grid", "mlp_out"));
        assertNotResumed("another model.arithmetic", with(PAIR, "--grid", "resid_pre", "--compute", "bf16"));
        assertThat(folder.resolve("old.json")).hasContent(old);
        Files.writeString(folder.resolve("old.json"), old.replaceFirst("\"digest\" : \"..", "\"digest\" : \"__"));
        assertNotResumed("another model.digest", with(PAIR, "--grid", "resid_pre"));
        Files.writeString(folder.resolve("old.json"), old.substring(0, old.length() / 2));
        assertNotResumed("is no JSON that PastKV wrote", with(PAIR, "--grid", "resid_pre"));
        assertThat(patch("x.csv", with(PAIR, "--grid", "resid_pre", "--resume")).err()).contains("give --out a .json");
    }

    private void assertNotResumed(String message, String... arguments) {
        CommandRun run = patch("old.json", with(arguments, "--resume"));
        assertThat(run.err()).contains("--resume: ", message).hasLineCount(1);
        assertThat(run.exitCode()).isEqualTo(1);
    }

    @Test
    void pairsThatCannotBeRead_areRefusedByLine() throws Exception {
        String good = line(CLEAN, CORRUPT, " Mary", " John");
        assertPairsRefused("line 2: wrong: ' John Mary' is 2 tokens", good,
                line(CLEAN, CORRUPT, " Mary", " John Mary"));
        assertPairsRefused("line 3: clean: ", good, good, line("Mary", "John", " Mary", " John"));
        assertPairsRefused("line 1: corrupt: the same", line(CLEAN, CLEAN, " Mary", " John"));
        assertPairsRefused("line 1: corrupt: ", line(CLEAN, CORRUPT + " her", " Mary", " John"));
        assertPairsRefused("line 1: answer: missing", "{\"clean_tokens\": [1, 2], \"corrupt_tokens\": [1, 3]}");
        assertPairsRefused("line 1: clean: give it or clean_tokens", "{\"corrupt_tokens\": [1, 3]}");
        assertPairsRefused("line 1: corupt: ", good.replace("}", ", \"corupt\": \"x\"}"));
        assertPairsRefused("line 2: not strict JSON", good, "{");
        assertPairsRefused("no pair", "");
        assertThat(patch("x.json", "--pairs", pairs(good).toString(), "--clean", CLEAN, "--grid", "resid_pre").err())
                .contains("not with --pairs");
        assertThat(patch("x.json", "--pairs", pairs(good).toString(), "--wrong", " x", "--grid", "resid_pre").err())
                .contains("not with --pairs");
        assertThat(folder.resolve("x.json")).doesNotExist();
    }

    private void assertPairsRefused(String message, String... lines) throws IOException {
        CommandRun run = patch("x.json", "--pairs", pairs(lines).toString(), "--grid", "resid_pre");
        assertThat(run.err()).contains("pairs.jsonl: ", message).hasLineCount(1);
        assertThat(run.exitCode()).isNotZero();
    }

    @Test
    void failureOfALaterPair_losesNothingOfTheEarlier() throws Exception {
        Path file = pairs(line(CLEAN, CORRUPT, " Mary", " John"), line(ANNA, ANNA_CORRUPT, " Anna", " Anna"));
        CommandRun run = patch("both.json", "--pairs", file.toString(), "--grid", "mlp_out", "--metric", "normalized");
        assertThat(run.err()).contains("pair 2: metric: 0.0 for both prompts").hasLineCount(1);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(json("both.json").at("/num_pairs_done").asInt()).isEqualTo(1);
        assertThat(json("both.json").at("/pairs/0/grids/mlp_out/1/12").isNumber()).isTrue();
        assertThat(json("both.json").at("/pairs/1/grids/mlp_out/1/12").isNull()).isTrue();
        CommandRun first = patch("first.json", "--pairs", pairs(line(ANNA, ANNA_CORRUPT, " Anna", " Anna")).toString(),
                "--grid", "mlp_out", "--metric", "normalized");
        assertThat(first.exitCode()).isEqualTo(1);
        assertThat(folder.resolve("first.json")).doesNotExist();
    }

    @Test
    void metricsThatNeedNoToken_takeNone() {
        CommandRun run = patch("kl.json", "--clean", CLEAN, "--corrupt", CORRUPT, "--metric", "kl", "--grid",
                "attn_out_all_pos", "--plot", folder.resolve("kl.png").toString());
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(json("kl.json").at("/baselines/clean").asDouble()).isZero();
        assertThat(json("kl.json").at("/grids/attn_out_all_pos/values").size()).isEqualTo(6);
        assertThat(json("kl.json").at("/model/digest").asString()).matches("[0-9a-f]{64}");
    }
}
