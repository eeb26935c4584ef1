package io.github.pastkv.lens.plot;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The attention of all heads over one text, as one self-contained HTML page: a small picture of each head, the selected
 * one enlarged with its tokens, numbers at the pointer, and the text with its tokens highlighted by the attention of
 * the selected token.
 *
 * @param title what it shows
 * @param tokens the text of each token
 * @param patterns {@code [layer][head][query][key]}
 * @param layer chosen at first
 * @param head chosen at first
 */
@SuppressWarnings("ArrayRecordComponent") // numbers to be written, compared by nobody
public record AttentionPage(String title, List<String> tokens, float[][][][] patterns, int layer, int head) {
    /** The page. */
    public String html() throws IOException {
        String data = "{\"title\":" + quoted(title) + ",\"layer\":" + layer + ",\"head\":" + head + ",\"tokens\":["
                + tokens.stream().map(AttentionPage::quoted).collect(Collectors.joining(",")) + "],\"patterns\":"
                + json(patterns) + "}";
        try (InputStream template = AttentionPage.class.getResourceAsStream("attention.html")) {
            if (template == null) {
                throw new IOException("attention.html is missing from the program");
            }
            return new String(template.readAllBytes(), StandardCharsets.UTF_8).replace("/*DATA*/null", data);
        }
    }

    /** Writes the page. */
    public void write(Path file) throws IOException {
        Files.writeString(file, html());
    }

    /** Numbers of four digits, of the triangle that is not zero only. */
    private static String json(float[][][][] patterns) {
        StringBuilder text = new StringBuilder("[");
        for (int layer = 0; layer < patterns.length; layer++) {
            text.append(layer == 0 ? "[" : ",[");
            for (int head = 0; head < patterns[layer].length; head++) {
                text.append(head == 0 ? "[" : ",[");
                for (int query = 0; query < patterns[layer][head].length; query++) {
                    text.append(query == 0 ? "[" : ",[");
                    for (int key = 0; key <= query; key++) {
                        text.append(key == 0 ? "" : ",").append(number(patterns[layer][head][query][key]));
                    }
                    text.append(']');
                }
                text.append(']');
            }
            text.append(']');
        }
        return text.append(']').toString();
    }

    private static String number(float value) {
        return value < 0.00005f ? "0" : String.format(Locale.ROOT, "%.4f", value);
    }

    /** A JSON string that may stand inside a script element. */
    static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.chars().forEach(c -> {
            if (c < 0x20 || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c > 0x7E) {
                quoted.append(String.format(Locale.ROOT, "\\u%04x", c));
            } else {
                quoted.append((char) c);
            }
        });
        return quoted.append('"').toString();
    }
}
