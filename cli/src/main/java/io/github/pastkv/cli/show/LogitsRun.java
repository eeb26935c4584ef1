package io.github.pastkv.cli.show;

import io.github.pastkv.cache.KvCacheEntry;
import io.github.pastkv.cache.PastTensor;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.family.LatentExpansion;
import io.github.pastkv.model.files.SafetensorsWriter;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Feeds a batch to a session piece by piece and writes what came of it. Tensors written live in the arena that the
 * caller owns.
 */
final class LogitsRun {
    /** Most logits of a piece where the caller does not choose the pieces: 256 MiB. Pieces change no bit. */
    private static final long MAX_LOGITS_PER_PIECE = 1 << 26;

    private final Session session;
    private final TokenBatch batch;
    private final int vocabSize;
    private final Arena arena;

    LogitsRun(Session session, TokenBatch batch, Arena arena) {
        this.session = session;
        this.batch = batch;
        this.vocabSize = session.model().config().vocabSize();
        this.arena = arena;
    }

    /** As few pieces as memory allows. */
    List<Integer> defaultPieces() {
        long perSlot = (long) batch.size() * vocabSize;
        int slotsPerPiece = Math.clamp(MAX_LOGITS_PER_PIECE / perSlot, 1, batch.numSlots());
        List<Integer> pieces = new ArrayList<>();
        for (int from = 0; from < batch.numSlots(); from += slotsPerPiece) {
            pieces.add(Math.min(slotsPerPiece, batch.numSlots() - from));
        }
        return pieces;
    }

    /** Appends all pieces; returns the logits of every slot, {@code [B, T, V]}. */
    Tensor logits(List<Integer> pieces) {
        Tensor all = Tensor.allocate(arena, DataType.F32, batch.size(), batch.numSlots(), vocabSize);
        int from = 0;
        for (int numSlots : pieces) {
            int to = from + numSlots;
            copy(session.append(batch.tokenIds(from, to), batch.mask(from, to)), all, from);
            from = to;
        }
        return all;
    }

    private void copy(Tensor piece, Tensor all, int fromSlot) {
        long rowBytes = piece.shape(1) * vocabSize * Float.BYTES;
        for (int row = 0; row < batch.size(); row++) {
            MemorySegment.copy(piece.segment(), row * rowBytes, all.segment(), all.byteOffset(row, fromSlot, 0),
                    rowBytes);
        }
    }

    /**
     * Writes {@code past_keys.N} and {@code past_values.N} of every layer, {@code [B, K, T, D]}; one row without B.
     * Where the cache holds latents, writes these as {@code latent.N} and {@code rope_key.N}, {@code [B, T, ...]}, and
     * the keys and values that they expand to.
     */
    void writeKeysValues(Path file, Map<String, String> metadata) throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter().withMetadata(metadata);
        for (KvCacheEntry entry : session.cache().entries()) {
            if (session.cache().config().shape().isLatent()) {
                addLatents(writer, entry);
            } else {
                writer.add("past_keys." + entry.layer(), headsFirst(tokensFirst(entry.pastKeys())));
                writer.add("past_values." + entry.layer(), headsFirst(tokensFirst(entry.pastValues())));
            }
        }
        writer.write(file);
    }

    private void addLatents(SafetensorsWriter writer, KvCacheEntry entry) {
        Tensor cached = tokensFirst(entry.pastKeys()); // [B, T, 1, R + Dr]
        long numTokens = cached.shape(0) * cached.shape(1);
        Tensor rows = cached.reshape(numTokens, cached.shape(3));
        int latentDim = session.cache().config().shape().latentDim();
        Tensor latents = contiguous(rows.narrow(1, 0, latentDim));
        Tensor rotaryKeys = contiguous(rows.narrow(1, latentDim, rows.shape(1)));
        LatentExpansion expansion = new LatentExpansion(session.model().config().attention(),
                session.model().tensors().layers().get(entry.layer()));
        writer.add("latent." + entry.layer(), withoutOnlyRow(batched(latents, cached)));
        writer.add("rope_key." + entry.layer(), withoutOnlyRow(batched(rotaryKeys, cached)));
        writer.add("past_keys." + entry.layer(), headsFirst(heads(expansion.keys(latents, rotaryKeys), cached)));
        writer.add("past_values." + entry.layer(), headsFirst(heads(expansion.values(latents), cached)));
    }

    private Tensor contiguous(Tensor rows) {
        Tensor copy = Tensor.allocate(arena, DataType.F32, rows.shape());
        copy.copyFrom(rows);
        return copy;
    }

    private static Tensor batched(Tensor rows, Tensor like) {
        return rows.reshape(like.shape(0), like.shape(1), rows.shape(1));
    }

    private Tensor heads(Tensor rows, Tensor like) {
        int numHeads = session.model().config().numHeads();
        return rows.reshape(like.shape(0), like.shape(1), numHeads, rows.shape(1) / numHeads);
    }

    /** A copy of {@code [B, T, K, D]}, from the first slot that the layer still holds. */
    private Tensor tokensFirst(PastTensor past) {
        try (past) {
            Tensor whole = Tensor.allocate(arena, DataType.F32, past.shape());
            past.copyTo(whole);
            Tensor shown = whole.narrow(1, past.firstShownSlot(), past.shape(1));
            Tensor copy = Tensor.allocate(arena, DataType.F32, shown.shape());
            shown.copyTo(copy);
            return copy;
        }
    }

    /** {@code [B, T, K, D]} as {@code [B, K, T, D]}, without B where there is one row. */
    private Tensor headsFirst(Tensor tokensFirst) {
        Tensor rows = withoutOnlyRow(tokensFirst);
        return rows.transpose(rows.rank() - 3, rows.rank() - 2);
    }

    /** Drops the axis of rows where there is one row. */
    Tensor withoutOnlyRow(Tensor tensor) {
        long[] shape = tensor.shape();
        return batch.size() == 1 ? tensor.reshape(Arrays.copyOfRange(shape, 1, shape.length)) : tensor;
    }
}
