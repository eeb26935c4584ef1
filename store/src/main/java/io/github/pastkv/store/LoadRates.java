package io.github.pastkv.store;

import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Whether a tier is worth asking: with {@code n} tokens to be had, if
 *
 * <pre>
 * n * (time to compute a token - time to load a token) > time to find out what is there
 * </pre>
 *
 * <p>All three are moving means of this process. What has not been measured yet is worth a try. A tier that is not is
 * tried again with one chunk every {@value #LOOKUPS_PER_TRIAL} lookups, as rates change. Safe for any number of
 * threads.
 */
final class LoadRates {
    static final int LOOKUPS_PER_TRIAL = 16;

    private final LoadRule rule;
    private final MeanCost computing; // a token
    private final MeanCost loading = new MeanCost(); // a token
    private final MeanCost finding = new MeanCost(); // a lookup
    private final AtomicInteger numSkipped = new AtomicInteger();
    private final AtomicInteger numTrials = new AtomicInteger(); // chunks that may be loaded all the same
    private final AtomicLong numLookupsSkipped = new AtomicLong();

    /** @param computing what a token costs to compute, as measured by the caller */
    LoadRates(LoadRule rule, MeanCost computing) {
        this.rule = rule;
        this.computing = computing;
    }

    void loaded(int numTokens, long nanos) {
        loading.add(numTokens, nanos);
    }

    void found(long nanos) {
        finding.add(1, nanos);
    }

    /** Whether loading so many tokens beats computing them; true where a rate is not known. */
    boolean pays(int numTokens) {
        double gain = numTokens * (computing.nanos() - loading.nanos());
        double cost = finding.nanos();
        return rule == LoadRule.ALWAYS || Double.isNaN(gain) || gain > (Double.isNaN(cost) ? 0 : cost);
    }

    /** How many of these chunks to ask for: all, none, or one for a trial. */
    int numWorthAsking(int numChunks, int chunkTokens) {
        if (pays(numChunks * chunkTokens)) {
            return numChunks;
        }
        numLookupsSkipped.incrementAndGet();
        if (numSkipped.incrementAndGet() % LOOKUPS_PER_TRIAL != 0) {
            return 0;
        }
        numTrials.set(1);
        return Math.min(1, numChunks);
    }

    /** Whether to load a chunk that was found: it pays, or it is the one of a trial. */
    boolean mayLoad() {
        return rule == LoadRule.ALWAYS || !(loading.nanos() >= computing.nanos())
                || numTrials.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
    }

    /** Lookups for which the tier was not worth asking. */
    long numLookupsSkipped() {
        return numLookupsSkipped.get();
    }

    /** The rates, for people. */
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "loads %.0f tokens/s, computing makes %.0f", 1e9 / loading.nanos(),
                1e9 / computing.nanos());
    }
}
