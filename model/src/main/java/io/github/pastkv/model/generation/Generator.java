package io.github.pastkv.model.generation;

import io.github.pastkv.cache.AttentionMask;
import io.github.pastkv.cache.Tensor;
import io.github.pastkv.model.sampling.Sampler;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Lets a stream of tokens follow a prompt, for all rows together. A row that has ended takes no further part: its later
 * slots are pads, which cost nothing. The last token chosen is given out but not appended.
 */
public final class Generator {
    /** What the generator needs of a session. */
    public interface Source {
        /** Real tokens of a row so far. */
        int numTokens(int row);

        /** Longest row, in tokens. */
        int maxSeqLen();

        /**
         * Appends slots and returns the logits of the last real token of each row that has one in {@code mask}: F32
         * {@code [n, V]} in the order of the rows, valid until the next call.
         */
        Tensor appendForLast(int[][] tokenIds, AttentionMask mask);
    }

    private final Source source;
    private final Sampler sampler;
    private final List<RowWriter> rows;
    private final int vocabSize;

    private Generator(Source source, GenerationOptions options, int vocabSize, List<RowWriter> rows) {
        this.source = source;
        this.sampler = new Sampler(options.sampling(), vocabSize);
        this.rows = rows;
        this.vocabSize = vocabSize;
    }

    /**
     * Appends a prompt and generates.
     *
     * @param tokenIds prompt slots, {@code [B, N]}
     * @param mask which of them are real, {@code [B, N]}; each row needs one at least
     * @param tokenizer makes the text; null for tokens only
     */
    public static Generation generate(Source source, int[][] tokenIds, AttentionMask mask, int vocabSize,
            @Nullable TextTokenizer tokenizer, GenerationOptions options, GenerationListener listener) {
        if (tokenizer == null && !options.stopStrings().isEmpty()) {
            throw new IllegalArgumentException("stopStrings: " + options.stopStrings() + " need a tokenizer");
        }
        List<RowWriter> rows = new ArrayList<>();
        for (int row = 0; row < mask.batchSize(); row++) {
            RowWriter writer = new RowWriter(row, vocabSize, options, listener, tokenizer);
            readPrompt(writer, tokenIds, mask, row);
            rows.add(writer);
        }
        return new Generator(source, options, vocabSize, rows).run(tokenIds, mask);
    }

    private static void readPrompt(RowWriter writer, int[][] tokenIds, AttentionMask mask, int row) {
        if (mask.numReal(row) == 0) {
            throw new IllegalArgumentException("tokenIds: row " + row + " has no token to go on from");
        }
        for (int slot = 0; slot < mask.numSlots(); slot++) {
            if (mask.isReal(row, slot)) {
                writer.history().add(tokenIds[row][slot]);
            }
        }
    }

    private Generation run(int[][] tokenIds, AttentionMask mask) {
        long start = System.nanoTime();
        choose(source.appendForLast(tokenIds, mask));
        long promptEnd = System.nanoTime();
        int numDecoded = 0;
        while (rows.stream().anyMatch(RowWriter::isActive)) {
            numDecoded += decodeStep();
        }
        long decodeNanos = System.nanoTime() - promptEnd;
        List<GeneratedRow> results = rows.stream().map(RowWriter::finish).toList();
        int numPrompt = 0;
        for (int row = 0; row < mask.batchSize(); row++) {
            numPrompt += mask.numReal(row);
        }
        return new Generation(results, numPrompt, promptEnd - start, numDecoded, decodeNanos);
    }

    /** One new token for each active row; returns how many. */
    private int decodeStep() {
        int[][] tokenIds = new int[rows.size()][1];
        int[][] mask = new int[rows.size()][1];
        int numActive = 0;
        for (int row = 0; row < rows.size(); row++) {
            if (rows.get(row).isActive()) {
                tokenIds[row][0] = rows.get(row).lastTokenId();
                mask[row][0] = 1;
                numActive++;
            }
        }
        choose(source.appendForLast(tokenIds, AttentionMask.of(mask)));
        return numActive;
    }

    private void choose(Tensor logits) {
        int logitsRow = 0;
        for (int row = 0; row < rows.size(); row++) {
            RowWriter writer = rows.get(row);
            if (writer.isActive()) {
                long byteOffset = (long) logitsRow++ * vocabSize * Float.BYTES;
                int position = source.numTokens(row);
                writer.accept(sampler.next(logits.segment(), byteOffset, writer.history(), row, position));
                if (writer.isActive() && position >= source.maxSeqLen()) {
                    writer.endAtContextLimit();
                }
            }
        }
    }
}
