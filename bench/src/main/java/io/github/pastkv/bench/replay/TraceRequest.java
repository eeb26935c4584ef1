package io.github.pastkv.bench.replay;

/**
 * A request of a trace, as in Mooncake's public ones (Qin et al. 2025): no text, only which blocks its prompt consists of.
 * Blocks of equal id have equal tokens and equal tokens before them.
 *
 * @param timestamp milliseconds from the start of the trace
 * @param inputLength tokens of the prompt
 * @param outputLength tokens of the answer
 * @param hashIds a number for each block of the prompt
 */
@SuppressWarnings("ArrayRecordComponent") // long traces; nobody compares requests
record TraceRequest(long timestamp, int inputLength, int outputLength, int[] hashIds) {}
