package io.github.pastkv.model.generation;

import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.sampling.Sampler;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * The generation loop: one prefill step for the prompts, then decode steps for all rows together. A prompt is computed
 * once, whatever the number of its completions. Finished rows are padding in later steps, which costs nothing. The last
 * token of a row is returned but not appended.
 *
 * <p>Speculative decoding (Leviathan et al., ICML 2023): a step appends the last token and a few draft tokens found by
 * {@link PromptLookup}, samples at each of them, and rolls back from the first rejected one. As logits do not depend on
 * the path, the output is that of generation without drafts. If drafts do not fit into the cache, the step runs without
 * them. Tokens that a grammar forces are appended in the same way, several in a step, but are not sampled.
 */
public final class Generator {
    private static final int[] NO_DRAFT = new int[0];

    private final DecodeBackend backend;
    private final GenerationOptions options;
    private final int[][] promptIds;
    private final AttentionMask promptMask;
    private final Sampler sampler;
    private final @Nullable LogProbabilities logProbabilities;
    private final List<Sequence> rows = new ArrayList<>();
    private int numReused;
    private long promptNanos;
    private long decodeNanos;
    private int numDecoded;
    private int numDrafted;

    /**
     * Appends a prompt to each row and generates. With several completions per prompt the backend's rows are repeated:
     * the completions of prompt 0, then those of prompt 1, and so on.
     *
     * @param tokenIds prompt slots, {@code [B, N]}
     * @param mask which of them are real, {@code [B, N]}; each row needs one at least
     * @param tokenizer makes the text; null for tokens only
     */
    public static Generation generate(DecodeBackend backend, int[][] tokenIds, AttentionMask mask,
            @Nullable TextTokenizer tokenizer, GenerationOptions options, GenerationListener listener) {
        Generator generator = new Generator(backend, tokenIds, mask, tokenizer, options, listener);
        while (generator.step()) {
            // the listener receives each token
        }
        return generator.finish();
    }

    /** A generation that the caller runs step by step; see {@link #generate}. */
    public Generator(DecodeBackend backend, int[][] tokenIds, AttentionMask mask, @Nullable TextTokenizer tokenizer,
            GenerationOptions options, GenerationListener listener) {
        if (tokenizer == null && !options.stopStrings().isEmpty()) {
            throw new IllegalArgumentException("stopStrings: " + options.stopStrings() + " need a tokenizer");
        }
        if (tokenizer == null && options.grammar() != null) {
            throw new IllegalArgumentException("grammar: needs a tokenizer");
        }
        this.backend = backend;
        this.options = options;
        this.promptIds = tokenIds;
        this.promptMask = mask;
        this.sampler = new Sampler(options.sampling(), backend.vocabSize(), options.stopTokens());
        this.logProbabilities = options.numLogProbabilities() == GenerationOptions.NO_LOG_PROBABILITIES
                ? null
                : new LogProbabilities(backend.vocabSize());
        for (int row = 0; row < mask.batchSize(); row++) {
            int[] prompt = realTokens(tokenIds[row], mask, row);
            int[] past = options.knownTokens().isEmpty()
                    ? backend.knownTokenIds(row)
                    : options.knownTokens().stream().mapToInt(id -> id).toArray();
            for (int answer = 0; answer < options.numReturnSequences(); answer++) {
                int outputRow = rows.size();
                rows.add(new Sequence(outputRow, past, prompt, backend.vocabSize(), options, listener, tokenizer));
            }
        }
    }

    private static int[] realTokens(int[] slots, AttentionMask mask, int row) {
        if (mask.numReal(row) == 0) {
            throw new IllegalArgumentException("tokenIds: row " + row + " has no token to continue from");
        }
        int[] tokens = new int[mask.numReal(row)];
        int next = 0;
        for (int slot = 0; slot < mask.numSlots(); slot++) {
            if (mask.isReal(row, slot)) {
                tokens[next++] = slots[slot];
            }
        }
        return tokens;
    }

    /**
     * Runs the next step: prefill first, then decode of one or more tokens per row. Returns whether any row continues.
     */
    public boolean step() {
        long start = System.nanoTime();
        try {
            if (promptNanos == 0) {
                choosePromptEnds(backend.prefill(promptIds, promptMask));
            } else {
                decodeStep();
            }
        } catch (CancellationException _) {
            rows.forEach(Sequence::cancel);
        }
        long nanos = Math.max(1, System.nanoTime() - start);
        if (promptNanos == 0) {
            promptNanos = nanos;
        } else {
            decodeNanos += nanos;
        }
        return rows.stream().anyMatch(Sequence::isActive);
    }

    /** Emits the text that was held back, and returns the result. */
    public Generation finish() {
        rows.forEach(Sequence::cancel);
        List<GeneratedRow> results = rows.stream().map(Sequence::finish).toList();
        return new Generation(results, promptMask.numReal(), numReused, promptNanos, numDecoded, decodeNanos,
                numDrafted);
    }

