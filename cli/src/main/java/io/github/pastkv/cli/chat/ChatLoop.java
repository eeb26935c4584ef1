package io.github.pastkv.cli.chat;

import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.chat.ChatMessage;
import io.github.pastkv.chat.ContextFullException;
import io.github.pastkv.chat.Conversation;
import io.github.pastkv.chat.Turn;
import io.github.pastkv.cli.io.ErrorReporter;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.GeneratedRow;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads lines until they end, says them to the model or carries out the commands among them. What goes wrong with a
 * line is said in one line on stderr, and the conversation goes on.
 */
final class ChatLoop {
    /** What a line that begins with a slash can be. */
    private enum ChatVerb {
        UNDO("/undo", "remove the last turn"), //
        RETRY("/retry", "replace the last answer by a new sample (the same answer with greedy decoding)"), //
        FORK("/fork NAME", "continue in a new branch of that name; the current branch is kept"), //
        SWITCH("/switch NAME", "continue in another branch"), //
        TREE("/tree", "show the branches"), //
        STATS("/stats", "show tokens, cache and speed"), //
        DROP("/drop N", "drop the oldest N turns, to make room in the context"), //
        SAVE("/save FILE",
                "write all branches to a file for --resume; only the text of this one if its name ends in .txt, "
                        + ".md or .json"), //
        LOAD("/load FILE", "continue from the messages of a JSON file, as written by /save, in a branch with the "
                + "file's name"), //
        HELP("/help", "show this"), //
        QUIT("/quit", "end, as Ctrl-D does");

        private final String usage;
        private final String meaning;

        ChatVerb(String usage, String meaning) {
            this.usage = usage;
            this.meaning = meaning;
        }

        String word() {
            return usage.split(" ")[0];
        }

        boolean takesArgument() {
            return usage.contains(" ");
        }
    }

    private static final int MAX_QUOTED_CHARS = 60;

    private final Streams streams;
    private final LineSource lines;
    private final Conversation conversation;
    private final GenerationOptions options;
    private final Transcript transcript = new Transcript();
    private final ChatStats stats;
    private long sampleIndex;
    private boolean isOver;

    ChatLoop(Streams streams, LineSource lines, Conversation conversation, GenerationOptions options) {
        this.streams = streams;
        this.lines = lines;
        this.conversation = conversation;
        this.options = options;
        this.stats = new ChatStats(conversation);
    }

    /** The words of all commands. */
    static List<String> commandNames() {
        return Arrays.stream(ChatVerb.values()).map(ChatVerb::word).toList();
    }

    /** Returns the exit code. */
    int run(String welcome) throws IOException {
        if (lines.isInteractive()) {
            note(welcome);
        }
        attempt(this::answerLast);
        while (!isOver && !streams.out().checkError()) {
            String line = lines.next(prompt());
            if (line == null) {
                isOver = true;
                endLine();
            } else if (!line.isBlank()) {
                takeIn(line);
            }
        }
        return 0;
    }

    private String prompt() {
        String branch = conversation.branch().name();
        return (branch.equals(Conversation.MAIN) ? "" : branch) + "> ";
    }

    private void endLine() {
        if (lines.isInteractive()) {
            streams.out().println();
        }
    }

    private void takeIn(String line) {
        attempt(() -> {
            if (line.startsWith("//")) {
                say(line.substring(1));
            } else if (line.startsWith("/")) {
                carryOut(line.strip());
            } else {
                say(line);
            }
        });
    }

    /** Something that a line asks for. */
    private interface Action {
        void run() throws IOException;
    }

    /** Runs an action; what goes wrong is said in one line, and the chat goes on. */
    private void attempt(Action action) {
        try {
            action.run();
        } catch (ContextFullException e) {
            note("pastkv: context full: " + e.getMessage() + "; nothing is lost: /drop N drops the oldest N turns");
        } catch (PoolExhaustedException e) {
            note("pastkv: " + e.getMessage() + "; nothing is lost: /undo, or start with a larger --cache-limit");
        } catch (IllegalArgumentException | IllegalStateException e) {
            note("pastkv: " + e.getMessage());
        } catch (IOException e) {
            note("pastkv: " + ErrorReporter.describe(e));
        }
    }

