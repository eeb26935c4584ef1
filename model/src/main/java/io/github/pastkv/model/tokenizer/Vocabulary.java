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
    private final BitSet byteFallbackIds;
    private final OptionalInt unknownId;

    Vocabulary(Map<String, Integer> idByToken, BitSet specialIds, boolean byteFallback, OptionalInt unknownId) {
        this.idByToken = new HashMap<>(idByToken);
        this.specialIds = (BitSet) specialIds.clone();
        this.unknownId = unknownId;
        this.tokenById = new @Nullable String[idByToken.values().stream().mapToInt(id -> id + 1).max().orElse(0)];
        this.byteFallbackIds = new BitSet();
        idByToken.forEach((token, id) -> {
            tokenById[id] = token;
            byteFallbackIds.set(id, byteFallback && isByteToken(token));
        });
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

    /** Whether an id is a control token, such as the end of a text. */
    public boolean isSpecial(int id) {
        return specialIds.get(id);
    }

    /** The control tokens as they are spelled, longest first. */
    public List<String> specialTokens() {
        return specialIds.stream().mapToObj(id -> tokenById[id]).filter(Objects::nonNull)
                .sorted(Comparator.comparingInt(String::length).reversed().thenComparing(Comparator.naturalOrder()))
                .toList();
    }

    /** Whether an id is special and has a meaning of its own; the token for unknown text has not. */
    boolean isControl(int id) {
        return isSpecial(id) && !(unknownId.isPresent() && unknownId.getAsInt() == id);
    }

    /** Whether an id stands for one byte, whose text depends on the bytes around it. */
    boolean isByteFallback(int id) {
        return byteFallbackIds.get(id);
    }

    private static boolean isByteToken(String token) {
        return token.length() == 6 && token.matches("<0x[0-9A-F]{2}>");
    }
}
