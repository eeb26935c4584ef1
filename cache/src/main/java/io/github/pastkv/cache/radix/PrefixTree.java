package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.block.OffHeapTable;
import io.github.pastkv.cache.prefix.EvictionPolicy;
import io.github.pastkv.cache.prefix.EvictionPriority;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.BlockKey;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Blocks by the token ids of all tokens up to theirs: a tree whose root is a {@link PrefixNamespace} and whose nodes
 * are blocks. Only the last node of a branch may have fewer tokens than a block. A walk compares token ids, so that no
 * hash decides a hit.
 *
 * <p>A node is <em>locked</em> while somebody holds one of its blocks, while it is pinned, or while a node below it is
 * locked; the others can be evicted, leaves first, in the order of an {@link EvictionPolicy} for each priority.
 *
 * <p>Not thread-safe: its owner has a lock, under which policies and the {@link BlockOwner} are called too. Bookkeeping
 * lies outside the heap and is freed by {@link #close}.
 */
public final class PrefixTree implements AutoCloseable {
    /** No node. */
    public static final int NONE = OffHeapTable.NONE;
    private static final long EXPIRY_RETRY_MILLIS = 1000;

    private final int blockSize;
    private final int numGroups;
    private final BlockOwner owner;
    private final LongSupplier clock;
    private final @Nullable Function<PrefixNamespace, BlockKey> rootKeys;
    private final PrefixNodes nodes;
    private final ChildTreap childTreap;
    private final EvictionQueue evictionQueue;
    private final EvictedPrefixes evicted = new EvictedPrefixes();
    private final Map<PrefixNamespace, Integer> roots = new HashMap<>();
    private long numEvicted;
    private long nextExpiry = PrefixNodes.NEVER;

    /**
     * An empty tree.
     *
     * @param blockSize tokens per block
     * @param numGroups layer groups, each with a block for a node
     * @param clock time in milliseconds, from any start
     */
    public PrefixTree(int blockSize, int numGroups, BlockOwner owner, EvictionPolicy.Factory policy,
            LongSupplier clock) {
        this(blockSize, numGroups, owner, policy, clock, null);
    }

    /** An empty tree whose whole blocks have keys in a store, that of each namespace's root being {@code rootKeys}'. */
    PrefixTree(int blockSize, int numGroups, BlockOwner owner, EvictionPolicy.Factory policy, LongSupplier clock,
            @Nullable Function<PrefixNamespace, BlockKey> rootKeys) {
        this.rootKeys = rootKeys;
        this.blockSize = blockSize;
        this.numGroups = numGroups;
        this.owner = owner;
        this.clock = clock;
        this.nodes = new PrefixNodes(blockSize, numGroups, rootKeys != null);
        this.childTreap = new ChildTreap(nodes);
        this.evictionQueue = new EvictionQueue(nodes, numGroups, owner, policy);
    }

    /** Nodes, each with a block in one group at least. */
    public int numNodes() {
        return nodes.records().numRecords() - roots.size();
    }

    /** Bytes of blocks that could be evicted. */
    public long evictableBytes() {
        return evictionQueue.bytes();
    }

    /** Nodes evicted so far. */
    public long numEvicted() {
        return numEvicted;
    }

    /** Bytes of bookkeeping taken from the system, those about evicted nodes included. */
    public long bookkeepingBytes() {
        return nodes.records().bytes() + evicted.bytes();
    }

    /**
     * Bytes of bookkeeping of one node, those about an evicted one included: 60, and 4 for each layer group and for
     * each token of a block, rounded up to 8; then 32 for one that was evicted. In blocks of 16 that is 160 with one
     * layer group, 168 with two or three; most of it are the token ids themselves, which a hit is verified against.
     */
    public long bytesPerNode() {
        return nodes.records().recordBytes() + EvictedPrefixes.BYTES_PER_NODE;
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
            int agreeing = childTreap.findLongest(nodes.children(node), tokenIds, position, numTokens);
            int child = childTreap.found();
            if (agreeing == 0 || nodes.expires(child) <= now) {
                match.setExpired(agreeing > 0);
                return;
            }
            match.add(child, agreeing);
            position += agreeing;
            node = agreeing == blockSize ? child : NONE;
        }
    }

    /** The block of a node in a group, or {@link #NONE}. */
    public int blockId(int node, int group) {
        return nodes.blockId(node, group);
    }

    /** Tokens of a node. */
    public int numTokens(int node) {
        return nodes.numTokens(node);
    }

    /** Token ids of a node. */
    int[] tokenIds(int node) {
        return IntStream.range(0, nodes.numTokens(node)).map(index -> nodes.tokenId(node, index)).toArray();
    }

    /** The node above, or {@link #NONE} for a root. */
    int parent(int node) {
        return nodes.parent(node);
    }

    /** Logical blocks before a node's. */
    int numBlocksBefore(int node) {
        int numBlocks = -1;
        for (int above = nodes.parent(node); above != NONE; above = nodes.parent(above)) {
            numBlocks++;
        }
        return numBlocks;
    }

    /** The namespace of a node. */
    PrefixNamespace namespace(int node) {
        int root = rootOf(node);
        return roots.entrySet().stream().filter(entry -> entry.getValue() == root).findFirst().orElseThrow().getKey();
    }

    private int rootOf(int node) {
        int root = node;
        while (nodes.parent(root) != NONE) {
            root = nodes.parent(root);
        }
        return root;
    }

    /** The key of a root or whole block in the store beneath. */
    BlockKey key(int node) {
        return nodes.key(node);
    }

    /** Whether a number is that of a node of a whole block. */
    boolean isWhole(int node) {
        return nodes.stamp(node) != 0 && nodes.numTokens(node) == blockSize;
    }

    /** Whether the store beneath has the block. */
    boolean isStored(int node) {
        return nodes.isStored(node);
    }

    void setStored(int node, boolean stored) {
        nodes.setStored(node, stored);
    }

    /** Whether a node is found for a limited time only. */
    boolean hasExpiry(int node) {
        return nodes.expires(node) != PrefixNodes.NEVER;
    }

    /** Every node has a number below this. */
    int numNodesGiven() {
        return nodes.records().numGiven();
    }

    /** A number that only this node ever has; 0 when it is gone. */
    public long stamp(int node) {
        return nodes.stamp(node);
    }

    PrefixNodes nodes() {
        return nodes;
    }

    ChildTreap childTreap() {
        return childTreap;
    }

    EvictedPrefixes evictedPrefixes() {
        return evicted;
    }

    /** A node was of use. */
    public void used(int node) {
        nodes.setNumUses(node, Math.min(255, nodes.numUses(node) + 1));
    }

    /** The root of a namespace, made where there is none; it goes with its last node. */
    public int rootFor(PrefixNamespace namespace) {
        Integer present = roots.get(namespace);
        if (present != null) {
            return present;
        }
        int root = nodes.add(NONE);
        nodes.setHash(root, namespace.seed());
        if (rootKeys != null) {
            nodes.setKey(root, rootKeys.apply(namespace));
        }
        nodes.setLockCount(root, 1); // never evicted
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
     * Sees to it that a node below {@code parent} has tokens {@code [from, to)}: one that has them already, perhaps
     * with other blocks; one with fewer of them, which then takes these blocks; or a new one.
     *
     * @param parent a root, or a node of a whole block
     * @param blockIds a block for each group, or NONE, {@code [G]}
     * @return the node
     */
    public int put(int parent, int[] tokenIds, int from, int to, int[] blockIds) {
        int agreeing = childTreap.findLongest(nodes.children(parent), tokenIds, from, to);
        int child = childTreap.found();
        if (agreeing == to - from) {
            renewIfExpired(child);
            fillHoles(child, to - from, blockIds);
            return child;
        }
        if (child == NONE || agreeing < nodes.numTokens(child)) {
            child = nodes.add(parent);
            nodes.setTokens(child, tokenIds, from, to - from);
            nodes.setChildren(parent, childTreap.add(nodes.children(parent), child));
            evictionQueue.add(child);
        } else {
            nodes.setTokens(child, tokenIds, from, to - from);
            renewIfExpired(child);
        }
        long hash = nodes.hash(parent);
        for (int i = from; i < to; i++) {
            hash = TokenHash.next(hash, tokenIds[i]);
        }
        nodes.setHash(child, hash);
        if (rootKeys != null && to - from == blockSize) {
            nodes.setKey(child, nodes.key(parent).next(tokenIds, from, to));
        }
        for (int group = 0; group < numGroups; group++) {
            setBlock(child, group, blockIds[group]);
        }
        learnFromMiss(child, hash);
        return child;
    }

    /** Takes blocks in groups where a node of as many tokens has none. */
    private void fillHoles(int node, int numTokens, int[] blockIds) {
        for (int group = 0; group < numGroups && numTokens == nodes.numTokens(node); group++) {
            if (nodes.blockId(node, group) == NONE && blockIds[group] != NONE) {
                setBlock(node, group, blockIds[group]);
            }
        }
    }

    /** What had expired was computed again. */
    private void renewIfExpired(int node) {
        if (nextExpiry != PrefixNodes.NEVER && nodes.expires(node) <= clock.getAsLong()) {
            nodes.setExpires(node, PrefixNodes.NEVER);
        }
    }

    /** What had been evicted was computed again: it counts as of use again, and the policy is told. */
    private void learnFromMiss(int node, long hash) {
        int list = evicted.takeList(hash);
        if (list != NONE) {
            used(node);
            evictionQueue.missed(list);
        }
    }

    /** Gives a node another block in a group; the caller holds the new one, or nobody does. */
    public void setBlock(int node, int group, int blockId) {
        int before = nodes.blockId(node, group);
        if (blockId != NONE && owner.attach(group, blockId, node, nodes.numTokens(node)) && before != blockId) {
            lock(node);
        }
        if (before == blockId) {
            return;
        }
        evictionQueue.setBlockId(node, group, blockId);
        if (before != NONE && owner.detach(group, before)) {
            unlock(node);
        }
    }

    /** One more reason not to evict a node: a block of it is held now, or it is pinned. */
    public void lock(int node) {
        evictionQueue.lock(node);
    }

    /** One reason less. */
    public void unlock(int node) {
        evictionQueue.unlock(node);
    }

    /** Whether a node cannot be evicted now. */
    public boolean isLocked(int node) {
        return nodes.lockCount(node) > 0;
    }

    /** Evicts one node without nodes below it; false where all are locked. */
    public boolean evictOne() {
        if (dropExpired()) {
            return true;
        }
        int victim = evictionQueue.victim();
        if (victim == NONE) {
            return false;
        }
        evict(leafBelow(victim));
        return true;
    }

    /**
     * Evicts a node, though blocks of it are held, and all below it.
     *
     * @return false where it or something below is pinned, or something below is held; then it stays
     */
    public boolean evictSubtree(int node) {
        while (nodes.children(node) != NONE) {
            int leaf = leafBelow(node);
            if (isLocked(leaf)) {
                return false;
            }
            evict(leaf);
        }
        int numHeld = 0;
        for (int group = 0; group < numGroups; group++) {
            int blockId = nodes.blockId(node, group);
            numHeld += blockId != NONE && owner.isHeld(group, blockId) ? 1 : 0;
        }
        if (nodes.lockCount(node) > numHeld) {
            return false;
        }
        for (int group = 0; group < numGroups; group++) {
            setBlock(node, group, NONE);
        }
        evict(node);
        return true;
    }

    private int leafBelow(int node) {
        int leaf = node;
        while (nodes.children(leaf) != NONE) {
            leaf = nodes.children(leaf);
        }
        return leaf;
    }

    /** Forgets a leaf that is not locked, and remembers that it went. */
    private void evict(int leaf) {
        owner.evicting(leaf);
        evicted.add(nodes.hash(leaf), clock.getAsLong(), nodes.list(leaf), numNodes());
        numEvicted++;
        remove(leaf);
    }

    /** Forgets a leaf that is not locked. */
    private void remove(int leaf) {
        evictionQueue.remove(leaf);
        int parent = nodes.parent(leaf);
        nodes.setChildren(parent, childTreap.remove(nodes.children(parent), leaf));
        for (int group = 0; group < numGroups; group++) {
            if (nodes.blockId(leaf, group) != NONE) {
                owner.detach(group, nodes.blockId(leaf, group));
            }
        }
        nodes.remove(leaf);
        if (nodes.parent(parent) == NONE && nodes.children(parent) == NONE) {
            roots.values().remove(parent);
            nodes.remove(parent);
        }
    }

    /** Evicts all nodes that have expired and are not locked, if the time of one has come. */
    private boolean dropExpired() {
        if (nextExpiry == PrefixNodes.NEVER || clock.getAsLong() < nextExpiry) {
            return false;
        }
        long now = clock.getAsLong();
        long before = numEvicted;
        nextExpiry = PrefixNodes.NEVER;
        for (int node = 0; node < nodes.records().numGiven(); node++) {
            dropIfExpired(node, now);
        }
        return numEvicted > before;
    }

    private void dropIfExpired(int node, long now) {
        while (nodes.stamp(node) != 0 && nodes.expires(node) <= now && nodes.lockCount(node) == 0) {
            evict(leafBelow(node));
        }
        if (nodes.stamp(node) != 0) { // those that are locked are looked at again in a while
            nextExpiry = Math.min(nextExpiry, Math.max(nodes.expires(node), now + EXPIRY_RETRY_MILLIS));
        }
    }

    /** Sets when a node expires: it is not found from then on, and goes before all others. Never is the default. */
    public void setExpiry(int node, long millis) {
        nodes.setExpires(node, millis);
        nextExpiry = Math.min(nextExpiry, millis);
    }

    /** Sets the priority of a node. */
    public void setPriority(int node, EvictionPriority priority) {
        evictionQueue.setPriority(node, priority);
    }

    /** Forgets all nodes below a root that are not locked. */
    public void clear(@Nullable PrefixNamespace namespace) {
        for (int node = 0; node < nodes.records().numGiven(); node++) {
            while (nodes.stamp(node) != 0 && nodes.lockCount(node) == 0 && isBelow(node, namespace)) {
                remove(leafBelow(node));
            }
        }
    }

    /** Lets go of all blocks, held ones too; the tree is good for nothing but {@link #close} afterwards. */
    public void detachAll() {
        for (int node = 0; node < nodes.records().numGiven(); node++) {
            for (int group = 0; nodes.stamp(node) != 0 && group < numGroups; group++) {
                if (nodes.blockId(node, group) != NONE) {
                    owner.detach(group, nodes.blockId(node, group));
                }
            }
        }
    }

    private boolean isBelow(int node, @Nullable PrefixNamespace namespace) {
        return namespace == null || root(namespace) == rootOf(node);
    }

    /**
     * Checks links, counts and lists; an {@link IllegalStateException} names what is wrong.
     *
     * @param numPins how often a node is pinned
     */
    public void checkIntegrity(IntUnaryOperator numPins) {
        new PrefixTreeCheck(this, numPins).run();
        evictionQueue.checkIntegrity();
    }

    /** Nodes in lists of policies. */
    int numListed() {
        return evictionQueue.numListed();
    }

    int numGroups() {
        return numGroups;
    }

    BlockOwner owner() {
        return owner;
    }

    @Override
    public void close() {
        nodes.close();
        evicted.close();
    }
}
