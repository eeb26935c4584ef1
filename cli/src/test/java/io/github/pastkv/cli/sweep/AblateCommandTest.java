package io.github.pastkv.cli.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cli.CommandRun;
import io.github.pastkv.cli.options.TinyModelFolder;
import io.github.pastkv.lens.CachedRun;
import io.github.pastkv.lens.Capture;
import io.github.pastkv.lens.Hook;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class AblateCommandTest {
    private static final String PROMPT = "When Mary and John went to the store, John gave a drink to";
    private static final String OTHER = "When Mary and John went to the store, Mary gave a drink to";
    private static final String[] ANSWERS = {"--answer", " Mary", "--wrong", " John"};

    @TempDir private Path folder;

    private CommandRun ablate(String out, String... more) {
        return CommandRun.of(Stream.of(Stream.of("ablate", "--out", folder.resolve(out).toString()), Stream.of(ANSWERS),
                Stream.of(more)).flatMap(part -> part).toArray(String[]::new));
    }

    private JsonNode json(String name) {
        return JsonMapper.shared().readTree(folder.resolve(name).toFile());
    }

    private double value(String name, String pointer) {
        return json(name).at(pointer).asDouble();
    }

    @Test
    void zeros_giveTheNumbersOfFullRunsWithAHook() throws IOException {
        CommandRun run = ablate("zero.json", "--grid", "head_out_all_pos,layer_out_all_pos,resid_pre", PROMPT);
        assertThat(run.exitCode()).as(run.err()).isZero();
        try (Model model = Model.load(TinyModelFolder.require())) {
            Lens lens = new Lens(model);
            int mary = lens.model().tokenizer().orElseThrow().encode(" Mary", false)[0];
            int john = lens.model().tokenizer().orElseThrow().encode(" John", false)[0];
            Hook head = Hook.edit("blocks.1.attn.hook_z", (z, _) -> zero(z.narrow(2, 1, 2)));
            Hook attention = Hook.edit("blocks.1.hook_attn_out", (out, _) -> zero(out));
            Hook block = Hook.edit("blocks.1.hook_mlp_out", (out, _) -> zero(out));
            Hook stream = Hook.edit("blocks.2.hook_resid_pre", (resid, _) -> zero(resid.narrow(1, 5, 6)));
            assertThat(value("zero.json", "/baselines/clean")).isEqualTo(difference(lens, mary, john));
            assertThat(value("zero.json", "/grids/head_out_all_pos/values/1/1"))
                    .isEqualTo(difference(lens, mary, john, head)).isNotEqualTo(difference(lens, mary, john));
            assertThat(value("zero.json", "/grids/layer_out_all_pos/values/1"))
                    .isEqualTo(difference(lens, mary, john, attention, block));
            assertThat(value("zero.json", "/grids/resid_pre/values/2/5"))
                    .isEqualTo(difference(lens, mary, john, stream));
        }
    }

    private static void zero(Tensor target) {
        long[] shape = target.shape();
        target.copyFrom(Tensor.zeros(shape));
    }

    private static double difference(Lens lens, int answer, int wrong, Hook... hooks) {
        try (Session session = lens.model().newSession()) {
            float[] logits = lens.lastLogits(session, StepInput.tokens(lens.encode(PROMPT)), hooks).toFloatArray();
            return (double) logits[answer] - logits[wrong];
        }
    }

    @Test
    void meanOfOnePrompt_isItsOwnActivations() throws IOException {
        Path set = Files.writeString(folder.resolve("one.jsonl"), "{\"text\": \"" + OTHER + "\"}\n");
        String grids = "head_out_by_pos,mlp_out,attn_out_all_pos";
        assertThat(ablate("mean.json", "--by", "mean", "--set", set.toString(), "--grid", grids, PROMPT).exitCode())
                .isZero();
        assertThat(ablate("other.json", "--by", "resample", "--with", OTHER, "--grid", grids, PROMPT).exitCode())
                .isZero();
        assertThat(json("mean.json").at("/grids")).isEqualTo(json("other.json").at("/grids"));
        assertThat(json("mean.json").at("/baselines/corrupted").isMissingNode()).isTrue();
        assertThat(json("other.json").at("/baselines/corrupted").isNumber()).isTrue();
    }

    @Test
    void meanOfTwoPrompts_isThatOfTheirActivations() throws IOException {
        Path set = Files.write(folder.resolve("two.jsonl"),
                List.of("{\"text\": \"" + OTHER + "\"}", "{\"text\": \"" + PROMPT.replace("Mary", "Anna") + "\"}"));
        CommandRun run =
                ablate("mean.json", "--by", "mean", "--set", set.toString(), "--grid", "mlp_out_all_pos", PROMPT);
        assertThat(run.exitCode()).as(run.err()).isZero();
        try (Model model = Model.load(TinyModelFolder.require())) {
            Lens lens = new Lens(model);
            Tensor mean;
            try (CachedRun first = lens.runWithCache(OTHER, Capture.all());
                    CachedRun second = lens.runWithCache(PROMPT.replace("Mary", "Anna"), Capture.all())) {
                mean = mean(first.activations().get("mlp_out", 0), second.activations().get("mlp_out", 0));
            }
            int[] answers = {model.tokenizer().orElseThrow().encode(" Mary", false)[0],
                model.tokenizer().orElseThrow().encode(" John", false)[0]};
            Hook hook = Hook.edit("blocks.0.hook_mlp_out", (out, _) -> out.copyFrom(mean));
            assertThat(value("mean.json", "/grids/mlp_out_all_pos/values/0"))
                    .isEqualTo(difference(lens, answers[0], answers[1], hook));
        }
    }

    private static Tensor mean(Tensor a, Tensor b) {
        float[] of = a.toFloatArray();
        float[] and = b.toFloatArray();
        for (int i = 0; i < of.length; i++) {
            of[i] = (float) (((double) of[i] + and[i]) / 2);
        }
        return Tensor.of(of, a.shape());
    }

    @Test
    void meanOfThePromptItself_changesNothing() throws IOException {
        Path set = Files.writeString(folder.resolve("same.jsonl"), "{\"text\": \"" + PROMPT + "\"}\n");
        CommandRun run = ablate("same.json", "--by", "mean", "--set", set.toString(), "--grid",
                "head_out_all_pos,mlp_out,resid_pre", PROMPT);
        assertThat(run.exitCode()).as(run.err()).isZero();
        double clean = value("same.json", "/baselines/clean");
        for (String pointer : List.of("/grids/head_out_all_pos/values/1/1", "/grids/mlp_out/values/0/13",
                "/grids/resid_pre/values/3/2")) {
            assertThat(value("same.json", pointer)).isEqualTo(clean);
        }
    }

    @Test
    void resume_fillsWhatIsMissing_ofTheSameAblationOnly() throws IOException {
        assertThat(ablate("z.json", "--grid", "mlp_out_all_pos", PROMPT).exitCode()).isZero();
        JsonNode whole = json("z.json");
        Files.writeString(folder.resolve("z.json"),
                whole.toString().replaceFirst("\"values\":\\[[^,]*,", "\"values\":[null,"));
        assertThat(json("z.json")).isNotEqualTo(whole);
        assertThat(ablate("z.json", "--grid", "mlp_out_all_pos", "--resume", PROMPT).exitCode()).isZero();
        assertThat(json("z.json").at("/grids")).isEqualTo(whole.at("/grids"));
        assertThat(
                ablate("z.json", "--grid", "mlp_out_all_pos", "--resume", "--by", "resample", "--with", OTHER, PROMPT)
                        .err())
                .contains("setup.ablation: \"zero\" there, \"resample\" here");
    }

    @Test
    void whatCannotBeAblated_isRefusedBeforeAnythingRuns() throws IOException {
        Path set = folder.resolve("set.jsonl");
        assertRefused("--by mean: needs --set", "--by", "mean");
        assertRefused("--by resample: needs --with", "--by", "resample");
        assertRefused("--set: is for --by mean, which is zero", "--set", set.toString());
        assertRefused("'median', must be zero, mean or resample", "--by", "median");
        assertRefused("--with: the same", "--by", "resample", "--with", PROMPT);
        assertRefused("--with: ", "--by", "resample", "--with", PROMPT + " her");
        assertRefused("normalized needs the other prompt", "--metric", "normalized");
        assertRefused("needs another prompt", "--grid", "direct_path");
        Files.writeString(set, "{\"text\": \"Mary\"}\n");
        assertRefused("line 1: text: ", "--by", "mean", "--set", set.toString());
        Files.writeString(set, "\n");
        assertRefused("no prompt; a mean needs at least one", "--by", "mean", "--set", set.toString());
        assertThat(ablate("x.json", "--grid", "resid_pre").err()).contains("give PROMPT or --tokens");
        assertThat(folder.resolve("x.json")).doesNotExist();
    }

    private void assertRefused(String message, String... arguments) {
        CommandRun run = ablate("x.json", Stream.of(Stream.of(arguments), Stream.of("--grid", "resid_pre", PROMPT))
                .flatMap(part -> part).toArray(String[]::new));
        assertThat(run.err()).contains(message).hasLineCount(1);
        assertThat(run.exitCode()).isNotZero();
    }

    @Test
    void pictures_andProgress_speakOfAblation() throws IOException {
        CommandRun run = ablate("zero.json", "--grid", "mlp_out_all_pos", "--plot",
                folder.resolve("zero.svg").toString(), PROMPT);
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(Files.readString(folder.resolve("zero.svg"))).contains("not ablated").doesNotContain("unpatched");
        assertThat(run.err()).doesNotContain("patch");
    }
}
