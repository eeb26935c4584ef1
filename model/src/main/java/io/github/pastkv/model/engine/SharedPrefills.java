package io.github.pastkv.model.engine;

import io.github.pastkv.cache.prefix.PrefixIndex;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The prefills under way. Of several that share a prefix which is not cached yet, the first computes it, and the others
 * wait and then find it in the prefix index (in-batch prefix caching, as in SGLang). Prefills of equal priority are
 * computed one after the other anyway, so the wait delays nobody.
 *
 * <p>A prefill does not wait for one of lower priority, nor for one that waits for memory itself: a short prompt may
 * fit where a long one does not. While it waits its memory may be taken. Safe for any number of threads.
 */
final class SharedPrefills {
    /** Fewest tokens that are waited for. */
    static final int MIN_SHARED_TOKENS = 32;

    private final ReentrantLock lock;
    private final Condition ended;
    private final Runnable requireMayBegin;
    private final List<Prefill> open = new ArrayList<>(); // in order of arrival

    /** @param requireMayBegin throws when the engine is closed, which ends every wait, or from a hook of a pass */
    SharedPrefills(ReentrantLock lock, Runnable requireMayBegin) {
        this.lock = lock;
        this.ended = lock.newCondition();
        this.requireMayBegin = requireMayBegin;
    }

    /** A prefill of one row, from its first token on, until it is closed: after its step has been committed. */
    final class Prefill implements AutoCloseable {
        private final Caller caller;
        private final MemoryClaim claim;
        private final PrefixNamespace namespace;
        private final int[] tokenIds;

        private Prefill(Caller caller, MemoryClaim claim, PrefixNamespace namespace, int[] tokenIds) {
            this.caller = caller;
            this.claim = claim;
            this.namespace = namespace;
            this.tokenIds = tokenIds;
        }

        /** Leading tokens that {@code later} could reuse once this has ended; its own last token is always computed. */
        private int numShared(Prefill later) {
            int most = Math.min(tokenIds.length, later.tokenIds.length - 1);
            int mismatch = Arrays.mismatch(tokenIds, 0, most, later.tokenIds, 0, most);
            return mismatch < 0 ? most : mismatch;
        }

        private boolean isOfNamespace(Prefill other) {
            return claim.pool() == other.claim.pool() && namespace.equals(other.namespace);
        }

        @Override
        public void close() {
            lock.lock();
            try {
                open.remove(this);
                ended.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * Begins a prefill, after those that compute a prefix of it. Called at rest, outside of any use of the cache.
     *
     * @param claim of its cache
     * @param tokenIds from the first token of the row on
     */
    Prefill begin(Caller caller, MemoryClaim claim, PrefixNamespace namespace, int[] tokenIds) {
        Prefill prefill = new Prefill(caller, claim, namespace, tokenIds);
        boolean wasInterrupted = false;
        lock.lock();
        try {
            requireMayBegin.run(); // before any wait: the pass of a hook may be what others wait for
            for (Prefill before = sharing(prefill); before != null; before = sharing(prefill)) {
                wasInterrupted |= awaitEnd(before, caller);
                requireMayBegin.run();
            }
            open.add(prefill);
            return prefill;
        } finally {
            lock.unlock();
            if (wasInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** The prefill to wait for: that which shares most of what is not cached yet; null for none. */
    private @Nullable Prefill sharing(Prefill later) {
        if (later.caller.isCanceled()) {
            return null; // its step says so
        }
        Prefill longest = null;
        int numShared = MIN_SHARED_TOKENS - 1;
        for (Prefill other : open) {
            boolean mayWait = other.caller.priority() >= later.caller.priority() && other.isOfNamespace(later)
                    && !other.claim.isWaiting();
            if (mayWait && other.numShared(later) > numShared) {
                longest = other;
                numShared = other.numShared(later);
            }
        }
        return longest != null && numShared - numCached(later) >= MIN_SHARED_TOKENS ? longest : null;
    }

    /** Leading tokens that the index has; what a store has is loaded by the first prefill too. */
    private static int numCached(Prefill prefill) {
        return prefill.claim.pool().prefixIndex().map(index -> {
            try (PrefixIndex.Pin pin = index.pin(prefill.namespace, prefill.tokenIds)) {
                return pin.numTokens();
            }
        }).orElse(0);
    }

    /** Returns whether the thread was interrupted, which ends a generation, and nothing else. */
    private boolean awaitEnd(Prefill before, Caller caller) {
        while (open.contains(before) && !before.claim.isWaiting() && !caller.isCanceled()) {
            if (!caller.isGenerating()) {
                ended.awaitUninterruptibly();
                continue;
            }
            try {
                ended.await();
            } catch (InterruptedException _) {
                caller.interrupt();
                return true;
            }
        }
        return false;
    }

    /**
     * Wakes all that wait, so that each sees whether it was canceled, and whether what it waits for waits for memory.
     * Called with the lock held.
     */
    void wakeAll() {
        ended.signalAll();
    }
}
