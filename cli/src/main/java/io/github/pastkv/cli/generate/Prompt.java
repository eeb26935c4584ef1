package io.github.pastkv.cli.generate;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** The prompt of a command line. */
final class Prompt {
    private static final String STANDARD_INPUT = "-";

    private Prompt() {}

    /** The argument itself, or what {@code in} holds where the argument is {@code -}. */
    static String read(String argument, InputStream in, CommandSpec spec) throws IOException {
        return argument.equals(STANDARD_INPUT) ? withoutLastLineEnd(readAll(in, spec)) : argument;
    }

    private static String readAll(InputStream in, CommandSpec spec) throws IOException {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(in.readAllBytes())).toString();
        } catch (CharacterCodingException e) {
            throw new ParameterException(spec.commandLine(), "the prompt on standard input is not UTF-8", e);
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
