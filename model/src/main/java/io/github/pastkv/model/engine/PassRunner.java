package io.github.pastkv.model.engine;

import io.github.pastkv.cache.JoinedRows;
import io.github.pastkv.cache.StepRows;
import io.github.pastkv.model.forward.ForwardPass;
import io.github.pastkv.model.forward.LayerRope;
import io.github.pastkv.model.forward.Pass;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * Runs the scheduled tokens of several requests in one forward pass and distributes the logits. For one thread at a
 * time; owns the forward pass and its buffers.
 */
final class PassRunner implements AutoCloseable {
    private final ForwardPass forwardPass;
    private final int vocabSize;
    private final JoinedRows rows = new JoinedRows();
    private int[] tokenIds = new int[16];
    private int[] logitTokens = new int[16];
    private LayerRope[] ropes = new LayerRope[16];
    private final LogitsBuffer logits;

    PassRunner(int vocabSize, ForwardPass forwardPass) {
        this.forwardPass = forwardPass;
        this.vocabSize = vocabSize;
        this.logits = new LogitsBuffer(vocabSize);
    }

    /**
     * Computes the scheduled tokens of each request. Failures are isolated: if a joint pass fails, each of its requests
     * is run again alone, which computes the same numbers.
     */
    void run(List<StepRequest> batch) {
        if (batch.size() > 1) {
            try {
                runJoined(batch);
                return;
            } catch (RuntimeException | Error _) {
                // usually one request is the cause
            }
        }
        for (StepRequest request : batch) {
            try {
                runOne(request);
            } catch (RuntimeException | Error thrown) {
                request.fail(thrown);
            }
        }
    }

    private void runOne(StepRequest request) {
        if (request.numTokensLeft() == 0) {
            return;
        }
        if (request.runsAlone()) {
            forwardPass.run(alonePass(request));
        } else if (request.numScheduled() == request.step.numTokens()) {
            int[] ids = request.input.tokenIds();
            forwardPass.run(pass(request, request.step).tokens(ids == null ? new int[0] : ids)
                    .logits(request.logitTokens, request.numLogits, logitsOf(request)));
        } else {
            runChunk(request);
        }
    }

    private Pass alonePass(StepRequest request) {
        PackedInput input = request.input;
        Pass pass = pass(request, request.step);
        if (input.residual() != null) {
            pass.residual(input.residual(), input.startAtLayer());
        } else if (input.embeddings() != null) {
            pass.embeddings(input.embeddings());
        } else if (input.tokenIds() != null) {
            pass.tokens(input.tokenIds());
        }
        if (request.probe != null) {
            pass.probe(request.probe);
        }
        return request.residualOut == null
                ? pass.logits(request.logitTokens, request.numLogits, logitsOf(request))
                : pass.residualBefore(request.stopLayer, request.residualOut);
    }

    private Tensor logitsOf(StepRequest request) {
        return request.logits == null ? logits.all() : request.logits;
    }

    /** Runs a chunk of one request, writing its logits directly. */
    private void runChunk(StepRequest request) {
        rows.clear();
        int numLogits = addChunk(request, 0);
        int from = request.numLogitsComputed;
        Tensor out = numLogits == 0 ? logits.all() : logitsOf(request).narrow(0, from, (long) from + numLogits);
        forwardPass.run(pass(request, rows).tokens(tokenIds).logits(logitTokens, numLogits, out));
    }

    private void runJoined(List<StepRequest> batch) {
        rows.clear();
        int numLogits = 0;
        for (StepRequest request : batch) {
            int fromRow = rows.numRows();
            numLogits += addChunk(request, numLogits);
            growRopes(rows.numRows());
            Arrays.fill(ropes, fromRow, rows.numRows(), request.rope);
        }
        Tensor joined = logits.ofAtLeast(numLogits);
        forwardPass.run(new Pass(rows, ropes).tokens(tokenIds).logits(logitTokens, numLogits, joined));
        copyLogits(batch, joined);
    }

    /** Adds a request's scheduled tokens to the rows; returns the number of their logits. */
    private int addChunk(StepRequest request, int firstLogit) {
        int from = request.numComputed;
        int start = rows.add(request.step, from, from + request.numScheduled());
        tokenIds = grown(tokenIds, rows.numTokens());
        int[] ids = request.input.tokenIds();
        if (ids != null) {
            System.arraycopy(ids, from, tokenIds, start, request.numScheduled());
        }
        int numLogits = request.numLogitsOf(request.numScheduled());
        logitTokens = grown(logitTokens, firstLogit + numLogits);
        for (int i = 0; i < numLogits; i++) {
            logitTokens[firstLogit + i] = start + request.logitTokens[request.numLogitsComputed + i] - from;
        }
        return numLogits;
    }

    private static int[] grown(int[] numbers, int length) {
        return numbers.length < length ? Arrays.copyOf(numbers, Math.max(length, 2 * numbers.length)) : numbers;
    }

    private void growRopes(int numRows) {
        if (ropes.length < numRows) {
            ropes = Arrays.copyOf(ropes, Math.max(numRows, 2 * ropes.length));
        }
    }

    private Pass pass(StepRequest request, StepRows ofRequest) {
        growRopes(ofRequest.numRows());
        Arrays.fill(ropes, 0, ofRequest.numRows(), request.rope);
        return new Pass(ofRequest, ropes);
    }

    private void copyLogits(List<StepRequest> batch, Tensor joined) {
        long rowBytes = (long) vocabSize * Float.BYTES;
        long from = 0;
        for (StepRequest request : batch) {
            int numLogits = request.numLogitsOf(request.numScheduled());
            if (request.logits != null) {
                MemorySegment.copy(joined.segment(), from, request.logits.segment(),
                        request.numLogitsComputed * rowBytes, numLogits * rowBytes);
            }
            from += numLogits * rowBytes;
        }
    }

    @Override
    public void close() {
        forwardPass.close();
        logits.close();
    }
}
