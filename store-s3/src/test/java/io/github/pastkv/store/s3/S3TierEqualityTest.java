package io.github.pastkv.store.s3;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.store.StoreWrites;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.store.CacheTier;
import io.github.pastkv.store.InMemoryTier;
import io.github.pastkv.store.KeyProvider;
import io.github.pastkv.store.LoadRule;
import io.github.pastkv.store.TierKey;
import io.github.pastkv.store.TierStore;
import io.github.pastkv.store.TierUse;
import io.github.pastkv.testkit.golden.GoldenModel;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What one model has read into a bucket gives another one the bits of computing: in whole, in part and through a tier
 * before it; in each storage type, with and without windows and encryption.
 */
class S3TierEqualityTest {
    private static final int[] PROMPT = IntStream.range(0, 45).map(i -> i * 7 % 61 + 1).toArray();
    private static final int NUM_SHARED = 30;

    /** One key for all. */
    private static final class OneKey implements KeyProvider {
        private final TierKey key = new TierKey(new byte[TierKey.BYTES]);

        @Override
        public TierKey keyOf(String tenant) {
            return key;
        }

        @Override
        public @Nullable TierKey keyOf(String tenant, String id) {
            return key.id().equals(id) ? key : null;
        }
    }

    private static TierStore store(boolean encrypts, CacheTier... tiers) {
        return new TierStore(List.of(tiers), 8, StoreWrites.COMPLETE, true, encrypts ? new OneKey() : null,
                LoadRule.ALWAYS);
    }

    private static float[] logits(String family, KvType type, int[] tokenIds, @Nullable TierStore store)
            throws IOException {
        ModelOptions options = ModelOptions.defaults().withNumThreads(2);
        try (Model model = Model.load(GoldenModel.of(family).folder(),
                store == null ? options : options.withBlockStore(store));
                Session session = model.newSession(SessionOptions.defaults().withKvType(type).withBlockSize(4))) {
            return session.prefill(tokenIds).toFloatArray();
        }
    }

    private static List<Boolean> haveLoaded(TierStore store) {
        return store.tierUses().stream().map(TierUse::numTokensLoaded).map(numTokens -> numTokens > 0).toList();
    }

    /** No windows, windows in every layer and windows in every other one. Half of the types are encrypted. */
    static Stream<Arguments> cases() {
        return Stream.of("llama", "mistral", "gemma2").flatMap(family -> Stream.of(KvType.values())
                .map(type -> Arguments.of(family, type, type == KvType.BF16 || type == KvType.Q8)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void wholePartAndThroughATier_haveTheBitsOfComputing(String family, KvType type, boolean encrypts)
            throws IOException {
        String prefix = family + type;
        int[] other = PROMPT.clone();
        other[NUM_SHARED] = 62;
        float[] whole = logits(family, type, PROMPT, null);
        try (TierStore store = store(encrypts, TestBucket.shared().open(prefix))) {
            assertThat(logits(family, type, PROMPT, store)).isEqualTo(whole);
            assertThat(haveLoaded(store)).containsExactly(false);
        }
        try (TierStore store = store(encrypts, TestBucket.shared().open(prefix))) {
            assertThat(logits(family, type, PROMPT, store)).isEqualTo(whole);
            assertThat(haveLoaded(store)).containsExactly(true);
        }
        try (TierStore store = store(encrypts, new InMemoryTier(1 << 20), TestBucket.shared().open(prefix))) {
            assertThat(logits(family, type, other, store)).isEqualTo(logits(family, type, other, null));
            assertThat(haveLoaded(store)).containsExactly(false, true);
        }
    }
}
