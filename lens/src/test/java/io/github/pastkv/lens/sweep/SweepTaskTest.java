package io.github.pastkv.lens.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.lens.RandomGpt2;
import io.github.pastkv.lens.patching.MetricSpec;
import io.github.pastkv.lens.patching.PatchAxis;
import io.github.pastkv.lens.patching.PatchGrid;
import io.github.pastkv.lens.patching.PromptPair;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.testkit.model.TestScale;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A sweep cut into tasks, sent as text and merged in any order, is the sweep run as a whole, bit for bit. */
class SweepTaskTest {
    private static final int[] CLEAN = {3, 1, 4, 1, 5, 9, 2};
    private static final int[] CORRUPTED = {3, 1, 8, 1, 5, 9, 7};
    private static final int[] OTHER = {3, 1, 4, 6, 5, 9, 2};
    private static final int MANY_CELLS = 500; // a task for each takes long
    private static final MetricSpec DIFFERENCE = new MetricSpec.LogitDifference(11, 6);
    private static final SweepGrid OWN_GRID = new SweepGrid.Activations(new PatchGrid("post", HookPoint.MLP_POST,
            List.of(PatchAxis.LAYER, PatchAxis.POSITION)));

    @TempDir private static Path folder;

    private static Model model;
    private static ModelIdentity identity;

