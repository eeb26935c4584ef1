package io.github.pastkv.model;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.engine.SequenceGroup;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.generation.Generator;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.Spliterators.AbstractSpliterator;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** A generation as a lazy stream of text: each step is computed when the text before it has been consumed. */
final class TextStream extends AbstractSpliterator<String> {
    private final SequenceGroup group;
    private final KvCache cache;
    private final Generator generator;
    private final Runnable onClose;
    private final Queue<String> pieces = new ArrayDeque<>();
    private final ReentrantLock stepLock = new ReentrantLock();
    private volatile boolean ended;
    private volatile boolean sessionClosed;

    /**
     * @param cache locked between the steps, until the end
     * @param onClose run once, at the end or when the stream is closed before
     */
    TextStream(TextTokenizer tokenizer, SequenceGroup group, KvCache cache, int[][] tokenIds, AttentionMask mask,
            GenerationOptions options, Runnable onClose) {
        super(Long.MAX_VALUE, ORDERED | NONNULL);
        this.group = group;
        this.cache = cache;
        this.onClose = onClose;
        this.generator = new Generator(group, tokenIds, mask, tokenizer, options,
                GenerationListener.ofText(pieces::add));
        group.beginGeneration(options);
        cache.lockChanges();
    }

    Stream<String> stream() {
        return StreamSupport.stream(this, false).onClose(this::close);
    }

    @Override
    public boolean tryAdvance(Consumer<? super String> action) {
        while (pieces.isEmpty() && !ended) {
            advance();
        }
        if (sessionClosed) {
            throw new IllegalStateException("the session is closed");
        }
        String piece = pieces.poll();
        if (piece != null) {
            action.accept(piece);
        }
        return piece != null;
    }

    /** Ends the stream as its session is closed, unless a step is running. */
    void closeWithSession() {
        if (!stepLock.isHeldByCurrentThread() && stepLock.tryLock()) {
            try {
                sessionClosed = !ended;
                close();
            } finally {
                stepLock.unlock();
            }
        }
    }

    private void advance() {
        stepLock.lock();
        try {
            if (!ended) {
                step();
            }
        } finally {
            stepLock.unlock();
        }
    }

    private void step() {
        boolean goesOn = false;
        cache.unlockChanges();
        try {
            goesOn = generator.step();
            if (!goesOn) {
                generator.finish();
            }
        } finally { // also when the step fails
            cache.lockChanges();
            if (!goesOn) {
                close();
            }
        }
    }

    private void close() {
        if (!ended) {
            ended = true;
            cache.unlockChanges(); // first: the end may restore the cache
            try {
                group.endGeneration();
            } finally {
                onClose.run();
            }
        }
    }
}
