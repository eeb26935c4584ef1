package io.github.pastkv.store;

import io.github.pastkv.cache.store.BlockKey;
import io.github.pastkv.cache.store.BlockOrigin;
import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.StoredChunk;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A chunk as bytes: a safetensors file with one tensor of bytes for each layer group and all else in its metadata
 * (docs/format.md). Little-endian; readable without this library, as {@code tools/chunk/read_chunk.py} shows.
 *
 * <p>Every byte is covered: the header by {@code header_sha256}, the data by the CRC32C of each block and by
 * {@code data_sha256}, which the header holds.
 */
public final class ChunkFormat {
    /** Version of the format; another one is refused. */
    public static final int VERSION = 1;
    /** What a file name of a chunk ends with. */
    public static final String FILE_SUFFIX = ".safetensors";

    private static final String FORMAT = "pastkv.chunk";
    private static final String ORIGIN = "origin.";
    private static final int MAX_GROUPS = 1 << 16; // times the most blocks of a chunk this is an int

    private ChunkFormat() {}

    /** The bytes of a chunk: its header, then its parts as they are, without a copy. */
    public static List<MemorySegment> encode(StoredChunk chunk) {
        List<MemorySegment> data = new ArrayList<>();
        List<ChunkHeader.Part> tensors = new ArrayList<>();
        MessageDigest sha256 = SealedHeader.sha256();
        long offset = 0;
        Map<String, String> metadata = metadata(chunk);
        for (int group = 0; group < chunk.numGroups(); group++) {
            int of = group;
            int[] blocks = IntStream.range(0, chunk.numBlocks()).filter(block -> chunk.part(block, of) != null)
                    .toArray();
            metadata.put("group." + group + ".blocks", joined(blocks));
            long bytes = 0;
            for (int block : blocks) {
                MemorySegment part = chunk.part(block, group);
                if (part != null) {
                    sha256.update(part.asByteBuffer());
                    data.add(part);
                    bytes += part.byteSize();
                }
            }
            if (blocks.length > 0) {
                tensors.add(new ChunkHeader.Part("group." + group, blocks.length, bytes / blocks.length, offset));
                offset += bytes;
            }
        }
        metadata.put("data_sha256", HexFormat.of().formatHex(sha256.digest()));
        data.addFirst(MemorySegment.ofArray(SealedHeader.of(metadata, tensors)));
        return data;
    }

    /**
     * One array of segments that follow each other, for a medium that takes nothing else.
     *
     * @throws ArithmeticException for more bytes than an array has
     */
    public static byte[] joined(List<MemorySegment> content) {
        byte[] joined = new byte[Math.toIntExact(content.stream().mapToLong(MemorySegment::byteSize).sum())];
        long offset = 0;
        for (MemorySegment part : content) {
            MemorySegment.copy(part, 0, MemorySegment.ofArray(joined), offset, part.byteSize());
            offset += part.byteSize();
        }
        return joined;
    }

    private static Map<String, String> metadata(StoredChunk chunk) {
        Map<String, String> metadata = new TreeMap<>();
        metadata.put("format", FORMAT);
        metadata.put("format_version", Integer.toString(VERSION));
        metadata.put("key", chunk.key().toString());
        metadata.put("before", chunk.before().toString());
        metadata.put("first_position", Long.toString(chunk.firstPosition()));
        metadata.put("token_ids", joined(chunk.tokenIds()));
        metadata.put("content", "exact");
        metadata.put("num_groups", Integer.toString(chunk.numGroups()));
        metadata.put("block_crc32c", IntStream.range(0, chunk.numBlocks())
                .mapToObj(block -> HexFormat.of().toHexDigits(chunk.checksum(block)))
                .collect(Collectors.joining(",")));
        chunk.origin().fields().forEach((name, text) -> metadata.put(ORIGIN + name, text));
        return metadata;
    }

    private static String joined(int[] numbers) {
        return Arrays.stream(numbers).mapToObj(Integer::toString).collect(Collectors.joining(","));
    }

    /**
     * What the header of a chunk says, verified as {@link #decode} does; its data may be missing.
     *
     * @throws ChunkFormatException saying what is wrong
     */
    public static ChunkInfo info(MemorySegment bytes) throws ChunkFormatException {
        ChunkHeader fields = verifiedFields(SealedHeader.verified(bytes));
        try {
            return new ChunkInfo(new ChunkKey(fields.require("key")), BlockKey.parse(fields.require("before")),
                    Long.parseLong(fields.require("first_position")), fields.requireInts("token_ids").length,
                    new BlockOrigin(fields.withPrefix(ORIGIN), ""));
        } catch (IllegalArgumentException e) {
            throw new ChunkFormatException("damaged header: " + e.getMessage());
        }
    }

