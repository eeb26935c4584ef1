package io.github.pastkv.model.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.kernels.Activation;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.tensor.DataType;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class ModelConfigTest {
    private static ModelConfig config(List<LayerConfig> layers) {
        return new ModelConfig("any", new ModelSizes(2, 12, 20, 16), EmbeddingConfig.plain(12),
                new NormConfig(NormWeights.Kind.RMS, 1e-5f), AttentionConfig.of(3, 1, 16),
                new FfnConfig(24, Activation.SILU, true, false), layers, Residual.SERIAL, HeadConfig.uncapped(false),
                DataType.F32, new TokenIds(OptionalInt.empty(), List.of(), OptionalInt.empty()));
    }

    @Test
    void window_isThatOfTheLayer() {
        ModelConfig config = config(List.of(LayerConfig.full(1f, null), LayerConfig.full(1f, null).withWindow(7)));
        assertThat(config.window(0)).isZero();
        assertThat(config.window(1)).isEqualTo(7);
        assertThat(config.storedWindow(0)).isZero();
        assertThat(config.storedWindow(1)).isEqualTo(7);
        assertThat(new LayerConfig(1f, 7, false, null).forgets()).isFalse();
    }

    @Test
    void layersOfAnotherNumber_areRefused() {
        assertThatThrownBy(() -> config(LayerConfig.equal(3, 1f, null))).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("layers: 3, numLayers is 2");
    }

    @Test
    void scaleByHeadDim_isTheUsualOne() {
        assertThat(AttentionConfig.of(4, 2, 16).scaleByHeadDim()).isEqualTo(0.25f);
    }
}
