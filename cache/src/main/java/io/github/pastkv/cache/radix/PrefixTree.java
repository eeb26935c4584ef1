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
 * The radix tree of prefix caching (RadixAttention, Zheng et al., 2023): maps token prefixes to blocks. A root stands
 * for a {@link PrefixNamespace}, and each other node for a block. Only leaves may have fewer tokens than a block.
 * Lookups compare token ids; a hash never decides a hit.
 *
 * <p>A node is <em>locked</em> while one of its blocks is held, while it is pinned, or while a descendant is locked.
 * The other nodes can be evicted, leaves first, in the order of one {@link EvictionPolicy} per priority.
 *
 * <p>Not thread-safe: its owner has a lock, under which policies and the {@link BlockOwner} are called too. Bookkeeping
 * is off-heap and freed by {@link #close}.
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
     * @param numGroups number of layer groups; a node has one block in each
     * @param clock time in milliseconds, from any origin
     */
    public PrefixTree(int blockSize, int numGroups, BlockOwner owner, EvictionPolicy.Factory policy,
            LongSupplier clock) {
        this(blockSize, numGroups, owner, policy, clock, null);
    }

    /**
     * An empty tree whose whole blocks have keys for a store, starting from the root keys given by {@code rootKeys}.
     */
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

    /** Number of nodes, each with a block in at least one group. */
    public int numNodes() {
        return nodes.records().numRecords() - roots.size();
    }

    /** Bytes of blocks that could be evicted. */
    public long evictableBytes() {
        return evictionQueue.bytes();
    }

    /** Number of nodes evicted so far. */
    public long numEvicted() {
        return numEvicted;
    }

    /** Bytes of bookkeeping allocated from the system, including those of evicted nodes. */
    public long bookkeepingBytes() {
        return nodes.records().bytes() + evicted.bytes();
    }

    /**
     * Bytes of bookkeeping per node, including one evicted node: 60, plus 4 for each layer group and each token of a
     * block, rounded up to a multiple of 8, plus 32 for the evicted node. With blocks of 16 tokens that is 160 with one
     * layer group, and 168 with two or three; most of it is the token ids, against which hits are verified.
     */
    public long bytesPerNode() {
        return nodes.records().recordBytes() + EvictedPrefixes.BYTES_PER_NODE;
    }

    /** Tokens per block. */
    public int blockSize() {
        return blockSize;
    }

    /** The root of a namespace, or {@link #NONE} if it has no cached blocks. */
    public int root(PrefixNamespace namespace) {
        return roots.getOrDefault(namespace, NONE);
    }

    /** The namespaces with cached blocks. */
    Map<PrefixNamespace, Integer> roots() {
        return roots;
    }

    /** Matches the first {@code numTokens} tokens from {@code root}. */
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

    /** The store key of a root or whole block. */
    BlockKey key(int node) {
        return nodes.key(node);
    }

    /** Whether this is the number of a node with a whole block. */
    boolean isWhole(int node) {
        return nodes.stamp(node) != 0 && nodes.numTokens(node) == blockSize;
    }

    /** Whether the store has the block. */
    boolean isStored(int node) {
        return nodes.isStored(node);
    }

    void setStored(int node, boolean stored) {
        nodes.setStored(node, stored);
    }

    /** Whether a node has a time to live. */
    boolean hasExpiry(int node) {
        return nodes.expires(node) != PrefixNodes.NEVER;
    }

    /** Upper bound of the numbers of all nodes. */
    int numNodesGiven() {
        return nodes.records().numGiven();
    }

    /** A unique number of this node; 0 after it is removed. */
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

    /** Records a use of a node. */
    public void used(int node) {
        nodes.setNumUses(node, Math.min(255, nodes.numUses(node) + 1));
    }

    /** The root of a namespace, created if it does not exist; removed with its last node. */
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

    /**
     * Ensures that {@code parent} has a child with tokens {@code [from, to)}: an existing one, possibly with other
     * blocks; one with fewer of these tokens, which takes over these blocks; or a new one.
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

    /** Adds blocks in groups in which an equal node has none. */
    private void fillHoles(int node, int numTokens, int[] blockIds) {
        for (int group = 0; group < numGroups && numTokens == nodes.numTokens(node); group++) {
            if (nodes.blockId(node, group) == NONE && blockIds[group] != NONE) {
                setBlock(node, group, blockIds[group]);
            }
        }
    }

    /** Renews an expired node whose tokens were computed again. */
    private void renewIfExpired(int node) {
        if (nextExpiry != PrefixNodes.NEVER && nodes.expires(node) <= clock.getAsLong()) {
            nodes.setExpires(node, PrefixNodes.NEVER);
        }
    }

    /** Records a ghost hit: evicted tokens were computed again, which counts as a use and is reported to the policy. */
    private void learnFromMiss(int node, long hash) {
        int list = evicted.takeList(hash);
        if (list != NONE) {
            used(node);
            evictionQueue.missed(list);
        }
    }

    /** Replaces the block of a node in a group; the new one must be held by the caller only, or not held. */
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

    /** Adds a lock to a node, for a held block or a pin. */
    public void lock(int node) {
        evictionQueue.lock(node);
    }

    /** Removes a lock from a node. */
    public void unlock(int node) {
        evictionQueue.unlock(node);
    }

    /** Whether a node cannot be evicted now. */
    public boolean isLocked(int node) {
        return nodes.lockCount(node) > 0;
    }

    /** Evicts one leaf; false if all are locked. */
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
     * Evicts a node with all its descendants, even if blocks of the node itself are held.
     *
     * @return false if it or a descendant is pinned, or a descendant is held; it then stays
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

    /** Evicts an unlocked leaf and records it as evicted. */
    private void evict(int leaf) {
        owner.evicting(leaf);
        evicted.add(nodes.hash(leaf), clock.getAsLong(), nodes.list(leaf), numNodes());
        numEvicted++;
        remove(leaf);
    }

    /** Removes an unlocked leaf. */
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

    /** Evicts all expired nodes that are not locked, if any has expired. */
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
        if (nodes.stamp(node) != 0) { // locked nodes are checked again later
            nextExpiry = Math.min(nextExpiry, Math.max(nodes.expires(node), now + EXPIRY_RETRY_MILLIS));
        }
    }

    /**
     * Sets the expiry of a node: from then on it is not found, and it is evicted before all others. Nodes do not expire
     * by default.
     */
    public void setExpiry(int node, long millis) {
        nodes.setExpires(node, millis);
        nextExpiry = Math.min(nextExpiry, millis);
    }

    /** Sets the priority of a node. */
    public void setPriority(int node, EvictionPriority priority) {
        evictionQueue.setPriority(node, priority);
    }

    /** Removes all unlocked nodes below a root. */
    public void clear(@Nullable PrefixNamespace namespace) {
        for (int node = 0; node < nodes.records().numGiven(); node++) {
            while (nodes.stamp(node) != 0 && nodes.lockCount(node) == 0 && isBelow(node, namespace)) {
                remove(leafBelow(node));
            }
        }
    }

    /** Releases all blocks, including held ones; only {@link #close} may be called afterward. */
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
     * @param numPins number of pins of a node
     */
    public void checkIntegrity(IntUnaryOperator numPins) {
        new PrefixTreeCheck(this, numPins).run();
        evictionQueue.checkIntegrity();
    }

    /** Number of nodes in the lists of policies. */
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
