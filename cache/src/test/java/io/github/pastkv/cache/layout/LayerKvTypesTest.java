package io.github.pastkv.cache.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.pastkv.cache.KvCacheConfig;
import org.junit.jupiter.api.Test;

class LayerKvTypesTest {
    private static final KvTypes Q8 = KvTypes.of(KvType.Q8);
    private static final KvTypes MIXED = new KvTypes(KvType.Q8, KvType.BF16);

    @Test
    void types_areThoseOfTheLayerOrOfTheRest() {
        LayerKvTypes types = LayerKvTypes.of(Q8).withLayer(3, MIXED).withLayer(0, MIXED).withLayer(0, Q8);
        assertThat(types.types(0)).isEqualTo(Q8);
        assertThat(types.types(2)).isEqualTo(Q8);
        assertThat(types.types(3)).isEqualTo(MIXED);
    }

    @Test
    void text_isAsOptionsSpellIt() {
        assertThat(LayerKvTypes.of(Q8)).hasToString("q8");
        assertThat(LayerKvTypes.of(MIXED).withLayer(12, Q8).withLayer(1, MIXED)).hasToString("q8:bf16,1=q8:bf16,12=q8");
    }

    @Test
    void layers_thatCannotBe_areRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> LayerKvTypes.of(Q8).withLayer(-1, Q8))
                .withMessage("layer: -1, must not be negative");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> KvCacheConfig.of(new KvShape(2, 3, 7), 1)
                        .withKvTypes(LayerKvTypes.of(Q8).withLayer(2, Q8)))
                .withMessage("layer: 2, the shape has 2 layers");
    }
}
