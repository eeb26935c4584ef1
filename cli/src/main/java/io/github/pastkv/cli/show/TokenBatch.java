package io.github.pastkv.cli.show;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.files.JsonFile;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;

/** Rows of equally many slots, each a token or a pad. */
final class TokenBatch {
    private final int[][] tokenIds; // [B, T]
    private final int[][] mask; // [B, T]

    private TokenBatch(int[][] tokenIds, int[][] mask) {
        this.tokenIds = tokenIds;
        this.mask = mask;
    }

    /** One row without pads. */
    static TokenBatch ofRow(int[] tokenIds) {
        return new TokenBatch(new int[][] {tokenIds}, ones(1, tokenIds.length));
    }

    /** From {@code {"tokens": [[...], ...], "mask": [[...], ...]}}; without a mask all are tokens. */
    static TokenBatch read(Path file) throws IOException {
        JsonObject json = JsonFile.read(file);
        int[][] tokenIds = json.findIntRows("tokens", Integer.MIN_VALUE, Integer.MAX_VALUE)
                .orElseThrow(() -> json.refusal("tokens", "missing, must be an array of rows"));
        if (tokenIds.length == 0 || tokenIds[0].length == 0) {
            throw json.refusal("tokens", "no token");
        }
        int[][] mask = json.findIntRows("mask", 0, 1).orElseGet(() -> ones(tokenIds.length, tokenIds[0].length));
        requireSameShape(json, mask, tokenIds);
        json.refuseUnknownKeys(Set.of());
        return new TokenBatch(tokenIds, mask);
    }

    private static void requireSameShape(JsonObject json, int[][] mask, int[][] tokenIds)
            throws ModelFormatException {
        if (mask.length != tokenIds.length || mask[0].length != tokenIds[0].length) {
            throw json.refusal("mask", describe(mask) + ", tokens has " + describe(tokenIds));
        }
    }

    private static String describe(int[][] rows) {
        return rows.length + " rows of " + (rows.length == 0 ? 0 : rows[0].length);
    }

    private static int[][] ones(int numRows, int numSlots) {
        int[][] rows = new int[numRows][numSlots];
        for (int[] row : rows) {
            Arrays.fill(row, 1);
        }
        return rows;
    }

    /** Rows, B. */
    int size() {
        return tokenIds.length;
    }

    /** Slots of a row, T. */
    int numSlots() {
        return tokenIds[0].length;
    }

    /** Tokens of the longest row, pads not counted. */
    int longestRow() {
        return Arrays.stream(mask).mapToInt(row -> Arrays.stream(row).sum()).max().orElse(0);
    }

    /** Ids of slots {@code [from, to)}. */
    int[][] tokenIds(int from, int to) {
        return columns(tokenIds, from, to);
    }

    /** Which of slots {@code [from, to)} are tokens. */
    AttentionMask mask(int from, int to) {
        return AttentionMask.of(columns(mask, from, to));
    }

    private static int[][] columns(int[][] rows, int from, int to) {
        return Arrays.stream(rows).map(row -> Arrays.copyOfRange(row, from, to)).toArray(int[][]::new);
    }
}
