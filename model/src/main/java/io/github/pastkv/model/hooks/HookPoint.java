package io.github.pastkv.model.hooks;

/**
 * A place in the forward pass where activations can be read or edited, in execution order. Names and shapes are those
 * of TransformerLens. {@link HookCatalog} lists the hook points of a model.
 */
public enum HookPoint {
    /** Token ids as floats; an edited id is embedded instead. */
    TOKENS("hook_tokens", HookShape.SLOTS, Kind.OPT_IN),
    /** Divisor of the norm after the embedding. */
    EMBEDDING_NORM_SCALE("embed.ln.hook_scale", HookShape.SCALE),
    /** Output of the norm after the embedding, before weight and bias. */
    EMBEDDING_NORM_NORMALIZED("embed.ln.hook_normalized", HookShape.STREAM),
    /** Token embeddings, after scaling if the model has it. */
    EMBED("hook_embed", HookShape.STREAM),
    /** Learned position embeddings. */
    POS_EMBED("hook_pos_embed", HookShape.STREAM),

    /** The residual stream before a layer. */
    RESID_PRE("hook_resid_pre", HookShape.STREAM),
    /** The input of each query head; a kv head reads that of the first query head of its group. */
    ATTN_IN("hook_attn_in", HookShape.QUERY_HEADS_STREAM, Kind.OPT_IN),
    /** The input of the query projection. */
    Q_INPUT("hook_q_input", HookShape.QUERY_HEADS_STREAM, Kind.OPT_IN),
    /** The input of the key projection. */
    K_INPUT("hook_k_input", HookShape.KV_HEADS_STREAM, Kind.OPT_IN),
    /** The input of the value projection. */
    V_INPUT("hook_v_input", HookShape.KV_HEADS_STREAM, Kind.OPT_IN),
    /** Divisor of the norm before attention. */
    LN1_SCALE("ln1.hook_scale", HookShape.SCALE),
    /** Output of the norm before attention, before weight and bias. */
    LN1_NORMALIZED("ln1.hook_normalized", HookShape.STREAM),
    /** Queries after bias, before norm and RoPE. */
    Q("attn.hook_q", HookShape.QUERY_HEADS),
    /** Keys after bias, before norm and RoPE; edits change the stored keys. Those from latents can only be read. */
    K("attn.hook_k", HookShape.KV_HEADS),
    /** Values after bias; edits change the stored values. Those from latents can only be read. */
    V("attn.hook_v", HookShape.KV_HEADS),
    /** The latent that keys and values are made from, after its norm; edits change what is stored. */
    LATENT("attn.hook_latent", HookShape.LATENT),
    /** Divisor of the query norm. */
    Q_NORM_SCALE("attn.q_norm.hook_scale", HookShape.QUERY_ROWS_SCALE),
    /** Output of the query norm before its weight. */
    Q_NORM_NORMALIZED("attn.q_norm.hook_normalized", HookShape.QUERY_ROWS),
    /** Divisor of the key norm. */
    K_NORM_SCALE("attn.k_norm.hook_scale", HookShape.KEY_ROWS_SCALE),
    /** Output of the key norm before its weight. */
    K_NORM_NORMALIZED("attn.k_norm.hook_normalized", HookShape.KEY_ROWS),
    /** Queries after norm and RoPE. */
    ROT_Q("attn.hook_rot_q", HookShape.QUERY_HEADS),
    /** The rotary key that all heads of latent attention share, after RoPE; edits change what is stored. */
    ROT_LATENT_K("attn.hook_rot_latent_k", HookShape.ROTARY_KEY),
    /** Past and new keys after RoPE, as stored. Edits affect this run only and are never stored. */
    ROT_K("attn.hook_rot_k", HookShape.PAST_KV_HEADS),
    /** Past and new keys as attention reads them, in every model. Edits affect this run only and are never stored. */
    PAST_K("attn.hook_past_k", HookShape.PAST_KV_HEADS, Kind.PAST),
    /** Past and new values as attention reads them. Edits affect this run only and are never stored. */
    PAST_V("attn.hook_past_v", HookShape.PAST_KV_HEADS, Kind.PAST),
    /** Scores after scale, soft cap and bias. Masked positions are minus infinity and stay so. */
    ATTN_SCORES("attn.hook_attn_scores", HookShape.PATTERN),
    /** Scores after softmax. Masked positions are zero and stay so. */
    PATTERN("attn.hook_pattern", HookShape.PATTERN),
    /** Pattern times values. */
    Z("attn.hook_z", HookShape.QUERY_HEADS),
    /** The contribution of each head to the residual stream; with the bias they add up to the attention output. */
    RESULT("attn.hook_result", HookShape.QUERY_HEADS_STREAM, Kind.OPT_IN),
    /** Divisor of the norm after attention. */
    LN1_POST_SCALE("ln1_post.hook_scale", HookShape.SCALE),
    /** Output of the norm after attention, before its weight. */
    LN1_POST_NORMALIZED("ln1_post.hook_normalized", HookShape.STREAM),
    /** The output of attention, which is added to the residual stream. */
    ATTN_OUT("hook_attn_out", HookShape.STREAM),
    /** The residual stream between attention and feed-forward block. */
    RESID_MID("hook_resid_mid", HookShape.STREAM),
    /** The input of the feed-forward block. */
    MLP_IN("hook_mlp_in", HookShape.STREAM, Kind.OPT_IN),
    /** Divisor of the norm before the feed-forward block. */
    LN2_SCALE("ln2.hook_scale", HookShape.SCALE),
    /** Output of the norm before the feed-forward block, before weight and bias. */
    LN2_NORMALIZED("ln2.hook_normalized", HookShape.STREAM),
    /** Input of the nonlinearity. */
    MLP_PRE("mlp.hook_pre", HookShape.FFN),
    /** The activations that the gate multiplies. */
    MLP_PRE_LINEAR("mlp.hook_pre_linear", HookShape.FFN),
    /** Output of the nonlinearity, after gating if there is a gate. */
    MLP_POST("mlp.hook_post", HookShape.FFN),
    /** Logits of the router, one for each expert; edits change which experts are chosen. */
    ROUTER_LOGITS("mlp.hook_router_logits", HookShape.EXPERTS),
    /** Weights of the chosen experts, the best first. */
    EXPERT_WEIGHTS("mlp.hook_expert_weights", HookShape.CHOSEN),
    /** The chosen experts as floats, the best first; another index runs that expert with the weight at its place. */
    EXPERT_INDICES("mlp.hook_expert_indices", HookShape.CHOSEN),
    /** The output of each chosen expert, before its weight multiplies it. */
    EXPERT_OUT("mlp.hook_expert_out", HookShape.CHOSEN_STREAM),
    /** The output of the expert that every token takes, as it is added. */
    SHARED_EXPERT_OUT("mlp.hook_shared_expert_out", HookShape.STREAM),
    /** What the experts beside a dense block give; a part of the next layer's {@link #MLP_OUT}. */
    SHORTCUT_OUT("mlp.hook_shortcut_out", HookShape.STREAM),
    /** Divisor of the norm after the feed-forward block. */
    LN2_POST_SCALE("ln2_post.hook_scale", HookShape.SCALE),
    /** Output of the norm after the feed-forward block, before its weight. */
    LN2_POST_NORMALIZED("ln2_post.hook_normalized", HookShape.STREAM),
    /** The output of the feed-forward block, which is added to the residual stream. */
    MLP_OUT("hook_mlp_out", HookShape.STREAM),
    /** The residual stream after a layer. */
    RESID_POST("hook_resid_post", HookShape.STREAM),

