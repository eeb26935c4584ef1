package io.github.pastkv.bench.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Traces round-trip through files; a damaged file is rejected by name and line. */
class TracesTest {
    private static final String LINE =
            "{\"timestamp\": 27482, \"input_length\": 6955, \"output_length\": 52, \"hash_ids\": [46, 47, 2147483647]}";

    @TempDir private Path folder;

    private Path file(byte[] content) throws IOException {
        return Files.write(folder.resolve("trace.jsonl"), content);
    }

    private List<TraceRequest> read(String content) throws IOException {
        return Traces.read(file(content.getBytes(StandardCharsets.UTF_8)));
    }

    private static String words(TraceRequest request) {
        return request.timestamp() + " " + request.inputLength() + " " + request.outputLength() + " "
                + Arrays.toString(request.hashIds());
    }

    @Test
    void aWrittenTrace_isReadBack() throws IOException {
        List<TraceRequest> trace = TraceGenerator.generate(TraceGenerator.Kind.MIXED, 50, 3);
        Path file = folder.resolve("written.jsonl");
        Traces.write(file, trace);
        assertThat(Traces.read(file)).extracting(TracesTest::words)
                .isEqualTo(trace.stream().map(TracesTest::words).toList());
    }

    @Test
    void emptyLines_countForNothing() throws IOException {
        assertThat(read("\n" + LINE + "\n\r\n  \n" + LINE)).extracting(TracesTest::words)
                .containsExactly("27482 6955 52 [46, 47, 2147483647]", "27482 6955 52 [46, 47, 2147483647]");
        assertThat(read("")).isEmpty();
    }

    /** Cut short, with a byte missing, doubled or replaced, at every byte: what is still a request, or refused. */
    @Test
    void damageAtEveryByte_isReadOrRefusedByLine() throws IOException {
        byte[] good = LINE.getBytes(StandardCharsets.UTF_8);
        int numRefused = 0;
        for (int at = 0; at < good.length; at++) {
            numRefused += isRefused(slice(good, 0, at), at > 0) ? 1 : 0;
            numRefused += isRefused(joined(slice(good, 0, at), slice(good, at + 1, good.length)), false) ? 1 : 0;
            numRefused += isRefused(joined(slice(good, 0, at + 1), slice(good, at, good.length)), false) ? 1 : 0;
            for (int replacement : new int[] {0, '\n', '"', '-', '.', '9', 'e', '[', '}', ',', ' ', 0x7F, 0xFF}) {
                byte[] damaged = good.clone();
                damaged[at] = (byte) replacement;
                numRefused += isRefused(damaged, replacement == 0 || replacement == 0xFF) ? 1 : 0;
            }
        }
        assertThat(numRefused).isGreaterThan(good.length * 8);
    }

    private boolean isRefused(byte[] secondLine, boolean mustBe) throws IOException {
        Path file = file(joined((LINE + "\n").getBytes(StandardCharsets.UTF_8), secondLine));
        try {
            for (TraceRequest request : Traces.read(file)) {
                assertThat(request.timestamp()).isNotNegative();
                assertThat(request.inputLength()).isNotNegative();
                assertThat(request.outputLength()).isNotNegative();
                assertThat(Arrays.stream(request.hashIds())).allMatch(id -> id >= 0);
            }
        } catch (IOException e) {
            assertThat(e).hasMessageStartingWith(file + ", line ");
            return true;
        }
        assertThat(mustBe).as(new String(secondLine, StandardCharsets.ISO_8859_1)).isFalse();
        return false;
    }

    private static byte[] slice(byte[] bytes, int from, int to) {
        return Arrays.copyOfRange(bytes, from, to);
    }

    private static byte[] joined(byte[] first, byte[] second) {
        byte[] joined = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, joined, first.length, second.length);
        return joined;
    }

    @ParameterizedTest
    @ValueSource(strings = {"[1, 2]", "7", "null", "{}", "{\"timestamp\": 1}",
        "{\"timestamp\": -1, \"input_length\": 1, \"output_length\": 1, \"hash_ids\": []}",
        "{\"timestamp\": \"1\", \"input_length\": 1, \"output_length\": 1, \"hash_ids\": []}",
        "{\"timestamp\": 1, \"input_length\": 1.5, \"output_length\": 1, \"hash_ids\": []}",
        "{\"timestamp\": 1, \"input_length\": 1, \"output_length\": 3000000000, \"hash_ids\": []}",
        "{\"timestamp\": 99999999999999999999, \"input_length\": 1, \"output_length\": 1, \"hash_ids\": []}",
        "{\"timestamp\": 1, \"input_length\": 1, \"output_length\": 1, \"hash_ids\": 5}",
        "{\"timestamp\": 1, \"input_length\": 1, \"output_length\": 1, \"hash_ids\": [null]}",
        "{\"timestamp\": 1, \"input_length\": 1, \"output_length\": 1, \"hash_ids\": [2147483648]}",
        "{\"timestamp\": 1, \"input_length\": 1, \"output_length\": 1, \"hash_ids\": [1]} {}"})
    void whatIsNoRequest_isRefusedByLine(String line) {
        assertThatExceptionOfType(IOException.class).isThrownBy(() -> read(LINE + "\n\n" + line + "\n"))
                .withMessageContaining("trace.jsonl, line 3: ");
    }

    @Test
    void aMissingFile_isAnIOException() {
        assertThatExceptionOfType(IOException.class).isThrownBy(() -> Traces.read(folder.resolve("none")))
                .withMessageContaining("none");
    }
}
