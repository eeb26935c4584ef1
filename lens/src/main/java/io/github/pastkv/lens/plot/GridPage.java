package io.github.pastkv.lens.plot;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Sweep grids as one self-contained HTML page: heat maps around the baseline, with the number at the pointer.
 *
 * @param caption what it shows: the prompts, the metric and the command
 * @param figures the grids
 */
public record GridPage(Caption caption, List<GridFigure> figures) {
    /** The page. */
    public String html() throws IOException {
        String data = "{\"title\":" + AttentionPage.quoted(caption.title()) + ",\"notes\":" + texts(caption.notes())
                + ",\"figures\":"
                + figures.stream().map(GridPage::json).collect(Collectors.joining(",", "[", "]")) + "}";
        try (InputStream template = GridPage.class.getResourceAsStream("grids.html")) {
            if (template == null) {
                throw new IOException("grids.html is missing from the program");
            }
            return new String(template.readAllBytes(), StandardCharsets.UTF_8).replace("/*DATA*/null", data);
        }
    }

    /** Writes the page. */
    public void write(Path file) throws IOException {
        Files.writeString(file, html());
    }

    private static String json(GridFigure figure) {
        return "{\"title\":" + AttentionPage.quoted(figure.caption().title()) + ",\"rowAxis\":"
                + AttentionPage.quoted(figure.rowAxis()) + ",\"columnAxis\":"
                + AttentionPage.quoted(figure.columnAxis()) + ",\"rows\":" + texts(figure.rowLabels())
                + ",\"columns\":" + texts(figure.columnLabels()) + ",\"panels\":" + texts(figure.panelTitles())
                + ",\"scale\":" + AttentionPage.quoted(figure.scale().title()) + ",\"baseline\":"
                + number(figure.scale().baseline()) + ",\"baselineLabel\":"
                + AttentionPage.quoted(figure.scale().baselineLabel()) + ",\"low\":" + number(figure.low())
                + ",\"high\":" + number(figure.high()) + ",\"reach\":" + number(figure.reach())
                + ",\"values\":" + numbers(figure.values()) + "}";
    }

    private static String texts(List<String> texts) {
        return texts.stream().map(AttentionPage::quoted).collect(Collectors.joining(",", "[", "]"));
    }

    private static String numbers(double[][][] values) {
        StringBuilder text = new StringBuilder("[");
        for (double[][] panel : values) {
            text.append(text.length() == 1 ? "[" : ",[");
            for (int row = 0; row < panel.length; row++) {
                text.append(row == 0 ? "[" : ",[");
                for (int column = 0; column < panel[row].length; column++) {
                    text.append(column == 0 ? "" : ",").append(number(panel[row][column]));
                }
                text.append(']');
            }
            text.append(']');
        }
        return text.append(']').toString();
    }

    /** JSON has no NaN and no infinity. */
    private static String number(double value) {
        return Double.isFinite(value) ? String.valueOf(value) : "null";
    }
}
