package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.prefix.EvictionPolicy;
import io.github.pastkv.cache.prefix.EvictionPriority;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Blocks by the token ids of all tokens up to theirs: a tree whose root is a {@link PrefixNamespace} and whose entries are
 * blocks. Only the last entry of a branch may have fewer tokens than a block. A walk compares token ids, so that no hash
 * decides a hit.
 *
 * <p>An entry is <em>blocked</em> while somebody holds one of its blocks, while it is pinned, or while an entry below it is
 * blocked; the others can be evicted, leaves first, in the order of an {@link EvictionPolicy} for each priority.
 *
 * <p>Not thread-safe: its owner has a lock, under which policies and the {@link BlockStore} are called too. Bookkeeping
 * lies outside the heap and is freed by {@link #close}.
 */
public final class PrefixTree implements AutoCloseable {
    /** No entry. */
    public static final int NONE = Records.NONE;
    private static final long EXPIRY_RETRY_MILLIS = 1000;

    private final int blockSize;
    private final int numGroups;
    private final BlockStore store;
    private final LongSupplier clock;
    private final PrefixNodes nodes;
    private final Siblings siblings;
    private final Evictables evictables;
    private final EvictedPrefixes evicted = new EvictedPrefixes();
    private final Map<PrefixNamespace, Integer> roots = new HashMap<>();
    private long numEvicted;
    private long nextExpiry = PrefixNodes.NEVER;

    /**
     * An empty tree.
     *
     * @param blockSize tokens per block
     * @param numGroups layer groups, each with a block for an entry
     * @param clock time in milliseconds, from any start
     */
    public PrefixTree(int blockSize, int numGroups, BlockStore store, EvictionPolicy.Factory policy,
            LongSupplier clock) {
        this.blockSize = blockSize;
        this.numGroups = numGroups;
        this.store = store;
        this.clock = clock;
        this.nodes = new PrefixNodes(blockSize, numGroups);
        this.siblings = new Siblings(nodes);
        this.evictables = new Evictables(nodes, numGroups, store, policy);
    }

    /** Entries, each with a block in one group at least. */
    public int numEntries() {
        return nodes.records().numRecords() - roots.size();
    }

    /** Bytes of blocks that could be evicted. */
    public long evictableBytes() {
        return evictables.bytes();
    }

    /** Entries evicted so far. */
    public long numEvicted() {
        return numEvicted;
    }

    /** Bytes of bookkeeping taken from the system, those about evicted entries included. */
    public long bookkeepingBytes() {
        return nodes.records().bytes() + evicted.bytes();
    }

    /**
     * Bytes of bookkeeping of one entry, those about an evicted one included: 60, and 4 for each layer group and for each
     * token of a block, rounded up to 8; then 32 for one that was evicted. In blocks of 16 that is 160 with one layer group,
     * 168 with two or three; most of it are the token ids themselves, which a hit is verified against.
     */
    public long bytesPerEntry() {
        return nodes.records().recordBytes() + EvictedPrefixes.BYTES_PER_ENTRY;
    }

    /** Tokens per block. */
    public int blockSize() {
        return blockSize;
    }

    /** The root of a namespace, or {@link #NONE} where nothing of it is cached. */
    public int root(PrefixNamespace namespace) {
        return roots.getOrDefault(namespace, NONE);
    }

    /** The namespaces of which something is cached. */
    Map<PrefixNamespace, Integer> roots() {
        return roots;
    }

    /** Walks from {@code root} as far as the first {@code numTokens} tokens agree. */
    public void match(int root, int[] tokenIds, int numTokens, PrefixMatch match) {
        match.clear();
        long now = nextExpiry == PrefixNodes.NEVER ? Long.MIN_VALUE : clock.getAsLong();
        int node = root;
        int position = 0;
        while (node != NONE && position < numTokens) {
            int agreeing = siblings.findLongest(nodes.children(node), tokenIds, position, numTokens);
            int child = siblings.found();
            if (agreeing == 0 || nodes.expires(child) <= now) {
                return;
            }
            match.add(child, agreeing);
            position += agreeing;
            node = agreeing == blockSize ? child : NONE;
        }
    }

    /** The block of an entry in a group, or {@link #NONE}. */
    public int blockId(int entry, int group) {
        return nodes.blockId(entry, group);
    }

    /** Tokens of an entry. */
    public int numTokens(int entry) {
        return nodes.numTokens(entry);
    }

    /** A number that only this entry ever has; 0 when it is gone. */
    public long stamp(int entry) {
        return nodes.stamp(entry);
    }

    PrefixNodes nodes() {
        return nodes;
    }

    Siblings siblings() {
        return siblings;
    }

    EvictedPrefixes evictedPrefixes() {
        return evicted;
    }

    /** An entry was of use. */
    public void used(int entry) {
        nodes.setNumUses(entry, Math.min(255, nodes.numUses(entry) + 1));
    }

    /** The root of a namespace, made where there is none; it goes with its last entry. */
    public int rootFor(PrefixNamespace namespace) {
        Integer present = roots.get(namespace);
        if (present != null) {
            return present;
        }
        int root = nodes.add(NONE);
        nodes.setHash(root, namespace.seed());
        nodes.setBlockers(root, 1); // never evicted
        roots.put(namespace, root);
        return root;
    }

    /** Forgets the root of a namespace if nothing lies below it. */
    public void dropIfEmpty(PrefixNamespace namespace) {
        Integer root = roots.get(namespace);
        if (root != null && nodes.children(root) == NONE) {
            roots.remove(namespace);
            nodes.remove(root);
        }
    }

    /**
     * Sees to it that an entry below {@code parent} has tokens {@code [from, to)}: one that has them already, perhaps with
     * other blocks; one with fewer of them, which then takes these blocks; or a new one.
     *
     * @param parent a root, or an entry of a whole block
     * @param blockIds a block for each group, or NONE, {@code [G]}
     * @return the entry
     */
    public int put(int parent, int[] tokenIds, int from, int to, int[] blockIds) {
        int agreeing = siblings.findLongest(nodes.children(parent), tokenIds, from, to);
        int child = siblings.found();
        if (agreeing == to - from) {
            renewIfExpired(child);
            fillHoles(child, to - from, blockIds);
            return child;
        }
        if (child == NONE || agreeing < nodes.numTokens(child)) {
            child = nodes.add(parent);
            nodes.setTokens(child, tokenIds, from, to - from);
            nodes.setChildren(parent, siblings.add(nodes.children(parent), child));
            evictables.add(child);
        } else {
            nodes.setTokens(child, tokenIds, from, to - from);
            renewIfExpired(child);
        }
        long hash = nodes.hash(parent);
        for (int i = from; i < to; i++) {
            hash = TokenHash.next(hash, tokenIds[i]);
        }
        nodes.setHash(child, hash);
        for (int group = 0; group < numGroups; group++) {
            setBlock(child, group, blockIds[group]);
        }
        learnFromMiss(child, hash);
        return child;
    }

    /** Takes blocks in groups where an entry of as many tokens has none. */
    private void fillHoles(int entry, int numTokens, int[] blockIds) {
        for (int group = 0; group < numGroups && numTokens == nodes.numTokens(entry); group++) {
            if (nodes.blockId(entry, group) == NONE && blockIds[group] != NONE) {
                setBlock(entry, group, blockIds[group]);
            }
        }
    }

    /** What had expired was computed again. */
    private void renewIfExpired(int entry) {
        if (nextExpiry != PrefixNodes.NEVER && nodes.expires(entry) <= clock.getAsLong()) {
            nodes.setExpires(entry, PrefixNodes.NEVER);
        }
    }

    /** What had been evicted was computed again: it counts as of use again, and the policy hears of it. */
    private void learnFromMiss(int entry, long hash) {
        int list = evicted.takeList(hash);
        if (list != NONE) {
            used(entry);
            evictables.missed(list);
        }
    }

    /** Gives an entry another block in a group; the caller holds the new one, or nobody does. */
    public void setBlock(int entry, int group, int blockId) {
        int before = nodes.blockId(entry, group);
        if (blockId != NONE && store.attach(group, blockId, entry, nodes.numTokens(entry)) && before != blockId) {
            block(entry);
        }
        if (before == blockId) {
            return;
        }
        evictables.setBlockId(entry, group, blockId);
        if (before != NONE && store.detach(group, before)) {
            unblock(entry);
        }
    }

    /** One more reason not to evict an entry: a block of it is held now, or it is pinned. */
    public void block(int entry) {
        evictables.block(entry);
    }

    /** One reason less. */
    public void unblock(int entry) {
        evictables.unblock(entry);
    }

    /** Whether an entry cannot be evicted now. */
    public boolean isBlocked(int entry) {
        return nodes.blockers(entry) > 0;
    }

    /** Evicts one entry without entries below it; false where all are blocked. */
    public boolean evictOne() {
        if (dropExpired()) {
            return true;
        }
        int victim = evictables.victim();
        if (victim == NONE) {
            return false;
        }
        evict(leafBelow(victim));
        return true;
    }

    /**
     * Evicts an entry, though blocks of it are held, and all below it.
     *
     * @return false where it or something below is pinned, or something below is held; then it stays
     */
    public boolean giveUp(int entry) {
        while (nodes.children(entry) != NONE) {
            int leaf = leafBelow(entry);
            if (isBlocked(leaf)) {
                return false;
            }
            evict(leaf);
        }
        int numHeld = 0;
        for (int group = 0; group < numGroups; group++) {
            int blockId = nodes.blockId(entry, group);
            numHeld += blockId != NONE && store.isHeld(group, blockId) ? 1 : 0;
        }
        if (nodes.blockers(entry) > numHeld) {
            return false;
        }
        for (int group = 0; group < numGroups; group++) {
            setBlock(entry, group, NONE);
        }
        evict(entry);
        return true;
    }

    private int leafBelow(int entry) {
        int leaf = entry;
        while (nodes.children(leaf) != NONE) {
            leaf = nodes.children(leaf);
        }
        return leaf;
    }

    /** Forgets a leaf that is not blocked, and remembers that it went. */
    private void evict(int leaf) {
        evicted.add(nodes.hash(leaf), clock.getAsLong(), nodes.list(leaf), numEntries());
        numEvicted++;
        remove(leaf);
    }

    /** Forgets a leaf that is not blocked. */
    private void remove(int leaf) {
        evictables.remove(leaf);
        int parent = nodes.parent(leaf);
        nodes.setChildren(parent, siblings.remove(nodes.children(parent), leaf));
        for (int group = 0; group < numGroups; group++) {
            if (nodes.blockId(leaf, group) != NONE) {
                store.detach(group, nodes.blockId(leaf, group));
            }
        }
        nodes.remove(leaf);
        if (nodes.parent(parent) == NONE && nodes.children(parent) == NONE) {
            roots.values().remove(parent);
            nodes.remove(parent);
        }
    }

    /** Evicts all entries that have expired and are not blocked, if the time of one has come. */
    private boolean dropExpired() {
        if (nextExpiry == PrefixNodes.NEVER || clock.getAsLong() < nextExpiry) {
            return false;
        }
        long now = clock.getAsLong();
        long before = numEvicted;
        nextExpiry = PrefixNodes.NEVER;
        for (int entry = 0; entry < nodes.records().numGiven(); entry++) {
            dropIfExpired(entry, now);
        }
        return numEvicted > before;
    }

    private void dropIfExpired(int entry, long now) {
        while (nodes.stamp(entry) != 0 && nodes.expires(entry) <= now && nodes.blockers(entry) == 0) {
            evict(leafBelow(entry));
        }
        if (nodes.stamp(entry) != 0) { // those that are blocked are looked at again in a while
            nextExpiry = Math.min(nextExpiry, Math.max(nodes.expires(entry), now + EXPIRY_RETRY_MILLIS));
        }
    }

    /** Sets when an entry expires: it is not found from then on, and goes before all others. Never is the default. */
    public void setExpiry(int entry, long millis) {
        nodes.setExpires(entry, millis);
        nextExpiry = Math.min(nextExpiry, millis);
    }

    /** Sets the priority of an entry. */
    public void setPriority(int entry, EvictionPriority priority) {
        evictables.setPriority(entry, priority);
    }

    /** Forgets all entries below a root that are not blocked. */
    public void clear(@Nullable PrefixNamespace namespace) {
        for (int entry = 0; entry < nodes.records().numGiven(); entry++) {
            while (nodes.stamp(entry) != 0 && nodes.blockers(entry) == 0 && isBelow(entry, namespace)) {
                remove(leafBelow(entry));
            }
        }
    }

    /** Lets go of all blocks, held ones too; the tree is good for nothing but {@link #close} afterwards. */
    public void detachAll() {
        for (int entry = 0; entry < nodes.records().numGiven(); entry++) {
            for (int group = 0; nodes.stamp(entry) != 0 && group < numGroups; group++) {
                if (nodes.blockId(entry, group) != NONE) {
                    store.detach(group, nodes.blockId(entry, group));
                }
            }
        }
    }

    private boolean isBelow(int entry, @Nullable PrefixNamespace namespace) {
        int root = entry;
        while (nodes.parent(root) != NONE) {
            root = nodes.parent(root);
        }
        return namespace == null || root(namespace) == root;
    }

    /**
     * Checks links, counts and lists; an {@link IllegalStateException} names what is wrong.
     *
     * @param numPins how often an entry is pinned
     */
    public void checkIntegrity(IntUnaryOperator numPins) {
        new PrefixTreeCheck(this, numPins).run();
        evictables.checkIntegrity();
    }

    /** Entries in lists of policies. */
    int numListed() {
        return evictables.numListed();
    }

    int numGroups() {
        return numGroups;
    }

    BlockStore store() {
        return store;
    }

    @Override
    public void close() {
        nodes.close();
        evicted.close();
    }
}
