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
 * A chat template as a model folder holds it.
 *
 * @param templateFile where it stands
 */
record ChatTemplateFiles(Path templateFile, String template) {
    private static final String KEY = "chat_template";
    private static final String DEFAULT = "default";

    static Optional<ChatTemplateFiles> find(ModelSource source) throws IOException {
        Optional<ModelDocument> jinja = source.document(ModelFile.CHAT_TEMPLATE);
        if (jinja.isPresent()) {
            return Optional.of(new ChatTemplateFiles(jinja.get().path(), jinja.get().text()));
        }
        for (ModelFile file : List.of(ModelFile.CHAT_TEMPLATE_JSON, ModelFile.TOKENIZER_CONFIG)) {
            Optional<ModelDocument> document = source.document(file);
            Optional<String> template =
                    document.isPresent() ? template(document.get().json()) : Optional.empty();
            if (template.isPresent()) {
                return Optional.of(
                        new ChatTemplateFiles(document.get().path(), template.get()));
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
}
