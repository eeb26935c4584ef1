package io.github.pastkv.tests.golden;

import io.github.pastkv.testkit.golden.HfCase;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;

/** The golden cases among the test resources. */
public final class GoldenResources {
    /** Cases of Hugging Face transformers. */
    public static final List<String> HF_CASES = List.of("gpt2", "gpt2_bare_names", "gpt_neo", "gpt_neox",
            "gpt_neox_sequential", "opt", "bloom", "bloom_6heads", "llama", "llama3_rope_tied", "llama_bf16", "mistral",
            "qwen2", "qwen3", "gemma2", "gemma3_text", "phi3", "olmo2");
    /** Cases of TransformerLens; each runs on the weights of the Hugging Face case of its name. */
    public static final List<String> TLENS_CASES = List.of("gpt2", "llama", "gpt_neox", "gemma2", "qwen3");

    private GoldenResources() {}

    /** A case of Hugging Face transformers. */
    public static HfCase hf(String name) {
        return HfCase.read(folder("hf/" + name));
    }

    /** The folder of a case of {@code tools/reference}. */
    static Path variant(String name) {
        return folder("variants/" + name);
    }

    /** The folder of a case of TransformerLens. */
    static Path tlens(String name) {
        return folder("tlens/" + name);
    }

    /** The folder of a case of patching. */
    public static Path patching(String name) {
        return folder("patching/" + name);
    }

    private static Path folder(String path) {
        URL resource = GoldenResources.class.getResource("/golden/" + path);
        if (resource == null) {
            throw new IllegalArgumentException("no golden case " + path);
        }
        try {
            return Path.of(new URI(resource.toString()));
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
