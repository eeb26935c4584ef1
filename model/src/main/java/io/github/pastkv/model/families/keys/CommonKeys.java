package io.github.pastkv.model.families.keys;

import io.github.pastkv.kernels.Activation;
import io.github.pastkv.model.config.TokenIds;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.tensor.DataType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Keys of {@code config.json} that all families spell alike. */
public final class CommonKeys {
    public static final int MAX_LAYERS = 1 << 14;
    public static final int MAX_HEADS = 1 << 14;
    public static final int MAX_HEAD_DIM = 1 << 14;
    public static final int MAX_WIDTH = 1 << 24;
    public static final int MAX_VOCAB = 1 << 26;
    public static final int MAX_SEQ_LEN = 1 << 30;

    /** Keys that leave the logits as they are: notes, training settings, and defaults of generation tools. */
    private static final Set<String> HARMLESS = Set.of("_name_or_path", "_commit_hash", "_attn_implementation",
            "_attn_implementation_autoset", "_flash_attn_2_enabled", "transformers_version", "transformers.js_config",
            "task_specific_params", "finetuning_task", "problem_type", "tokenizer_class", "id2label", "label2id",
            "num_labels", "_num_labels", "auto_map", "model_max_length", "pruned_heads", "is_encoder_decoder",
            "tie_encoder_decoder", "cross_attention_hidden_size", "attn_implementation",
            "_attn_implementation_internal", "base_model_tp_plan", "base_model_pp_plan", "base_model_ep_plan",
            "tp_plan",
            "keys_to_ignore_at_inference", "output_router_logits", "router_aux_loss_coef", "ignore_index",
            "base_model_name_or_path", "model_name", "trust_remote_code", "license",
            "language", "internal_version", "unsloth_version", "unsloth_fixed", "neftune_noise_alpha",
            "initializer_range", "gradient_checkpointing", "use_cache", "output_past", "output_attentions",
            "output_hidden_states", "return_dict", "torchscript", "tf_legacy_loss", "use_bfloat16",
            "chunk_size_feed_forward", "is_decoder", "unk_token_id", "sep_token_id", "cls_token_id", "mask_token_id",
            "decoder_start_token_id", "prefix", "max_length", "min_length", "max_new_tokens", "do_sample",
            "early_stopping", "num_beams", "num_beam_groups", "diversity_penalty", "temperature", "top_k", "top_p",
            "typical_p", "repetition_penalty", "length_penalty", "no_repeat_ngram_size",
            "encoder_no_repeat_ngram_size", "bad_words_ids", "num_return_sequences", "output_scores",
            "return_dict_in_generate", "forced_bos_token_id", "forced_eos_token_id", "remove_invalid_values",
            "exponential_decay_length_penalty", "suppress_tokens", "begin_suppress_tokens", "pretraining_tp",
            "attention_dropout", "hidden_dropout", "residual_dropout", "resid_pdrop", "attn_pdrop", "embd_pdrop",
            "emb_pdrop", "embedding_dropout", "activation_dropout", "classifier_dropout", "layerdrop");

    private static final Map<String, Activation> ACTIVATIONS = Map.of("silu", Activation.SILU, "swish",
            Activation.SILU, "gelu_new", Activation.GELU_TANH, "gelu_pytorch_tanh", Activation.GELU_TANH, "gelu_fast",
            Activation.GELU_TANH, "gelu_accurate", Activation.GELU_TANH, "gelu", Activation.GELU, "gelu_python",
            Activation.GELU, "relu", Activation.RELU, "relu2", Activation.RELU_SQUARED);
    private static final Map<String, DataType> STORAGE_TYPES = Map.of("float32", DataType.F32, "float16", DataType.F16,
            "bfloat16", DataType.BF16);

    private CommonKeys() {}

    /** The common harmless keys and {@code more}. */
    public static Set<String> harmless(String... more) {
        return Stream.concat(HARMLESS.stream(), Stream.of(more)).collect(Collectors.toUnmodifiableSet());
    }

    public static Activation activation(JsonObject json, String key, String absent) throws ModelFormatException {
        return requireKnown(json, key, json.findString(key).orElse(absent), ACTIVATIONS);
    }

    /** The type under {@code dtype}, formerly {@code torch_dtype}; F32 if neither is there. */
    public static DataType storageType(JsonObject json) throws ModelFormatException {
        Optional<String> older = json.findString("torch_dtype");
        String dtype = json.findString("dtype").or(() -> older).orElse("float32");
        return requireKnown(json, "dtype", dtype.replaceFirst("^torch\\.", ""), STORAGE_TYPES);
    }

    public static TokenIds tokenIds(JsonObject json, int vocabSize) throws ModelFormatException {
        List<Integer> eos = json.findInts("eos_token_id", -1, Integer.MAX_VALUE);
        return new TokenIds(tokenId(json, "bos_token_id", vocabSize), eos.stream().filter(id -> id >= 0).toList(),
                tokenId(json, "pad_token_id", vocabSize));
    }

    /**
     * The id under a key; -1 or one beyond the vocabulary, as some files have it, says that the model itself has none.
     */
    private static OptionalInt tokenId(JsonObject json, String key, int vocabSize) throws ModelFormatException {
        OptionalInt id = json.findInt(key, -1, Integer.MAX_VALUE);
        return id.isPresent() && id.getAsInt() >= 0 && id.getAsInt() < vocabSize ? id : OptionalInt.empty();
    }

    /** Refuses a pair of keys unless {@code divisor} divides {@code value}. */
    public static void requireDivides(JsonObject json, String key, int value, String divisorKey, int divisor)
            throws ModelFormatException {
        if (value % divisor != 0) {
            throw json.refusal(key, value + ", must be a multiple of " + divisorKey + " " + divisor);
        }
    }

    /** A size under either of its names; under both if they agree. */
    public static int eitherInt(JsonObject json, String key, String otherKey, int max) throws ModelFormatException {
        OptionalInt other = json.findInt(otherKey, 1, max);
        if (other.isEmpty()) {
            return json.requireInt(key, 1, max);
        }
        int value = json.findInt(key, 1, max).orElse(other.getAsInt());
        if (value != other.getAsInt()) {
            throw json.refusal(key, value + ", but " + otherKey + " is " + other.getAsInt());
        }
        return value;
    }

    public static float epsilon(JsonObject json, String key, double absent) throws ModelFormatException {
        return (float) json.findPositive(key).orElse(absent);
    }

    private static <T> T requireKnown(JsonObject json, String key, String value, Map<String, T> known)
            throws ModelFormatException {
        T found = known.get(value);
        if (found == null) {
            throw json.refusal(key, "\"" + value + "\", known are " + known.keySet().stream().sorted().toList());
        }
        return found;
    }
}