    private static ChunkHeader verifiedFields(byte[] header) throws ChunkFormatException {
        ChunkHeader fields = SealedHeader.parse(header);
        SealedHeader.requireEqual("format", FORMAT, fields.require("format"));
        SealedHeader.requireEqual("format_version", Integer.toString(VERSION), fields.require("format_version"));
        SealedHeader.requireEqual("content", "exact", fields.require("content"));
        return fields;
    }

    /**
     * The chunk of some bytes, over them without a copy. Header, sizes and the key chain are verified; the data is
     * verified by whoever asks {@link StoredChunk#isIntact()}, or with its SHA-256 here.
     *
     * @param verifiesData whether the SHA-256 of the data is compared too
     * @throws ChunkFormatException saying what is wrong
     */
    public static StoredChunk decode(MemorySegment bytes, boolean verifiesData) throws ChunkFormatException {
        byte[] header = SealedHeader.verified(bytes);
        ChunkHeader fields = verifiedFields(header);
        int[] tokenIds = fields.requireInts("token_ids");
        String[] checksums = fields.require("block_crc32c").split(",", -1);
        if (tokenIds.length == 0 || tokenIds.length % checksums.length != 0
                || checksums.length > ChunkKey.MAX_BLOCKS) {
            throw new ChunkFormatException(tokenIds.length + " token ids in " + checksums.length + " blocks");
        }
        MemorySegment data = bytes.asSlice(header.length);
        List<@Nullable MemorySegment> parts = parts(fields, data, checksums.length);
        if (verifiesData) {
            SealedHeader.requireEqual("data_sha256", SealedHeader.digestOf(data), fields.require("data_sha256"));
        }
        try {
            StoredChunk chunk =
                    new StoredChunk(new BlockOrigin(fields.withPrefix(ORIGIN), ""),
                            BlockKey.parse(fields.require("before")),
                            Long.parseLong(fields.require("first_position")), tokenIds, parts,
                            Arrays.stream(checksums).mapToInt(HexFormat::fromHexDigits).toArray());
            SealedHeader.requireEqual("key", chunk.key().toString(), fields.require("key"));
            return chunk;
        } catch (IllegalArgumentException e) {
            throw new ChunkFormatException("damaged header: " + e.getMessage());
        }
    }

    static int numGroups(ChunkHeader fields) throws ChunkFormatException {
        int[] count = fields.requireInts("num_groups");
        if (count.length != 1 || count[0] < 1 || count[0] > MAX_GROUPS) {
            throw new ChunkFormatException("num_groups: " + fields.require("num_groups"));
        }
        return count[0];
    }

    /** The data, cut into blocks and groups, {@code [blocks][G]}; it must be covered without a gap or rest. */
    private static List<@Nullable MemorySegment> parts(ChunkHeader fields, MemorySegment data, int numBlocks)
            throws ChunkFormatException {
        int numGroups = numGroups(fields);
        MemorySegment[] parts = new MemorySegment[numBlocks * numGroups];
        long covered = 0;
        int numTensors = 0;
        for (int group = 0; group < numGroups; group++) {
            int[] blocks = fields.requireInts("group." + group + ".blocks");
            ChunkHeader.Part tensor = fields.tensors().get("group." + group);
            numTensors += tensor == null ? 0 : 1;
            if ((tensor == null ? 0 : tensor.numBlocks()) != blocks.length
                    || (tensor != null && tensor.offset() != covered)) {
                throw new ChunkFormatException("group." + group + ": does not agree with its blocks");
            }
            for (int block : blocks) {
                long bytes = tensor == null ? 0 : tensor.blockBytes();
                if (block < 0 || block >= numBlocks || covered + bytes > data.byteSize()
                        || parts[block * numGroups + group] != null) {
                    throw new ChunkFormatException("group." + group + ", block " + block + ": " + bytes
                            + " bytes from " + covered + " of " + data.byteSize() + " (truncated?)");
                }
                parts[block * numGroups + group] = data.asSlice(covered, bytes);
                covered += bytes;
            }
        }
        if (covered != data.byteSize() || numTensors != fields.tensors().size()) {
            throw new ChunkFormatException(numTensors + " tensors end at byte " + covered + " of " + data.byteSize());
        }
        return Arrays.asList(parts);
    }
}
