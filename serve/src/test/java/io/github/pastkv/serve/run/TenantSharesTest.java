package io.github.pastkv.serve.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Where tenants begin that come after a pause. */
final class TenantSharesTest {
    private final TenantShares shares = new TenantShares();

    @Test
    void tenantThatComesBack_beginsLevelWithTheActiveOneThatHasTheLeast() {
        shares.of("alice").add(1000);
        shares.of("bob").add(300);
        shares.activate("carol", List.of("alice", "bob"));
        assertThat(shares.of("carol").numTokens()).isEqualTo(300);
    }

    @Test
    void tenantWithRequests_keepsWhatItHas() {
        shares.of("alice").add(1000);
        shares.of("bob").add(300);
        shares.activate("bob", List.of("alice", "bob"));
        assertThat(shares.of("bob").numTokens()).isEqualTo(300);
    }

    @Test
    void tenantThatComesWhileAllAreIdle_leavesNoAdvantageOverTheNext() {
        shares.activate("alice", List.of()).add(1000);
        shares.activate("bob", List.of());
        shares.activate("alice", List.of("bob"));
        assertThat(shares.of("bob").numTokens()).isEqualTo(shares.of("alice").numTokens());
    }
}
