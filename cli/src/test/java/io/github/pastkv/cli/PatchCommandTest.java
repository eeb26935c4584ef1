package io.github.pastkv.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
