package io.github.pastkv.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.pastkv.testkit.golden.GoldenModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** LongRoPE: short texts have short factors on every road, and longer ones have to be asked for. */
class LengthDependentRopeTest {
    private static final int ORIGINAL = 40;
    private static final int[] FIVE = {5, 6, 7, 8, 9};

    @TempDir private Path folder;
    @AutoClose private Model model;

    @BeforeEach
    void load() throws IOException {
        Path phi3 = GoldenModel.of("phi3").folder();
        Files.copy(phi3.resolve("model.safetensors"), folder.resolve("model.safetensors"));
        String config = Files.readString(phi3.resolve("config.json"));
        Files.writeString(folder.resolve("config.json"),
                config.replace("\"original_max_position_embeddings\": 82",
                        "\"original_max_position_embeddings\": " + ORIGINAL)
                        .replace("\"rope_type\": \"default\"", "\"rope_type\": \"longrope\", \"short_factor\": "
                                + "[1,1.1,1.2,1.3], \"long_factor\": [2,3,4,5]"));
        model = Model.load(folder);
    }

    private float[] logits(SessionOptions options) {
        try (Session session = model.newSession(options)) {
            return session.prefill(FIVE).toFloatArray();
        }
    }

    @Test
    void defaultSession_hasTheFactorsOfItsText() {
        float[] plain = logits(SessionOptions.defaults());
        assertThat(logits(SessionOptions.defaults().forTokens(model.config(), FIVE.length))).containsExactly(plain);
        assertThat(logits(SessionOptions.defaults().withMaxSeqLen(ORIGINAL))).containsExactly(plain);
        assertThat(Arrays.equals(logits(SessionOptions.defaults().withMaxSeqLen(ORIGINAL + 1)), plain)).isFalse();
    }

    @Test
    void longerText_hasToBeAskedFor() {
        try (Session session = model.newSession()) {
            assertThat(session.maxSeqLen()).isEqualTo(ORIGINAL);
            assertThatIllegalArgumentException().isThrownBy(() -> session.append(new int[ORIGINAL + 1]))
                    .withMessageContainingAll("41", "40");
        }
        try (Session session = model.newSession(SessionOptions.defaults().withMaxSeqLen(82))) {
            assertThat(session.append(new int[82]).shape(0)).isEqualTo(82);
        }
    }
}
