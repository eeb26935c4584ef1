package io.github.pastkv.store;

import io.github.pastkv.cache.store.BlockKey;
import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoredChunk;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is in a tier, for people and maintenance: each chunk with its header, which chunks a reader can reach, and which
 * texts they are of. A chunk is reached through the one before it, so one whose predecessor is gone is of no use. None
 * of this counts as use.
 */
public final class TierContents {
    private static final int HEADER_BYTES = 1 << 16;
    private static final int NAME_DIGITS = 32;
    private static final FolderIo IO = new FolderIo();

    private final CacheTier tier;
    private final List<Chunk> chunks;
    private final Map<String, Chunk> byLastBlock = new HashMap<>();

    /** What is known of a chunk. */
    public enum State {
        /** Nothing is known against it. */
        USABLE,
        /** It can be read with its key only, which is not asked for here. */
        ENCRYPTED,
        /** The tier could not read it now; it may be sound. */
        UNREAD,
        /** It is of no use: the chunk before it is missing or damaged. */
        UNREACHED,
        /** Its bytes are wrong. */
        DAMAGED
    }

    /**
     * A chunk.
     *
     * @param info its header; null where it cannot be read
     * @param fault why it cannot be used; null where it is usable or encrypted
     */
    public record Chunk(TierEntry entry, @Nullable ChunkInfo info, State state, @Nullable String fault) {
        /** Whether it is known to be of no use, so that it can be removed. */
        public boolean isUseless() {
            return state == State.UNREACHED || state == State.DAMAGED;
        }

        private boolean hidesWhatIsBefore() {
            return state == State.ENCRYPTED || state == State.UNREAD;
        }
    }

    private TierContents(CacheTier tier, List<Chunk> chunks) {
        this.tier = tier;
        this.chunks = chunks;
        chunks.forEach(chunk -> byLastBlock.put(lastBlock(chunk.entry().key()), chunk));
    }

    /** First digits of the key of a chunk's last block. */
    private static String lastBlock(ChunkKey key) {
        String name = key.name();
        int end = name.lastIndexOf('-');
        return name.substring(end - NAME_DIGITS, end);
    }

    /**
     * Looks at all chunks.
     *
     * @param verifies whether to read and verify their data too, or headers only
     */
    public static TierContents of(CacheTier tier, boolean verifies) throws IOException {
        List<TierEntry> entries = new ArrayList<>();
        tier.list(entries::add);
        List<Chunk> read = new ArrayList<>();
        for (TierEntry entry : entries) {
            try (Arena arena = Arena.ofConfined()) {
                read.add(chunk(tier, entry, verifies, arena));
            }
        }
        TierContents all = new TierContents(tier, read);
        Map<Chunk, Boolean> reached = new HashMap<>();
        return new TierContents(tier, read.stream().map(chunk -> chunk.fault() != null || all.isReached(chunk, reached)
                ? chunk
                : new Chunk(chunk.entry(), chunk.info(), State.UNREACHED, "the chunk before it is missing")).toList());
    }

    private static Chunk chunk(CacheTier tier, TierEntry entry, boolean verifies, Arena arena) {
        StoreResult<MemorySegment> result = tier.peek(entry.key(), verifies ? Long.MAX_VALUE : HEADER_BYTES, arena);
        try {
            if (result instanceof StoreResult.Found<MemorySegment>(MemorySegment start) && isTooShort(entry, start)) {
                result = tier.peek(entry.key(), Long.MAX_VALUE, arena);
            }
            return switch (result) {
                case StoreResult.Found<MemorySegment>(MemorySegment start) -> chunk(entry, start, verifies);
                case StoreResult.Missing<MemorySegment> _ -> new Chunk(entry, null, State.DAMAGED, "it is gone");
                case StoreResult.Refused<MemorySegment>(String reason) -> new Chunk(entry, null, State.DAMAGED, reason);
                case StoreResult.Pending<MemorySegment> _ -> new Chunk(entry, null, State.UNREAD, "it is on its way");
                case StoreResult.Retry<MemorySegment>(String reason) -> new Chunk(entry, null, State.UNREAD, reason);
            };
        } catch (ChunkFormatException e) {
            return new Chunk(entry, null, State.DAMAGED, e.getMessage());
        }
    }

    /** Whether the header is longer than usual, so that its end was not read. */
    private static boolean isTooShort(TierEntry entry, MemorySegment start) throws ChunkFormatException {
        return start.byteSize() < entry.bytes() && ChunkCipher.keyId(start) == null
                && SealedHeader.length(start) > start.byteSize();
    }

