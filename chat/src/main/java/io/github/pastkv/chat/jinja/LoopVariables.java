package io.github.pastkv.chat.jinja;

import io.github.pastkv.chat.jinja.python.Arguments;
import io.github.pastkv.chat.jinja.python.Comparisons;
import io.github.pastkv.chat.jinja.python.Function;
import io.github.pastkv.chat.jinja.python.LoopContext;
import io.github.pastkv.chat.jinja.python.TemplateError;
import io.github.pastkv.chat.jinja.python.Tuple;
import io.github.pastkv.chat.jinja.python.Undefined;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The variable {@code loop}: where a loop is, and what a recursive one calls. */
final class LoopVariables implements Function, LoopContext {
    private final List<Object> items;
    private final int depth;
    private final @Nullable Function recursion;
    private int index0 = -1;
    private @Nullable Object lastChecked;

    LoopVariables(List<Object> items, int depth, @Nullable Function recursion) {
        this.items = items;
        this.depth = depth;
        this.recursion = recursion;
    }

    void advance() {
        index0++;
    }

    @Override
    public long length() {
        return items.size();
    }

    @Override
    public Object call(Arguments arguments) {
        if (recursion == null) {
            throw new TemplateError("the loop must have the 'recursive' marker to be called");
        }
        return recursion.call(arguments);
    }

    @Override
    public @Nullable Object attribute(String name) {
        long size = items.size();
        return switch (name) {
            case "index0" -> (long) index0;
            case "index" -> index0 + 1L;
            case "revindex0" -> size - index0 - 1;
            case "revindex" -> size - index0;
            case "first" -> index0 == 0;
            case "last" -> index0 == size - 1;
            case "length" -> size;
            case "depth0" -> (long) depth;
            case "depth" -> depth + 1L;
            case "previtem" -> index0 == 0 ? new Undefined("there is no previous item") : items.get(index0 - 1);
            case "nextitem" -> index0 == size - 1 ? new Undefined("there is no next item") : items.get(index0 + 1);
            case "cycle" -> (Function) this::cycle;
            case "changed" -> (Function) this::isChanged;
            default -> null;
        };
    }

    private Object cycle(Arguments arguments) {
        if (arguments.positional().isEmpty()) {
            throw new TemplateError("no items for cycling given");
        }
        return arguments.positional().get(index0 % arguments.positional().size());
    }

    private Object isChanged(Arguments arguments) {
        Tuple value = Tuple.of(arguments.positional());
        boolean isChanged = lastChecked == null || !Comparisons.equal(lastChecked, value);
        lastChecked = value;
        return isChanged;
    }
}
