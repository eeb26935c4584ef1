package io.github.pastkv.model.files;

/** The documents beside a model's weights, by the names that Hugging Face gives them. */
public enum ModelFile {
    /** The configuration. */
    CONFIG("config.json"),
    /** The default generation settings. */
    GENERATION_CONFIG("generation_config.json"),
    /** The tokenizer. */
    TOKENIZER("tokenizer.json", 100_000_000),
    /** Settings of the tokenizer's class, its special tokens, and in most models the chat template. */
    TOKENIZER_CONFIG("tokenizer_config.json"),
    /** Special tokens, in folders that older libraries wrote. */
    SPECIAL_TOKENS_MAP("special_tokens_map.json"),
    /** The chat template as a file of its own. */
    CHAT_TEMPLATE("chat_template.jinja"),
    /** The chat template for conversations with tools, beside that file. */
    TOOL_CHAT_TEMPLATE("additional_chat_templates/tool_use.jinja"),
    /** The chat template as multimodal models keep it. */
    CHAT_TEMPLATE_JSON("chat_template.json");

    private final String fileName;
    private final long maxBytes;

    ModelFile(String fileName) {
        this(fileName, 20_000_000);
    }

    ModelFile(String fileName, long maxBytes) {
        this.fileName = fileName;
        this.maxBytes = maxBytes;
    }

    /** Its name in a folder. */
    public String fileName() {
        return fileName;
    }

    /** The largest size that is read. */
    long maxBytes() {
        return maxBytes;
    }
}