    private static Chunk chunk(TierEntry entry, MemorySegment start, boolean verifies) throws ChunkFormatException {
        if (ChunkCipher.keyId(start) != null) {
            return new Chunk(entry, null, State.ENCRYPTED, null);
        }
        ChunkInfo info = ChunkFormat.info(start);
        SealedHeader.requireEqual("key", entry.key().toString(), info.key().toString());
        String fault = verifies ? faultOf(entry, start) : null;
        return new Chunk(entry, info, fault == null ? State.USABLE : State.DAMAGED, fault);
    }

    private static @Nullable String faultOf(TierEntry entry, MemorySegment content) throws ChunkFormatException {
        StoredChunk chunk = ChunkFormat.decode(content, true);
        SealedHeader.requireEqual("key", entry.key().toString(), chunk.key().toString());
        return chunk.isIntact() ? null : "a checksum does not match";
    }

    private boolean isReached(Chunk chunk, Map<Chunk, Boolean> known) {
        List<Chunk> path = new ArrayList<>();
        Chunk at = chunk;
        while (at != null && !known.containsKey(at) && !isFirst(at) && !at.hidesWhatIsBefore()) {
            path.add(at);
            at = before(at);
        }
        boolean isReached = at != null && known.getOrDefault(at, true);
        path.forEach(each -> known.put(each, isReached));
        return isReached;
    }

    private static boolean isFirst(Chunk chunk) {
        return chunk.info() != null && chunk.info().firstPosition() == 0;
    }

    private @Nullable Chunk before(Chunk chunk) {
        ChunkInfo info = chunk.info();
        return info == null ? null : byLastBlock.get(info.before().toString().substring(0, NAME_DIGITS));
    }

    /** All chunks, in the order of the tier's listing. */
    public List<Chunk> chunks() {
        return Collections.unmodifiableList(chunks);
    }

    /**
     * The last chunks of texts: those that can be used and that no other one follows. Encrypted ones do not show what
     * is before them: each is one.
     */
    public List<Chunk> ends() {
        Set<Chunk> followed = new HashSet<>();
        chunks.forEach(chunk -> {
            Chunk before = before(chunk);
            if (before != null) {
                followed.add(before);
            }
        });
        return chunks.stream().filter(chunk -> chunk.fault() == null && !followed.contains(chunk)).toList();
    }

    /** The chunks from the start of a text to this one. */
    public List<Chunk> textOf(Chunk end) {
        List<Chunk> text = new ArrayList<>();
        Chunk at = end;
        while (at != null) {
            text.addFirst(at);
            at = isFirst(at) ? null : before(at);
        }
        return text;
    }

