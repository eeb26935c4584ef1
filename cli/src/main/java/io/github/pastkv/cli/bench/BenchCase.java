package io.github.pastkv.cli.bench;

import io.github.pastkv.cache.layout.KvWindow;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One row of a bench.
 *
 * @param kind what is timed
 * @param numTokens tokens of the prompt, or decoded in each row, one step each
 * @param depth tokens that each row has in the cache before
 * @param batchSize rows
 */
record BenchCase(Kind kind, int numTokens, int depth, int batchSize) {
    /** What is timed. */
    enum Kind {
        /** Reading a prompt in one piece. */
        PROMPT,
        /** Making tokens one by one, in all rows together. */
        DECODE
    }

    /** All cases, a depth at a time: the prompt in one row, then decoding with each number of rows. */
    static List<BenchCase> of(int promptTokens, int decodeTokens, List<Integer> depths, List<Integer> batchSizes) {
        List<BenchCase> cases = new ArrayList<>();
        for (int depth : depths) {
            if (promptTokens > 0) {
                cases.add(new BenchCase(Kind.PROMPT, promptTokens, depth, 1));
            }
            for (int batchSize : batchSizes) {
                if (decodeTokens > 0) {
                    cases.add(new BenchCase(Kind.DECODE, decodeTokens, depth, batchSize));
                }
            }
        }
        return cases;
    }

    BenchCase atDepth(int newDepth) {
        return new BenchCase(kind, numTokens, newDepth, batchSize);
    }

    /** As llama-bench has it: pp512, tg64. */
    String name() {
        return (kind == Kind.PROMPT ? "pp" : "tg") + numTokens;
    }

    String title() {
        return name() + ", batch " + batchSize + ", depth " + depth;
    }

    /** Forward passes: one for each decoded token, or one for each piece of the prompt. */
    int numPasses(int maxBatchTokens) {
        return kind == Kind.PROMPT ? Math.ceilDiv(numTokens, maxBatchTokens) : numTokens;
    }

    /** Tokens of all rows together. */
    int totalTokens() {
        return numTokens * batchSize;
    }

    /** Longest row, the token that starts decoding included. */
    int maxRowTokens() {
        return depth + numTokens + (kind == Kind.DECODE ? 1 : 0);
    }

    /** Keys that all queries of the case see together through a window. */
    long visibleKeys(KvWindow window) {
        int first = kind == Kind.PROMPT ? depth : depth + 1;
        return batchSize * IntStream.range(first, first + numTokens).mapToLong(window::numSeen).sum();
    }
}
