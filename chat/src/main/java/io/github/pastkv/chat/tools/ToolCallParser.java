package io.github.pastkv.chat.tools;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Parses the text of an answer while it comes, however it is divided into pieces. Text that might begin a call is held
 * back until that is certain, and so is white space before a call, which is not part of the text. Calls get random ids
 * of 9 letters and digits, which all templates take.
 *
 * <p>Not safe for use by several threads.
 */
public final class ToolCallParser {
    private static final int NUM_ID_CHARS = 9;
    private static final String ID_CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private enum State {
        BEGINNING,
        ONLY_TEXT,
        TEXT,
        BEFORE_NAME,
        NAME,
        AFTER_NAME,
        ARGUMENTS,
        CLOSE,
        BETWEEN,
        END
    }

    private final ToolCallFormat format;
    private final List<String> openings; // what calls begin with; empty if they may follow a text
    private final ToolCallListener listener;
    private final StringBuilder pending = new StringBuilder();
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder arguments = new StringBuilder();
    private final List<ToolCall> calls = new ArrayList<>();
    private JsonScanner scanner = new JsonScanner();
    private State state;
    private boolean atBeginning = true;
    private String id = "";
    private String name = "";

    /** @param listener receives text and calls as soon as they are certain */
    public ToolCallParser(ToolCallFormat format, ToolCallListener listener) {
        this(format, List.of(), listener);
    }

    /** @param openings an answer that begins with one of them is calls, any other is text; empty for both in one */
    ToolCallParser(ToolCallFormat format, List<String> openings, ToolCallListener listener) {
        this.format = format;
        this.openings = openings;
        this.listener = listener;
        this.state = openings.isEmpty() ? State.TEXT : State.BEGINNING;
    }

    /**
     * Takes the next piece of the answer.
     *
     * @throws IllegalArgumentException if a call is not written in the format, which a grammar rules out
     */
    public void accept(String piece) {
        pending.append(piece);
        while (advance()) {
            // each step consumes a part of what is pending
        }
    }

    /** Ends the answer: gives out the text that was held back. */
    public void finish() {
        if (state == State.TEXT || state == State.BEGINNING) {
            emit(pending.length());
        }
    }

    /** The text outside calls so far. */
    public String text() {
        return text.toString();
    }

    /** The calls that are whole. */
    public List<ToolCall> calls() {
        return List.copyOf(calls);
    }

    /** All calls that have begun: the last one as far as it has come. */
    public List<ToolCall> callsWithCut() {
        List<ToolCall> all = new ArrayList<>(calls);
        if (state == State.AFTER_NAME || state == State.ARGUMENTS || state == State.CLOSE) {
            all.add(new ToolCall(id, name, arguments.toString()));
        }
        return all;
    }

    private boolean advance() {
        return switch (state) {
            case BEGINNING -> beginning();
            case ONLY_TEXT -> onlyText();
            case TEXT -> text(pending.indexOf(format.marker()));
            case BEFORE_NAME -> literal(format.beforeName(), State.NAME);
            case NAME -> name();
            case AFTER_NAME -> literal(format.afterName(), State.ARGUMENTS);
            case ARGUMENTS -> arguments();
            case CLOSE -> close();
            case BETWEEN -> between();
            case END -> end();
        };
    }

    private boolean beginning() {
        if (openings.stream().anyMatch(this::startsWith)) {
            state = State.TEXT;
        } else if (openings.stream().noneMatch(this::isBeginningOf)) {
            state = State.ONLY_TEXT;
        }
        return state != State.BEGINNING;
    }

    private boolean onlyText() {
        emit(pending.length());
        return false;
    }

    private boolean text(int markerAt) {
        if (atBeginning && format.isMarkerOptional()) {
            if (startsWith(format.beforeName())) {
                consume(format.beforeName().length());
                state = State.NAME;
                return true;
            }
            if (isBeginningOf(format.beforeName())) {
                return false;
            }
        }
        if (markerAt >= 0) {
            int end = withoutSpace(markerAt);
            emit(end);
            consume(markerAt - end + format.marker().length());
            state = State.BEFORE_NAME;
            return true;
        }
        emit(withoutSpace(pending.length() - numHeldBack()));
        return false;
    }

    /** Characters at the end of what is pending that may begin a marker. */
    private int numHeldBack() {
        int length = Math.min(pending.length(), format.marker().length() - 1);
        while (!format.marker().startsWith(pending.substring(pending.length() - length))) {
            length--;
        }
        return length;
    }

    private int withoutSpace(int end) {
        int at = end;
        while (at > 0 && Character.isWhitespace(pending.charAt(at - 1))) {
            at--;
        }
        return at;
    }

    private void emit(int length) {
        if (length > 0) {
            String piece = consume(length);
            atBeginning = false;
            text.append(piece);
            listener.onText(piece);
        }
    }

    private String consume(int length) {
        String consumed = pending.substring(0, length);
        pending.delete(0, length);
        return consumed;
    }

    private boolean startsWith(String literal) {
        return pending.length() >= literal.length() && pending.substring(0, literal.length()).equals(literal);
    }

    /** Whether what is pending begins a literal and might still become it. */
    private boolean isBeginningOf(String literal) {
        return pending.length() < literal.length() && literal.startsWith(pending.toString());
    }

    private boolean literal(String expected, State after) {
        if (startsWith(expected)) {
            consume(expected.length());
            state = after;
            return true;
        }
        if (!isBeginningOf(expected)) {
            throw new IllegalArgumentException("answer: " + pending + " where " + expected + " must follow");
        }
        return false;
    }

    private boolean name() {
        int length = 0;
        while (length < pending.length() && ToolDefinition.isNameCharacter(pending.charAt(length))) {
            length++;
        }
        if (length == pending.length()) {
            return false;
        }
        name = consume(length);
        id = newId();
        arguments.setLength(0);
        scanner = new JsonScanner();
        state = State.AFTER_NAME;
        listener.onCallStarted(calls.size(), id, name);
        return true;
    }

    private static String newId() {
        StringBuilder id = new StringBuilder();
        for (int i = 0; i < NUM_ID_CHARS; i++) {
            id.append(ID_CHARS.charAt(ThreadLocalRandom.current().nextInt(ID_CHARS.length())));
        }
        return id.toString();
    }

    private boolean arguments() {
        String piece = consume(scanner.scan(pending));
        if (!piece.isEmpty()) {
            arguments.append(piece);
            listener.onArguments(calls.size(), piece);
        }
        if (scanner.isComplete()) {
            state = State.CLOSE;
        }
        return scanner.isComplete();
    }

    private boolean close() {
        boolean isClosed = literal(format.close(), State.BETWEEN);
        if (isClosed) {
            calls.add(new ToolCall(id, name, arguments.toString()));
            listener.onCallEnded(calls.size() - 1, calls.getLast());
        }
        return isClosed;
    }

    private boolean between() {
        String next = format.next();
        if (next != null && startsWith(next)) {
            return literal(next, State.NAME);
        }
        return (next == null || !isBeginningOf(next)) && literal(format.end(), State.END);
    }

    /** After the calls nothing may follow but white space. */
    private boolean end() {
        if (!pending.toString().isBlank()) {
            throw new IllegalArgumentException("answer: " + pending + " after the last call");
        }
        return false;
    }
}
