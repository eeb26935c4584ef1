package io.github.pastkv.cli.show;

import io.github.pastkv.model.hooks.HookCatalog;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.model.hooks.HookPoint;
import java.util.Locale;

/** The hooks of a model in words. */
final class HookList {
    private static final int MIN_NAME_WIDTH = 24;

    private HookList() {}

    /** A line for each hook: its name, its shape and whether it must be asked for. */
    static String describe(HookCatalog hooks) {
        int width = hooks.names().stream().mapToInt(name -> name.toString().length()).max().orElse(MIN_NAME_WIDTH);
        StringBuilder lines = new StringBuilder();
        for (HookName name : hooks.names()) {
            HookPoint point = name.point();
            String line = String.format(Locale.ROOT, "%-" + width + "s  %-20s %s", name,
                    hooks.shape(point).numbers(hooks.config()), note(point.kind()));
            lines.append(line.stripTrailing()).append('\n');
        }
        return lines + "B rows, N new tokens, P tokens before them\n";
    }

    private static String note(HookPoint.Kind kind) {
        return switch (kind) {
            case STANDARD -> "";
            case OPT_IN -> "opt-in";
            case PAST -> "past and new, by name only";
        };
    }
}
