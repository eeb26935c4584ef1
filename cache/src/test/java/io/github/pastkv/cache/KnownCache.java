package io.github.pastkv.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * A cache beside a map of what its rows ought to hold. What a token stores is a function of all tokens before it, as in
 * a model, so that a wrong block shows; edited tokens store other numbers, and so do all after them.
 */
final class KnownCache {
    /** A token: its id, and a hash of all up to it from which its numbers are made; exact or not. */
    record Token(int tokenId, long hash, boolean exact) {}

    final KvCache cache;
    final List<List<Token>> rows = new ArrayList<>();

    KnownCache(KvCache cache) {
        this.cache = cache;
        for (int row = 0; row < cache.batchSize(); row++) {
            rows.add(new ArrayList<>());
        }
    }

    /** A fork with a copy of the map. */
    KnownCache fork() {
        KnownCache fork = new KnownCache(cache.fork());
        for (int row = 0; row < rows.size(); row++) {
            fork.rows.get(row).addAll(rows.get(row));
        }
        return fork;
    }

    long lastHash(int row, long namespaceHash) {
        return rows.get(row).isEmpty() ? namespaceHash : rows.get(row).getLast().hash();
    }

    boolean isExact(int row) {
        return rows.get(row).isEmpty() || rows.get(row).getLast().exact();
    }

    void selectRows(int[] selected) {
        cache.selectRows(selected);
        List<List<Token>> before = List.copyOf(rows);
        rows.clear();
        for (int row : selected) {
            rows.add(new ArrayList<>(before.get(row)));
        }
    }

    static long mix(long hash, long more) {
        long z = (hash ^ more) * 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 29)) * 0xBF58476D1CE4E5B9L;
        return z ^ (z >>> 32);
    }

    /** A number that a token stores. */
    static float number(long hash, int layer, boolean ofKeys, int head, int dim) {
        return (int) (mix(hash, 1000L * layer + 100L * head + 2L * dim + (ofKeys ? 1 : 0)) & 0xFF) - 128;
    }

    /** Writes the new tokens of a step, of which each row has those of {@code tokens} that are not reused. */
    void write(KvStep step, List<List<Token>> tokens) {
        KvShape shape = cache.config().shape();
        int width = shape.numKvHeads() * shape.headDim();
        for (int layer = 0; layer < shape.numLayers(); layer++) {
            Tensor keys = Tensor.of(new float[step.numTokens() * width], step.numTokens(), width);
            Tensor values = Tensor.of(new float[step.numTokens() * width], step.numTokens(), width);
            for (int token = 0; token < step.numTokens(); token++) {
                int row = step.rowOf(token);
                long hash = tokens.get(row).get(step.numReusedTokens(row) + token - step.rowStart(row)).hash();
                for (int i = 0; i < width; i++) {
                    keys.set(number(hash, layer, true, i / shape.headDim(), i % shape.headDim()), token, i);
                    values.set(number(hash, layer, false, i / shape.headDim(), i % shape.headDim()), token, i);
                }
            }
            step.write(layer, keys, values, 0, 0, step.numTokens());
        }
    }

    /** That one number of each token that the next one sees is what it ought to be. */
    void check() {
        KvShape shape = cache.config().shape();
        for (int row = 0; row < rows.size(); row++) {
            List<Token> tokens = rows.get(row);
            assertThat(cache.numTokens(row)).isEqualTo(tokens.size());
            for (int position = 0; position < tokens.size(); position++) {
                int layer = position % shape.numLayers();
                int head = (position / 2) % shape.numKvHeads();
                int dim = position % shape.headDim();
                if (cache.config().window(layer).sees(tokens.size(), position)) {
                    long hash = tokens.get(position).hash();
                    if (cache.read(layer, row, true, position, head, dim) != number(hash, layer, true, head, dim)
                            || cache.read(layer, row, false, position, head, dim) != number(hash, layer, false, head,
                                    dim)) {
                        throw new AssertionError("row " + row + " holds a wrong number at position " + position
                                + " of layer " + layer);
                    }
                }
            }
        }
    }
}
