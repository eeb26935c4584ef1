package io.github.pastkv.model.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TokenHistoryTest {
    @Test
    void add_keepsEachIdOnce() {
        TokenHistory history = new TokenHistory(131);
        for (int round = 0; round < 3; round++) {
            for (int id = 130; id >= 0; id -= 2) {
                history.add(id);
            }
        }
        assertThat(history.numIds()).isEqualTo(66);
        assertThat(history.id(0)).isEqualTo(130);
        assertThat(history.id(65)).isZero();
        history.clear();
        assertThat(history.numIds()).isZero();
        history.add(64);
        assertThat(history.id(0)).isEqualTo(64);
    }

    @Test
    void add_idBeyondTheVocabulary_isRefused() {
        assertThatThrownBy(() -> new TokenHistory(5).add(5)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
