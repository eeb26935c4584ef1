package io.github.pastkv.cli.chat;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.DefaultParser;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;

/** Lines of a terminal, with editing, history and completion of commands; also of a dumb one. */
final class TerminalLines implements LineSource {
    private final Terminal terminal;
    private final LineReader reader;

    /** Lines of the terminal in which the process runs. */
    TerminalLines(List<String> commands) throws IOException {
        this(commands, TerminalBuilder.builder().system(true));
    }

    TerminalLines(List<String> commands, TerminalBuilder builder) throws IOException {
        terminal = builder.name("pastkv").dumb(true).nativeSignals(true)
                // Asking the terminal for its modes would take what was typed meanwhile for the answer.
                .graphemeCluster(false).signalHandler(Terminal.SignalHandler.SIG_IGN).build();
        // A line is a text, not a command: quotes and backslashes stand for themselves.
        DefaultParser parser = new DefaultParser();
        parser.setEscapeChars(null);
        parser.setQuoteChars(new char[0]);
        reader = LineReaderBuilder.builder().terminal(terminal).parser(parser)
                .completer(new StringsCompleter(commands)).option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
                .build();
    }

    @Override
    public boolean isInteractive() {
        return true;
    }

    @Override
    public @Nullable String next(String prompt) throws IOException {
        while (true) {
            try {
                return reader.readLine(prompt);
            } catch (UserInterruptException _) {
                terminal.writer().println("(Ctrl-D or /quit exits)");
            } catch (EndOfFileException _) {
                return null;
            }
        }
    }

    @Override
    public BooleanSupplier watchCtrlC() {
        AtomicBoolean pressed = new AtomicBoolean();
        terminal.handle(Terminal.Signal.INT, _ -> pressed.set(true));
        return pressed::get;
    }

    @Override
    public void close() throws IOException {
        terminal.close();
    }
}
