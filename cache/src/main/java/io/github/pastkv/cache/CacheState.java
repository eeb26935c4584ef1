package io.github.pastkv.cache;

import io.github.pastkv.cache.mask.AttentionMask;
import org.jspecify.annotations.Nullable;

/**
 * What a cache allows now: whether it is closed or frozen, its blocks are present, and a step or edit is open. Also
 * holds the view that the next change makes invalid.
 */
final class CacheState {
    private final CacheRows rows;
    private final LayerFlags flags;
    private final @Nullable LeakDetector watch;
    private KvStep step;
    private @Nullable KvEdit edit;
    private @Nullable Runnable currentView;
    private int numLocks;
    private boolean closed;

    CacheState(CacheRows rows, KvStep step, @Nullable LeakDetector watch) {
        this.rows = rows;
        this.flags = new LayerFlags(rows.lengths().numLayers());
        this.step = step;
        this.watch = watch;
    }

    /** What is frozen. */
    LayerFlags flags() {
        return flags;
    }

    /** The step that the cache reuses for all its steps. */
    KvStep step() {
        return step;
    }

    void setStep(KvStep newStep) {
        step = newStep;
    }

    void setEdit(KvEdit newEdit) {
        edit = newEdit;
    }

    /** Registers a view that is valid until the next change. */
    void setCurrentView(Runnable invalidate) {
        currentView = invalidate;
    }

    void invalidateView() {
        if (currentView != null) {
            currentView.run();
            currentView = null;
        }
    }

    boolean isClosed() {
        return closed;
    }

    /** Whether the cache is open and has no open step or edit. */
    boolean isChangeable() {
        return !closed && !step.isOpen() && (edit == null || !edit.isOpen());
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the cache is closed", watch == null ? null : watch.whereClosed());
        }
    }

    void requireNoStep() {
        if (step.isOpen()) {
            throw new IllegalStateException("a step of this cache is open; commit or close it first");
        }
        if (edit != null && edit.isOpen()) {
            throw new IllegalStateException("an edit of this cache is open; commit or close it first");
        }
    }

    void lock() {
        numLocks++;
    }

    void unlock() {
        numLocks = Math.max(0, numLocks - 1);
    }

    void requireUnlocked() {
        if (numLocks > 0) {
            throw new IllegalStateException(
                    "the cache is in use by a generation, which waits for this call: it can only be read");
        }
    }

    void requireChangeable() {
        requireOpen();
        requireUnlocked();
        requireNoStep();
    }

    /** Begins a change: requires that it is allowed, and invalidates the view. */
    void beginChange() {
        requireChangeable();
        invalidateView();
    }

    /** Begins a step of one layer alone: requires that it is allowed, and invalidates the view. */
    KvStep beginEntryStep(int layer, AttentionMask newMask, boolean stores) {
        requireUnlocked();
        requireNoStep();
        requirePresent();
        invalidateView();
        return step.beginEntry(layer, newMask, stores);
    }

    /** Rejects a cache whose blocks have been released. */
    void requirePresent() {
        if (rows.isReleased()) {
            throw new IllegalStateException("the cache's blocks have been released; restore them first");
        }
    }

    /** Discards an open step or edit and the view; nothing is allowed afterward. */
    void close() {
        step.requireNotOpenElsewhere();
        step.close();
        if (edit != null) {
            edit.close();
        }
        invalidateView();
        closed = true;
        if (watch != null) {
            watch.closed();
        }
    }
}
