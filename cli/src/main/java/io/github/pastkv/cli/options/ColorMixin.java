package io.github.pastkv.cli.options;

import io.github.pastkv.cli.io.Streams;
import picocli.CommandLine.Option;

/** Whether output is colored. */
public final class ColorMixin {
    /** When to color. */
    enum When {
        auto, always, never
    }

    @Option(names = "--color", paramLabel = "auto|always|never",
            description = "Color the output. Default: auto, on a terminal unless NO_COLOR is set.") private When when =
                    When.auto;

    /** Whether to color what goes to these streams. */
    public boolean isOn(Streams streams) {
        return switch (when) {
            case always -> true;
            case never -> false;
            case auto -> streams.errIsTerminal() && System.getenv("NO_COLOR") == null && streams.isTerminal();
        };
    }
}
