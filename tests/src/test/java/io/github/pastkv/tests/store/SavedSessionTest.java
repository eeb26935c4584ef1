package io.github.pastkv.tests.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.SavedSessions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.testkit.golden.GoldenModel;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A session that was saved and opened again goes on with the same bits, or is refused. */
class SavedSessionTest {
    private static final List<String> FAMILIES =
            List.of("llama", "gpt2", "mistral", "gemma2", "gemma3_text", "qwen3", "deepseek_v2_lite");
    private static final int[] PROMPT = IntStream.range(0, 41).map(i -> i * 7 % 61 + 1).toArray();
    private static final int[][] NEXT = {{5, 9, 2}, {7, 1, 4}};

    @TempDir private static Path folder;

    static Stream<Case> cases() {
        return FAMILIES.stream().flatMap(family -> Stream.of(KvType.values()).map(type -> new Case(family, type)));
    }

    record Case(String family, KvType type) {
        private Model load(int numThreads) throws IOException {
            return SavedSessionTest.load(family, numThreads);
        }

        private SessionOptions options() {
            return SessionOptions.defaults().withKvType(type).withBlockSize(4).withMaxRewindTokens(6);
        }

        private Path file(Path parent) {
            return parent.resolve(family + "." + type + ".safetensors");
        }

        /** Two rows with padding before, within and after their tokens, rewound once, so that windows have moved. */
        private Session session(Model model) {
            Session session = model.newSession(options().withBatchSize(2));
            int[][] ids = {PROMPT, PROMPT.clone()};
            int[][] mask = new int[2][PROMPT.length];
            for (int slot = 0; slot < PROMPT.length; slot++) {
                mask[0][slot] = slot < 3 ? 0 : 1;
                mask[1][slot] = slot % 9 == 4 || slot > 37 ? 0 : 1;
            }
            session.append(ids, AttentionMask.of(mask));
            session.rewind(5);
            session.append(new int[][] {{3, 3}, {8, 8}});
            return session;
        }
    }

    private static Model load(String family, int numThreads) throws IOException {
        return Model.load(GoldenModel.of(family).folder(),
                ModelOptions.defaults().withKernels("vector").withNumThreads(numThreads));
    }

    /** The process that saves: {@code main(folder)}. */
    static final class Saver {
        private Saver() {}

        public static void main(String[] args) throws IOException {
            for (Case each : cases().toList()) {
                try (Model model = each.load(3); Session session = each.session(model)) {
                    session.save(each.file(Path.of(args[0])));
                }
            }
        }
    }

