package io.github.pastkv.model.gguf;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Pre-tokenization rules: how byte-level BPE splits a text before merging, by the name under
 * {@code tokenizer.ggml.pre}: the patterns that the tokenizers of these models have in their {@code tokenizer.json}.
 *
 * @param patterns regular expressions, applied one after the other
 * @param ignoresMerges whether a piece that is a token stays whole, whatever merges say
 * @param addsBegin whether a text begins with the begin token where the file does not say
 */
record SplitRules(List<String> patterns, boolean ignoresMerges, boolean addsBegin) {
    private static final String GPT2 =
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
    private static final String CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private static final String LINES_AND_SPACES = "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String TAIL = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" + LINES_AND_SPACES;
    private static final String WORDS = CONTRACTIONS + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
    private static final String LLAMA3 = WORDS + "|\\p{N}{1,3}" + TAIL;
    private static final String QWEN2 = WORDS + "|\\p{N}" + TAIL;
    /** Words that begin with capitals, then those that are all capitals. */
    private static final String LOWER_WORD =
            "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+";
    private static final String UPPER_WORD =
            "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*";
    private static final String SIGNS = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" + LINES_AND_SPACES;
    private static final String BLOOM = " ?[^(\\s|.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c)]+";
    private static final String SEED_CODER =
            WORDS + "|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\\r\\n]+|" + LINES_AND_SPACES;
    private static final String CHINESE_AND_JAPANESE = "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+";

    private static final Map<String, SplitRules> ALL = new TreeMap<>();

    static {
        put(new SplitRules(List.of(GPT2), false, false), "gpt-2", "phi-2", "mpt", "olmo", "jais", "exaone4", "mellum",
                "modern-bert", "a.x-4.0");
        put(new SplitRules(List.of(LLAMA3), true, false), "llama-v3");
        put(new SplitRules(List.of(LLAMA3), true, true), "llama-bpe", "llama3", "falcon3", "pixtral", "lfm2",
                "midm-2.0");
        put(new SplitRules(List.of(LLAMA3), true, false), "falcon-h1");
        put(new SplitRules(List.of(LLAMA3), false, false), "dbrx", "smaug-bpe", "glm4", "chatglm-bpe");
        put(new SplitRules(List.of(QWEN2), false, false), "qwen2", "deepseek-r1-qwen", "megrez", "stablelm2",
                "hunyuan", "grok-2", "kormo");
        put(new SplitRules(List.of(BLOOM), false, false), "bloom", "poro-chat", "gpt3-finnish");
        put(new SplitRules(List.of(SEED_CODER), false, false), "seed-coder");
        put(new SplitRules(List.of("\\p{N}", GPT2), false, false), "starcoder", "refact", "command-r", "smollm",
                "codeshell", "exaone", "minerva-7b");
        put(new SplitRules(List.of("[\\p{P}\\$\\+<=>\\^~\\|`]+", GPT2, "[0-9][0-9][0-9]"), false, false), "falcon");
        put(new SplitRules(List.of("[\\p{P}\\$\\+<=>\\^~\\|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]"), false, false),
                "default");
        put(new SplitRules(List.of("\\p{N}{1,3}", CHINESE_AND_JAPANESE,
                "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
                        + "| ?[\\p{P}\\p{S}]+[\\r\\n]*|" + LINES_AND_SPACES),
                false, false), "deepseek-v3", "hunyuan-dense", "joyai-llm");
        put(new SplitRules(List.of("[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+",
                "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+", "\\p{N}"), false, false), "deepseek-coder");
        put(new SplitRules(List.of(LOWER_WORD + CONTRACTIONS + "?|" + UPPER_WORD + CONTRACTIONS + "?|\\p{N}{1,3}"
                + SIGNS), false, false), "gpt-4o", "llama4", "minimax-m2");
        put(new SplitRules(List.of(LOWER_WORD + "|" + UPPER_WORD + "|\\p{N}" + SIGNS), true, true), "tekken");
    }

    SplitRules {
        patterns = List.copyOf(patterns);
    }

    private static void put(SplitRules rules, String... names) {
        for (String name : names) {
            ALL.put(name, rules);
        }
    }

    static Optional<SplitRules> find(String name) {
        return Optional.ofNullable(ALL.get(name));
    }

    /** All names, in order. */
    static Set<String> names() {
        return ALL.keySet();
    }
}
