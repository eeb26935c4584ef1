package io.github.pastkv.cache;

/** What {@link KvGraft} refuses, before it changes anything. */
final class GraftChecks {
    private GraftChecks() {}

    static void requireLike(KvCache target, KvCache source, int layer, int row) {
        if (target.numTokens(row) != source.numTokens(row)) {
            throw new IllegalArgumentException("source: row " + row + " holds " + source.numTokens(row)
                    + " tokens, the target " + target.numTokens(row));
        }
        for (int position = 0; position < target.numTokens(row); position++) {
            if (target.holds(layer, row, position) && !source.holds(layer, row, position)) {
                throw new IllegalArgumentException("source: layer " + layer + " (" + source.config().window(layer)
                        + ") has evicted position " + position + " of row " + row + ", the target holds it");
            }
        }
    }

    static void requireSameShape(KvCache target, KvCache source) {
        if (!target.config().shape().equals(source.config().shape())) {
            throw new IllegalArgumentException(
                    "source: " + source.config().shape() + ", the target has " + target.config().shape());
        }
    }

    static void requireNotFrozen(KvCache target) {
        if (target.frozen()) {
            throw new IllegalStateException("the target is frozen; graft onto a fork of it");
        }
    }

    static void requireHeld(KvGraft.Tokens tokens, int layer) {
        for (int position = tokens.from(); position < tokens.to(); position++) {
            if (!tokens.cache().holds(layer, tokens.row(), position)) {
                throw new IllegalArgumentException("tokens: layer " + layer + " ("
                        + tokens.cache().config().window(layer) + ") has evicted position " + position + " of row "
                        + tokens.row());
            }
        }
    }
}
