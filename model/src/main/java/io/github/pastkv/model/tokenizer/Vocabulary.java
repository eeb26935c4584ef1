package io.github.pastkv.model.tokenizer;

import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of a tokenizer by id, as its file spells them (a space may be written as a visible mark). Immutable, safe
 * for any number of threads.
 */
public final class Vocabulary {
    private final Map<String, Integer> idByToken;
    private final @Nullable String[] tokenById;
    private final BitSet specialIds;
    private final BitSet controlIds = new BitSet();
    private final BitSet byteFallbackIds;
    private final BitSet textIds = new BitSet();
    private final TokenDecoder decoder;
    private final boolean addsPrefix;

    /**
     * @param addedIds ids of the added tokens, special or not
     * @param decoder what it makes of a token
     * @param unknownId what stands for text that has no token
     * @param addsPrefix whether the tokenizer may put a space before a text
     */
    Vocabulary(Map<String, Integer> idByToken, BitSet addedIds, BitSet specialIds, TokenDecoder decoder,
            OptionalInt unknownId, boolean addsPrefix) {
        this.idByToken = new HashMap<>(idByToken);
        this.specialIds = (BitSet) specialIds.clone();
        this.decoder = decoder;
        this.addsPrefix = addsPrefix;
        this.tokenById = new @Nullable String[idByToken.values().stream().mapToInt(id -> id + 1).max().orElse(0)];
        this.byteFallbackIds = new BitSet();
        idByToken.forEach((token, id) -> {
            tokenById[id] = token;
            byteFallbackIds.set(id, decoder.hasByteFallback() && isByteToken(token));
            controlIds.set(id, specialIds.get(id) || (addedIds.get(id) && ControlTokens.looksLikeOne(token)));
        });
        unknownId.ifPresent(controlIds::clear);
        idByToken.values().stream().filter(id -> !specialIds.get(id) && !controlIds.get(id)).forEach(textIds::set);
        unknownId.ifPresent(textIds::clear);
    }

    /** The greatest id plus 1; ids between may be unused. */
    public int size() {
        return tokenById.length;
    }

    /** The token of an id, or empty if the id is unused. */
    public Optional<String> token(int id) {
        return Optional.ofNullable(tokenById[Objects.checkIndex(id, tokenById.length)]);
    }

    /** The id of a token, spelled as in the file. */
    public OptionalInt id(String token) {
        Integer id = idByToken.get(token);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /** Whether an id has a token. */
    public boolean contains(int id) {
        return id >= 0 && id < tokenById.length && tokenById[id] != null;
    }

    /** Whether the file marks an id as special, such as the end of a text: the text of an answer leaves it out. */
    public boolean isSpecial(int id) {
        return specialIds.get(id);
    }

    /** The tokens that the file marks as special, the token for unknown text included. */
    List<String> specialTokens() {
        return specialIds.stream().mapToObj(id -> tokenById[id]).filter(Objects::nonNull).toList();
    }

    /**
     * The tokens that have a meaning of their own to a model, which no text of others may spell, longest first: those
     * that are special, and other added tokens in brackets such as {@code <think>} or {@code <|im_end|>}. White space
     * and elements of HTML, which some tokenizers add as well, are none, nor is the token for unknown text.
     */
    public List<String> controlTokens() {
        return controlIds.stream().mapToObj(id -> tokenById[id]).filter(Objects::nonNull)
                .sorted(Comparator.comparingInt(String::length).reversed().thenComparing(Comparator.naturalOrder()))
                .toList();
    }

    /** Whether an id is one of {@link #controlTokens}. */
    public boolean isControl(int id) {
        return controlIds.get(id);
    }

    /** Whether the tokenizer may put a space before a text. */
    boolean addsPrefix() {
        return addsPrefix;
    }

    /** Whether an id stands for one byte, whose text depends on the bytes around it. */
    boolean isByteFallback(int id) {
        return byteFallbackIds.get(id);
    }

    /** Whether an id stands for a piece of text: it is neither special nor a control token nor for unknown text. */
    boolean isText(int id) {
        return textIds.get(id);
    }

    /** The bytes that an id in use adds to a text. */
    byte[] bytes(int id) {
        return decoder.bytes(token(id).orElseThrow(), byteFallbackIds.get(id));
    }

    TokenDecoder decoder() {
        return decoder;
    }

    private static boolean isByteToken(String token) {
        return token.length() == 6 && token.matches("<0x[0-9A-F]{2}>");
    }
}
