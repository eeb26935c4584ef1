package io.github.pastkv.serve.run;

import io.github.pastkv.model.generation.ComputeShare;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/** The tokens computed for each tenant, over all models. Not thread-safe; guarded by the queue's lock. */
final class TenantShares {
    private final Map<String, ComputeShare> shares = new HashMap<>(); // as many as the key file has tenants

    ComputeShare of(String tenant) {
        return shares.computeIfAbsent(tenant, _ -> new ComputeShare());
    }

    /**
     * A tenant has requests. If it had none, what it did not use meanwhile is lost: it begins level with the
     * active one that has the least. Where none is active, it begins level with the one that has the most: otherwise
     * another that came next would wait until this one had caught up with all that the other had ever used.
     *
     * @param active tenants with requests
     */
    ComputeShare activate(String tenant, Collection<String> active) {
        ComputeShare share = of(tenant);
        if (!active.contains(tenant)) {
            share.raiseTo(active.stream().mapToLong(other -> of(other).numTokens()).min().orElseGet(this::most));
        }
        return share;
    }

    private long most() {
        return shares.values().stream().mapToLong(ComputeShare::numTokens).max().orElse(0);
    }
}
