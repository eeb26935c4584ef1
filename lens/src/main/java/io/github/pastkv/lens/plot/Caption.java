package io.github.pastkv.lens.plot;

import java.util.ArrayList;
import java.util.List;

/**
 * The caption of a picture.
 *
 * @param title one line
 * @param notes lines below the title, such as the prompts, the metric and the model; long ones are wrapped
 */
public record Caption(String title, List<String> notes) {
    private static final int LINE = 17;
    private static final int TITLE = 26;
    private static final int MAX_NOTE = 560;

    public Caption {
        notes = List.copyOf(notes);
    }

    /** The same notes under another title. */
    public Caption withTitle(String newTitle) {
        return new Caption(newTitle, notes);
    }

    /** The width that the title needs, and that notes are not wrapped too narrowly in. */
    double minWidth() {
        return Math.max(TextStyle.TITLE.width(title), Math.min(TextStyle.NOTE.widest(notes), MAX_NOTE));
    }

    double height(double width) {
        return TITLE + wrapped(width).size() * LINE;
    }

    void draw(Picture picture, double x, double y, double width) {
        picture.text(title, x, y + 14, TextStyle.TITLE);
        List<String> lines = wrapped(width);
        for (int line = 0; line < lines.size(); line++) {
            picture.text(lines.get(line), x, y + TITLE + 11 + line * LINE, TextStyle.NOTE);
        }
    }

    private List<String> wrapped(double width) {
        List<String> lines = new ArrayList<>();
        notes.forEach(note -> lines.addAll(wrap(note, TextStyle.NOTE, width, "    ")));
        return lines;
    }

    /** The lines of a text, no wider than {@code width} where words allow it; later ones begin with an indentation. */
    static List<String> wrap(String text, TextStyle style, double width, String indentation) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String word : text.split("(?<= )(?<!(^| )\" )")) { // not at the space of a quoted token: " John"
            if (!line.isEmpty() && style.width(line + word) > width) {
                lines.add(line.toString());
                line.setLength(0);
                line.append(indentation);
            }
            line.append(word);
        }
        lines.add(line.toString());
        return lines;
    }
}
