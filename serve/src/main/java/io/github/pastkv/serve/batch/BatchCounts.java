package io.github.pastkv.serve.batch;

import io.github.pastkv.serve.openai.Usage;

/** Counts what a batch has done. Safe for any number of threads. */
final class BatchCounts {
    private long numLines;
    private long numKept;
    private long numAnswered;
    private long numFailed;
    private long numPromptTokens;
    private long numReusedTokens;
    private long numNewTokens;
    private long startNanos;
    private boolean hasStarted;

    synchronized void numLines(long newNumLines) {
        numLines = newNumLines;
    }

    synchronized void kept() {
        numKept++;
    }

    synchronized void started() {
        if (!hasStarted) {
            startNanos = System.nanoTime();
            hasStarted = true;
        }
    }

    synchronized void answered(Usage usage) {
        numAnswered++;
        numPromptTokens += usage.numPromptTokens();
        numReusedTokens += usage.numCachedTokens();
        numNewTokens += usage.numCompletionTokens();
    }

    synchronized void failed() {
        numFailed++;
    }

    synchronized BatchProgress progress() {
        double seconds = hasStarted ? (System.nanoTime() - startNanos) * 1e-9 : 0;
        return new BatchProgress(numLines, numKept, numAnswered, numFailed, numPromptTokens, numReusedTokens,
                numNewTokens, seconds);
    }
}