    @BeforeAll
    static void load() throws IOException {
        model = Model.load(RandomGpt2.write(Files.createDirectory(folder.resolve("model")), 5));
        identity = ModelIdentity.of(model, "random");
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static List<SweepGrid> grids(String... names) {
        return Stream.of(names).flatMap(name -> SweepGrid.named(name).stream()).toList();
    }

    private static Sweep sweep(boolean isSet, List<SweepGrid> grids, SweepCase... cases) {
        return new Sweep(identity, List.of(cases), grids, isSet);
    }

    static Stream<Sweep> sweeps() {
        PromptPair pair = new PromptPair(CLEAN, CORRUPTED);
        PromptPair second = new PromptPair(OTHER, CORRUPTED);
        return Stream.of(
                sweep(false, grids("resid_pre", "head_k_by_pos", "direct_path"),
                        new PatchCase(pair, false, DIFFERENCE)),
                sweep(true, grids("mlp_out", "head_pattern_dest_src_pos"), new PatchCase(pair, true, DIFFERENCE),
                        new PatchCase(second, true, new MetricSpec.LogitDifference(2, 12))),
                sweep(true, List.of(OWN_GRID), new PatchCase(pair, false, new MetricSpec.KlDivergence())),
                sweep(false, grids("head_out_all_pos"), new AblationCase(CLEAN, AblationCase.Kind.ZERO, List.of(),
                        new MetricSpec.Rank(4))),
                sweep(false, grids("resid_post"), new AblationCase(CLEAN, AblationCase.Kind.MEAN,
                        List.of(CORRUPTED, OTHER), new MetricSpec.Loss(4))),
                sweep(false, grids("attn_out", "direct_path"), new AblationCase(CLEAN, AblationCase.Kind.RESAMPLE,
                        List.of(CORRUPTED), new MetricSpec.NormalizedLogitDifference(4, 1))));
    }

    private static String whole(Sweep sweep) {
        SweepResult result = SweepResult.empty(sweep, model);
        try (SweepRunner runner = new SweepRunner(model, identity)) {
            result.openTasks().forEach(task -> result.add(runner.run(task)));
        }
        assertThat(result.isComplete()).isTrue();
        assertThat(result.openTasks()).isEmpty();
        return result.json(Map.of("command", "x"));
    }

    @ParameterizedTest
    @MethodSource("sweeps")
    void partsInAnyOrder_areTheWhole(Sweep sweep) {
        String expected = whole(sweep);
        for (int maxCells : TestScale.isNightly() || SweepResult.empty(sweep, model).numCells() < MANY_CELLS
                ? new int[] {1, 4, 19}
                : new int[] {4, 19}) {
            Random random = new Random(maxCells);
            SweepResult result = SweepResult.empty(sweep, model);
            List<String> tasks = new ArrayList<>(result.openTasks(maxCells).stream().map(SweepTask::toJson).toList());
            Collections.shuffle(tasks, random);
            List<String> parts = new ArrayList<>();
            try (SweepRunner runner = new SweepRunner(model, identity, maxCells == 4)) {
                for (String task : tasks) {
                    parts.add(runner.run(SweepTask.fromJson(task)).toJson());
                }
            }
            Collections.shuffle(parts, random);
            parts.forEach(part -> result.add(SweepPart.fromJson(part)));
            result.add(SweepPart.fromJson(parts.getFirst())); // run twice, as by a speculative executor
            assertThat(result.json(Map.of("command", "x"))).as("at most %d cells, seed %d", maxCells, maxCells)
                    .isEqualTo(expected);
        }
    }

    @Test
    void mergedParts_areThePartOfAllCells_inAnyOrder() {
        Sweep sweep = sweeps().findFirst().orElseThrow();
        SweepResult empty = SweepResult.empty(sweep, model);
        try (SweepRunner runner = new SweepRunner(model, identity)) {
            SweepPart expected = runner.run(empty.openTasks().getFirst());
            List<SweepPart> parts = new ArrayList<>(empty.openTasks(3).stream()
                    .filter(task -> task.grid().name().equals(expected.grid())).map(runner::run).toList());
            Collections.shuffle(parts, new Random(8));
            SweepPart merged = parts.stream().reduce(SweepPart::merge).orElseThrow();
            assertThat(merged.toJson()).isEqualTo(expected.toJson());
            assertThat(merged.merge(parts.getFirst()).toJson()).isEqualTo(expected.toJson());
        }
    }

    @Test
    void resumedResult_hasOnlyTheRestToDo_andTheSameNumbers() throws IOException {
        Sweep sweep = sweeps().skip(1).findFirst().orElseThrow();
        String expected = whole(sweep);
        SweepResult half = SweepResult.empty(sweep, model);
        List<SweepTask> tasks = half.openTasks(5);
        try (SweepRunner runner = new SweepRunner(model, identity)) {
            tasks.subList(0, tasks.size() / 2).forEach(task -> half.add(runner.run(task)));
            Path file = Files.writeString(folder.resolve("half.json"), half.json(Map.of()));
            SweepResult resumed = SweepResult.empty(sweep, model);
            resumed.resume("--resume", file);
            assertThat(resumed.numDone()).isEqualTo(half.numDone()).isPositive().isLessThan(resumed.numCells());
            resumed.openTasks().forEach(task -> resumed.add(runner.run(task)));
            assertThat(resumed.json(Map.of("command", "x"))).isEqualTo(expected);
        }
    }

    @Test
    void listenerThatEndsATask_leavesAPartOfWhatIsDone() {
        Sweep sweep = sweep(false, grids("head_pattern_dest_src_pos"),
                new PatchCase(new PromptPair(CLEAN, CORRUPTED), false, DIFFERENCE));
        SweepTask task = SweepResult.empty(sweep, model).openTasks().getFirst();
        List<SweepPart> parts = new ArrayList<>();
        try (SweepRunner runner = new SweepRunner(model, identity)) {
            assertThat(runner.run(task, (numDone, numCells) -> numDone < numCells / 2, parts::add)).isFalse();
        }
        assertThat(parts).singleElement().satisfies(
                part -> assertThat(part.cells().length).isBetween(1, task.cells().length - 1));
    }

    @Test
    void taskOfAnotherModel_isRefused() throws IOException {
        SweepTask task = SweepResult.empty(sweeps().findFirst().orElseThrow(), model).openTasks().getFirst();
        Path other = RandomGpt2.write(Files.createDirectory(folder.resolve("other")), 6);
        try (Model otherModel = Model.load(other);
                SweepRunner runner = new SweepRunner(otherModel, ModelIdentity.of(otherModel, "other"))) {
            assertThatThrownBy(() -> runner.run(task)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("task: is for a model with digest " + identity.digest());
        }
        ModelIdentity otherMachine = new ModelIdentity("random", identity.architecture(), 1, identity.digest(), "zzz");
        try (SweepRunner runner = new SweepRunner(model, otherMachine)) {
            assertThatThrownBy(() -> runner.run(task)).hasMessageContaining("with arithmetic ");
        }
    }

    @Test
    void partThatContradicts_isRefused_andChangesNothing() {
        Sweep sweep = sweeps().findFirst().orElseThrow();
        SweepResult result = SweepResult.empty(sweep, model);
        SweepPart part;
        try (SweepRunner runner = new SweepRunner(model, identity)) {
            part = runner.run(result.openTasks().getFirst());
        }
        result.add(part);
        String before = result.json(Map.of());
        double[] values = part.values().clone();
        values[3] = Math.nextUp(values[3]);
        assertThatThrownBy(() -> result.add(new SweepPart(part.sweepId(), 0, part.grid(), part.baselines(),
                part.cells(), values))).hasMessageContaining("part: cell 3 of resid_pre is ");
        assertThatThrownBy(() -> result.add(new SweepPart(part.sweepId(), 0, part.grid(), Map.of("clean", 7.0),
                new int[0], new double[0]))).hasMessageContaining("part: baseline clean is 7.0");
        assertThatThrownBy(() -> result.add(new SweepPart("abc", 0, part.grid(), part.baselines(), part.cells(),
                part.values()))).hasMessageContaining("part: is of sweep abc");
        assertThatThrownBy(() -> result.add(new SweepPart(part.sweepId(), 1, part.grid(), part.baselines(),
                part.cells(), part.values()))).hasMessageContaining("part: case 1, there are 1");
        assertThat(result.json(Map.of())).isEqualTo(before);
    }

    @Test
    void textThatIsNoTask_isRefusedByField() {
        String task = SweepResult.empty(sweeps().findFirst().orElseThrow(), model).openTasks().getFirst().toJson();
        assertThat(SweepTask.fromJson(task).toJson()).isEqualTo(task);
        assertRefused("case_index: missing", task.replace("\"case_index\":0,", ""));
        assertRefused("color: unknown, known are ", task.replace("\"case_index\"", "\"color\":1,\"case_index\""));
        assertRefused("metric: 'logit_dif', known are logit_diff", task.replace("logit_diff", "logit_dif"));
        assertRefused("points: 'RESID_PR', known are ", task.replace("RESID_PRE", "RESID_PR"));
        assertRefused("cells: 0 at 1, must be ascending", task.replace("\"cells\":[0,1,", "\"cells\":[0,0,"));
        assertRefused("answer_token: missing", task.replace("\"answer_token\":11,", ""));
        assertRefused("task: is no JSON", task.substring(9));
    }

    private static void assertRefused(String message, String task) {
        assertThatThrownBy(() -> SweepTask.fromJson(task)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void casesThatCannotBeAveraged_areRefused() {
        PatchCase first = new PatchCase(new PromptPair(CLEAN, CORRUPTED), false, DIFFERENCE);
        PatchCase shorter = new PatchCase(new PromptPair(new int[] {1, 2}, new int[] {1, 3}), false, DIFFERENCE);
        List<SweepGrid> grids = grids("resid_pre");
        assertThatThrownBy(() -> sweep(true, grids, first, shorter)).hasMessageContaining("2 tokens, the first has 7");
        assertThatThrownBy(() -> sweep(true, grids, first, new PatchCase(first.pair(), true, DIFFERENCE)))
                .hasMessageContaining("only cases of one kind");
        assertThatThrownBy(() -> sweep(false, grids, first, first)).hasMessageContaining("isSet: false");
        assertThatThrownBy(() -> sweep(true, grids)).hasMessageContaining("cases: none");
    }
}
