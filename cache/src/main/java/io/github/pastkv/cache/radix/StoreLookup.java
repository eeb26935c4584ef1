package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.block.LayerGroup;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.BlockKey;
import io.github.pastkv.cache.store.BlockOrigin;
import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.StoredChunk;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The blocks of a text that the index lacks, by layer group, and the names of the chunks that would have them. */
final class StoreLookup {
    private static final int NONE = PrefixTree.NONE;

    private final StoreBinding binding;
    private final LayerGroup[] groups;
    private final PrefixTree tree;
    private final MatchTables matchTables;
    private final PrefixNamespace namespace;
    private final BlockOrigin origin;
    private final int[] tokenIds;
    private final boolean[][] lacks; // [block][G]
    private final int[] nodes; // of the blocks that the index has
    private final int firstLacking;
    private final int numWanted; // tokens
    private final BlockKey[] keys; // of the blocks from the first chunk on

    /**
     * Compares a text with the index; under the budget's lock.
     *
     * @param match room for the lookup
     */
    StoreLookup(StoreBinding binding, LayerGroup[] groups, PrefixTree tree, MatchTables matchTables, PrefixMatch match,
            PrefixNamespace namespace, int[] tokenIds, int numTokens) {
        this.binding = binding;
        this.groups = groups;
        this.tree = tree;
        this.matchTables = matchTables;
        this.namespace = namespace;
        this.origin = binding.origin(namespace);
        this.tokenIds = tokenIds;
        int blockSize = tree.blockSize();
        tree.match(tree.root(namespace), tokenIds, numTokens, match);
        this.nodes = new int[Math.min(match.numTokens(), numTokens) / blockSize];
        this.lacks = new boolean[match.endsExpired() ? nodes.length : numTokens / blockSize][groups.length];
        Arrays.setAll(nodes, match::node);
        this.numWanted = Math.min(numTokens - 1, lacks.length * blockSize); // the last token is always computed
        boolean isWhole = matchTables.numUsable(match, Math.min(match.numTokens(), numWanted)) == numWanted;
        int first = lacks.length;
        for (int block = lacks.length - 1; block >= 0 && !isWhole; block--) {
            for (int group = 0; group < groups.length; group++) {
                lacks[block][group] = block >= nodes.length || tree.blockId(nodes[block], group) == NONE;
                first = lacks[block][group] ? block : first;
            }
        }
        this.firstLacking = first;
        this.keys = lacksNothing() ? new BlockKey[0] : keys();
    }

    /** Keys from the first chunk on that lacks something. */
    private BlockKey[] keys() {
        int from = firstChunkBlock();
        BlockKey[] found = new BlockKey[lacks.length - from];
        BlockKey key = from == 0 ? binding.rootKey(namespace) : tree.key(nodes[from - 1]);
        for (int block = from; block < lacks.length; block++) {
            key = key.next(tokenIds, block * tree.blockSize(), (block + 1) * tree.blockSize());
            found[block - from] = key;
        }
        return found;
    }

    PrefixNamespace namespace() {
        return namespace;
    }

    /** Whose text it is. */
    String tenant() {
        return origin.tenant();
    }

    /** The key of the first block that lacks something. */
    BlockKey firstLackingKey() {
        return keys[firstLacking - firstChunkBlock()];
    }

    int[] tokenIds() {
        return tokenIds;
    }

    /** Whole blocks of the text. */
    int numBlocks() {
        return lacks.length;
    }

    /** The first block that lacks something; the number of blocks if none does. */
    int firstLacking() {
        return firstLacking;
    }

    boolean lacksNothing() {
        return firstLacking == lacks.length;
    }

    boolean lacks(int block) {
        for (boolean group : lacks[block]) {
            if (group) {
                return true;
            }
        }
        return false;
    }

    boolean lacks(int block, int group) {
        return lacks[block][group];
    }

    /** Blocks that the index has, in part at least. */
    int numNodes() {
        return nodes.length;
    }

    int node(int block) {
        return nodes[block];
    }

    /** First block of the chunk with the first block that lacks something. */
    int firstChunkBlock() {
        return firstLacking - firstLacking % binding.chunkBlocks();
    }

    /** The complete chunks of the text from there on. */
    List<ChunkKey> completeChunks() {
        List<ChunkKey> chunks = new ArrayList<>();
        int size = binding.chunkBlocks();
        for (int end = firstChunkBlock() + size; end <= lacks.length; end += size) {
            chunks.add(chunk(end - size, end));
        }
        return chunks;
    }

    /** The name of the longest chunk of this text from a block on. */
    ChunkKey longestChunk(int from) {
        return chunk(from, Math.min(lacks.length, from + binding.chunkBlocks()));
    }

    private ChunkKey chunk(int from, int to) {
        int first = firstChunkBlock();
        return ChunkKey.of(Arrays.asList(keys).subList(from - first, to - first));
    }

    /** Skips blocks that have left the window of every token after the first {@code numBlocks} blocks. */
    void endAt(int numBlocks) {
        int numTokens = Math.min(numWanted, numBlocks * tree.blockSize());
        for (int block = firstLacking; block < numBlocks; block++) {
            for (int group = 0; group < groups.length; group++) {
                lacks[block][group] &= matchTables.isSeen(group, block, numTokens);
            }
        }
    }

    /** Leading blocks of a chunk at block {@code from} that have the tokens of this text. */
    int numMatchingBlocks(StoredChunk chunk, int from) {
        int[] stored = chunk.tokenIds();
        int position = from * tree.blockSize();
        int numTokens = Math.min(stored.length, lacks.length * tree.blockSize() - position);
        int mismatch = Arrays.mismatch(stored, 0, numTokens, tokenIds, position, position + numTokens);
        return (mismatch < 0 ? numTokens : mismatch) / tree.blockSize();
    }

    /** Why a chunk cannot be used from block {@code from} on, its token ids aside; null if it can. */
    @Nullable
    String faultOf(StoredChunk chunk, ChunkKey name, int from) {
        if (!chunk.key().equals(name)) {
            return "it has the key " + chunk.key();
        }
        if (chunk.blockSize() != tree.blockSize()) {
            return "it has blocks of " + chunk.blockSize() + " tokens, not " + tree.blockSize();
        }
        if (chunk.firstPosition() != (long) from * tree.blockSize()) {
            return "it begins at position " + chunk.firstPosition() + ", not " + from * tree.blockSize();
        }
        String difference = chunk.origin().differenceFrom(origin);
        if (difference != null) {
            return "its " + difference;
        }
        if (!chunk.firstBlock().equals(keys[from - firstChunkBlock()])) {
            return "it follows another text";
        }
        String size = sizeFault(chunk);
        return size != null || chunk.isIntact() ? size : "a checksum does not match";
    }

    private @Nullable String sizeFault(StoredChunk chunk) {
        if (chunk.numGroups() != groups.length) {
            return "it has " + chunk.numGroups() + " layer groups, not " + groups.length;
        }
        for (int block = 0; block < chunk.numBlocks(); block++) {
            for (int group = 0; group < groups.length; group++) {
                MemorySegment part = chunk.part(block, group);
                if (part != null && part.byteSize() != groups[group].layout().blockBytes()) {
                    return "layer group " + group + " has " + part.byteSize() + " bytes, not "
                            + groups[group].layout().blockBytes();
                }
            }
        }
        return null;
    }
}
