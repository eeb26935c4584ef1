package io.github.pastkv.tests.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.store.TierUse;
import io.github.pastkv.testkit.golden.GoldenModel;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What another process has read, with another number of threads and another width of vectors, gives the bits of what is
 * computed here: found in whole and in part, in each storage type, with and without windows. So does what was evicted
 * and is loaded again. Half of the types are encrypted.
 */
class TierEqualityTest {
    private static final List<String> FAMILIES = List.of("llama", "gpt2", "mistral", "gemma2", "gemma3_text", "qwen3");
    private static final int[] PROMPT = IntStream.range(0, 45).map(i -> i * 7 % 61 + 1).toArray();
    private static final int NUM_SHARED = 30;

    @TempDir private static Path folder;

    static Stream<Case> cases() {
        return FAMILIES.stream().flatMap(family -> Stream.of(KvType.values()).map(type -> new Case(family, type)));
    }

    record Case(String family, KvType type) {
        private Model load(int numThreads, String... tiers) throws IOException {
            return Model.load(GoldenModel.of(family).folder(), ModelOptions.defaults().withKernels("vector")
                    .withNumThreads(numThreads).withCacheTiers(tiers));
        }

        private String tier(Path folder) {
            return type == KvType.F16 || type == KvType.Q8
                    ? "file:" + folder.resolve("encrypted") + "?chunk=8&load=always&keys=" + folder.resolve("keys")
                    : TierEqualityTest.tier(folder);
        }

        private SessionOptions session() {
            return SessionOptions.defaults().withKvType(type).withBlockSize(4);
        }

        private float[] logits(Model model, int[] tokenIds) {
            try (Session session = model.newSession(session())) {
                return session.prefill(tokenIds).toFloatArray();
            }
        }
    }

    /** The process that reads first: {@code main(folder)}. */
    static final class Reader {
        private Reader() {}

        public static void main(String[] args) throws IOException {
            for (Case each : cases().toList()) {
                try (Model model = each.load(2, each.tier(Path.of(args[0])))) {
                    each.logits(model, PROMPT);
                }
            }
        }
    }

    private static String tier(Path folder) {
        return "file:" + folder.resolve("plain") + "?chunk=8&load=always";
    }

    @BeforeAll
    static void readInAnotherProcess() throws IOException, InterruptedException {
        Files.writeString(folder.resolve("keys"), "- " + "A".repeat(43) + "=\n");
        Files.setPosixFilePermissions(folder.resolve("keys"), PosixFilePermissions.fromString("rw-------"));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--add-modules",
                "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
                "-D" + KernelsUnderTest.VECTOR_BITS_PROPERTY + "=128", "-cp", System.getProperty("java.class.path"),
                Reader.class.getName(), folder.toString()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void wholeAndPart_haveTheBitsOfComputing(Case each) throws IOException {
        int[] other = PROMPT.clone();
        other[NUM_SHARED] = 62;
        float[] whole;
        float[] part;
        try (Model model = each.load(1)) {
            whole = each.logits(model, PROMPT);
        }
        try (Model model = each.load(1)) {
            part = each.logits(model, other);
        }
        try (Model model = each.load(3, each.tier(folder))) {
            assertThat(each.logits(model, PROMPT)).isEqualTo(whole);
            assertLoaded(model, each.family().equals("mistral") ? 8 : 40, 44); // all its layers have windows
        }
        try (Model model = each.load(3, each.tier(folder))) {
            assertThat(each.logits(model, other)).isEqualTo(part);
            assertLoaded(model, 8, 28);
        }
        assertBitsAfterEviction(each, whole);
    }

    /** Nothing stays in the pool, and what leaves it is written then. */
    private static void assertBitsAfterEviction(Case each, float[] whole) throws IOException {
        String tier = "file:" + Files.createTempDirectory(folder, "evicted")
                + "?chunk=8&load=always&write=eviction";
        ModelOptions options = ModelOptions.defaults().withKernels("vector").withNumThreads(2).withMaxCachedBytes(0)
                .withCacheTiers(tier);
        try (Model model = Model.load(GoldenModel.of(each.family()).folder(), options)) {
            assertThat(each.logits(model, PROMPT)).isEqualTo(whole);
            try (Session session = model.newSession(each.session())) {
                session.prefixIndex().orElseThrow().writeToStore(); // waits for what was evicted
            }
            assertThat(each.logits(model, PROMPT)).as("evicted and loaded again").isEqualTo(whole);
            assertLoaded(model, 1, 44);
        }
    }

    private static void assertLoaded(Model model, int least, int most) {
        TierUse use = model.tierUses().getFirst();
        assertThat(use.numChunksRefused()).isZero();
        assertThat(use.numTokensLoaded()).isBetween((long) least, (long) most);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void damagedFolder_givesTheBitsOfComputing(Case each) throws IOException {
        if (each.type() != KvType.BF16) {
            return;
        }
        Path damaged = Files.createTempDirectory(folder, "damaged");
        try (Model model = each.load(1, tier(damaged))) {
            each.logits(model, PROMPT);
        }
        try (Stream<Path> files = Files.walk(damaged)) {
            for (Path file : files.filter(file -> file.toString().endsWith(".safetensors")).toList()) {
                byte[] bytes = Files.readAllBytes(file);
                bytes[bytes.length - 5] ^= 1;
                Files.write(file, bytes);
            }
        }
        float[] expected;
        try (Model model = each.load(1)) {
            expected = each.logits(model, PROMPT);
        }
        try (Model model = each.load(1, tier(damaged)); Session session = model.newSession(each.session())) {
            assertThat(each.logits(model, PROMPT)).isEqualTo(expected);
            assertThat(model.tierUses().getFirst().numChunksRefused()).isPositive();
            assertThat(model.tierUses().getFirst().numTokensLoaded()).isZero();
            assertThat(session.explainPrefix(PROMPT).numReused()).isEqualTo(44);
        }
    }
}
