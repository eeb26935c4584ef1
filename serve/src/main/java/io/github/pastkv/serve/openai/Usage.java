package io.github.pastkv.serve.openai;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Counts the tokens of a request while its events come. */
public final class Usage {
    private final int numPromptTokens;
    private int numCompletionTokens;
    private int numCachedTokens;

    Usage(int numPromptTokens) {
        this.numPromptTokens = numPromptTokens;
    }

    void addCompletionTokens(int numTokens) {
        numCompletionTokens += numTokens;
    }

    void addCachedTokens(int numTokens) {
        numCachedTokens += numTokens;
    }

    /** Tokens of all prompts. */
    public int numPromptTokens() {
        return numPromptTokens;
    }

    /** Tokens of the choices that have ended. */
    public int numCompletionTokens() {
        return numCompletionTokens;
    }

    /** Tokens of prompts that were not computed again. */
    public int numCachedTokens() {
        return numCachedTokens;
    }

    ObjectNode toJson() {
        ObjectNode usage = JsonMapper.shared().createObjectNode().put("prompt_tokens", numPromptTokens)
                .put("completion_tokens", numCompletionTokens)
                .put("total_tokens", numPromptTokens + numCompletionTokens);
        usage.putObject("prompt_tokens_details").put("cached_tokens", numCachedTokens);
        usage.putObject("completion_tokens_details").put("reasoning_tokens", 0);
        return usage;
    }
}
