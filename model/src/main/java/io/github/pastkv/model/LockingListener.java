package io.github.pastkv.model;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.TokenLogProbability;
import java.util.function.BooleanSupplier;

/** Calls a listener while the cache cannot be changed, as it would change the tokens that follow. */
record LockingListener(KvCache cache, GenerationListener listener) implements GenerationListener {
    @Override
    public boolean onToken(int row, int tokenId) {
        return locked(() -> listener.onToken(row, tokenId));
    }

    @Override
    public void onText(int row, String text) {
        locked(() -> {
            listener.onText(row, text);
            return true;
        });
    }

    @Override
    public void onLogProbability(int row, TokenLogProbability logProbability) {
        locked(() -> {
            listener.onLogProbability(row, logProbability);
            return true;
        });
    }

    private boolean locked(BooleanSupplier call) {
        cache.lockChanges();
        try {
            return call.getAsBoolean();
        } finally {
            cache.unlockChanges();
        }
    }
}
