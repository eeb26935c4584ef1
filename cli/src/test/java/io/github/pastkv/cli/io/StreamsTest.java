package io.github.pastkv.cli.io;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.junit.jupiter.api.Test;

class StreamsTest {
    /** A stream that takes some bytes and then fails. */
    private static OutputStream failing(String message, int numBytes) {
        return new OutputStream() {
            private int taken;

            @Override
            public void write(int singleByte) throws IOException {
                if (taken++ == numBytes) {
                    throw new IOException(message);
                }
            }
        };
    }

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private Streams streams(OutputStream out) {
        return new Streams(InputStream.nullInputStream(), out, err, false);
    }

    @Test
    void lostResult_isAMessageAndAnExitCode() {
        Streams streams = streams(failing("No space left on device", 3));
        streams.out().print("a result");
        assertThat(streams.exitCode(0)).isEqualTo(1);
        assertThat(err.toString(UTF_8)).isEqualTo("pastkv: standard output: No space left on device\n");
    }

    @Test
    void lostResult_ofAFailedCommand_keepsItsExitCode() {
        Streams streams = streams(failing("No space left on device", 3));
        streams.out().print("a result");
        assertThat(streams.exitCode(130)).isEqualTo(130);
    }

    @Test
    void readerThatHasGone_isNoFailure() {
        Streams streams = streams(failing("Broken pipe", 3));
        streams.out().print("a result");
        assertThat(streams.exitCode(0)).isZero();
        assertThat(err.size()).isZero();
    }

    @Test
    void lostMessage_isAnExitCode() {
        Streams streams = new Streams(InputStream.nullInputStream(), new ByteArrayOutputStream(),
                failing("No space left on device", 0), false);
        streams.err().println("a message");
        assertThat(streams.exitCode(0)).isEqualTo(1);
    }

    @Test
    void messages_escapeControlCharacters() {
        Streams streams = streams(new ByteArrayOutputStream());
        streams.err().println("a\u001b[31mb\u0007c\u009bd\u202ee\tf");
        streams.err().printf("%s%n", "g\u007fh\ri");
        streams.err().print('\u0000');
        streams.err().append("\u001b");
        assertThat(err.toString(UTF_8))
                .isEqualTo("a\\u001b[31mb\\u0007c\\u009bd\\u202ee\tf\ng\\u007fh\\u000di\n\\u0000\\u001b");
    }
}
