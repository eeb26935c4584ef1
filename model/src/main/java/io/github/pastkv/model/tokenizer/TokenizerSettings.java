package io.github.pastkv.model.tokenizer;

import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelDocument;
import io.github.pastkv.model.files.ModelFormatException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Settings beside {@code tokenizer.json}: the names of special tokens, and whether one begins or ends a text.
 *
 * @param specialTokens spellings by name, such as {@code bos_token}
 * @param begins what begins a text, or empty for nothing; absent where {@code tokenizer.json} decides
 * @param ends what ends a text, likewise
 */
record TokenizerSettings(Map<String, String> specialTokens, Optional<String> begins, Optional<String> ends) {
    private static final String ADD_BEGIN = "add_bos_token";
    private static final String ADD_END = "add_eos_token";
    private static final List<String> NAMES =
            List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");

    TokenizerSettings {
        specialTokens = Map.copyOf(specialTokens);
    }

    /**
     * Reads {@code tokenizer_config.json}, and {@code special_tokens_map.json} for the names that the first does not
     * have, if they are there. Where the first has {@code add_bos_token} or {@code add_eos_token}, these decide what is
     * put around a text, as in transformers 5, instead of the post-processor of {@code tokenizer.json}.
     */
    static TokenizerSettings read(Optional<ModelDocument> configFile, Optional<ModelDocument> mapFile)
            throws ModelFormatException {
        Map<String, String> tokens = new HashMap<>();
        Optional<JsonObject> config = configFile.isEmpty() ? Optional.empty() : Optional.of(configFile.get().json());
        Optional<JsonObject> map = mapFile.isEmpty() ? Optional.empty() : Optional.of(mapFile.get().json());
        for (String name : NAMES) {
            Optional<JsonObject> source = config.filter(json -> json.has(name) || json.isNull(name)).or(() -> map);
            if (source.isPresent()) {
                spelling(source.get(), name).ifPresent(token -> tokens.put(name, token));
            }
        }
        if (config.isEmpty() || !(config.get().has(ADD_BEGIN) || config.get().has(ADD_END))) {
            return new TokenizerSettings(tokens, Optional.empty(), Optional.empty());
        }
        return new TokenizerSettings(tokens, added(config.get(), ADD_BEGIN, tokens.get("bos_token")),
                added(config.get(), ADD_END, tokens.get("eos_token")));
    }

    /** A string, or an object with the spelling under {@code content}. */
    private static Optional<String> spelling(JsonObject json, String name) throws ModelFormatException {
        return json.isObject(name)
                ? Optional.of(json.requireObject(name).requireString("content"))
                : json.findString(name);
    }

    private static Optional<String> added(JsonObject config, String key, @Nullable String token)
            throws ModelFormatException {
        return Optional.of(config.findBoolean(key, false) && token != null ? token : "");
    }
}
