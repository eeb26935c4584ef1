package io.github.pastkv.cli.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** A text on the command line. */
public final class InputText {
    private static final String STANDARD_INPUT = "-";

    private InputText() {}

    /**
     * The argument itself, or what {@code in} holds where the argument is {@code -}.
     *
     * @param name what messages call it, such as {@code the prompt}
     */
    public static String of(@Nullable String argument, InputStream in, String name, CommandLine command)
            throws IOException {
        String text = String.valueOf(argument);
        return text.equals(STANDARD_INPUT) ? withoutLastLineEnd(readAll(in, name, command)) : text;
    }

    private static String readAll(InputStream in, String name, CommandLine command) throws IOException {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(in.readAllBytes())).toString();
        } catch (CharacterCodingException e) {
            throw new ParameterException(command, name + " on standard input is not UTF-8", e);
        }
    }

    private static String withoutLastLineEnd(String text) {
        int length = text.length();
        if (text.endsWith("\n")) {
            length -= text.endsWith("\r\n") ? 2 : 1;
        }
        return text.substring(0, length);
    }
}
