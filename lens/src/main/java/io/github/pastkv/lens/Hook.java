package io.github.pastkv.lens;

import io.github.pastkv.model.hooks.HookFilter;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A function called with activations, and where it is called. One that observes is handed read-only tensors; a run with
 * one that edits is a derived one: what it stores is no function of its tokens alone. Immutable, if its function is.
 */
public final class Hook {
    private final HookFilter filter;
    private final boolean edits;
    private final Editor function;

    private Hook(HookFilter filter, boolean edits, Editor function) {
        this.filter = filter;
        this.edits = edits;
        this.function = function;
    }

    /** Looks at an activation. */
    @FunctionalInterface
    public interface Observer {
        /** Takes a read-only activation, which is valid during the call only. */
        void observe(Tensor activation, HookContext context);
    }

    /** Changes an activation. */
    @FunctionalInterface
    public interface Editor {
        /**
         * Takes an activation, valid during the call only, which may be changed in place.
         *
         * @return a tensor of the same shape to go on with, or null to go on with {@code activation} as it now is
         */
        @Nullable
        Tensor edit(Tensor activation, HookContext context);
    }

    /** Changes an activation in place. */
    @FunctionalInterface
    public interface InPlaceEditor {
        /** Takes an activation, valid during the call only, and leaves in it what the run goes on with. */
        void edit(Tensor activation, HookContext context);
    }

    /** Looks at hooks by name, shorthand or pattern (see {@link HookFilter}). */
    public static Hook observe(String hooks, Observer observer) {
        return observe(HookFilter.of(hooks), observer);
    }

    /** Looks at the hook of this name. */
    public static Hook observe(HookName hook, Observer observer) {
        return observe(HookFilter.of(hook), observer);
    }

    /** Looks at all hooks that are meant. */
    public static Hook observe(HookFilter filter, Observer observer) {
        return new Hook(filter, false, (activation, context) -> {
            observer.observe(activation, context);
            return null;
        });
    }

    /** Replaces or changes activations by name, shorthand or pattern. */
    public static Hook replace(String hooks, Editor editor) {
        return replace(HookFilter.of(hooks), editor);
    }

    /** Replaces or changes all activations that are meant. */
    public static Hook replace(HookFilter filter, Editor editor) {
        return new Hook(filter, true, editor);
    }

    /** Changes activations in place by name, shorthand or pattern. */
    public static Hook edit(String hooks, InPlaceEditor editor) {
        return edit(HookFilter.of(hooks), editor);
    }

    /** Changes the activation of this name in place. */
    public static Hook edit(HookName hook, InPlaceEditor editor) {
        return edit(HookFilter.of(hook), editor);
    }

    /** Changes all activations that are meant in place. */
    public static Hook edit(HookFilter filter, InPlaceEditor editor) {
        return new Hook(filter, true, (activation, context) -> {
            editor.edit(activation, context);
            return null;
        });
    }

    /** Which hooks are meant. */
    public HookFilter filter() {
        return filter;
    }

    /** Whether it may change what it sees. */
    public boolean edits() {
        return edits;
    }

    @Nullable
    Tensor call(Tensor activation, HookContext context) {
        return function.edit(activation, context);
    }

    @Override
    public String toString() {
        return (edits ? "edits " : "observes ") + filter;
    }
}
