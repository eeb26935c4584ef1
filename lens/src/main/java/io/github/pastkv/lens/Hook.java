package io.github.pastkv.lens;

import io.github.pastkv.model.hooks.HookFilter;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.tensor.Tensor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A function that is called with activations, and the hook points at which it is called. A run with an editing hook is
 * derived: its keys and values do not follow from its tokens alone. Immutable if its function is.
 *
 * <p>The function is given a copy of the activation, which it may keep; an editor's copy is written back when it
 * returns. {@link #withoutCopy} gives it the run's own memory instead.
 */
public final class Hook {
    private final HookFilter filter;
    private final boolean edits;
    private final Editor function;
    private final boolean copies;

    private Hook(HookFilter filter, boolean edits, Editor function, boolean copies) {
        this.filter = Objects.requireNonNull(filter, "filter: null");
        this.edits = edits;
        this.function = Objects.requireNonNull(function, "editor: null");
        this.copies = copies;
    }

    /** Reads an activation. */
    @FunctionalInterface
    public interface Observer {
        /** Takes a read-only activation. */
        void observe(Tensor activation, HookContext context);
    }

    /** Changes an activation. */
    @FunctionalInterface
    public interface Editor {
        /**
         * Takes an activation, which may be changed in place.
         *
         * @return a tensor of the same shape that replaces it, or null to use {@code activation} as it now is
         */
        @Nullable
        Tensor edit(Tensor activation, HookContext context);
    }

    /** Changes an activation in place. */
    @FunctionalInterface
    public interface InPlaceEditor {
        /** Changes an activation to the value with which the run continues. */
        void edit(Tensor activation, HookContext context);
    }

    /** Reads activations by name, shorthand or pattern (see {@link HookFilter}). */
    public static Hook observe(String hooks, Observer observer) {
        return observe(HookFilter.of(hooks), observer);
    }

    /** Reads the activation of this name. */
    public static Hook observe(HookName hook, Observer observer) {
        return observe(HookFilter.of(hook), observer);
    }

    /** Reads all selected hook points. */
    public static Hook observe(HookFilter filter, Observer observer) {
        Objects.requireNonNull(observer, "observer: null");
        return new Hook(filter, false, (activation, context) -> {
            observer.observe(activation, context);
            return null;
        }, true);
    }

    /** Replaces or changes activations by name, shorthand or pattern. */
    public static Hook replace(String hooks, Editor editor) {
        return replace(HookFilter.of(hooks), editor);
    }

    /** Replaces or changes all selected activations. */
    public static Hook replace(HookFilter filter, Editor editor) {
        return new Hook(filter, true, editor, true);
    }

    /** Changes activations in place by name, shorthand or pattern. */
    public static Hook edit(String hooks, InPlaceEditor editor) {
        return edit(HookFilter.of(hooks), editor);
    }

    /** Changes the activation of this name in place. */
    public static Hook edit(HookName hook, InPlaceEditor editor) {
        return edit(HookFilter.of(hook), editor);
    }

    /** Changes all selected activations in place. */
    public static Hook edit(HookFilter filter, InPlaceEditor editor) {
        Objects.requireNonNull(editor, "editor: null");
        return new Hook(filter, true, (activation, context) -> {
            editor.edit(activation, context);
            return null;
        }, true);
    }

    /** The selected hook points. */
    public HookFilter filter() {
        return filter;
    }

    /** Whether it may change activations. */
    public boolean edits() {
        return edits;
    }

    /**
     * The same function on the run's own memory: nothing is copied, and a tensor that it keeps shows other numbers, or
     * fails, after the call. For functions that read or write in place and keep nothing.
     */
    public Hook withoutCopy() {
        return new Hook(filter, edits, function, false);
    }

    /** Whether the function is given a copy. */
    boolean copies() {
        return copies;
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
