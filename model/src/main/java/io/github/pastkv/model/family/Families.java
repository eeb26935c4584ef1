package io.github.pastkv.model.family;

import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import java.util.List;
import java.util.Optional;

/** The families this version knows. */
public final class Families {
    private static final List<Family> ALL = List.of(new Gpt2(), new GptNeo(), new GptNeoX(), new Opt(), new Bloom(),
            new Llama(), new Mistral(), new Qwen2(), new Qwen3(), new Gemma2(), new Gemma3Text(), new Phi3(),
            new Olmo2());

    private Families() {}

    /** All families. */
    public static List<Family> all() {
        return ALL;
    }

    /**
     * The family of a {@code config.json}, by its {@code architectures} and {@code model_type}; one of them may be
     * absent.
     */
    public static Family of(JsonObject config) throws ModelFormatException {
        List<String> architectures = config.findStrings("architectures");
        Optional<String> modelType = config.findString("model_type");
        for (Family family : ALL) {
            boolean typeAgrees = modelType.isEmpty() || modelType.get().equals(family.modelType());
            boolean architectureAgrees = architectures.stream().anyMatch(family.architectures()::contains);
            if (typeAgrees && (architectureAgrees || (architectures.isEmpty() && modelType.isPresent()))) {
                return family;
            }
        }
        throw config.refusal("architectures",
                architectures + " with model_type " + modelType.orElse("absent") + ", known are " + knownNames());
    }

    private static List<String> knownNames() {
        return ALL.stream().map(family -> family.architectures().stream().sorted().toList() + " with model_type "
                + family.modelType()).toList();
    }
}