    private void carryOut(String line) throws IOException {
        String[] words = line.split("\\s+", 2);
        String argument = words.length == 1 ? "" : words[1];
        ChatVerb verb = Arrays.stream(ChatVerb.values()).filter(known -> known.word().equals(words[0])).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no " + words[0]
                        + "; /help shows the commands, and a text that begins with / is said with //"));
        if (verb.takesArgument() == argument.isEmpty()) {
            throw new IllegalArgumentException("used as " + verb.usage);
        }
        carryOut(verb, argument);
    }

    private void carryOut(ChatVerb verb, String argument) throws IOException {
        switch (verb) {
            case UNDO -> undo();
            case RETRY -> retry();
            case FORK -> {
                conversation.fork(argument);
                noteBranch();
            }
            case SWITCH -> {
                conversation.switchTo(argument);
                noteBranch();
            }
            case TREE -> show(BranchTree.of(conversation.branches()));
            case STATS -> show(stats.lines());
            case DROP -> drop(argument);
            case LOAD -> load(argument);
            case SAVE -> note("saved " + transcript.save(argument, conversation));
            case HELP -> Arrays.stream(ChatVerb.values())
                    .forEach(known -> streams.out().printf("%-14s %s%n", known.usage, known.meaning));
            case QUIT -> isOver = true;
        }
    }

    private void drop(String argument) {
        if (!argument.matches("\\d{1,9}")) {
            throw new IllegalArgumentException("used as " + ChatVerb.DROP.usage);
        }
        conversation.dropOldest(Integer.parseInt(argument));
        note("dropped the oldest " + count(Integer.parseInt(argument)) + ", " + count(conversation.turns().size())
                + " left");
    }

    private void load(String name) throws IOException {
        MessagesFile given = MessagesFile.read(Transcript.toPath(name));
        if (!given.variables().isEmpty()) {
            throw new IllegalArgumentException(name + ": has template variables " + given.variables().keySet()
                    + ", which only --messages takes");
        }
        conversation.load(name, given.messages());
        noteBranch();
        answerLast();
    }

    /** Answers the last message if it is a user's that has no answer. */
    private void answerLast() {
        List<ChatMessage> messages = conversation.messages();
        if (!messages.isEmpty() && messages.getLast().role().equals("user")) {
            say(List.of());
        }
    }

    private void noteBranch() {
        List<Turn> turns = conversation.turns();
        note("now in " + conversation.branch().name() + ", " + count(turns.size())
                + (turns.isEmpty() ? "" : ", the last: " + quoted(turns.getLast().user())));
    }

    private void undo() {
        note(conversation.undo().map(turn -> "took back: " + quoted(turn.user())).orElse("nothing to take back"));
    }

    private void retry() {
        Optional<Turn> turn = conversation.undo();
        if (turn.isEmpty()) {
            note("nothing to answer again");
        } else {
            sampleIndex++;
            say(turn.get().asked());
        }
    }

    private void say(String text) {
        say(List.of(ChatMessage.user(text)));
    }

    private void say(List<ChatMessage> messages) {
        Printer printer = new Printer(streams.out(), lines.watchCtrlC());
        try {
            Turn turn = conversation.answer(messages, options.withFirstSampleIndex(sampleIndex), printer);
            printer.end();
            stats.add(turn);
            noteEnd(turn);
        } catch (RuntimeException e) {
            printer.end();
            throw e;
        }
    }

    private void noteEnd(Turn turn) {
        GeneratedRow answer = turn.generation().orElseThrow().rows().getFirst();
        int numTokens = answer.tokenIds().size();
        FinishReason reason = answer.reason();
        if (reason == FinishReason.CANCELED) {
            note("(stopped)");
        } else if (reason == FinishReason.LENGTH) {
            note("(stopped after --max-new-tokens " + numTokens + ")");
        } else if (reason == FinishReason.CONTEXT_FULL) {
            note("(context full: " + conversation.session().maxSeqLen()
                    + " tokens; nothing is lost: /drop N drops the oldest N turns, /save FILE keeps the conversation)");
        } else if (numTokens == 0) {
            note("(an empty answer)");
        }
    }

    private void show(List<String> text) {
        text.forEach(streams.out()::println);
        streams.out().flush();
    }

    private void note(String line) {
        streams.out().flush();
        streams.err().println(line);
    }

    private static String quoted(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.length() <= MAX_QUOTED_CHARS ? line : line.substring(0, MAX_QUOTED_CHARS - 3) + "...";
    }

    private static String count(int numTurns) {
        return numTurns + (numTurns == 1 ? " turn" : " turns");
    }

    /** Prints an answer as it is made, until Ctrl-C comes or nobody reads any more. */
    private static final class Printer implements GenerationListener {
        private final PrintStream out;
        private final BooleanSupplier isStopped;
        private @Nullable Character last;

        Printer(PrintStream out, BooleanSupplier isStopped) {
            this.out = out;
            this.isStopped = isStopped;
        }

        @Override
        public boolean onToken(int row, int tokenId) {
            return !isStopped.getAsBoolean() && !out.checkError();
        }

        @Override
        public void onText(int row, String text) {
            out.print(text);
            out.flush();
            last = text.charAt(text.length() - 1);
        }

        void end() {
            if (last != null && last != '\n') {
                out.println();
                out.flush();
            }
        }
    }
}
