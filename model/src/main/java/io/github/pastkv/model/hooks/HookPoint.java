package io.github.pastkv.model.hooks;

/**
 * A place in the forward pass where a hook may look or edit, in the order in which a run comes by. Names and shapes are
 * TransformerLens'. Which of them a model has is said by {@link HookCatalog}.
 */
public enum HookPoint {
    /** Token ids as numbers; an edited id is looked up instead. */
    TOKENS("hook_tokens", HookShape.SLOTS, Kind.OPT_IN),
    /** Divisor of the norm behind the embedding. */
    EMBEDDING_NORM_SCALE("embed.ln.hook_scale", HookShape.SCALE),
    /** Output of the norm behind the embedding before weight and bias. */
    EMBEDDING_NORM_NORMALIZED("embed.ln.hook_normalized", HookShape.STREAM),
    /** Token embeddings, scaled where the model scales them. */
    EMBED("hook_embed", HookShape.STREAM),
    /** Learned position embeddings. */
    POS_EMBED("hook_pos_embed", HookShape.STREAM),

    /** The stream that enters a layer. */
    RESID_PRE("hook_resid_pre", HookShape.STREAM),
    /** The stream as each query head reads it; a kv head reads that of the first query head of its group. */
    ATTN_IN("hook_attn_in", HookShape.QUERY_HEADS_STREAM, Kind.OPT_IN),
    /** The stream that queries are made from. */
    Q_INPUT("hook_q_input", HookShape.QUERY_HEADS_STREAM, Kind.OPT_IN),
    /** The stream that keys are made from. */
    K_INPUT("hook_k_input", HookShape.KV_HEADS_STREAM, Kind.OPT_IN),
    /** The stream that values are made from. */
    V_INPUT("hook_v_input", HookShape.KV_HEADS_STREAM, Kind.OPT_IN),
    /** Divisor of the norm before attention. */
    LN1_SCALE("ln1.hook_scale", HookShape.SCALE),
    /** Output of the norm before attention, before weight and bias. */
    LN1_NORMALIZED("ln1.hook_normalized", HookShape.STREAM),
    /** Queries after bias, before norm and rotary. */
    Q("attn.hook_q", HookShape.QUERY_HEADS),
    /** Keys after bias, before norm and rotary; what is stored follows from them. */
    K("attn.hook_k", HookShape.KV_HEADS),
    /** Values after bias; what is stored. */
    V("attn.hook_v", HookShape.KV_HEADS),
    /** Divisor of the query norm. */
    Q_NORM_SCALE("attn.q_norm.hook_scale", HookShape.QUERY_ROWS_SCALE),
    /** Output of the query norm before its weight. */
    Q_NORM_NORMALIZED("attn.q_norm.hook_normalized", HookShape.QUERY_ROWS),
    /** Divisor of the key norm. */
    K_NORM_SCALE("attn.k_norm.hook_scale", HookShape.KEY_ROWS_SCALE),
    /** Output of the key norm before its weight. */
    K_NORM_NORMALIZED("attn.k_norm.hook_normalized", HookShape.KEY_ROWS),
    /** Queries after norm and rotary. */
    ROT_Q("attn.hook_rot_q", HookShape.QUERY_HEADS),
    /** Past and new keys after rotary, as stored. An edit is for this run and is never stored. */
    ROT_K("attn.hook_rot_k", HookShape.PAST_KV_HEADS),
    /** Past and new keys as attention reads them, in every model. An edit is for this run and is never stored. */
    PAST_K("attn.hook_past_k", HookShape.PAST_KV_HEADS, Kind.PAST),
    /** Past and new values as attention reads them. An edit is for this run and is never stored. */
    PAST_V("attn.hook_past_v", HookShape.PAST_KV_HEADS, Kind.PAST),
    /** Scores after scale, soft cap and bias; minus infinity where a query does not look, which stays so. */
    ATTN_SCORES("attn.hook_attn_scores", HookShape.PATTERN),
    /** Scores after softmax; zeros where a query does not look, which stay so. */
    PATTERN("attn.hook_pattern", HookShape.PATTERN),
    /** Pattern times values. */
    Z("attn.hook_z", HookShape.QUERY_HEADS),
    /** What each head adds to the stream; with the bias they add up to the output of attention. */
    RESULT("attn.hook_result", HookShape.QUERY_HEADS_STREAM, Kind.OPT_IN),
    /** Divisor of the norm behind attention. */
    LN1_POST_SCALE("ln1_post.hook_scale", HookShape.SCALE),
    /** Output of the norm behind attention, before its weight. */
    LN1_POST_NORMALIZED("ln1_post.hook_normalized", HookShape.STREAM),
    /** What attention adds to the stream. */
    ATTN_OUT("hook_attn_out", HookShape.STREAM),
    /** The stream between attention and feed-forward block. */
    RESID_MID("hook_resid_mid", HookShape.STREAM),
    /** The stream as the feed-forward block reads it. */
    MLP_IN("hook_mlp_in", HookShape.STREAM, Kind.OPT_IN),
    /** Divisor of the norm before the feed-forward block. */
    LN2_SCALE("ln2.hook_scale", HookShape.SCALE),
    /** Output of the norm before the feed-forward block, before weight and bias. */
    LN2_NORMALIZED("ln2.hook_normalized", HookShape.STREAM),
    /** Input of the nonlinearity. */
    MLP_PRE("mlp.hook_pre", HookShape.FFN),
    /** What the gate multiplies. */
    MLP_PRE_LINEAR("mlp.hook_pre_linear", HookShape.FFN),
    /** Output of the nonlinearity, gated where there is a gate. */
    MLP_POST("mlp.hook_post", HookShape.FFN),
    /** Divisor of the norm behind the feed-forward block. */
    LN2_POST_SCALE("ln2_post.hook_scale", HookShape.SCALE),
    /** Output of the norm behind the feed-forward block, before its weight. */
    LN2_POST_NORMALIZED("ln2_post.hook_normalized", HookShape.STREAM),
    /** What the feed-forward block adds to the stream. */
    MLP_OUT("hook_mlp_out", HookShape.STREAM),
    /** The stream that leaves a layer. */
    RESID_POST("hook_resid_post", HookShape.STREAM),

    /** Divisor of the final norm. */
    LN_FINAL_SCALE("ln_final.hook_scale", HookShape.SCALE),
    /** Output of the final norm before weight and bias. */
    LN_FINAL_NORMALIZED("ln_final.hook_normalized", HookShape.STREAM),
    /** What the head reads. */
    UNEMBED_IN("unembed.hook_in", HookShape.STREAM),
    /** Output of the head, before the final soft cap. */
    UNEMBED_OUT("unembed.hook_out", HookShape.VOCAB);

    /** How a point comes to be wanted. */
    public enum Kind {
        /** Meant by a pattern. */
        STANDARD,
        /** TransformerLens' points that are off by default: meant by name, or by a pattern that asks for them. */
        OPT_IN,
        /** Points of our own over past and new slots: meant by name. */
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

    /** Whether each layer has one. */
    public boolean isInLayer() {
        return compareTo(RESID_PRE) >= 0 && compareTo(RESID_POST) <= 0;
    }

    /** Whether it lies before the first layer. */
    public boolean isBeforeLayers() {
        return compareTo(RESID_PRE) < 0;
    }

    /** Whether it lies behind the last layer. */
    public boolean isBehindLayers() {
        return compareTo(RESID_POST) > 0;
    }

    /** Its shape; {@link HookCatalog#shape} knows the model's. */
    HookShape usualShape() {
        return shape;
    }
}
