package io.github.pastkv.model.tokenizer;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;

/**
 * One {@code tokenizer.json} as up to five native tokenizers, created when they are first needed: as the file says,
 * without the space that some put before a text, both of these with control tokens that no text can spell, and with
 * special tokens that no text can spell. Safe for any number of threads, closing included.
 */
final class TokenizerVariants implements AutoCloseable {
    /** How a text is tokenized. */
    enum Variant {
        /** As a text of its own, in which control tokens are recognized. */
        TEXT(false, false),
        /** As the continuation of a text: nothing is put before it. */
        CONTINUATION(false, true),
        /** As a text of its own, in which control tokens are recognized by their new spellings only. */
        RESPELLED(true, false),
        /** As a continuation, in which control tokens are recognized by their new spellings only. */
        RESPELLED_CONTINUATION(true, true),
        /** As a text of its own, in which added tokens are recognized unless they are special. */
        SPECIAL_RESPELLED(true, false);

        private final boolean isRespelled;
        private final boolean isContinuation;

        Variant(boolean isRespelled, boolean isContinuation) {
            this.isRespelled = isRespelled;
            this.isContinuation = isContinuation;
        }
    }

    /**
     * A native tokenizer.
     *
     * @param spellings of the control tokens that it recognizes, by those of the file; those that are not there are the
     *        same
     */
    record Prepared(NativeTokenizer tokenizer, Map<String, String> spellings) {}

    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private final byte[] json;
    private final Vocabulary vocabulary;
    private final Map<Variant, Prepared> prepared = new EnumMap<>(Variant.class);
    private boolean isClosed;

    TokenizerVariants(byte[] json, Vocabulary vocabulary, NativeTokenizer text) {
        this.json = json;
        this.vocabulary = vocabulary;
        prepared.put(Variant.TEXT, new Prepared(text, Map.of()));
    }

    /** Variant for a text of its own or a continuation, with control tokens as the file spells them or respelled. */
    static Variant variant(boolean isRespelled, boolean isContinuation) {
        for (Variant variant : Variant.values()) {
            if (variant.isRespelled == isRespelled && variant.isContinuation == isContinuation) {
                return variant;
            }
        }
        throw new AssertionError("no such variant");
    }

    /** Calls with the tokenizer of a variant, which stays open during the call. */
    <T> T call(Variant variant, Function<Prepared, T> call) {
        boolean isSame = vocabulary.addsPrefix() || !variant.isContinuation;
        Variant needed = isSame ? variant : variant(variant.isRespelled, false);
        lock.readLock().lock();
        try {
            requireOpen();
            Prepared found = prepared.get(needed);
            if (found != null) {
                return call.apply(found);
            }
        } finally {
            lock.readLock().unlock();
        }
        prepare(needed);
        return call(variant, call);
    }

    private void prepare(Variant variant) {
        lock.writeLock().lock();
        try {
            requireOpen();
            prepared.computeIfAbsent(variant, this::create);
        } finally {
            lock.writeLock().unlock();
        }
    }

    private Prepared create(Variant variant) {
        TokenizerJson rewritten = new TokenizerJson(json);
        if (variant.isContinuation) {
            rewritten.removePrefix();
        }
        List<String> respelled = variant == Variant.SPECIAL_RESPELLED
                ? vocabulary.specialTokens()
                : variant.isRespelled ? vocabulary.controlTokens() : List.of();
        Map<String, String> spellings = rewritten.respell(respelled);
        return new Prepared(new NativeTokenizer(rewritten.text()), spellings);
    }

    private void requireOpen() {
        if (isClosed) {
            throw new IllegalStateException("the tokenizer is closed, as is its model");
        }
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            isClosed = true;
            prepared.values().forEach(variant -> variant.tokenizer().close());
            prepared.clear();
        } finally {
            lock.writeLock().unlock();
        }
    }
}
