package io.github.pastkv.langchain4j;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.tinymodel.TinyModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The shipped model with a chat template, loaded once. */
final class TestModel {
    /** The last name of its folder. */
    static final String NAME = "tiny";

    private static final String TEMPLATE = "{% for t in tools or [] %}{{ 'tool: ' + t|tojson + '\\n' }}{% endfor %}"
            + "{% for m in messages %}{{ m.role + ': ' + m.content }}{% for c in m.tool_calls or [] %}"
            + "{% if not loop.first %}{{ '\\n' }}{% endif %}"
            + "{{ '<tool_call>\\n{\"name\": \"' + c.function.name + '\", \"arguments\": ' }}"
            + "{{ c.function.arguments|tojson + '}\\n</tool_call>' }}{% endfor %}{{ '<|endoftext|>\\n' }}{% endfor %}"
            + "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}";
    private static final Path FOLDER = unpack();
    private static final Model MODEL = load();

    private TestModel() {}

    static Path folder() {
        return FOLDER;
    }

    static Model model() {
        return MODEL;
    }

    static ModelOptions options() {
        return ModelOptions.defaults().withKernels("vector").withNumThreads(2);
    }

    private static Model load() {
        try {
            return Model.load(FOLDER, options());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path unpack() {
        try {
            Path parent = Files.createTempDirectory("pastkv-langchain4j-test");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(parent)));
            Path folder = Files.createDirectory(parent.resolve(NAME));
            TinyModel.unpackTo(folder);
            Files.writeString(folder.resolve("chat_template.jinja"), TEMPLATE);
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted((a, b) -> b.compareTo(a)).forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
