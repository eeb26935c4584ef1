package io.github.pastkv.chat;

import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.GeneratedRow;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The token ids of recent conversations, as they were prompted and generated. A client sends back the text of an
 * answer, and tokenizing a text may produce other tokens than the model generated; all later tokens would then have to
 * be recomputed. {@link #restore} puts the generated tokens in place wherever the text is the same.
 *
 * <p>Bounded by a number of tokens, with LRU eviction of whole conversations. Safe for any number of threads.
 */
public final class GeneratedTokens {
    /** Default limit: about a million tokens, which take 4 MiB. */
    public static final int DEFAULT_MAX_TOKENS = 1 << 20;

    private static final int MAX_CANDIDATES = 4; // conversations whose text is compared for one answer
    private static final int NUM_EQUAL = 8; // tokens before an answer that may be tokenized together with it

    private final TextTokenizer tokenizer;
    private final int maxTokens;
    private final Deque<Conversed> conversations = new ArrayDeque<>(); // most recently used first
    private int numTokens;

    /** Without conversations, and with the default limit. */
    public GeneratedTokens(TextTokenizer tokenizer) {
        this(tokenizer, DEFAULT_MAX_TOKENS);
    }

    /**
     * Without conversations.
     *
     * @param tokenizer that of all prompts and answers
     * @param maxTokens limit over all conversations; the last one is kept whatever its length
     */
    public GeneratedTokens(TextTokenizer tokenizer, int maxTokens) {
        this.tokenizer = Objects.requireNonNull(tokenizer, "tokenizer: null");
        this.maxTokens = maxTokens;
        if (maxTokens < 0) {
            throw new IllegalArgumentException("maxTokens: " + maxTokens + ", must not be negative");
        }
    }

    /** A range of generated tokens, half-open. */
    private record Answer(int from, int to) {}

    /** A conversation up to its last answer; compared by identity. */
    private static final class Conversed {
        final String salt;
        final int[] ids;
        final List<Answer> answers;

        Conversed(String salt, int[] ids, List<Answer> answers) {
            this.salt = salt;
            this.ids = ids;
            this.answers = answers;
        }

        int numEqual(int[] other) {
            int mismatch = Arrays.mismatch(ids, other);
            return mismatch < 0 ? ids.length : mismatch;
        }

        /** The answer in which the tokens of {@code written} begin to differ, if it starts at {@code from} or later. */
        Optional<Answer> differing(int[] written, int from) {
            int at = numEqual(written);
            return answers.stream().filter(answer -> answer.from() >= from)
                    .filter(answer -> answer.from() - NUM_EQUAL <= at && at < answer.to()).findFirst();
        }
    }

    /**
     * Adds a conversation after its last answer, in place of those that it continues.
     *
     * @param salt only prompts of equal salt get its tokens
     * @param prompt as it was computed, after {@link #restore}
     * @param answer what was generated after it
     */
    public void add(String salt, int[] prompt, GeneratedRow answer) {
        Objects.requireNonNull(salt, "salt: null");
        Objects.requireNonNull(prompt, "prompt: null");
        Objects.requireNonNull(answer, "answer: null");
        int[] ids = IntStream.concat(IntStream.of(prompt), IntStream.of(visibleIds(answer))).toArray();
        synchronized (conversations) {
            List<Answer> answers = new ArrayList<>(answersWithin(salt, prompt));
            answers.add(new Answer(prompt.length, ids.length));
            conversations.removeIf(earlier -> earlier.salt.equals(salt) && earlier.numEqual(ids) == earlier.ids.length);
            conversations.addFirst(new Conversed(salt, ids, List.copyOf(answers)));
            evict();
        }
    }

    /** The tokens of an answer's text: without those of the stop string that ended it. */
    private int[] visibleIds(GeneratedRow answer) {
        int[] ids = answer.tokenIds().stream().mapToInt(id -> id).toArray();
        String text = answer.text().stripLeading(); // some tokenizers strip a first space
        while (answer.reason() == FinishReason.STOP_STRING && ids.length > 0
                && !text.startsWith(tokenizer.decode(ids, true).stripLeading())) {
            ids = Arrays.copyOf(ids, ids.length - 1);
        }
        return ids;
    }

    /** The earlier answers of a prompt, from the conversation that shares most of it. */
    private List<Answer> answersWithin(String salt, int[] prompt) {
        return conversations.stream().filter(each -> each.salt.equals(salt))
                .max(Comparator.comparingInt(each -> each.numEqual(prompt)))
                .map(each -> each.answers.stream().filter(answer -> answer.to() <= each.numEqual(prompt)).toList())
                .orElse(List.of());
    }

    private void evict() {
        numTokens = conversations.stream().mapToInt(each -> each.ids.length).sum();
        while (numTokens > maxTokens && conversations.size() > 1) {
            numTokens -= conversations.removeLast().ids.length;
        }
    }

    /**
     * A prompt with the tokens of earlier answers as they were generated. Its text and its control tokens stay the
     * same.
     *
     * @param salt of the conversations that are looked at
     * @param written the prompt as its format encodes it
     * @return {@code written} itself if nothing differs; not to be changed
     */
    public int[] restore(String salt, int[] written) {
        Objects.requireNonNull(salt, "salt: null");
        Objects.requireNonNull(written, "written: null");
        Restored restored = new Restored(written, 0);
        for (Optional<Restored> next = Optional.of(restored); next.isPresent();) {
            restored = next.get();
            next = restoreOne(salt, restored);
        }
        return restored.ids();
    }

    /** A prompt whose answers are as generated up to {@code numDone} tokens. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Restored(int[] ids, int numDone) {}

    /** The same with one more answer as generated, or empty if there is none. */
    private Optional<Restored> restoreOne(String salt, Restored before) {
        int[] written = before.ids();
        for (Conversed each : candidates(salt, before)) {
            int to = each.differing(written, before.numDone()).orElseThrow().to();
            int[] kept = TokenSplice.keep(Arrays.copyOf(each.ids, to), written, tokenizer);
            if (!Arrays.equals(kept, written)) {
                touch(each);
                return Optional.of(new Restored(kept, to));
            }
        }
        return Optional.empty();
    }

    /** The conversations that begin to differ within an answer, those that differ last first. */
    private List<Conversed> candidates(String salt, Restored prompt) {
        List<Conversed> all;
        synchronized (conversations) {
            all = List.copyOf(conversations);
        }
        Stream<Conversed> differing = all.stream().filter(each -> each.salt.equals(salt))
                .filter(each -> each.differing(prompt.ids(), prompt.numDone()).isPresent());
        return differing.sorted(Comparator.comparingInt((Conversed each) -> each.numEqual(prompt.ids())).reversed())
                .limit(MAX_CANDIDATES).toList();
    }

    private void touch(Conversed used) {
        synchronized (conversations) {
            if (conversations.remove(used)) {
                conversations.addFirst(used);
            }
        }
    }

    /** Tokens of all conversations. */
    public int numTokens() {
        synchronized (conversations) {
            return numTokens;
        }
    }

    @Override
    public String toString() {
        return "GeneratedTokens[" + numTokens() + " of " + maxTokens + " tokens]";
    }
}
