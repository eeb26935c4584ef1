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
     * A tenant has requests. If it had none, what it did not use meanwhile is lost: it begins level with the one that
     * has the least.
     *
     * @param active tenants with requests
     */
    ComputeShare activate(String tenant, Collection<String> active) {
        ComputeShare share = of(tenant);
        if (!active.contains(tenant)) {
            active.stream().mapToLong(other -> of(other).numTokens()).min().ifPresent(share::raiseTo);
        }
        return share;
    }
}
