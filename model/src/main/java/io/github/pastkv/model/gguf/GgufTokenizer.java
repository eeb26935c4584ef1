package io.github.pastkv.model.gguf;

import io.github.pastkv.model.files.ModelFormatException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import tools.jackson.databind.json.JsonMapper;

/**
 * The tokenizer of a GGUF file as the files of a Hugging Face tokenizer: {@code tokenizer.json} and
 * {@code tokenizer_config.json}. Kinds: {@code gpt2}, byte-level BPE with merges and a named rule to split texts
 * ({@link SplitRules}); {@code llama}, SentencePiece BPE with scores and byte tokens.
 */
public final class GgufTokenizer {
    private static final String PREFIX = "tokenizer.ggml.";
    private static final String WHOLE_KEY = "tokenizer.huggingface.json";
    private static final String TEMPLATE_KEY = "tokenizer.chat_template";
    private static final String SPACE = "\u2581";
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int NORMAL = 1;
    private static final int LAST_TYPE = 6;

    private final GgufMetadata metadata;
    private final Map<String, String> allowedRules;

    /**
     * Reads nothing yet.
     *
     * @param allowedRules for names of {@code tokenizer.ggml.pre} that are not known, the known ones to take instead
     */
    public GgufTokenizer(GgufMetadata metadata, Map<String, String> allowedRules) {
        this.metadata = metadata;
        this.allowedRules = Map.copyOf(allowedRules);
    }

    /** Whether the file has a tokenizer. */
    public boolean isPresent() {
        return metadata.has(WHOLE_KEY)
                || (metadata.has(PREFIX + "model") && !metadata.describe(PREFIX + "model").equals("\"none\""));
    }

    /**
     * The {@code tokenizer.json}.
     *
     * @throws ModelFormatException if it is of a kind or has a rule that is not known, or is damaged
     */
    public byte[] tokenizerJson() throws ModelFormatException {
        Optional<String> whole = metadata.findString(WHOLE_KEY);
        if (whole.isPresent()) {
            return whole.get().getBytes(StandardCharsets.UTF_8);
        }
        if (metadata.findBoolean(PREFIX + "normalizer.lowercase").orElse(false)) {
            throw metadata.refusal(PREFIX + "normalizer.lowercase",
                    "true, tokenizers that lower case are not supported");
        }
        String kind = metadata.requireString(PREFIX + "model");
        return JsonMapper.shared().writeValueAsBytes(switch (kind) {
            case "gpt2" -> byteLevel();
            case "llama" -> sentencePiece();
            default -> throw metadata.refusal(PREFIX + "model",
                    "\"" + kind + "\", tokenizers of this kind are not supported; supported are gpt2, llama");
        });
    }

    private Map<String, Object> byteLevel() throws ModelFormatException {
        SplitRules rules = rules();
        List<Object> steps = new ArrayList<>();
        for (String pattern : rules.patterns()) {
            steps.add(Map.of("type", "Split", "pattern", Map.of("Regex", pattern), "behavior", "Isolated", "invert",
                    false));
        }
        steps.add(Map.of("type", "ByteLevel", "add_prefix_space", false, "trim_offsets", true, "use_regex", false));
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("type", "BPE");
        model.put("fuse_unk", false);
        model.put("byte_fallback", false);
        model.put("ignore_merges", rules.ignoresMerges());
        model.put("vocab", idByToken());
        model.put("merges", merges());
        Map<String, Object> root = root(rules.addsBegin());
        if (metadata.findBoolean(PREFIX + "normalizer.nfc").orElse(false)) {
            root.put("normalizer", Map.of("type", "NFC"));
        }
        root.put("pre_tokenizer", Map.of("type", "Sequence", "pretokenizers", steps));
        root.put("decoder",
                Map.of("type", "ByteLevel", "add_prefix_space", false, "trim_offsets", true, "use_regex", false));
        root.put("model", model);
        return root;
    }

    private SplitRules rules() throws ModelFormatException {
        String name = metadata.findString(PREFIX + "pre").orElse("default");
        Optional<SplitRules> known =
                SplitRules.find(name).or(() -> SplitRules.find(allowedRules.getOrDefault(name, "")));
        return known.orElseThrow(() -> metadata.refusal(PREFIX + "pre", "\"" + name
                + "\", no rule of this name to split texts is known; known are " + String.join(", ", SplitRules.names())
                + " (--allow-tokenizer " + name + "=RULE takes one of them)"));
    }

    /** Pairs, split at the first space after the first character. */
    private List<List<String>> merges() throws ModelFormatException {
        List<List<String>> pairs = new ArrayList<>();
        for (String merge : metadata.findStrings(PREFIX + "merges")) {
            int space = merge.indexOf(' ', 1);
            if (space < 0 || space == merge.length() - 1) {
                throw metadata.refusal(PREFIX + "merges", "\"" + merge + "\", must be two tokens");
            }
            pairs.add(List.of(merge.substring(0, space), merge.substring(space + 1)));
        }
        return pairs;
    }

