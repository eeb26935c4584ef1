package io.github.pastkv.store;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A tier is asked where loading beats computing, by the rates that are given. */
class LoadRatesTest {
    private final MeanCost computing = new MeanCost();
    private final LoadRates rates = new LoadRates(LoadRule.MEASURED, computing);

    @Test
    void unmeasuredTier_isAsked() {
        assertThat(rates.pays(1)).isTrue();
        computing.add(10, 1000);
        assertThat(rates.pays(1)).isTrue();
        assertThat(rates.mayLoad()).isTrue();
    }

    @Test
    void fasterTier_isAsked_whereTheGainIsMoreThanTheLookup() {
        computing.add(10, 1000);
        rates.loaded(10, 400);
        rates.found(6000);
        assertThat(rates.pays(100)).as("gains as much as the lookup takes").isFalse();
        assertThat(rates.pays(101)).isTrue();
        assertThat(rates.numWorthAsking(3, 64)).isEqualTo(3);
        assertThat(rates.mayLoad()).isTrue();
    }

    @Test
    void slowerTier_isSkipped_andTriedWithOneChunkFromTimeToTime() {
        computing.add(10, 1000);
        rates.loaded(10, 2000);
        for (int lookup = 1; lookup < LoadRates.LOOKUPS_PER_TRIAL; lookup++) {
            assertThat(rates.numWorthAsking(3, 64)).isZero();
            assertThat(rates.mayLoad()).isFalse();
        }
        assertThat(rates.numWorthAsking(3, 64)).isEqualTo(1);
        assertThat(rates.mayLoad()).isTrue();
        assertThat(rates.mayLoad()).as("one chunk").isFalse();
        assertThat(rates.numLookupsSkipped()).isEqualTo(LoadRates.LOOKUPS_PER_TRIAL);
        for (int i = 0; i < 40; i++) {
            rates.loaded(10, 100);
        }
        assertThat(rates.numWorthAsking(3, 64)).as("it has become fast").isEqualTo(3);
    }

    @Test
    void always_asksWhateverWasMeasured() {
        LoadRates always = new LoadRates(LoadRule.ALWAYS, computing);
        computing.add(10, 1000);
        always.loaded(10, 2000);
        assertThat(always.numWorthAsking(3, 64)).isEqualTo(3);
        assertThat(always.mayLoad()).isTrue();
    }
}
