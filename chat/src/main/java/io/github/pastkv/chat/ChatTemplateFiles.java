package io.github.pastkv.chat;

import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelDocument;
import io.github.pastkv.model.files.ModelFile;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.ModelSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The chat templates as a model folder holds them.
 *
 * @param standard the one for conversations
 * @param toolUse the one for conversations with tools; empty if there is one for both
 */
record ChatTemplateFiles(Text standard, Optional<Text> toolUse) {
    private static final String KEY = "chat_template";
    private static final String DEFAULT = "default";
    private static final String TOOL_USE = "tool_use";

    /**
     * One template.
     *
     * @param file where it stands
     */
    record Text(Path file, String template) {}

    static Optional<ChatTemplateFiles> find(ModelSource source) throws IOException {
        Optional<Text> jinja = whole(source, ModelFile.CHAT_TEMPLATE);
        if (jinja.isPresent()) {
            return Optional.of(new ChatTemplateFiles(jinja.get(), whole(source, ModelFile.TOOL_CHAT_TEMPLATE)));
        }
        for (ModelFile file : List.of(ModelFile.CHAT_TEMPLATE_JSON, ModelFile.TOKENIZER_CONFIG)) {
            Optional<ModelDocument> document = source.document(file);
            Optional<ChatTemplateFiles> found = document.isPresent() ? of(document.get()) : Optional.empty();
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    private static Optional<Text> whole(ModelSource source, ModelFile file) throws IOException {
        Optional<ModelDocument> document = source.document(file);
        return document.isPresent()
                ? Optional.of(new Text(document.get().path(), document.get().text()))
                : Optional.empty();
    }

    /** The template itself, or those of a list of named ones. */
    private static Optional<ChatTemplateFiles> of(ModelDocument document) throws ModelFormatException {
        JsonObject json = document.json();
        Path file = document.path();
        if (!json.isArray(KEY)) {
            return json.findString(KEY).map(text -> new ChatTemplateFiles(new Text(file, text), Optional.empty()));
        }
        Text standard = named(json, DEFAULT, file).orElseThrow(
                () -> json.refusal(KEY, "several, none of them named " + DEFAULT));
        return Optional.of(new ChatTemplateFiles(standard, named(json, TOOL_USE, file)));
    }

    private static Optional<Text> named(JsonObject json, String name, Path file) throws ModelFormatException {
        for (JsonObject each : json.findObjects(KEY)) {
            if (each.requireString("name").equals(name)) {
                return Optional.of(new Text(file, each.requireString("template")));
            }
        }
        return Optional.empty();
    }
}