    private Map<String, Object> sentencePiece() throws ModelFormatException {
        boolean addsSpace = metadata.findBoolean(PREFIX + "add_space_prefix").orElse(true);
        Map<String, Integer> idByToken = idByToken();
        List<Double> scores = metadata.findNumbers(PREFIX + "scores");
        requireLength("scores", scores.size(), idByToken.size());
        List<Integer> types = types(idByToken.size());
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("type", "BPE");
        int unknown = types.indexOf(UNKNOWN);
        if (unknown >= 0) {
            model.put("unk_token", token(unknown));
        }
        model.put("fuse_unk", true);
        model.put("byte_fallback", true);
        model.put("vocab", idByToken);
        model.put("merges", SentencePieceMerges.of(idByToken, scores,
                types.stream().map(type -> type == NORMAL || type == USER_DEFINED).toList()));
        Map<String, Object> root = root(true);
        Map<String, Object> spaces = replace(" ", SPACE);
        root.put("normalizer", Map.of("type", "Sequence", "normalizers",
                addsSpace ? List.of(Map.of("type", "Prepend", "prepend", SPACE), spaces) : List.of(spaces)));
        List<Object> decoders = new ArrayList<>(
                List.of(replace(SPACE, " "), Map.of("type", "ByteFallback"), Map.of("type", "Fuse")));
        if (addsSpace) {
            decoders.add(Map.of("type", "Strip", "content", " ", "start", 1, "stop", 0));
        }
        root.put("decoder", Map.of("type", "Sequence", "decoders", decoders));
        root.put("model", model);
        return root;
    }

    private static Map<String, Object> replace(String from, String to) {
        return Map.of("type", "Replace", "pattern", Map.of("String", from), "content", to);
    }

    /** Added tokens and what stands around a text. */
    private Map<String, Object> root(boolean addsBegin) throws ModelFormatException {
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("version", "1.0");
        root.put("added_tokens", addedTokens());
        Map<String, Object> specials = new LinkedHashMap<>();
        List<Object> single = new ArrayList<>();
        if (metadata.findBoolean(PREFIX + "add_bos_token").orElse(addsBegin)) {
            addAround(single, specials, "bos");
        }
        single.add(Map.of("Sequence", Map.of("id", "A", "type_id", 0)));
        if (metadata.findBoolean(PREFIX + "add_eos_token").orElse(false)) {
            addAround(single, specials, "eos");
        }
        if (!specials.isEmpty()) {
            List<Object> pair = new ArrayList<>(single);
            pair.add(Map.of("Sequence", Map.of("id", "B", "type_id", 1)));
            root.put("post_processor",
                    Map.of("type", "TemplateProcessing", "single", single, "pair", pair, "special_tokens", specials));
        }
        return root;
    }

    private void addAround(List<Object> single, Map<String, Object> specials, String name)
            throws ModelFormatException {
        OptionalInt id = id(name);
        if (id.isPresent()) {
            String token = token(id.getAsInt());
            single.add(Map.of("SpecialToken", Map.of("id", token, "type_id", 0)));
            specials.put(token, Map.of("id", token, "ids", List.of(id.getAsInt()), "tokens", List.of(token)));
        }
    }

    private List<Object> addedTokens() throws ModelFormatException {
        List<String> tokens = tokens();
        List<Integer> types = types(tokens.size());
        List<Object> added = new ArrayList<>();
        for (int id = 0; id < tokens.size(); id++) {
            int type = types.get(id);
            if (type == UNKNOWN || type == CONTROL || type == USER_DEFINED) {
                Map<String, Object> token = new LinkedHashMap<>();
                token.put("id", id);
                token.put("content", tokens.get(id));
                for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
                    token.put(flag, false);
                }
                token.put("special", type != USER_DEFINED);
                added.add(token);
            }
        }
        return added;
    }

    private List<String> tokens() throws ModelFormatException {
        return metadata.findStrings(PREFIX + "tokens");
    }

    private String token(int id) throws ModelFormatException {
        return tokens().get(id);
    }

    private Map<String, Integer> idByToken() throws ModelFormatException {
        Map<String, Integer> idByToken = new LinkedHashMap<>();
        List<String> tokens = tokens();
        for (int id = 0; id < tokens.size(); id++) {
            Integer other = idByToken.put(tokens.get(id), id);
            if (other != null) {
                throw metadata.refusal(PREFIX + "tokens", "\"" + tokens.get(id) + "\" is token " + other + " and "
                        + id);
            }
        }
        if (tokens.isEmpty()) {
            throw metadata.refusal(PREFIX + "tokens", "missing, must be an array of strings");
        }
        return idByToken;
    }

    /** The kind of each token; normal where the file does not say. */
    private List<Integer> types(int numTokens) throws ModelFormatException {
        List<Integer> types = metadata.findInts(PREFIX + "token_type", 0, LAST_TYPE);
        if (types.isEmpty()) {
            return IntStream.range(0, numTokens).mapToObj(_ -> NORMAL).toList();
        }
        requireLength("token_type", types.size(), numTokens);
        return types;
    }

    private void requireLength(String name, int length, int numTokens) throws ModelFormatException {
        if (length != numTokens) {
            throw metadata.refusal(PREFIX + name, length + " numbers, tokens are " + numTokens);
        }
    }

    private OptionalInt id(String name) throws ModelFormatException {
        return metadata.findInt(PREFIX + name + "_token_id", 0, tokens().size() - 1);
    }

    /** The {@code tokenizer_config.json}: names of special tokens, and the chat template. */
    public byte[] configJson() throws ModelFormatException {
        Map<String, Object> config = new LinkedHashMap<>();
        for (Map.Entry<String, String> name : Map.of("bos", "bos_token", "eos", "eos_token", "unknown", "unk_token",
                "padding", "pad_token").entrySet()) {
            OptionalInt id = tokens().isEmpty() ? OptionalInt.empty() : id(name.getKey());
            if (id.isPresent()) {
                config.put(name.getValue(), token(id.getAsInt()));
            }
        }
        Optional<String> template = metadata.findString(TEMPLATE_KEY);
        Optional<String> forTools = metadata.findString(TEMPLATE_KEY + ".tool_use");
        if (template.isPresent()) {
            config.put("chat_template", forTools.isEmpty()
                    ? template.get()
                    : List.of(Map.of("name", "default", "template", template.get()),
                            Map.of("name", "tool_use", "template", forTools.get())));
        }
        return JsonMapper.shared().writeValueAsBytes(config);
    }
}
