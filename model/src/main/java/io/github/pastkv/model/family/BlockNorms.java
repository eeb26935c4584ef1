package io.github.pastkv.model.family;

import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The norms of one block (attention or feed-forward), each of which may be there or not.
 *
 * @param ofStream replaces the residual stream itself before the block
 * @param before what the block reads of the residual stream; without it, the block reads the stream
 * @param after what is added to the residual stream; without it, the block's output is
 * @param <N> weights in one form or another
 */
public record BlockNorms<N>(@Nullable N ofStream, @Nullable N before, @Nullable N after) {
    /** The usual one, before the block. */
    public static <N> BlockNorms<N> before(N norm) {
        return new BlockNorms<>(null, norm, null);
    }

    /** One that replaces the residual stream. */
    public static <N> BlockNorms<N> ofStream(@Nullable N norm) {
        return new BlockNorms<>(norm, null, null);
    }

    /** The same norms in another form. */
    public <M> BlockNorms<M> map(Function<N, M> form) {
        return new BlockNorms<>(mapped(ofStream, form), mapped(before, form), mapped(after, form));
    }

    private static <N, M> @Nullable M mapped(@Nullable N norm, Function<N, M> form) {
        return norm == null ? null : form.apply(norm);
    }

    /** Those that are there. */
    public Stream<N> stream() {
        return Stream.of(ofStream, before, after).filter(Objects::nonNull).map(Objects::requireNonNull);
    }
}
