package io.github.pastkv.bench.replay;

/**
 * A request of a trace, in the format of Mooncake's public traces (Qin et al. 2025): the block ids of its prompt,
 * without text. Equal ids mean equal tokens and equal tokens before them.
 *
 * @param timestamp milliseconds from the start of the trace
 * @param inputLength tokens of the prompt
 * @param outputLength tokens of the answer
 * @param hashIds a number for each block of the prompt
 */
@SuppressWarnings("ArrayRecordComponent") // long traces; nobody compares requests
record TraceRequest(long timestamp, int inputLength, int outputLength, int[] hashIds) {}
