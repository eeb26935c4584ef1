package io.github.pastkv.model.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ModelConfigTest {
    @Test
    void attentionScale_followsTheRules() {
        assertThat(new AttentionConfig(4, 2, 16, false, true, false).scale(3)).isEqualTo(0.25f);
        assertThat(new AttentionConfig(4, 2, 16, false, false, false).scale(3)).isEqualTo(1);
        assertThat(new AttentionConfig(4, 2, 16, false, true, true).scale(3)).isEqualTo(0.0625f);
        assertThat(new AttentionConfig(4, 2, 16, false, true, true).scale(0)).isEqualTo(0.25f);
    }
}
