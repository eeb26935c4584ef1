package io.github.pastkv.cli.show;

import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.options.CacheMixin;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.kernels.KernelsChoice;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.ModelFolder;
import io.github.pastkv.model.hooks.HookCatalog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says what a model is and what it would need, without running it. */
@Command(name = "inspect", sortOptions = false,
        header = {"Describe a model without running it.", ""},
        customSynopsis = {"pastkv inspect [OPTIONS]", ""},
        description = "Shows the architecture and size of a model, the kernels that would run it and why, and the "
                + "memory that its KV cache takes.%n",
        footer = {"", "Examples:",
            "  pastkv inspect",
            "  pastkv inspect --model ~/models/SmolLM-135M --cache-limit 2g",
            "  pastkv inspect Qwen3-0.6B-Q4_K_M.gguf",
            "  pastkv inspect --hooks"})
public final class InspectCommand implements Callable<Integer> {
    private final Streams streams;

    @Parameters(arity = "0..1", paramLabel = "MODEL",
            description = "The model, instead of --model.") private @Nullable Path model;

    @Option(names = "--hooks",
            description = "List the hook points, where activations can be read and edited, with their "
                    + "shapes.") private boolean hooks;

    @Mixin private ModelMixin modelOptions = new ModelMixin(ComputeChoice.AUTO);

    @Mixin private CacheMixin cacheOptions = new CacheMixin();

    public InspectCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        if (model != null) {
            modelOptions.choose(model);
        }
        modelOptions.check();
        cacheOptions.check();
        try (ModelFolder folder = ModelFolder.open(modelOptions.requireFolder(),
                modelOptions.options().allowedConfigKeys(), modelOptions.options().allowedTokenizers())) {
            KernelsChoice kernels = KernelsChoice.choose(modelOptions.options().kernels());
            if (hooks) {
                streams.out().print(HookList.describe(HookCatalog.of(folder.config(), folder.tensors())));
                streams.out().flush();
                return 0;
            }
            ModelDescription description = new ModelDescription(folder);
            streams.out().print(description.describe(modelOptions, kernels));
            streams.out().print(description.describe(cacheOptions));
            streams.out().print(description.describeTensors(modelOptions, kernels.kernels()));
            streams.out().flush();
        }
        return 0;
    }
}
