package io.github.pastkv.cli.generate;

import io.github.pastkv.cli.io.Interruption;
import io.github.pastkv.cli.io.Progress;
import io.github.pastkv.model.generation.GenerationListener;
import java.io.PrintStream;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Prints a generation while it is made, and ends it when Ctrl-C comes or nobody reads any more. Nothing is printed
 * before the first token, so that a prompt that is refused leaves no trace.
 */
final class LiveOutput implements GenerationListener {
    /** What is printed. */
    enum Form {
        TEXT, IDS, NOTHING
    }

    private final PrintStream out;
    private final Interruption interruption;
    private final Progress progress;
    private final Form form;
    private final String prompt;
    private boolean begun;
    private boolean readerGone;
    private String separator = "";
    private char last = '\n';

    /**
     * An output.
     *
     * @param prompt is printed before the text
     * @param progress tells of the wait for the first token
     */
    LiveOutput(PrintStream out, Form form, String prompt, Interruption interruption, Progress progress) {
        this.out = out;
        this.form = form;
        this.prompt = prompt;
        this.interruption = interruption;
        this.progress = progress;
    }

    @Override
    public boolean onToken(int row, int tokenId) {
        begin();
        if (form == Form.IDS) {
            print(separator + tokenId);
            separator = ",";
        }
        return !interruption.isRequested() && !readerGone;
    }

    @Override
    public void onText(int row, String text) {
        begin();
        if (form == Form.TEXT) {
            print(text);
        }
    }

    private void begin() {
        if (!begun) {
            begun = true;
            progress.close();
            interruption.resultToCome();
            if (form == Form.TEXT) {
                print(prompt);
            }
        }
    }

    /** All has come: ends the last line, also of a generation without a token. */
    void end() {
        begin();
        breakOff();
    }

    /** No more will come: ends the last line if there is one. */
    void breakOff() {
        if (begun && (form == Form.IDS || (form == Form.TEXT && last != '\n'))) {
            print("\n");
        }
    }

    /** An output of which only the way to stop is left: for answers that are printed when all are there. */
    LiveOutput silent() {
        return new LiveOutput(out, Form.NOTHING, "", interruption, progress);
    }

    /** Prints answers, each with its prompt, and a line between two of them. */
    void printAll(List<Answers.Answer> answers) {
        for (int i = 0; i < answers.size(); i++) {
            if (i > 0 && form != Form.NOTHING) {
                print("---\n");
            }
            begun = false;
            begin();
            print(contents(answers.get(i)));
            breakOff();
        }
    }

    private String contents(Answers.Answer answer) {
        return switch (form) {
            case TEXT -> answer.text();
            case IDS -> answer.tokenIds().stream().map(String::valueOf).collect(Collectors.joining(","));
            case NOTHING -> "";
        };
    }

    private void print(String text) {
        if (!text.isEmpty() && !readerGone) {
            out.print(text);
            last = text.charAt(text.length() - 1);
            readerGone = out.checkError(); // flushes
        }
    }
}