    /**
     * Writes a text, from its start to the end of a chunk, to one file: a chunk of all its blocks.
     *
     * @throws IOException naming what is wrong, where a chunk is gone, damaged or encrypted; nothing is written
     */
    public void export(Chunk end, Path file) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            List<@Nullable MemorySegment> parts = new ArrayList<>();
            List<StoredChunk> text = new ArrayList<>();
            for (Chunk each : textOf(end)) {
                StoredChunk chunk = sound(each, arena);
                text.add(chunk);
                for (int block = 0; block < chunk.numBlocks(); block++) {
                    for (int group = 0; group < chunk.numGroups(); group++) {
                        parts.add(chunk.part(block, group));
                    }
                }
            }
            int[] tokenIds = text.stream().flatMapToInt(chunk -> Arrays.stream(chunk.tokenIds())).toArray();
            StoredChunk first = text.getFirst();
            if (tokenIds.length / first.blockSize() > ChunkKey.MAX_BLOCKS) {
                throw new IOException(tokenIds.length + " tokens, a file has at most "
                        + ChunkKey.MAX_BLOCKS * first.blockSize());
            }
            IO.replace(file, ChunkFormat.encode(StoredChunk.of(first.origin(), first.before(), first.firstPosition(),
                    tokenIds, first.blockSize(), parts)));
        }
    }

    private StoredChunk sound(Chunk chunk, Arena arena) throws IOException {
        ChunkKey key = chunk.entry().key();
        if (!(tier.peek(key, Long.MAX_VALUE, arena) instanceof StoreResult.Found<MemorySegment>(MemorySegment bytes))) {
            throw new IOException("chunk " + key + " cannot be read");
        }
        if (ChunkCipher.keyId(bytes) != null) {
            throw new IOException("chunk " + key + " is encrypted: only plain chunks are exported");
        }
        try {
            String fault = faultOf(chunk.entry(), bytes);
            if (fault != null) {
                throw new IOException("chunk " + key + ": " + fault);
            }
            return ChunkFormat.decode(bytes, false);
        } catch (ChunkFormatException e) {
            throw new IOException("chunk " + key + ": " + e.getMessage(), e);
        }
    }

    /**
     * Puts what {@link #export} wrote into a tier, in chunks of its size. A chunk that is there and damaged is
     * replaced.
     *
     * @return keys of the chunks
     * @throws IOException naming the file, where it is damaged or something else, or where the tier takes no more or
     *         has encrypted chunks, which must not lie beside plain ones
     */
    public static List<ChunkKey> importFile(Path file, CacheTier tier, int chunkTokens) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = IO.read(file, Long.MAX_VALUE, arena);
            if (bytes == null) {
                throw new NoSuchFileException(file.toString());
            }
            StoredChunk whole = ChunkFormat.decode(bytes, true);
            if (!whole.isIntact()) {
                throw new IOException(file + ": a checksum does not match");
            }
            requirePlain(tier);
            List<ChunkKey> keys = new ArrayList<>();
            BlockKey before = whole.before();
            int chunkBlocks = Math.max(1, chunkTokens / whole.blockSize());
            for (int from = 0; from < whole.numBlocks();) {
                int firstBlock = Math.toIntExact(whole.firstPosition() / whole.blockSize()) + from;
                int to = Math.min(whole.numBlocks(), from + chunkBlocks - firstBlock % chunkBlocks);
                StoredChunk part = part(whole, before, from, to);
                if (!putSound(part, tier)) {
                    throw new IOException(
                            tier.name() + ": took " + keys.size() + " chunks of " + file + " and no more");
                }
                keys.add(part.key());
                before = after(part);
                from = to;
            }
            return keys;
        } catch (ChunkFormatException e) {
            throw new IOException(file + ": is no exported text, or damaged: " + e.getMessage(), e);
        }
    }

    /** A tier keeps what is as long: one that is damaged must go first. */
    private static boolean putSound(StoredChunk chunk, CacheTier tier) {
        try (Arena arena = Arena.ofConfined()) {
            if (tier.peek(chunk.key(), Long.MAX_VALUE,
                    arena) instanceof StoreResult.Found<MemorySegment>(MemorySegment content)
                    && !isSound(chunk.key(), content)) {
                tier.forget(chunk.key());
            }
        }
        return tier.put(chunk.key(), ChunkFormat.encode(chunk)) == PutResult.STORED;
    }

    private static boolean isSound(ChunkKey key, MemorySegment content) {
        try {
            StoredChunk chunk = ChunkFormat.decode(content, true);
            return chunk.key().equals(key) && chunk.isIntact();
        } catch (ChunkFormatException e) {
            return false;
        }
    }

    private static void requirePlain(CacheTier tier) throws IOException {
        List<TierEntry> entries = new ArrayList<>();
        tier.list(entries::add);
        for (TierEntry entry : entries) {
            try (Arena arena = Arena.ofConfined()) {
                if (tier.peek(entry.key(), ChunkCipher.MIN_BYTES,
                        arena) instanceof StoreResult.Found<MemorySegment>(MemorySegment start)
                        && ChunkCipher.keyId(start) != null) {
                    throw new IOException(tier.name() + ": has encrypted chunks, such as " + entry.key()
                            + ": a file is imported into a tier of plain ones only");
                }
            }
        }
    }

    private static StoredChunk part(StoredChunk whole, BlockKey before, int from, int to) {
        List<@Nullable MemorySegment> parts = new ArrayList<>();
        for (int block = from; block < to; block++) {
            for (int group = 0; group < whole.numGroups(); group++) {
                parts.add(whole.part(block, group));
            }
        }
        int size = whole.blockSize();
        return StoredChunk.of(whole.origin(), before, whole.firstPosition() + (long) from * size,
                Arrays.copyOfRange(whole.tokenIds(), from * size, to * size), size, parts);
    }

    /** The key of a chunk's last block. */
    private static BlockKey after(StoredChunk chunk) {
        BlockKey key = chunk.before();
        int[] ids = chunk.tokenIds();
        for (int from = 0; from < ids.length; from += chunk.blockSize()) {
            key = key.next(ids, from, from + chunk.blockSize());
        }
        return key;
    }
}
