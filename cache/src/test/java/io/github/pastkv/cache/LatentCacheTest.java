package io.github.pastkv.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Caches of latents, whose values are the beginnings of their keys. */
class LatentCacheTest {
    private static final int LATENT_DIM = 5;
    private static final int HEAD_DIM = 7;
    private static final KvShape SHAPE = KvShape.latent(2, LATENT_DIM, HEAD_DIM - LATENT_DIM);

    private final KvCache cache = new KvCache(KvCacheConfig.of(SHAPE, 1).withBlockSize(4));

    @AfterEach
    void close() {
        cache.close();
    }

    private static Tensor rows(int numTokens, int width, float first) {
        Tensor rows = Tensor.zeros(numTokens, width);
        for (int i = 0; i < numTokens * width; i++) {
            rows.set(first + i, i / width, i % width);
        }
        return rows;
    }

    private static void append(KvCache cache, int numTokens) {
        int[][] mask = new int[1][numTokens];
        Arrays.fill(mask[0], 1);
        try (KvStep step = cache.beginStep(AttentionMask.of(mask))) {
            for (int layer = 0; layer < 2; layer++) {
                Tensor latents = rows(numTokens, HEAD_DIM, 100 * layer);
                step.write(layer, latents, latents, 0, 0, numTokens);
            }
            step.commit();
        }
    }

    @Test
    void values_ofALatent_areTheBeginningsOfItsKeys() {
        append(cache, 6);
        try (PastTensor keys = cache.entry(1).pastKeys(); PastTensor values = cache.entry(1).pastValues()) {
            assertThat(keys.shape(3)).isEqualTo(HEAD_DIM);
            assertThat(values.shape(3)).isEqualTo(LATENT_DIM);
            assertThat(keys.get(0, 5, 0, 6)).isEqualTo(100 + 5 * HEAD_DIM + 6);
            assertThat(values.get(0, 5, 0, 4)).isEqualTo(100 + 5 * HEAD_DIM + 4);
        }
    }

    @ParameterizedTest
    @EnumSource(KvType.class)
    void cacheBytes_ofALatent_areThoseOfTheKeysAlone(KvType type) {
        try (KvCache typed = new KvCache(KvCacheConfig.of(SHAPE, 1).withBlockSize(4).withKvType(type))) {
            append(typed, 8);
            assertThat(typed.cacheBytes()).isEqualTo(8L * 2 * type.bytesPerHead(HEAD_DIM));
        }
    }

    @Test
    void write_ofOtherValuesThanTheKeys_isRefused() {
        try (KvStep step = cache.beginStep(AttentionMask.of(new int[][] {{1}}))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> step.write(0, rows(1, HEAD_DIM, 0), rows(1, HEAD_DIM, 0), 0, 0, 1))
                    .withMessageStartingWith("values: other numbers than the keys");
        }
    }

    @Test
    void append_toAnEntry_takesValuesThatArePartOfTheKeys() {
        Tensor keys = rows(2, HEAD_DIM, 1).reshape(1, 2, 1, HEAD_DIM);
        Tensor values = Tensor.zeros(1, 2, 1, LATENT_DIM);
        assertThatIllegalArgumentException().isThrownBy(() -> cache.entry(0).append(keys, values))
                .withMessage("newValues: other numbers than the first 5 of newKeys, which are a latent");
        assertThat(cache.entry(0).numSlots()).isZero();
        for (int token = 0; token < 2; token++) {
            for (int dim = 0; dim < LATENT_DIM; dim++) {
                values.set(keys.get(0, token, 0, dim), 0, token, 0, dim);
            }
        }
        assertThat(cache.entry(0).append(keys, values).values().get(0, 1, 0, 2)).isEqualTo(1 + HEAD_DIM + 2);
    }

    @Test
    void edit_changesKeyAndValue_andRefusesValuesAlone() {
        append(cache, 3);
        try (KvEdit edit = cache.beginEdit(new int[1])) {
            edit.setKey(0, 0, 1, 0, 9, 8, 7, 6, 5, 4, 3);
            assertThatIllegalArgumentException().isThrownBy(() -> edit.setValue(0, 0, 1, 0, 1, 1, 1, 1, 1))
                    .withMessage("numbers: the value of a latent is part of its key, set that");
            edit.commit();
        }
        try (PastTensor values = cache.entry(0).pastValues()) {
            assertThat(values.get(0, 1, 0, 3)).isEqualTo(6);
        }
    }

    @Test
    void graft_copiesLatents() {
        append(cache, 3);
        try (KvCache target = new KvCache(KvCacheConfig.of(SHAPE, 1).withBlockSize(4))) {
            append(target, 3);
            try (KvEdit edit = cache.beginEdit(new int[1])) {
                edit.setKey(1, 0, 2, 0, 9, 8, 7, 6, 5, 4, 3);
                edit.commit();
            }
            KvGraft.replaceLayers(target, cache, 1);
            KvGraft.appendTokens(target, 0, new KvGraft.Tokens(cache, 0, 1, 3), (_, _) -> {});
            try (PastTensor keys = target.entry(1).pastKeys(); PastTensor values = target.entry(1).pastValues()) {
                assertThat(keys.get(0, 2, 0, 6)).isEqualTo(3);
                assertThat(values.get(0, 4, 0, 4)).isEqualTo(5);
            }
        }
    }
}
