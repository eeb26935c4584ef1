package io.github.pastkv.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

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
        assertThat(run.err()).contains(" patched runs in ");
        assertThat(run.exitCode()).isZero();
        JsonNode json = JsonMapper.shared().readTree(folder.resolve("grids.json").toFile());
        assertThat(json.at("/baselines/clean").asDouble()).isPositive();
        assertThat(json.at("/baselines/corrupted").asDouble()).isNegative();
        JsonNode grid = json.at("/grids/resid_pre");
        assertThat(grid.at("/axes/0").asString()).isEqualTo("layer");
        assertThat(grid.at("/axes/1").asString()).isEqualTo("position");
        assertThat(grid.at("/labels/1").size()).isEqualTo(grid.at("/values/0").size());
        // Before the prompts differ there is nothing to patch, and the whole stream at the first difference is all there is.
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
        Set<Integer> colours = new HashSet<>();
        for (int x = 0; x < map.getWidth(); x++) {
            colours.add(map.getRGB(x, 2 * (44 + 22 + 10)));
        }
        assertThat(colours).hasSizeGreaterThan(3);
        assertThat(folder.resolve("map.head_v_all_pos.png")).exists();
        assertThat(folder.resolve("map.head_v_by_pos.png")).exists();
        String page = Files.readString(folder.resolve("map.html"));
        assertThat(page).contains("resid_pre: logit_diff", "head_v_by_pos: logit_diff")
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
        assertRefused("must be one", "--clean", CLEAN, "--corrupt", CORRUPT, "--answer", " Mary and", "--wrong",
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
}
