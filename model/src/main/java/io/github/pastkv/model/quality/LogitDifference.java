package io.github.pastkv.model.quality;

/**
 * How far some logits are from those of a reference, over all tokens compared.
 *
 * @param numTokens tokens compared
 * @param meanLogit mean magnitude of the difference of a logit, over tokens and vocabulary
 * @param largestLogit largest magnitude of the difference of a logit
 * @param meanKl mean Kullback-Leibler divergence of a token's distribution, from the reference to the other, in nats
 * @param largestKl the largest of a token, in nats
 * @param sameBest share of tokens whose likeliest next token is the same
 */
public record LogitDifference(long numTokens, double meanLogit, double largestLogit, double meanKl, double largestKl,
        double sameBest) {}
