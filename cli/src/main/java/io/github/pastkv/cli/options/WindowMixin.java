package io.github.pastkv.cli.options;

import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.model.SessionOptions;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How far back tokens see, where that is less than the model lets them. */
public final class WindowMixin {
    @Spec(Spec.Target.MIXEE) private CommandSpec spec = CommandSpec.create();

    @Option(names = "--window", paramLabel = "N",
            description = "Let each token see the last N tokens only, itself included; older ones are let go of, so that a "
                    + "long text takes no more memory than N tokens. 0 for all. Default: 0.") private int numTokens;

    @Option(names = "--sinks", paramLabel = "N",
            description = "Beside a window, let each token see the first N tokens of the text too, which keeps most models "
                    + "steady (attention sinks); 4 is usual. Default: 0.") private int numSinks;

    /** Refuses options that are wrong whatever the model. */
    public void check() {
        require(numTokens >= 0, "--window: " + numTokens + ", must be at least 0");
        require(numSinks >= 0, "--sinks: " + numSinks + ", must be at least 0");
        require(numSinks == 0 || numTokens > 0, "--sinks: " + numSinks + ", needs a --window");
    }

    private void require(boolean condition, String message) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    public KvWindow window() {
        return new KvWindow(numTokens, numSinks);
    }

    public SessionOptions addTo(SessionOptions options) {
        return options.withWindow(window());
    }

    /** What a cache of {@code kvTypes} is called. */
    public String addTo(String kvTypes) {
        return window().isBounded() ? kvTypes + ", " + window() : kvTypes;
    }
}