    /** Divisor of the final norm. */
    LN_FINAL_SCALE("ln_final.hook_scale", HookShape.SCALE),
    /** Output of the final norm before weight and bias. */
    LN_FINAL_NORMALIZED("ln_final.hook_normalized", HookShape.STREAM),
    /** The input of the unembedding. */
    UNEMBED_IN("unembed.hook_in", HookShape.STREAM),
    /** Output of the unembedding, before the final soft cap. */
    UNEMBED_OUT("unembed.hook_out", HookShape.VOCAB);

    /** How patterns select a hook point. */
    public enum Kind {
        /** Matched by patterns. */
        STANDARD,
        /** Off by default in TransformerLens: matched by name, or by opt-in patterns. */
        OPT_IN,
        /** Specific to PastKV, over past and new slots: matched by name only. */
        PAST
    }

    private final String path;
    private final HookShape shape;
    private final Kind kind;

    HookPoint(String path, HookShape shape) {
        this(path, shape, Kind.STANDARD);
    }

    HookPoint(String path, HookShape shape, Kind kind) {
        this.path = path;
        this.shape = shape;
        this.kind = kind;
    }

    /** The name, without the layer's {@code blocks.L.} in front. */
    public String path() {
        return path;
    }

    public Kind kind() {
        return kind;
    }

    /** Whether it exists in each layer. */
    public boolean isInLayer() {
        return compareTo(RESID_PRE) >= 0 && compareTo(RESID_POST) <= 0;
    }

    /** Whether it is before the first layer. */
    public boolean isBeforeLayers() {
        return compareTo(RESID_PRE) < 0;
    }

    /** Whether it is after the last layer. */
    public boolean isBehindLayers() {
        return compareTo(RESID_POST) > 0;
    }

    /** Its shape; for a given model see {@link HookCatalog#shape}. */
    HookShape usualShape() {
        return shape;
    }
}
