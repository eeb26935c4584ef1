package io.github.pastkv.cli.show;

import io.github.pastkv.cache.KvCacheEntry;
import io.github.pastkv.cache.PastTensor;
import io.github.pastkv.model.Session;
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

    /** Writes {@code past_keys.N} and {@code past_values.N} of every layer, {@code [B, K, T, D]}; one row without B. */
    void writeKeysValues(Path file, Map<String, String> metadata) throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter().withMetadata(metadata);
        for (KvCacheEntry entry : session.cache().entries()) {
            writer.add("past_keys." + entry.layer(), headsFirst(entry.pastKeys()));
            writer.add("past_values." + entry.layer(), headsFirst(entry.pastValues()));
        }
        writer.write(file);
    }

    /**
     * A copy of {@code [B, T, K, D]} as {@code [B, K, T, D]}, without B where there is one row, and from the first slot
     * that the layer still holds.
     */
    private Tensor headsFirst(PastTensor past) {
        try (past) {
            Tensor whole = Tensor.allocate(arena, DataType.F32, past.shape());
            past.copyTo(whole);
            Tensor shown = whole.narrow(1, past.firstShownSlot(), past.shape(1));
            Tensor copy = Tensor.allocate(arena, DataType.F32, shown.shape());
            shown.copyTo(copy);
            Tensor tokensFirst = withoutOnlyRow(copy);
            return tokensFirst.transpose(tokensFirst.rank() - 3, tokensFirst.rank() - 2);
        }
    }

    /** Drops the axis of rows where there is one row. */
    Tensor withoutOnlyRow(Tensor tensor) {
        long[] shape = tensor.shape();
        return batch.size() == 1 ? tensor.reshape(Arrays.copyOfRange(shape, 1, shape.length)) : tensor;
    }
}
