package io.github.pastkv.cli.io;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private Streams streams(boolean errIsTerminal) {
        return new Streams(InputStream.nullInputStream(), new ByteArrayOutputStream(), err, errIsTerminal);
    }

    private void awaitOutput() throws InterruptedException {
        for (int tries = 0; err.size() == 0 && tries < 30_000; tries++) {
            Thread.sleep(10);
        }
    }

    @Test
    void shortWork_printsNothing() {
        Progress.of(streams(true), "loading", 3_600_000).close();
        assertThat(err.size()).isZero();
    }

    @Test
    void longWork_printsOneLine() throws Exception {
        try (Progress _ = Progress.of(streams(false), "loading", 1)) {
            awaitOutput();
        }
        assertThat(err.toString(UTF_8)).isEqualTo("pastkv: loading ..." + System.lineSeparator());
    }

    @Test
    void longWork_onATerminal_takesItsLineBack() throws Exception {
        try (Progress _ = Progress.of(streams(true), "loading", 1)) {
            awaitOutput();
        }
        assertThat(err.toString(UTF_8)).matches("(\r\033\\[Kpastkv: loading \\.\\.\\. \\d+ s)+\r\033\\[K");
    }
}
