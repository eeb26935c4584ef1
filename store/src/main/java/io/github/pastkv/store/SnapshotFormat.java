package io.github.pastkv.store;

import io.github.pastkv.cache.KvSnapshot;
import io.github.pastkv.cache.store.BlockOrigin;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Caches as a file: a safetensors file with one tensor of bytes for each layer group, as a chunk has, and masks, token
 * ids and block tables in its metadata (docs/format.md). Every byte is covered by a SHA-256, of the header or the data.
 */
public final class SnapshotFormat {
    /** Version of the format; another one is refused. */
    public static final int VERSION = 1;

    private static final String FORMAT = "pastkv.session";
    private static final String ORIGIN = "origin.";
    private static final String NOTES = "notes.";
    private static final FolderIo IO = new FolderIo();

    private SnapshotFormat() {}

    /**
     * What a file has.
     *
     * @param origin what the blocks are of: model, numeric identity, storage
     * @param notes texts of whoever saved it, by name
     */
    public record Content(BlockOrigin origin, KvSnapshot snapshot, Map<String, String> notes) {
        public Content {
            notes = Map.copyOf(notes);
        }
    }

    /**
     * Writes a file whole or not at all: what was there before stays until the new one is on the disk. Its permissions
     * are 0600, as keys and values can be turned back into text.
     */
    public static void write(Path file, Content content) throws IOException {
        IO.replace(file, encode(content));
    }

    static List<MemorySegment> encode(Content content) {
        List<MemorySegment> bytes = new ArrayList<>();
        List<ChunkHeader.Part> tensors = new ArrayList<>();
        MessageDigest sha256 = SealedHeader.sha256();
        long offset = 0;
        for (int group = 0; group < content.snapshot().blocks().size(); group++) {
            List<MemorySegment> blocks = content.snapshot().blocks().get(group);
            blocks.forEach(block -> sha256.update(block.asByteBuffer()));
            bytes.addAll(blocks);
            if (!blocks.isEmpty()) {
                long blockBytes = blocks.getFirst().byteSize();
                tensors.add(new ChunkHeader.Part("group." + group, blocks.size(), blockBytes, offset));
                offset += blocks.size() * blockBytes;
            }
        }
        Map<String, String> metadata = new TreeMap<>();
        metadata.put("format", FORMAT);
        metadata.put("format_version", Integer.toString(VERSION));
        metadata.put("num_groups", Integer.toString(content.snapshot().blocks().size()));
        metadata.put("caches", SnapshotJson.of(content.snapshot().caches()));
        metadata.put("data_sha256", HexFormat.of().formatHex(sha256.digest()));
        content.snapshot().storage().forEach((name, text) -> metadata.put(ORIGIN + name, text));
        content.origin().fields().forEach((name, text) -> metadata.put(ORIGIN + name, text));
        content.notes().forEach((name, text) -> metadata.put(NOTES + name, text));
        bytes.addFirst(MemorySegment.ofArray(SealedHeader.of(metadata, tensors)));
        return bytes;
    }

    /**
     * Reads a file and verifies all of it. The snapshot's blocks are in {@code arena}.
     *
     * @throws IOException naming the file, where it cannot be read, is damaged or is something else
     */
    public static Content read(Path file, Arena arena) throws IOException {
        MemorySegment bytes = IO.read(file, Long.MAX_VALUE, arena);
        if (bytes == null) {
            throw new NoSuchFileException(file.toString());
        }
        try {
            return decode(bytes);
        } catch (ChunkFormatException e) {
            throw new IOException(file + ": is no session, or damaged: " + e.getMessage(), e);
        }
    }

    static Content decode(MemorySegment bytes) throws ChunkFormatException {
        byte[] header = SealedHeader.verified(bytes);
        ChunkHeader fields = SealedHeader.parse(header);
        SealedHeader.requireEqual("format", FORMAT, fields.require("format"));
        SealedHeader.requireEqual("format_version", Integer.toString(VERSION), fields.require("format_version"));
        MemorySegment data = bytes.asSlice(header.length);
        SealedHeader.requireEqual("data_sha256", SealedHeader.digestOf(data), fields.require("data_sha256"));
        Map<String, String> origin = fields.withPrefix(ORIGIN);
        return new Content(BlockOrigin.of(origin),
                new KvSnapshot(origin, SnapshotJson.caches(fields.require("caches")), blocks(fields, data)),
                fields.withPrefix(NOTES));
    }

    /** The data, cut into blocks, {@code [G][n]}; it must be covered without a gap or rest. */
    private static List<List<MemorySegment>> blocks(ChunkHeader fields, MemorySegment data)
            throws ChunkFormatException {
        List<List<MemorySegment>> blocks = new ArrayList<>();
        long covered = 0;
        int numTensors = 0;
        int numGroups = ChunkFormat.numGroups(fields);
        for (int group = 0; group < numGroups; group++) {
            List<MemorySegment> ofGroup = new ArrayList<>();
            ChunkHeader.Part tensor = fields.tensors().get("group." + group);
            numTensors += tensor == null ? 0 : 1;
            for (int block = 0; tensor != null && block < tensor.numBlocks(); block++) {
                if (tensor.offset() + block * tensor.blockBytes() != covered
                        || covered + tensor.blockBytes() > data.byteSize()) {
                    throw new ChunkFormatException("group." + group + ", block " + block + ": " + tensor.blockBytes()
                            + " bytes from " + covered + " of " + data.byteSize());
                }
                ofGroup.add(data.asSlice(covered, tensor.blockBytes()));
                covered += tensor.blockBytes();
            }
            blocks.add(ofGroup);
        }
        if (covered != data.byteSize() || numTensors != fields.tensors().size()) {
            throw new ChunkFormatException(numTensors + " tensors end at byte " + covered + " of " + data.byteSize());
        }
        return blocks;
    }
}
