package io.github.pastkv.cli.chat;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.util.List;
import org.jline.terminal.TerminalBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TerminalLinesTest {
    private final ByteArrayOutputStream shown = new ByteArrayOutputStream();

    private TerminalLines lines(String type, String typed) throws IOException {
        PipedOutputStream keyboard = new PipedOutputStream();
        PipedInputStream in = new PipedInputStream(keyboard, 1 << 16);
        keyboard.write(typed.getBytes(UTF_8)); // before there is a terminal, as while the model loads
        return new TerminalLines(List.of("/quit"),
                TerminalBuilder.builder().system(false).streams(in, shown).type(type).encoding(UTF_8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"xterm-256color", "dumb"})
    void linesTypedAhead_areKept(String type) throws IOException {
        try (TerminalLines lines = lines(type, "first \"quoted\" \\ line\nsecond, \u00e9 and !!\n")) {
            assertThat(lines.next("> ")).isEqualTo("first \"quoted\" \\ line");
            assertThat(lines.next("> ")).isEqualTo("second, \u00e9 and !!");
        }
    }

    @Test
    void endOfInput_isNull() throws IOException {
        try (TerminalLines lines = lines("xterm-256color", "one\n\u0004")) {
            assertThat(lines.next("> ")).isEqualTo("one");
            assertThat(lines.next("> ")).isNull();
        }
    }
}
