package io.github.pastkv.cache.radix;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.prefix.ArcPolicy;
import io.github.pastkv.cache.prefix.EvictionPolicy;
import io.github.pastkv.cache.prefix.LruPolicy;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.prefix.SlruPolicy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Seeded random operations on a tree against a map of token lists. Few tokens, so that texts often agree in part. */
@Tag("stress")
class PrefixTreePropertyTest {
    private static final int NUM_OPERATIONS = 1_000 * Integer.getInteger("pastkv.test.scale", 1);
    private static final int MAX_TOKENS = 23;
    private static final PrefixNamespace[] NAMESPACES = {PrefixNamespace.builder("a").with("salt", "1").build(),
        PrefixNamespace.builder("b").with("salt", "2").build()};

    /** A text that somebody holds. */
    private record Held(List<Integer> blockIds) {}

    private final CountingOwner owner = new CountingOwner();
    private final Map<Integer, int[]> textOfBlock = new HashMap<>();
    private final Map<Integer, Integer> namespaceOfBlock = new HashMap<>();
    private final List<Held> texts = new ArrayList<>();
    private SplittableRandom random = new SplittableRandom(1);
    private PrefixTree tree = newTree(1, LruPolicy::new);
    private int nextBlockId;

    private PrefixTree newTree(int blockSize, EvictionPolicy.Factory policy) {
        return new PrefixTree(blockSize, 1, owner, policy, () -> 7);
    }

    @AfterEach
    void close() {
        tree.close();
    }

    @ParameterizedTest
    @CsvSource({"1,11,LRU", "2,12,SLRU", "5,13,ARC", "16,14,LRU", "3,15,ARC", "4,16,SLRU"})
    void randomOperations_findWhatTheMapFinds(int blockSize, long seed, String policy) {
        random = new SplittableRandom(seed);
        tree.close();
        tree = newTree(blockSize, policy.equals("LRU") ? LruPolicy::new
                : policy.equals("SLRU") ? SlruPolicy::new : ArcPolicy::new);
        int numEvicted = 0;
        for (int i = 0; i < NUM_OPERATIONS; i++) {
            try {
                int operation = random.nextInt(100);
                if (operation < 45) {
                    put(blockSize);
                } else if (operation < 70) {
                    letGo();
                } else if (operation < 85) {
                    numEvicted += evict() ? 1 : 0;
                } else {
                    match();
                }
                tree.checkIntegrity(_ -> 0);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed + ", operation " + i + ": " + e.getMessage(), e);
            }
        }
        assertThat(numEvicted).isGreaterThan(50);
        while (!texts.isEmpty()) {
            letGo();
        }
        while (evict()) {
            tree.checkIntegrity(_ -> 0);
        }
        assertThat(tree.numNodes()).isZero();
        assertThat(owner.attached).isEmpty();
    }

    @Test
    void bytesPerEntry_growWithGroupsAndTokensOnly() {
        int[][] blockSizeGroupsBytes = {{16, 1, 160}, {16, 2, 168}, {16, 3, 168}, {1, 1, 104}, {64, 1, 352}};
        for (int[] each : blockSizeGroupsBytes) {
            try (PrefixTree other = new PrefixTree(each[0], each[1], owner, LruPolicy::new, () -> 7)) {
                assertThat(other.bytesPerNode()).isEqualTo(each[2]);
            }
        }
    }

    private int[] text() {
        int[] text = new int[1 + random.nextInt(MAX_TOKENS)];
        int spread = 1 + random.nextInt(3);
        Arrays.setAll(text, _ -> random.nextInt(10) == 0 ? random.nextInt(spread) - 1 : 5);
        return text;
    }

    private void put(int blockSize) {
        int namespace = random.nextInt(2);
        int[] text = text();
        int node = tree.rootFor(NAMESPACES[namespace]);
        List<Integer> blockIds = new ArrayList<>();
        for (int from = 0; from < text.length; from += blockSize) {
            int to = Math.min(text.length, from + blockSize);
            int blockId = nextBlockId++;
            owner.held.add(blockId);
            blockIds.add(blockId);
            node = tree.put(node, text, from, to, new int[] {blockId});
            if (tree.blockId(node, 0) == blockId) {
                textOfBlock.put(blockId, Arrays.copyOf(text, to));
                namespaceOfBlock.put(blockId, namespace);
            }
        }
        texts.add(new Held(blockIds));
        if (texts.size() > 6) {
            letGo();
        }
    }

    private void letGo() {
        if (!texts.isEmpty()) {
            for (int blockId : texts.remove(random.nextInt(texts.size())).blockIds().reversed()) {
                owner.held.remove(blockId);
                CountingOwner.Attachment attachment = owner.attached.get(blockId);
                if (attachment != null) {
                    tree.unlock(attachment.node());
                }
            }
        }
    }

    private boolean evict() {
        int before = owner.attached.size();
        boolean evicts = tree.evictOne();
        assertThat(evicts).isEqualTo(owner.attached.size() < before);
        return evicts;
    }

    private void match() {
        int namespace = random.nextInt(2);
        int[] text = text();
        PrefixMatch match = new PrefixMatch();
        tree.match(tree.root(NAMESPACES[namespace]), text, text.length, match);
        assertThat(match.numTokens()).isEqualTo(longestAgreement(namespace, text));
        for (int i = 0; i < match.numNodes(); i++) {
            int blockId = tree.blockId(match.node(i), 0);
            int end = Math.min(match.numTokens(), (i + 1) * tree.blockSize());
            assertThat(Arrays.copyOf(textOfBlock.get(blockId), end)).isEqualTo(Arrays.copyOf(text, end));
        }
    }

    private int longestAgreement(int namespace, int[] text) {
        int longest = 0;
        for (int blockId : owner.attached.keySet()) {
            if (namespaceOfBlock.get(blockId) == namespace) {
                int mismatch = Arrays.mismatch(textOfBlock.get(blockId), text);
                int agreeing = mismatch < 0 ? text.length : mismatch;
                longest = Math.max(longest, agreeing);
            }
        }
        return longest;
    }
}