    @BeforeAll
    static void saveInAnotherProcess() throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--add-modules",
                "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
                "-D" + KernelsUnderTest.VECTOR_BITS_PROPERTY + "=128", "-cp", System.getProperty("java.class.path"),
                Saver.class.getName(), folder.toString()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void opened_isSavedAsItWas_andGoesOnWithTheSameBits(Case each) throws IOException {
        try (Model model = each.load(1); Session expected = each.session(model);
                Session opened = model.openSession(each.file(folder))) {
            Path again = Files.createTempFile(folder, "again", ".safetensors");
            opened.save(again);
            assertThat(Files.readAllBytes(again)).isEqualTo(Files.readAllBytes(each.file(folder)));
            assertThat(Files.getPosixFilePermissions(again)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
            assertThat(opened.cache().previousAttentionMask()).isEqualTo(expected.cache().previousAttentionMask());
            assertThat(opened.numTokens(0)).isEqualTo(expected.numTokens(0));
            assertThat(opened.numTokens(1)).isEqualTo(expected.numTokens(1));
            assertThat(opened.append(NEXT).toFloatArray()).isEqualTo(expected.append(NEXT).toFloatArray());
            opened.rewind(4);
            expected.rewind(4);
            try (Session fork = opened.fork()) {
                assertThat(fork.append(NEXT).toFloatArray()).isEqualTo(expected.append(NEXT).toFloatArray());
            }
            opened.cache().checkIntegrity();
        }
    }

    @Test
    void flagsAndDerivedMarks_areKept_andDerivedTokensAreNotIndexed() throws IOException {
        Path file = folder.resolve("derived.safetensors");
        try (Model model = load("llama", 1); Session source = model.newSession();
                Session session = model.newSession()) {
            source.append(PROMPT);
            session.append(1, 2, 3);
            session.graft(source, 4, 9);
            session.freeze();
            session.save(file);
            try (Session opened = model.openSession(file)) {
                assertThat(opened.frozen()).isTrue();
                assertThat(opened.cache().numExactTokens(0)).isEqualTo(3);
                assertThat(opened.cache().knownTokenIds(0)).isEqualTo(session.cache().knownTokenIds(0));
                assertThat(opened.append(7).toFloatArray()).isEqualTo(session.append(7).toFloatArray());
                assertThat(opened.size()).isEqualTo(8);
            }
        }
    }

    @Test
    void windowWithSinks_rewindsAsFarAsBefore() throws IOException {
        Path file = folder.resolve("window.safetensors");
        SessionOptions options = SessionOptions.defaults().withBlockSize(4).withWindow(new KvWindow(6, 2))
                .withMaxRewindTokens(3).withPrefixReuse(false);
        try (Model model = load("llama", 1); Session session = model.newSession(options)) {
            session.append(PROMPT);
            session.save(file);
            try (Session opened = model.openSession(file)) {
                assertThat(opened.canRewind(3)).isTrue();
                assertThat(opened.canRewind(20)).isEqualTo(session.canRewind(20)).isFalse();
                opened.rewind(3);
                session.rewind(3);
                assertThat(opened.append(PROMPT).toFloatArray()).isEqualTo(session.append(PROMPT).toFloatArray());
            }
        }
    }

    @Test
    void forks_shareTheirBlocksInTheFile_andAgainWhenOpened() throws IOException {
        Path one = folder.resolve("one.safetensors");
        Path both = folder.resolve("both.safetensors");
        try (Model model = load("llama", 1); Session session = model.newSession()) {
            session.append(PROMPT);
            session.save(one);
            try (Session fork = session.fork()) {
                fork.append(4, 4);
                SavedSessions.write(both, List.of(session, fork), Map.of("who", "me \u00fc"));
                assertThat(Files.size(both)).isLessThan(Files.size(one) * 3 / 2);
                SavedSessions opened = SavedSessions.open(model, both, null);
                assertThat(opened.notes()).isEqualTo(Map.of("who", "me \u00fc"));
                try (Session first = opened.sessions().get(0); Session second = opened.sessions().get(1)) {
                    assertThat(second.append(6).toFloatArray()).isEqualTo(fork.append(6).toFloatArray());
                    assertThat(first.append(6).toFloatArray()).isEqualTo(session.append(6).toFloatArray());
                }
                assertThatThrownBy(() -> model.openSession(both)).isInstanceOf(IOException.class)
                        .hasMessageContaining("has 2 sessions");
            }
        }
    }

    @Test
    void slotsThatNoTokenUses_areZerosInTheFile() throws IOException {
        Path fresh = folder.resolve("fresh.safetensors");
        Path reused = folder.resolve("reused.safetensors");
        SessionOptions options = SessionOptions.defaults().withPrefixReuse(false);
        try (Model model = load("llama", 1); Session session = model.newSession(options)) {
            session.append(1, 2, 3);
            session.save(fresh);
            session.append(PROMPT);
            session.rewind(PROMPT.length);
            session.save(reused);
        }
        assertThat(Files.readAllBytes(reused)).as("nothing of what was taken back")
                .isEqualTo(Files.readAllBytes(fresh));
    }

    @Test
    void fileOfAnother_isRefusedNamingBoth() throws IOException {
        Case saved = new Case("llama", KvType.BF16);
        SessionOptions options = saved.options();
        Path file = saved.file(folder);
        try (Model model = load("llama", 1)) {
            refused(model, file, options.withKvType(KvType.Q8), "saved with kv_types bf16, this is q8");
            refused(model, file, options.withBlockSize(8), "saved with block_size 4, this is 8");
            refused(model, file, options.withWindow(KvWindow.of(7)), "saved with window no window, this is window 7");
            refused(model, file, options.withPrefixSalt("tenant"), "(another salt)");
            refused(model, file, options.withMaxSeqLen(20), "tokens, the limit is 20");
            refused(model, file, options.withMaxSeqLen(1 << 30), "cannot be opened: ");
            refused(model, folder.resolve("window.none"), options, "window.none");
        }
        try (Model other = load("qwen3", 1)) {
            refused(other, file, options.withMaxSeqLen(1 << 30), "saved with model ");
        }
        try (Model rounded = Model.load(GoldenModel.of("llama").folder(),
                ModelOptions.defaults().withKernels("vector").withCompute(ComputeChoice.BF16))) {
            refused(rounded, file, options, "saved with linear_precision ");
        }
    }

    private static void refused(Model model, Path file, SessionOptions options, String message) {
        assertThatThrownBy(() -> model.openSession(file, options)).isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString()).hasMessageContaining(message);
        SessionOptions fresh = options.withPrefixSalt("").withMaxSeqLen(0);
        try (Session empty = model.newSession(fresh)) {
            assertThat(empty.cache().pool().heldBytes()).isZero();
        }
    }

    @Test
    void saltedSession_needsItsSalt_andCacheOfTheCallerIsRefused() throws IOException {
        Path file = folder.resolve("salted.safetensors");
        SessionOptions salted = SessionOptions.defaults().withPrefixSalt("tenant-secret");
        try (Model model = load("llama", 1); Session session = model.newSession(salted)) {
            session.append(1, 2, 3);
            session.save(file);
            assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)).doesNotContain("secret");
            assertThatThrownBy(() -> model.openSession(file)).hasMessageContaining("salt");
            model.openSession(file, salted).close();
            try (KvCache cache = new KvCache(KvCacheConfig.of(model.config().toKvShape(), 1).withMaxTokens(64));
                    Session over = model.newSession(cache)) {
                assertThatThrownBy(() -> over.save(file)).isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("passed in");
            }
            assertThatThrownBy(() -> model.openSession(folder.resolve("no.file")))
                    .isInstanceOf(NoSuchFileException.class);
        }
    }
}
