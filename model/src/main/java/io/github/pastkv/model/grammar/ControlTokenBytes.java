package io.github.pastkv.model.grammar;

import io.github.pastkv.model.grammar.automaton.Expression;
import io.github.pastkv.model.tokenizer.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The control tokens of a vocabulary as a grammar reads them: those that it spells out by their spelling, all others by
 * {@link Expression#CONTROL_BYTE}, which only free text may hold. Immutable.
 */
final class ControlTokenBytes {
    /** For grammars in which no control token may stand. */
    static final ControlTokenBytes NONE = new ControlTokenBytes(Map.of(), Map.of());

    private final Map<Integer, byte[]> bytesById;
    private final Map<String, Integer> spelledOut; // ids

    private ControlTokenBytes(Map<Integer, byte[]> bytesById, Map<String, Integer> spelledOut) {
        this.bytesById = bytesById;
        this.spelledOut = spelledOut;
    }

    /** @param spellings those that are part of a grammar's texts; ones that the vocabulary lacks are ignored */
    static ControlTokenBytes of(Vocabulary vocabulary, List<String> spellings) {
        Map<Integer, byte[]> bytesById = new LinkedHashMap<>();
        Map<String, Integer> spelledOut = new LinkedHashMap<>();
        for (int id = 0; id < vocabulary.size(); id++) {
            if (vocabulary.isControl(id)) {
                String token = vocabulary.token(id).orElseThrow();
                boolean isSpelledOut = spellings.contains(token);
                bytesById.put(id, isSpelledOut
                        ? token.getBytes(StandardCharsets.UTF_8)
                        : new byte[] {(byte) Expression.CONTROL_BYTE});
                if (isSpelledOut) {
                    spelledOut.put(token, id);
                }
            }
        }
        return new ControlTokenBytes(bytesById, spelledOut);
    }

    /** The bytes by id; must not be changed. */
    Map<Integer, byte[]> bytesById() {
        return bytesById;
    }

    /** The bytes of a control token, or null for another id. */
    byte @Nullable [] bytes(int id) {
        return bytesById.get(id);
    }

    /** Ids of the tokens that are spelled out, by their spelling. */
    Map<String, Integer> spelledOut() {
        return spelledOut;
    }

    /** Ids of the tokens that are spelled out and that texts leave out otherwise. */
    Set<Integer> specialIds(Vocabulary vocabulary) {
        return spelledOut.values().stream().filter(vocabulary::isSpecial).collect(Collectors.toUnmodifiableSet());
    }
}
