package io.github.pastkv.cli.show;

import io.github.pastkv.cli.io.OutFile;
import io.github.pastkv.cli.io.Output;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.cli.options.PromptMixin;
import io.github.pastkv.lens.CachedRun;
import io.github.pastkv.lens.Capture;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.model.hooks.HookFilter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Writes activations of a prompt. */
@Command(name = "activations", sortOptions = false,
        header = {"Write activations to a file.", ""},
        customSynopsis = {"pastkv activations [OPTIONS] --names NAMES --out FILE PROMPT",
            "       pastkv activations [OPTIONS] --names NAMES --out FILE --tokens IDS", ""},
        description = "Runs a prompt and writes the activations at the given hook points to a safetensors file, one "
                + "f32 tensor per hook point, with a batch axis of 1. pastkv inspect --hooks lists all hook points "
                + "with their shapes.%n",
        footer = {"",
            "A name is a hook point of TransformerLens (blocks.0.attn.hook_k), a shorthand (k0), a name without",
            "layer for all layers (resid_post), or a pattern in which * matches any characters. * alone matches",
            "all hook points that are on by default in TransformerLens; with --opt-in it matches the others too.",
            "A pattern whose last part has no * (blocks.*.hook_mlp_in) needs no --opt-in. The metadata of the",
            "file has the prompt, its tokens and the model. To read it in Python:",
            "safetensors.numpy.load_file(FILE).", "", "Examples:",
            "  pastkv activations --names 'blocks.*.attn.hook_pattern' --out a.safetensors \"Mary and John\"",
            "  pastkv activations --model gpt2 --tokens 1,15,27 --names '*' --opt-in --out a.safetensors",
            "  pastkv activations --names k0,resid_post --out a.safetensors \"Once\""})
public final class ActivationsCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin private PromptMixin prompt = new PromptMixin();

    @Option(names = "--names", paramLabel = "NAMES", split = ",", hideParamSyntax = true, required = true,
            description = "Hook points to write: names, shorthands and patterns, separated by "
                    + "commas.") private List<String> names =
                            List.of();

    @Option(names = "--opt-in",
            description = "Let * also match hook points that are off by default in "
                    + "TransformerLens.") private boolean optIn;

    @Output
    @Option(names = "--out", paramLabel = "FILE", required = true,
            description = "Write the activations to FILE.") private Path out = Path.of("");

    @Mixin private ModelMixin modelOptions = new ModelMixin(ComputeChoice.F32);

    public ActivationsCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        modelOptions.check();
        prompt.check();
        HookFilter filter = optIn ? HookFilter.of(names).withOptIn() : HookFilter.of(names);
        try (Model model = prompt.isIds() ? modelOptions.loadForIds(streams) : modelOptions.load(streams)) {
            int[] ids = prompt.ids(model, modelOptions);
            long start = System.nanoTime();
            try (CachedRun run = new Lens(model).runWithCache(StepInput.tokens(ids), Capture.of(filter))) {
                OutFile.write(out,
                        file -> run.activations().save(file, PromptMixin.metadata(model, modelOptions, ids)));
                streams.err()
                        .println(String.format(Locale.ROOT, "%d activations of %d tokens in %.0f ms, compute %s on %s",
                                run.activations().names().size(), ids.length, (System.nanoTime() - start) / 1e6,
                                model.linearPrecision(), model.kernels().kernels().name()));
            }
        }
        return 0;
    }
}
