package io.github.pastkv.serve.batch;

import java.nio.file.Path;

/**
 * What a batch reads and writes, and how.
 *
 * @param input requests, one JSON object in each line
 * @param output answers, in the order of the input; written whole when all are there
 * @param overwrites whether an output that answers other requests is replaced, rather than refused; its answers to
 *        these requests are kept
 * @param sorts whether requests whose prompts begin alike run one after the other, so that what they share is computed
 *        once; otherwise they run in the order of the input
 * @param maxRunning requests that run at once
 */
public record BatchOptions(Path input, Path output, boolean overwrites, boolean sorts, int maxRunning) {
    public BatchOptions {
        if (maxRunning < 1) {
            throw new IllegalArgumentException("maxRunning: " + maxRunning + ", must be at least 1");
        }
    }
}
