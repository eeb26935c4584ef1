package io.github.pastkv.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Schemes that no tier has are refused, by the artifact to add where there is one. */
class CacheTiersTest {
    @Test
    void schemeOfAModuleThatIsNotThere_namesItsArtifact() {
        for (String scheme : Set.of("redis", "rediss", "valkey")) {
            assertThat(CacheTiers.missing(scheme, Set.of("file"))).contains("io.github.pastkv:pastkv-store-redis");
        }
    }

    @Test
    void unknownScheme_isRefused_withTheKnownOnes() {
        assertThatThrownBy(() -> CacheTiers.open(TierUri.parse("ftp://user:hush@host")))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("unknown scheme ftp, known are")
                .hasMessageContaining("file").hasMessageNotContaining("hush");
    }

    @Test
    void keysWithoutAFile_areRefused(@TempDir Path folder) {
        for (String value : List.of("", "%20")) {
            assertThatThrownBy(() -> CacheTiers.openAll(List.of("file:" + folder + "?keys=" + value)))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("keys=");
        }
    }
}
