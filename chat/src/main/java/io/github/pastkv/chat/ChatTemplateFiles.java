package io.github.pastkv.chat;

import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelDocument;
import io.github.pastkv.model.files.ModelFile;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.ModelSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A chat template as a model folder holds it.
 *
 * @param templateFile where it stands
 * @param specialTokens such as {@code bos_token}, by the names that templates use
 */
record ChatTemplateFiles(Path templateFile, String template, Map<String, String> specialTokens) {
    private static final String KEY = "chat_template";
    private static final String DEFAULT = "default";
    private static final List<String> SPECIAL_TOKENS =
            List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");

    static Optional<ChatTemplateFiles> find(ModelSource source) throws IOException {
        Optional<ModelDocument> config = source.document(ModelFile.TOKENIZER_CONFIG);
        Map<String, String> specialTokens = config.isPresent() ? specialTokens(config.get().json()) : Map.of();
        Optional<ModelDocument> jinja = source.document(ModelFile.CHAT_TEMPLATE);
        if (jinja.isPresent()) {
            return Optional.of(new ChatTemplateFiles(jinja.get().path(), jinja.get().text(), specialTokens));
        }
        for (ModelFile file : List.of(ModelFile.CHAT_TEMPLATE_JSON, ModelFile.TOKENIZER_CONFIG)) {
            Optional<ModelDocument> document = source.document(file);
            Optional<String> template =
                    document.isPresent() ? template(document.get().json()) : Optional.empty();
            if (template.isPresent()) {
                return Optional.of(
                        new ChatTemplateFiles(document.get().path(), template.get(), specialTokens));
            }
        }
        return Optional.empty();
    }

    /** The template itself, or of a list of named ones the default. */
    private static Optional<String> template(JsonObject json) throws ModelFormatException {
        if (!json.isArray(KEY)) {
            return json.findString(KEY);
        }
        for (JsonObject named : json.findObjects(KEY)) {
            if (named.requireString("name").equals(DEFAULT)) {
                return Optional.of(named.requireString("template"));
            }
        }
        throw json.refusal(KEY, "several, none of them named " + DEFAULT);
    }

    /** Each is a string, or an object with its spelling under {@code content}. */
    private static Map<String, String> specialTokens(JsonObject config) throws ModelFormatException {
        Map<String, String> tokens = new HashMap<>();
        for (String name : SPECIAL_TOKENS) {
            if (config.isObject(name)) {
                tokens.put(name, config.requireObject(name).requireString("content"));
            } else {
                config.findString(name).ifPresent(token -> tokens.put(name, token));
            }
        }
        return tokens;
    }
}
