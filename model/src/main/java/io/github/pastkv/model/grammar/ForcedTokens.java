package io.github.pastkv.model.grammar;

import io.github.pastkv.model.grammar.automaton.Automaton;
import io.github.pastkv.model.grammar.automaton.State;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import io.github.pastkv.model.tokenizer.TokenTrie;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Tokens that a grammar leaves no choice about. Where only one byte may follow, and so on, these bytes are certain;
 * their tokens are those that the tokenizer gives to them as a text, which is what a model has seen in training. From
 * the first token on that a longer one could replace, reaching over what is certain, nothing is forced: there the model
 * chooses.
 */
final class ForcedTokens {
    private static final int MAX_BYTES = 2048;
    private static final int MIN_BYTES = 2;

    private final Automaton automaton;
    private final TextTokenizer tokenizer;
    private final TokenTrie trie;
    private final ControlTokenBytes controlTokens;

    ForcedTokens(Automaton automaton, TextTokenizer tokenizer, ControlTokenBytes controlTokens) {
        this.automaton = automaton;
        this.tokenizer = tokenizer;
        this.trie = tokenizer.trie();
        this.controlTokens = controlTokens;
    }

    /** The tokens that follow a state in any case. */
    int[] after(State state) {
        ByteArrayOutputStream certain = new ByteArrayOutputStream();
        State end = state;
        for (int value = automaton.onlyByte(end); value >= 0 && certain.size() < MAX_BYTES;) {
            certain.write(value);
            end = automaton.next(end, value);
            value = automaton.onlyByte(end);
        }
        byte[] bytes = certain.toByteArray();
        int numWhole = numBytesOfWholeCharacters(bytes);
        return numWhole < MIN_BYTES ? new int[0] : tokens(bytes, numWhole, end);
    }

    /** Bytes up to a character that is not complete; none if they are not UTF-8, as within a character. */
    private static int numBytesOfWholeCharacters(byte[] bytes) {
        int end = bytes.length;
        while (end > 0 && bytes.length - end < 4 && !isText(bytes, end)) {
            end--;
        }
        return isText(bytes, end) ? end : 0;
    }

    private static boolean isText(byte[] bytes, int end) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, end));
            return true;
        } catch (CharacterCodingException _) {
            return false;
        }
    }

    private int[] tokens(byte[] bytes, int numWhole, State end) {
        int[] ids = encode(new String(bytes, 0, numWhole, StandardCharsets.UTF_8));
        int at = 0;
        for (int i = 0; i < ids.length; i++) {
            byte @Nullable [] token = trie.contains(ids[i]) ? trie.bytes(ids[i]) : controlTokens.bytes(ids[i]);
            if (token == null || at + token.length > bytes.length
                    || !Arrays.equals(bytes, at, at + token.length, token, 0, token.length)
                    || isBegunByLongerToken(bytes, at, end)) {
                return Arrays.copyOf(ids, i);
            }
            at += token.length;
        }
        return ids;
    }

    /** The tokens of a text, in which only the control tokens that the grammar spells out are recognized. */
    private int[] encode(String text) {
        String marker = controlTokens.spelledOut().keySet().stream().filter(text::contains)
                .min(Comparator.comparingInt(text::indexOf)).orElse("");
        if (marker.isEmpty()) {
            return tokenizer.encodeContentContinuation(text);
        }
        int from = text.indexOf(marker);
        IntStream before = from == 0
                ? IntStream.empty()
                : IntStream.of(tokenizer.encodeContentContinuation(text.substring(0, from)));
        IntStream after = IntStream.of(encode(text.substring(from + marker.length())));
        int id = controlTokens.spelledOut().getOrDefault(marker, 0);
        return IntStream.concat(before, IntStream.concat(IntStream.of(id), after)).toArray();
    }

    /** Whether a token begins with the bytes from {@code from} on and goes on as the grammar allows. */
    private boolean isBegunByLongerToken(byte[] bytes, int from, State end) {
        int node = 0;
        for (int i = from; i < bytes.length && node >= 0; i++) {
            node = trie.child(node, bytes[i] & 0xFF);
        }
        if (node < 0) {
            return false;
        }
        for (int child = node + 1; child < trie.subtreeEnd(node); child = trie.subtreeEnd(child)) {
            if (!automaton.next(end, trie.label(child)).isDead()) {
                return true;
            }
        }
        return false;
    }
}
