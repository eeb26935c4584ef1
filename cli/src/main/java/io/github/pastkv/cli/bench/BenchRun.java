package io.github.pastkv.cli.bench;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.cli.io.ByteSize;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Runs cases. The past of a case is random keys and values written straight into the cache: attention takes as long
 * over them as over those of a text, and a prompt of the depth need not be computed. Tokens are random as well.
 */
final class BenchRun {
    private static final int FILL_TOKENS = 256;

    private final Model model;
    private final SessionOptions sessionOptions;
    private final MachineLimits limits;
    private final Settings settings;
    private final Random random = new Random(20261);
    private final double multiplyAddLimit;

    /**
     * How often a case is run.
     *
     * @param numRepetitions timed runs
     * @param warmUpNanos time of runs before, of which there is at least one
     * @param sharedTokens tokens of the past that all rows share
     */
    record Settings(int numRepetitions, long warmUpNanos, int sharedTokens) {}

    BenchRun(Model model, SessionOptions sessionOptions, MachineLimits limits, Settings settings) {
        this.model = model;
        this.sessionOptions = sessionOptions;
        this.limits = limits;
        this.settings = settings;
        this.multiplyAddLimit = limits.multiplyAddsPerSecond();
    }

    /** F32 multiply-adds a second of the machine. */
    double multiplyAddLimit() {
        return multiplyAddLimit;
    }

    /**
     * Runs a case.
     *
     * @throws IllegalArgumentException when rows would be longer than the model's context
     * @throws PoolExhaustedException when the past does not fit into the cache's limit
     */
    BenchResult run(BenchCase test) {
        if (test.maxRowTokens() > model.config().maxSeqLen()) {
            throw new IllegalArgumentException(test.maxRowTokens() + " tokens are needed, the context of the model is "
                    + model.config().maxSeqLen());
        }
        try (Session session =
                model.newSession(sessionOptions.withBatchSize(test.batchSize()).withPrefixReuse(false))) {
            fill(session.cache(), test.depth());
            long warmUpEnd = System.nanoTime() + settings.warmUpNanos();
            do {
                repetition(session, test);
            } while (System.nanoTime() < warmUpEnd);
            List<Double> seconds = new ArrayList<>();
            double cacheBytes = 0;
            for (int i = 0; i < settings.numRepetitions(); i++) {
                Repetition done = repetition(session, test);
                seconds.add(done.nanos / 1e9);
                cacheBytes = done.cacheBytes;
            }
            return result(test, seconds, cacheBytes);
        }
    }

    private BenchResult result(BenchCase test, List<Double> seconds, double cacheBytesPerPass) {
        int numPasses = test.numPasses(model.options().maxBatchTokens());
        long weightBytesPerPass = model.weightBytesRead(Math.ceilDiv(test.totalTokens(), numPasses));
        double weightBytes = (double) numPasses * weightBytesPerPass;
        double readLimit = limits.readBytesPerSecond((long) (weightBytesPerPass + cacheBytesPerPass));
        return new BenchResult(test, seconds, numPasses, weightBytes, numPasses * cacheBytesPerPass,
                multiplyAdds(test), readLimit, multiplyAddLimit);
    }

    private double multiplyAdds(BenchCase test) {
        long numLogits = test.kind() == BenchCase.Kind.PROMPT ? test.batchSize() : test.totalTokens();
        KvShape cached = model.config().toKvShape();
        double perKey = (double) model.config().numHeads() * (cached.headDim() + cached.valueDim());
        long keys = 0;
        for (int layer = 0; layer < model.config().numLayers(); layer++) {
            keys += test.visibleKeys(model.config().attended(layer).narrower(sessionOptions.window()));
        }
        return model.linearMultiplyAdds(test.totalTokens(), numLogits) + perKey * keys;
    }

    /** @param cacheBytes that a pass read, on average */
    private record Repetition(long nanos, double cacheBytes) {}

    /** On a fork, so that each repetition finds the same past. */
    private Repetition repetition(Session session, BenchCase test) {
        boolean decodes = test.kind() == BenchCase.Kind.DECODE;
        int[][] tokenIds = randomIds(test.batchSize(), decodes ? 1 : test.numTokens());
        try (Session fork = session.fork()) {
            long bytesBefore = fork.cache().cacheBytes();
            Generation generation = fork.generate(tokenIds,
                    GenerationOptions.greedy(decodes ? test.numTokens() + 1 : 1).ignoringEos(),
                    GenerationListener.NONE);
            long bytesAfter = fork.cache().cacheBytes();
            return decodes
                    ? new Repetition(generation.decodeNanos(), (bytesBefore + bytesAfter) / 2.0)
                    : new Repetition(generation.promptNanos(), bytesAfter);
        }
    }

    private int[][] randomIds(int numRows, int numTokens) {
        int[][] ids = new int[numRows][];
        for (int row = 0; row < numRows; row++) {
            ids[row] = random.ints(numTokens, 0, model.config().vocabSize()).toArray();
        }
        return ids;
    }

    private void fill(KvCache cache, int depth) {
        int numShared = Math.min(settings.sharedTokens(), depth);
        if (numShared > 0) {
            fill(cache, 1, 0, numShared);
            cache.selectRows(new int[cache.batchSize()]); // all of them the first
        }
        fill(cache, cache.batchSize(), numShared, depth);
    }

    /** Positions {@code [from, to)} of the first rows. */
    private void fill(KvCache cache, int numRows, int from, int to) {
        int width = model.config().toKvShape().numKvHeads() * model.config().toKvShape().headDim();
        Tensor past = randomTensor(numRows * FILL_TOKENS, width);
        int[] lengths = new int[cache.batchSize()];
        for (int filled = from; filled < to; filled += FILL_TOKENS) {
            requireRoom(cache, filled, to);
            Arrays.fill(lengths, 0, numRows, Math.min(FILL_TOKENS, to - filled));
            try (KvStep step = cache.beginStep(AttentionMask.ofLengths(lengths))) {
                for (int layer = 0; layer < cache.numLayers(); layer++) {
                    step.write(layer, past, past, 0, 0, step.numTokens());
                }
                step.commit();
            }
        }
    }

    /** Refuses before gigabytes are written what will not fit; a window bounds what is written. */
    private void requireRoom(KvCache cache, int filled, int depth) {
        if (sessionOptions.window().isBounded()) {
            return;
        }
        double needed = filled == 0 ? 0 : (double) cache.cacheBytes() / filled * depth;
        if (needed > sessionOptions.maxPoolBytes()) {
            throw new IllegalArgumentException("the cache needs " + new ByteSize((long) needed)
                    + ", the limit is " + new ByteSize(sessionOptions.maxPoolBytes()));
        }
    }

    private Tensor randomTensor(int rows, int columns) {
        float[] numbers = new float[rows * columns];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) random.nextGaussian();
        }
        return Tensor.of(numbers, rows, columns);
    }
}
