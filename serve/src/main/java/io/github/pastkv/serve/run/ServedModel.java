package io.github.pastkv.serve.run;

import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvPool;
import io.github.pastkv.cache.prefix.PrefixExplanation;
import io.github.pastkv.cache.prefix.PrefixIndex;
import io.github.pastkv.cache.prefix.PrefixStats;
import io.github.pastkv.chat.ChatFormat;
import io.github.pastkv.chat.ChatFormats;
import io.github.pastkv.chat.GeneratedTokens;
import io.github.pastkv.chat.ToolFormats;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.grammar.GrammarCache;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.IOException;
import java.time.Duration;

/**
 * A model under the name that requests give. Owns the model. Safe for any number of threads.
 */
public final class ServedModel implements AutoCloseable {
    private final String name;
    private final Model model;
    private final ChatFormat chatFormat;
    private final ToolFormats toolFormats;
    private final TextTokenizer tokenizer;
    private final GeneratedTokens generatedTokens;
    private final SessionOptions sessionOptions;
    private final Session idle; // keeps hold of the pool that all sessions share; holds no block
    private final int contextLength;
    private final GrammarCache grammars = new GrammarCache();

    /**
     * A model with a tokenizer, whose requests get sessions with {@code sessionOptions}.
     *
     * @throws IllegalArgumentException when the model has no tokenizer, or the options do not fit it
     */
    public ServedModel(String name, Model model, SessionOptions sessionOptions) throws IOException {
        this.name = name;
        this.model = model;
        this.tokenizer = model.tokenizer().orElseThrow(
                () -> new IllegalArgumentException("model " + name + ": has no tokenizer, which a server needs"));
        this.generatedTokens = new GeneratedTokens(tokenizer);
        this.chatFormat = ChatFormats.of(model);
        this.toolFormats = new ToolFormats(chatFormat);
        this.sessionOptions = sessionOptions;
        this.idle = model.newSession(sessionOptions);
        this.contextLength = (int) Math.min(idle.maxSeqLen(), numPoolTokens());
    }

    /** Generates from random tokens for about {@code duration}, so that the first request is as fast as others. */
    public void warmUp(Duration duration) {
        WarmUp.run(this, sessionOptions, duration);
    }

    public String name() {
        return name;
    }

    public Model model() {
        return model;
    }

    public TextTokenizer tokenizer() {
        return tokenizer;
    }

    /** The grammars of recent requests. */
    public GrammarCache grammars() {
        return grammars;
    }

    /** How conversations are written. */
    public ChatFormat chatFormat() {
        return chatFormat;
    }

    /** The tokens of recent conversations, so that answers that come back keep theirs. */
    public GeneratedTokens generatedTokens() {
        return generatedTokens;
    }

    /** How conversations with tools are written, for the tools of recent requests. */
    public ToolFormats toolFormats() {
        return toolFormats;
    }

    /** Most tokens of a prompt and its answer: the model's limit, or what the cache has room for. */
    public int contextLength() {
        return contextLength;
    }

    /** Tokens of a block. */
    public int blockSize() {
        return idle.cache().config().blockSize();
    }

    /** Bytes of a block, over all layers. */
    public long blockBytes() {
        KvCacheConfig config = idle.cache().config();
        return config.bytesPerToken() * config.blockSize();
    }

    /** Tokens that the cache has room for, over all requests. */
    public long numPoolTokens() {
        KvCacheConfig config = idle.cache().config();
        return config.maxPoolBytes() / blockBytes() * config.blockSize();
    }

    /** A session for one request. Only sessions of equal salt share what they have read. */
    Session newSession(String salt) {
        return model.newSession(sessionOptions.withPrefixSalt(salt));
    }

    /** Tokens of a prompt that are not in memory and would be computed, or loaded from a cache tier. */
    int numTokensToCompute(String salt, int[] tokenIds) {
        try (Session session = newSession(salt);
                PrefixIndex.Pin pin = idle.prefixIndex().orElseThrow()
                        .pin(session.cache().namespace().orElseThrow(), tokenIds)) {
            return tokenIds.length - Math.min(pin.numTokens(), tokenIds.length - 1);
        }
    }

    /** Whether this many tokens have room beside what running requests hold. */
    boolean hasRoomFor(long numTokens) {
        long heldTokens = pool().heldBytes() / idle.cache().config().bytesPerToken();
        return heldTokens + numTokens <= numPoolTokens();
    }

    /** How much of a prompt would be found in the cache, and why not more. */
    public PrefixExplanation explain(String salt, int[] tokenIds) {
        try (Session session = newSession(salt)) {
            return session.explainPrefix(tokenIds);
        }
    }

    /** The pool that all sessions share. */
    public KvPool pool() {
        return idle.cache().pool();
    }

    /** What the prefix cache did so far. */
    public PrefixStats prefixStats() {
        return idle.prefixIndex().orElseThrow().stats();
    }

    @Override
    public void close() {
        idle.close();
        model.close();
    }
}
