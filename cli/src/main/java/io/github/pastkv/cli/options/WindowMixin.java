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
            description = "Sliding window: each token attends to the last N tokens; older tokens are evicted. "
                    + "Saves memory; texts can be as long as the model's context, as without it. Default: 0 "
                    + "(off).") private int numTokens;

    @Option(names = "--sinks", paramLabel = "N",
            description = "Attention sinks: the first N tokens are always attended to and never evicted; 4 is common. "
                    + "Default: 0.") private int numSinks;

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
