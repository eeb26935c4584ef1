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
        description = "Runs a prompt and writes the activations at the named hooks to a safetensors file, one f32 tensor "
                + "for each under its name, with a batch axis of 1. pastkv inspect --hooks lists names and shapes.%n",
        footer = {"", "Names are those of TransformerLens, its shorthands, and patterns in which * stands for any",
            "characters: * alone means every hook that is on by default there, with --opt-in the others too.",
            "A pattern whose last part has no star (blocks.*.hook_mlp_in) needs no --opt-in.",
            "A name without its layer (resid_post) means that of all layers. The file's metadata has the prompt, its",
            "tokens and the model. In Python: safetensors.numpy.load_file(FILE).", "", "Examples:",
            "  pastkv activations --names 'blocks.*.attn.hook_pattern' --out a.safetensors \"Mary and John\"",
            "  pastkv activations --model gpt2 --tokens 1,15,27 --names '*' --opt-in --out a.safetensors",
            "  pastkv activations --names k0,resid_post --out a.safetensors \"Once\""})
public final class ActivationsCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin private PromptMixin prompt = new PromptMixin();

    @Option(names = "--names", paramLabel = "NAMES", split = ",", hideParamSyntax = true, required = true,
            description = "Hooks to write: names, shorthands and patterns, separated by commas.") private List<String> names =
                    List.of();

    @Option(names = "--opt-in",
            description = "Let stars stand for the hooks too that are off by default in TransformerLens.") private boolean optIn;

    @Output
    @Option(names = "--out", paramLabel = "FILE", required = true,
            description = "Where the activations go.") private Path out = Path.of("");

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
