package io.github.pastkv.chat;

import io.github.pastkv.model.files.JsonFile;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
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
    private static final String JINJA_FILE = "chat_template.jinja";
    private static final String JSON_FILE = "chat_template.json";
    private static final String CONFIG_FILE = "tokenizer_config.json";
    private static final String KEY = "chat_template";
    private static final String DEFAULT = "default";
    private static final List<String> SPECIAL_TOKENS =
            List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");

    static Optional<ChatTemplateFiles> find(Path folder) throws IOException {
        Path config = folder.resolve(CONFIG_FILE);
        Map<String, String> specialTokens = Files.exists(config) ? specialTokens(JsonFile.read(config)) : Map.of();
        Path jinja = folder.resolve(JINJA_FILE);
        if (Files.exists(jinja)) {
            return Optional.of(new ChatTemplateFiles(jinja, readText(jinja), specialTokens));
        }
        for (String name : List.of(JSON_FILE, CONFIG_FILE)) {
            Path file = folder.resolve(name);
            Optional<String> template = Files.exists(file) ? template(JsonFile.read(file)) : Optional.empty();
            if (template.isPresent()) {
                return Optional.of(new ChatTemplateFiles(file, template.get(), specialTokens));
            }
        }
        return Optional.empty();
    }

    private static String readText(Path file) throws IOException {
        try {
            return Files.readString(file);
        } catch (CharacterCodingException e) {
            throw new ModelFormatException(file, "not UTF-8", e);
        }
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