    /** The first token of every answer; from here on each answer has a row of its own. */
    private void choosePromptEnds(Tensor logits) {
        numReused = backend.numReusedTokens();
        int perPrompt = options.numReturnSequences();
        if (perPrompt > 1) {
            backend.repeatRows(perPrompt);
        }
        for (int row = 0; row < rows.size(); row++) {
            if (rows.get(row).isActive()) {
                choose(row, logits, row / perPrompt, backend.numTokens(row));
            }
        }
    }

    /** One step for all active rows: the last token of each, and its draft tokens. */
    private void decodeStep() {
        int[][] drafts = new int[rows.size()][];
        for (int row = 0; row < rows.size(); row++) {
            drafts[row] = rows.get(row).isActive() ? rows.get(row).draft(room(row)) : NO_DRAFT;
        }
        Tensor logits = appendLastAnd(drafts);
        int[] numAccepted = new int[rows.size()];
        try {
            int logitsRow = 0;
            for (int row = 0; row < rows.size(); row++) {
                if (rows.get(row).isActive()) {
                    verify(row, drafts[row], logits, logitsRow, numAccepted);
                    logitsRow += 1 + drafts[row].length;
                }
            }
        } finally { // also when the listener or the sampler throws: rejected draft tokens must not stay
            rollbackRejected(drafts, numAccepted);
        }
    }

    /** Appends the last tokens and the drafts, or the tokens alone if the cache has no room for drafts. */
    private Tensor appendLastAnd(int[][] drafts) {
        while (true) {
            try {
                return append(drafts);
            } catch (PoolExhaustedException e) {
                if (Arrays.stream(drafts).allMatch(draft -> draft.length == 0)) {
                    throw e;
                }
                Arrays.fill(drafts, NO_DRAFT); // nothing has changed, so the step can be retried without them
            }
        }
    }

    private Tensor append(int[][] drafts) {
        int[] lengths = new int[drafts.length];
        for (int row = 0; row < drafts.length; row++) {
            lengths[row] = rows.get(row).isActive() ? 1 + drafts[row].length : 0;
        }
        return backend.decode(slots(drafts, lengths), AttentionMask.ofLengths(lengths));
    }

    private void rollbackRejected(int[][] drafts, int[] numAccepted) {
        for (int row = 0; row < rows.size(); row++) {
            int numRejected = drafts[row].length - numAccepted[row];
            if (numRejected > 0) {
                backend.truncateRow(row, backend.numTokens(row) - numRejected);
            }
        }
    }

    /** Number of draft tokens that fit after the last token. */
    private int room(int row) {
        return backend.maxSeqLen() - backend.numTokens(row) - 1;
    }

    private int[][] slots(int[][] drafts, int[] lengths) {
        int width = Arrays.stream(lengths).max().orElse(0);
        int[][] slots = new int[rows.size()][width];
        for (int row = 0; row < rows.size(); row++) {
            if (lengths[row] > 0) {
                slots[row][0] = rows.get(row).lastTokenId();
                System.arraycopy(drafts[row], 0, slots[row], 1, drafts[row].length);
            }
        }
        return slots;
    }

    /** Samples after the last token and after each accepted draft token, and counts those. */
    private void verify(int row, int[] draft, Tensor logits, int firstLogitsRow, int[] numAccepted) {
        int firstPosition = backend.numTokens(row) - draft.length;
        boolean goesOn = true;
        while (goesOn) {
            int accepted = numAccepted[row];
            int chosen = choose(row, logits, firstLogitsRow + accepted, firstPosition + accepted);
            numDecoded++;
            goesOn = rows.get(row).isActive() && accepted < draft.length && chosen == draft[accepted];
            numAccepted[row] += goesOn ? 1 : 0;
        }
        numDrafted += numAccepted[row];
    }

    private int choose(int row, Tensor logits, int logitsRow, int position) {
        Sequence sequence = rows.get(row);
        long sampleIndex = options.firstSampleIndex() + row % options.numReturnSequences();
        long byteOffset = (long) logitsRow * backend.vocabSize() * Float.BYTES;
        int chosen = sequence.forcedToken().orElseGet(() -> sampler.next(logits.segment(), byteOffset,
                sequence.history(), sampleIndex, position, (scores, _) -> sequence.mask(scores)));
        if (logProbabilities != null) {
            logProbabilities.read(logits, logitsRow);
            sequence.addLogProbability(logProbabilities.of(chosen, options.numLogProbabilities()));
        }
        sequence.accept(chosen);
        if (sequence.isActive() && position >= backend.maxSeqLen()) {
            sequence.endAtContextLimit();
        }
        return chosen;
    }
}
