package io.github.pastkv.model.grammar;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * The 16 most recently used grammars by their text, so that requests of the same kind share one. Safe for any number
 * of threads.
 */
public final class GrammarCache {
    private static final int MAX_GRAMMARS = 16;

    /** How a grammar is written. */
    public enum Kind {
        /** A JSON array of strings. */
        CHOICES,
        /** A regular expression: {@link Grammar#ofRegex}. */
        REGEX,
        /** A JSON schema: {@link Grammar#ofJsonSchema}. */
        JSON_SCHEMA,
        /** Any JSON object, whatever the text. */
        JSON_OBJECT,
        /** A grammar in llama.cpp's notation: {@link Grammar#ofGbnf}. */
        GBNF
    }

    private record Key(Kind kind, String text) {}

    private final Map<Key, Grammar> byText = new LinkedHashMap<>(MAX_GRAMMARS, 0.75f, true);

    /** A cache without grammars. */
    public GrammarCache() {}

    /**
     * A grammar from its text.
     *
     * @throws IllegalArgumentException naming what is not supported
     */
    public Grammar get(Kind kind, String text) {
        Key key = new Key(kind, text);
        synchronized (byText) {
            Grammar known = byText.get(key);
            if (known != null) {
                return known;
            }
        }
        Grammar compiled = compile(kind, text);
        synchronized (byText) {
            if (byText.size() >= MAX_GRAMMARS) {
                byText.remove(byText.keySet().iterator().next());
            }
            byText.putIfAbsent(key, compiled);
            return byText.get(key);
        }
    }

    private static Grammar compile(Kind kind, String text) {
        return switch (kind) {
            case CHOICES -> Grammar.ofChoices(choices(text));
            case REGEX -> Grammar.ofRegex(text);
            case JSON_SCHEMA -> Grammar.ofJsonSchema(text);
            case JSON_OBJECT -> Grammar.ofJsonObject();
            case GBNF -> Grammar.ofGbnf(text);
        };
    }

    private static List<String> choices(String json) {
        List<String> choices = new ArrayList<>();
        JsonMapper.shared().readTree(json).forEach(choice -> choices.add(choice.stringValue()));
        return choices;
    }
}
