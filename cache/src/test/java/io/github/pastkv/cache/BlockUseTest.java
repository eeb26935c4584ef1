package io.github.pastkv.cache;

import static io.github.pastkv.cache.TextPool.BLOCK_BYTES;
import static io.github.pastkv.cache.TextPool.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.BlockUse.State;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** The map of a pool's blocks; texts of 6 tokens take two blocks. */
class BlockUseTest {
    @AutoClose private final TextPool texts = new TextPool(20);

    private static PrefixNamespace namespace(String tenant) {
        return PrefixNamespace.builder("test").withSecret("salt", tenant).ofTenant(tenant).build();
    }

    private KvCache open(String tenant) {
        return texts.pool.newCache(texts.pool.config(), namespace(tenant));
    }

    @Test
    void blockUses_tellWhoseBlocksAreHeldSharedAndCached() {
        try (KvCache alice = open("alice");
                KvCache bob = open("bob")) {
            TextPool.append(alice, text(100, 6));
            TextPool.append(bob, text(200, 6));
            assertThat(texts.pool.blockUses()).startsWith(use(State.HELD, "alice"), use(State.HELD, "alice"),
                    use(State.HELD, "bob"), use(State.HELD, "bob"));

            try (KvCache _ = bob.fork()) {
                assertThat(texts.pool.blockUses()).startsWith(use(State.HELD, "alice"), use(State.HELD, "alice"),
                        use(State.SHARED, "bob"), use(State.SHARED, "bob"));
            }
        }
        assertThat(texts.pool.blockUses()).startsWith(use(State.CACHED, "alice"), use(State.CACHED, "alice"),
                use(State.CACHED, "bob"), use(State.CACHED, "bob"));
        texts.index.clear(namespace("alice"));
        assertThat(texts.pool.blockUses()).startsWith(use(State.FREE, ""), use(State.FREE, ""),
                use(State.CACHED, "bob"), use(State.CACHED, "bob"));
    }

    @Test
    void blocksOfAnOpenStep_areNobodysYet() {
        int[] tokens = text(100, 6);
        try (KvCache alice = open("alice");
                KvStep _ = alice.beginStep(AttentionMask.ones(1, 6), tokens, PrefixUse.REUSE)) {
            assertThat(texts.pool.blockUses()).startsWith(use(State.HELD, ""), use(State.HELD, ""))
                    .allSatisfy(use -> assertThat(use.tenant()).isEmpty());
        }
    }

    private static BlockUse use(State state, String tenant) {
        return new BlockUse(state, BLOCK_BYTES, tenant);
    }
}
