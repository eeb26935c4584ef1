package io.github.pastkv.model.forward;

import io.github.pastkv.model.hooks.HookPoint;

/** The two hooks inside a norm. */
record NormHooks(HookPoint scale, HookPoint normalized) {
    static final NormHooks EMBEDDING =
            new NormHooks(HookPoint.EMBEDDING_NORM_SCALE, HookPoint.EMBEDDING_NORM_NORMALIZED);
    static final NormHooks LN1 = new NormHooks(HookPoint.LN1_SCALE, HookPoint.LN1_NORMALIZED);
    static final NormHooks LN1_POST = new NormHooks(HookPoint.LN1_POST_SCALE, HookPoint.LN1_POST_NORMALIZED);
    static final NormHooks LN2 = new NormHooks(HookPoint.LN2_SCALE, HookPoint.LN2_NORMALIZED);
    static final NormHooks LN2_POST = new NormHooks(HookPoint.LN2_POST_SCALE, HookPoint.LN2_POST_NORMALIZED);
    static final NormHooks QUERY = new NormHooks(HookPoint.Q_NORM_SCALE, HookPoint.Q_NORM_NORMALIZED);
    static final NormHooks KEY = new NormHooks(HookPoint.K_NORM_SCALE, HookPoint.K_NORM_NORMALIZED);
    static final NormHooks FINAL = new NormHooks(HookPoint.LN_FINAL_SCALE, HookPoint.LN_FINAL_NORMALIZED);
}
