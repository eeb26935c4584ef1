package io.github.pastkv.cache.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.pastkv.cache.KvCacheConfig;
import org.junit.jupiter.api.Test;

class KvShapeTest {
    @Test
    void bytesPerToken_countsKeysAndValuesOfAllLayers() {
        KvShape shape = new KvShape(32, 8, 128);
        assertThat(shape.elementsPerToken()).isEqualTo(65_536);
        assertThat(KvTypes.of(KvType.BF16).bytesPerToken(shape)).isEqualTo(131_072);
        assertThat(KvTypes.of(KvType.F32).bytesPerToken(shape)).isEqualTo(262_144);
    }

    @Test
    void bytesPerToken_ofAnImmenseShape_doesNotOverflow() {
        assertThat(KvTypes.of(KvType.F32).bytesPerToken(new KvShape(1 << 10, 1 << 12, 1 << 12))).isEqualTo(1L << 37);
    }

    @Test
    void new_withoutLayersHeadsOrDimensions_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new KvShape(0, 3, 7))
                .withMessage("numLayers: 0, must be positive");
        assertThatIllegalArgumentException().isThrownBy(() -> new KvShape(2, -1, 7))
                .withMessage("numKvHeads: -1, must be positive");
        assertThatIllegalArgumentException().isThrownBy(() -> new KvShape(2, 3, 0))
                .withMessage("headDim: 0, must be positive");
    }

    @Test
    void latent_isStoredOnce_andItsValueIsPartOfItsKey() {
        KvShape shape = KvShape.latent(61, 512, 64);
        assertThat(shape.elementsPerToken()).isEqualTo(61 * 576);
        assertThat(KvTypes.of(KvType.BF16).bytesPerToken(shape)).isEqualTo(61 * 576 * 2);
        assertThat(shape.valueDim()).isEqualTo(512);
        assertThat(KvCacheConfig.of(shape, 1).withKvType(KvType.BF16).bytesPerToken()).isEqualTo(61 * 576 * 2);
        assertThat(new KvShape(2, 3, 7)).hasToString("KvShape[numLayers=2, numKvHeads=3, headDim=7]");
        assertThat(shape).hasToString("KvShape[numLayers=61, numKvHeads=1, headDim=576, latentDim=512]");
    }

    @Test
    void latent_ofSeveralHeadsTooLargeOrOfTwoTypes_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new KvShape(2, 3, 7, 5))
                .withMessage("numKvHeads: 3, a latent is one head");
        assertThatIllegalArgumentException().isThrownBy(() -> new KvShape(2, 1, 7, 8))
                .withMessage("latentDim: 8, must be 0 to headDim 7");
        assertThatIllegalArgumentException().isThrownBy(() -> KvShape.latent(2, 0, 8))
                .withMessage("latentDim: 0, must be positive");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> KvCacheConfig.of(KvShape.latent(2, 5, 2), 1)
                        .withKvTypes(new KvTypes(KvType.Q8, KvType.F16)))
                .withMessage("types: q8:f16, a latent is key and value in one and has one type");
    }

    @Test
    void config_withANumberThatCannotBe_isRefused() {
        KvCacheConfig config = KvCacheConfig.of(new KvShape(2, 3, 7), 4);
        assertThatIllegalArgumentException().isThrownBy(() -> config.withBatchSize(0))
                .withMessage("batchSize: 0, must be positive");
        assertThatIllegalArgumentException().isThrownBy(() -> config.withBlockSize(0))
                .withMessage("blockSize: 0, must be positive");
        assertThatIllegalArgumentException().isThrownBy(() -> config.withMaxTokens(0))
                .withMessage("maxTokens: 0, must be positive");
        assertThatIllegalArgumentException().isThrownBy(() -> config.withMaxPoolBytes(0))
                .withMessage("maxPoolBytes: 0, must be positive");
    }
}
