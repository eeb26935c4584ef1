package io.github.pastkv.cli.options;

import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.ModelOptions;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How models are run. */
public final class ComputeMixin {
    private static final int MAX_THREADS = 1024;

    @Spec(Spec.Target.MIXEE) private CommandSpec spec = CommandSpec.create();

    @Option(names = "--threads", paramLabel = "N",
            description = "Number of compute threads. Does not change results. Default: one per "
                    + "processor.") private int numThreads =
                            Runtime.getRuntime().availableProcessors();

    @Option(names = "--kernels", paramLabel = "scalar|vector|onednn", converter = OptionConverters.Kernels.class,
            completionCandidates = OptionConverters.Kernels.class,
            description = "Kernel implementation; an error if it is not available. Default: the fastest available "
                    + "one.") private @Nullable String kernels;

    @Option(names = "--compute", paramLabel = "f32|bf16|auto", converter = OptionConverters.Compute.class,
            completionCandidates = OptionConverters.Compute.class,
            description = "Input type of linear layers. auto chooses bf16 if the weights are bf16 and bf16 is "
                    + "faster on this machine. Default: f32 in commands that analyze a model or measure accuracy, "
                    + "auto in the others.") private ComputeChoice compute;

    @Option(names = "--weights", paramLabel = "WEIGHTS", converter = OptionConverters.Weights.class,
            completionCandidates = OptionConverters.Weights.class,
            description = "Weights of linear layers: stored, or quantized to int8, int8-groups or int4 (the last two "
                    + "with a scale for each group of 32 inputs). Default: stored.") private WeightType weights =
                            WeightType.STORED;

    @Option(names = "--allow-config", paramLabel = "KEY", split = ",", hideParamSyntax = true,
            description = "Ignore an unknown key in config.json or a GGUF file. "
                    + "Repeatable.") private List<String> allowedConfigKeys =
                            List.of();

    public ComputeMixin(ComputeChoice defaultCompute) {
        this.compute = defaultCompute;
    }

    /** Refuses options that are wrong whatever the model. */
    public void check() {
        if (numThreads < 1 || numThreads > MAX_THREADS) {
            throw new ParameterException(spec.commandLine(),
                    "--threads: " + numThreads + ", must be in [1, " + MAX_THREADS + "]");
        }
    }

    public ModelOptions options() {
        return ModelOptions.defaults().withKernels(kernels).withCompute(compute).withWeights(weights)
                .withNumThreads(numThreads).withAllowedConfigKeys(Set.copyOf(allowedConfigKeys));
    }
}
