package io.github.pastkv.kernels;

import io.github.pastkv.cache.layout.KvWindow;

/**
 * How a dot product of query and key becomes a score: {@code score = dot * scale}; then, if there is a soft cap,
 * {@code cap * tanh(score / cap)}; then, with ALiBi, {@code slope * (key position - query position)} is added in one
 * fma. Distances are between positions, so that padding does not change them. Also defines the attention window,
 * outside which keys have no score.
 *
 * <p>Immutable; one for each layer, made once.
 */
public final class ScoreForm {
    private final float scale;
    private final float softCap;
    private final float[] slopes;
    private final float[] sinkScores;
    private final KvWindow window;

    private ScoreForm(float scale, float softCap, float[] slopes, float[] sinkScores, KvWindow window) {
        this.scale = scale;
        this.softCap = softCap;
        this.slopes = slopes;
        this.sinkScores = sinkScores;
        this.window = window;
    }

    /** Scores times {@code scale}. */
    public static ScoreForm scaled(float scale) {
        return new ScoreForm(scale, 0f, new float[0], new float[0], KvWindow.NONE);
    }

    /** The same with a cap; 0 for none. */
    public ScoreForm withSoftCap(float newSoftCap) {
        return new ScoreForm(scale, newSoftCap, slopes, sinkScores, window);
    }

    /**
     * The same with the slopes of ALiBi (Press et al. 2021, as Bloom has them for any number of heads): those of the
     * next lower power of two n are {@code 2^(-8 i / n)} for i from 1; heads beyond take every second slope of 2n
     * heads.
     */
    public ScoreForm withAlibi(int numHeads) {
        int power = Integer.highestOneBit(numHeads);
        float[] newSlopes = new float[numHeads];
        for (int head = 0; head < numHeads; head++) {
            double exponent = head < power ? -8.0 * (head + 1) / power : -4.0 * (2 * (head - power) + 1) / power;
            newSlopes[head] = (float) StrictMath.pow(2, exponent);
        }
        return new ScoreForm(scale, softCap, newSlopes, sinkScores, window);
    }

    /** The same with slopes of ALiBi, one for each head, {@code [H]}. */
    public ScoreForm withSlopes(float... newSlopes) {
        return new ScoreForm(scale, softCap, newSlopes.clone(), sinkScores, window);
    }

    /**
     * The same with learned attention sinks (gpt-oss), one for each head, {@code [H]}: a score beside those of all keys
     * that takes its share of the softmax and has no value. Not to be confused with the first positions that a window
     * keeps.
     */
    public ScoreForm withSinkScores(float... newSinkScores) {
        return new ScoreForm(scale, softCap, slopes, newSinkScores.clone(), window);
    }

    /** The same within a window. */
    public ScoreForm withWindow(KvWindow newWindow) {
        return new ScoreForm(scale, softCap, slopes, sinkScores, newWindow);
    }

    public float scale() {
        return scale;
    }

    /** The positions that a query attends to. */
    public KvWindow window() {
        return window;
    }

    /** Cap of scaled scores, 0 for none. */
    public float softCap() {
        return softCap;
    }

    /** Whether scores fall with distance. */
    public boolean hasSlopes() {
        return slopes.length > 0;
    }

    /** The ALiBi slope of {@code head}: the decrease of its scores per position of distance. */
    public float slope(int head) {
        return slopes[head];
    }

    /** Whether each head has a score of an attention sink. */
    public boolean hasSinkScores() {
        return sinkScores.length > 0;
    }

    /** The score of the attention sink of {@code head}; minus infinity where there is none. */
    public float sinkScore(int head) {
        return hasSinkScores() ? sinkScores[head] : Float.NEGATIVE_INFINITY;
    }
}
