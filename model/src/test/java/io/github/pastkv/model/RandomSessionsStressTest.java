package io.github.pastkv.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.testkit.golden.GoldenFiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random calls on sessions of random options: padded appends, prefills, frozen steps, rewinds, forks and choices of
 * rows. After each step every row has the bits of its tokens computed alone, at once, without a cache of others.
 */
@Tag("stress")
class RandomSessionsStressTest {
    private static final int NUM_SESSIONS = 3 * Integer.getInteger("pastkv.test.scale", 1);
    private static final long SEED = Long.getLong("pastkv.stress.seed", 20261201);
    private static final int MAX_TOKENS = 60;
    private static final int[] BLOCK_SIZES = {1, 2, 3, 5, 8, 16, 32};

    private final Random random = new Random(SEED);
    private final StringBuilder calls = new StringBuilder();
    private int vocabSize;
    private List<List<Integer>> rows = new ArrayList<>();

    @ParameterizedTest
    @ValueSource(strings = {"llama", "gemma2", "bloom", "gpt_oss", "deepseek_v2_lite"})
    void everyStep_hasTheBitsOfItsRowsAlone(String name) throws IOException {
        try (Model model = load(name, 7); Model reference = load(name, 512)) {
            vocabSize = model.config().vocabSize();
            for (int i = 0; i < NUM_SESSIONS; i++) {
                calls.setLength(0);
                calls.append("seed ").append(SEED).append(", ").append(name).append(", session ").append(i);
                run(model, reference);
            }
        }
    }

    private static Model load(String name, int maxBatchTokens) throws IOException {
        return Model.load(GoldenFiles.path("hf/" + name), ModelOptions.defaults().withKernels("scalar")
                .withNumThreads(2).withMaxBatchTokens(maxBatchTokens).withoutTokenizer());
    }

    private void run(Model model, Model reference) {
        KvType type = random.nextBoolean() ? KvType.F32 : KvType.BF16;
        SessionOptions alone = SessionOptions.defaults().withKvType(type).withPrefixReuse(false);
        if (random.nextInt(4) == 0 && !calls.toString().contains("deepseek")) { // latents take no other window
            alone = alone.withWindow(new KvWindow(1 + random.nextInt(20), random.nextInt(4)));
        }
        int batchSize = 1 + random.nextInt(3);
        SessionOptions options = alone.withBatchSize(batchSize).withPrefixReuse(random.nextInt(3) > 0)
                .withBlockSize(BLOCK_SIZES[random.nextInt(BLOCK_SIZES.length)]).withMaxRewindTokens(MAX_TOKENS);
        calls.append(": ").append(options);
        rows = new ArrayList<>();
        for (int row = 0; row < batchSize; row++) {
            rows.add(new ArrayList<>());
        }
        List<Session> opened = new ArrayList<>(List.of(model.newSession(options)));
        try {
            for (int call = 0; call < 6; call++) {
                call(opened, reference, alone);
            }
            opened.getLast().cache().checkIntegrity();
        } catch (RuntimeException e) {
            throw new AssertionError(calls.toString(), e);
        } finally {
            opened.forEach(Session::close);
        }
    }

    private void call(List<Session> opened, Model reference, SessionOptions alone) {
        Session session = opened.getLast();
        int fewest = rows.stream().mapToInt(List::size).min().orElseThrow();
        switch (random.nextInt(9)) {
            case 0 -> {
                int numTokens = random.nextInt(fewest + 1);
                if (session.canRewind(numTokens)) {
                    calls.append(" | rewind ").append(numTokens);
                    session.rewind(numTokens);
                    rows.forEach(row -> row.subList(row.size() - numTokens, row.size()).clear());
                }
            }
            case 1 -> {
                calls.append(" | fork");
                opened.add(session.fork());
                rows = copyOf(rows);
            }
            case 2 -> {
                int[] chosen = random.ints(rows.size(), 0, rows.size()).toArray();
                calls.append(" | rows ").append(Arrays.toString(chosen));
                session.cache().selectRows(chosen);
                List<List<Integer>> old = rows;
                rows = copyOf(Arrays.stream(chosen).mapToObj(old::get).toList());
            }
            default -> step(session, reference, alone);
        }
    }

    private static List<List<Integer>> copyOf(List<List<Integer>> rows) {
        List<List<Integer>> copy = new ArrayList<>();
        rows.forEach(row -> copy.add(new ArrayList<>(row)));
        return copy;
    }

    /** Appends up to 15 slots, some of them padding; on a frozen cache in one of four cases. */
    private void step(Session session, Model reference, SessionOptions alone) {
        int longest = rows.stream().mapToInt(List::size).max().orElseThrow();
        int numSlots = Math.min(1 + random.nextInt(15), MAX_TOKENS - longest);
        if (numSlots <= 0) {
            return;
        }
        int[][] ids = new int[rows.size()][numSlots];
        int[][] bits = new int[rows.size()][numSlots];
        List<List<Integer>> after = copyOf(rows);
        for (int row = 0; row < ids.length; row++) {
            for (int slot = 0; slot < numSlots; slot++) {
                bits[row][slot] = (row == 0 && slot == 0) || random.nextInt(3) > 0 ? 1 : 0;
                // Mostly the same text, so that prefixes are found; ids of padding are not read.
                ids[row][slot] = bits[row][slot] == 0 ? -5
                        : random.nextInt(5) > 0 ? after.get(row).size() * 7 % vocabSize : random.nextInt(vocabSize);
                if (bits[row][slot] == 1) {
                    after.get(row).add(ids[row][slot]);
                }
            }
        }
        boolean frozen = random.nextInt(4) == 0;
        calls.append(" | ").append(numSlots).append(frozen ? " slots, frozen" : " slots");
        if (frozen) {
            session.freeze();
        }
        float[] logits = session.append(ids, AttentionMask.of(bits)).toFloatArray();
        for (int row = 0; row < ids.length; row++) {
            requireSame(logits, row, bits[row], after.get(row), rows.get(row).size(), reference, alone);
        }
        if (frozen) {
            session.unfreeze();
        } else {
            rows = after;
        }
    }

    private void requireSame(float[] logits, int row, int[] bits, List<Integer> tokens, int from, Model reference,
            SessionOptions alone) {
        float[] expected;
        try (Session session = reference.newSession(alone)) {
            expected = session.append(tokens.stream().mapToInt(Integer::intValue).toArray()).toFloatArray();
        }
        int position = from;
        for (int slot = 0; slot < bits.length; slot++) {
            int start = (row * bits.length + slot) * vocabSize;
            float[] got = Arrays.copyOfRange(logits, start, start + vocabSize);
            float[] wanted = bits[slot] == 0 ? new float[vocabSize]
                    : Arrays.copyOfRange(expected, position * vocabSize, (position + 1) * vocabSize);
            assertThat(got).as("%s: row %d, slot %d", calls, row, slot).containsExactly(wanted);
            position += bits[slot];
        }
    }
}
