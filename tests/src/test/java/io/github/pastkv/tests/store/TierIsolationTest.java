package io.github.pastkv.tests.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.store.TierUse;
import io.github.pastkv.testkit.golden.GoldenModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.logging.StreamHandler;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What changes keys and values, and the salt, separates what two tiers hold: each change alone finds nothing, and
 * computes its own bits. Unchanged, everything is found. A salt stands nowhere.
 */
class TierIsolationTest {
    private static final String SALT = "a-salt-of-this-test";
    private static final int[] PROMPT = IntStream.range(0, 33).map(i -> i * 7 % 61 + 1).toArray();

    @TempDir private static Path folder;

    private record Setup(Path files, ModelOptions model, SessionOptions session) {
        Setup with(SessionOptions other) {
            return new Setup(files, model, other);
        }

        private Model load(boolean withTiers) throws IOException {
            return Model.load(files, withTiers
                    ? model.withCacheTiers("file:" + folder.resolve("near") + "?chunk=8&load=always",
                            "file:" + folder.resolve(
                                    "far"))
                    : model);
        }

        private float[] logits(Model loaded) {
            try (Session opened = loaded.newSession(session)) {
                return opened.prefill(PROMPT).toFloatArray();
            }
        }
    }

    private static final Setup BASE =
            new Setup(GoldenModel.of("llama").folder(), ModelOptions.defaults().withKernels("vector"),
                    SessionOptions.defaults().withBlockSize(4).withPrefixSalt(SALT));

    private static Map<String, Setup> changes() throws IOException {
        SessionOptions session = BASE.session();
        Map<String, Setup> changes = new LinkedHashMap<>();
        changes.put("no salt", BASE.with(session.withPrefixSalt("")));
        changes.put("longer salt", BASE.with(session.withPrefixSalt(SALT + "x")));
        changes.put("f16", BASE.with(session.withKvType(KvType.F16)));
        changes.put("bf16", BASE.with(session.withKvType(KvType.BF16)));
        changes.put("q8", BASE.with(session.withKvType(KvType.Q8)));
        changes.put("block size", BASE.with(session.withBlockSize(8)));
        changes.put("window", BASE.with(session.withWindow(KvWindow.of(16))));
        changes.put("sinks", BASE.with(session.withWindow(new KvWindow(16, 4))));
        changes.put("types of keys alone", BASE.with(session.withKvTypes(new KvTypes(KvType.Q8, KvType.F32))));
        changes.put("types of values alone", BASE.with(session.withKvTypes(new KvTypes(KvType.F32, KvType.Q8))));
        changes.put("linear precision",
                new Setup(BASE.files(), BASE.model().withCompute(ComputeChoice.BF16), session));
        changes.put("model", new Setup(GoldenModel.of("llama3_rope_tied").folder(), BASE.model(), session));
        changes.put("model of the same name", new Setup(sameNameOtherWeight(), BASE.model(), session));
        return changes;
    }

    /** A copy of the model in which one bit of one weight differs. */
    private static Path sameNameOtherWeight() throws IOException {
        Path copy = Files.createDirectories(folder.resolve("copy").resolve(BASE.files().getFileName()));
        try (Stream<Path> files = Files.list(BASE.files())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                byte[] bytes = Files.readAllBytes(file);
                if (file.toString().endsWith(".safetensors")) {
                    bytes[bytes.length - 2] ^= 1;
                }
                Files.write(copy.resolve(file.getFileName()), bytes);
            }
        }
        return copy;
    }

    @BeforeAll
    static void readFirst() throws IOException {
        try (Model model = BASE.load(true)) {
            BASE.logits(model);
        }
    }

    private static long loaded(Setup setup) throws IOException {
        float[] expected;
        try (Model model = setup.load(false)) {
            expected = setup.logits(model);
        }
        try (Model model = setup.load(true)) {
            assertThat(setup.logits(model)).isEqualTo(expected);
            assertThat(model.tierUses().toString()).doesNotContain(SALT);
            assertThat(explanation(setup, model)).doesNotContain(SALT);
            return model.tierUses().stream().mapToLong(TierUse::numTokensLoaded).sum();
        }
    }

    private static String explanation(Setup setup, Model loaded) {
        int[] longer = Arrays.copyOf(PROMPT, PROMPT.length + 9);
        try (Session session = loaded.newSession(setup.session())) {
            return session.explainPrefix(longer).toString();
        }
    }

    /** What the whole process has logged and recorded. */
    private static String logged(Recording recording, Path file) throws IOException {
        recording.stop();
        recording.dump(file);
        return RecordingFile.readAllEvents(file).toString();
    }

    @Test
    void everyChangeAlone_findsNothing_andEachFindsItsOwn() throws IOException {
        PrintStream err = System.err;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        StreamHandler log = new StreamHandler(printed, new SimpleFormatter());
        log.setLevel(Level.ALL);
        Logger root = Logger.getLogger("");
        Level level = root.getLevel();
        try (Recording recording = new Recording()) {
            for (String name : List.of("PrefixHit", "PrefixMiss", "TierLoad", "TierWrite", "TierRefuse")) {
                recording.enable("io.github.pastkv." + name);
            }
            recording.start();
            root.addHandler(log);
            root.setLevel(Level.ALL);
            System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
            readAll();
            log.flush();
            assertThat(printed.toString(StandardCharsets.UTF_8)).doesNotContain(SALT);
            assertThat(logged(recording, folder.resolve("events.jfr"))).contains("TierLoad", "PrefixHit")
                    .doesNotContain(SALT);
        } finally {
            System.setErr(err);
            root.setLevel(level);
            root.removeHandler(log);
        }
    }

    private static void readAll() throws IOException {
        assertThat(loaded(BASE)).as("unchanged").isEqualTo(32);
        for (Map.Entry<String, Setup> change : changes().entrySet()) {
            assertThat(loaded(change.getValue())).as(change.getKey()).isZero();
            assertThat(loaded(change.getValue())).as("%s, again", change.getKey()).isPositive();
        }
        assertThat(loaded(BASE)).as("unchanged, after all").isEqualTo(32);
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                assertThat(file.toString()).doesNotContain(SALT);
                assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)).doesNotContain(SALT);
            }
        }
    }
}
