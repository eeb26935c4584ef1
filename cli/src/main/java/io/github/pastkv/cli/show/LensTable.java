package io.github.pastkv.cli.show;

import io.github.pastkv.lens.LogitLens;
import io.github.pastkv.lens.Prediction;
import io.github.pastkv.lens.TokenLabels;
import io.github.pastkv.lens.plot.Caption;
import io.github.pastkv.lens.plot.HeatMap;
import io.github.pastkv.model.Model;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The logit lens of a prompt, for people.
 *
 * @param prompt the prompt on one line
 * @param tokens its tokens
 * @param layers what each row is, from the embedding to the last layer
 * @param predictions {@code [layer][position]}, best first
 * @param tops {@code [layer][position]}: the text of the likeliest next token
 * @param probabilities {@code [layer][position]}: its probability
 */
@SuppressWarnings("ArrayRecordComponent") // numbers to be shown, compared by nobody
record LensTable(String prompt, List<String> tokens, List<String> layers, List<List<List<Prediction>>> predictions,
        String[][] tops, float[][] probabilities) {
    private static final int MAX_CELL = 12;
    private static final int MAX_LISTED = 5;

    static LensTable of(Model model, int[] ids) {
        LogitLens lens = LogitLens.of(model, ids, Math.min(MAX_LISTED, model.config().vocabSize()));
        int numRows = lens.layers().size();
        String[][] tops = new String[numRows][ids.length];
        float[][] probabilities = new float[numRows][ids.length];
        for (int layer = 0; layer < numRows; layer++) {
            for (int token = 0; token < ids.length; token++) {
                Prediction best = lens.predictions().get(layer).get(token).getFirst();
                tops[layer][token] = TokenLabels.visible(TokenLabels.of(model, best.tokenId()));
                probabilities[layer][token] = (float) best.probability();
            }
        }
        List<String> tokens = TokenLabels.of(model, ids).stream().map(TokenLabels::visible).toList();
        return new LensTable(TokenLabels.text(model, ids), tokens, lens.layers(), lens.predictions(), tops,
                probabilities);
    }

    /** The likeliest tokens after the prompt, as each layer would have them. */
    String list(Model model) {
        StringBuilder lines = new StringBuilder(
                String.format(Locale.ROOT, "%nafter %s, the likeliest next tokens of each layer:%n", tokens.getLast()));
        for (int layer = 0; layer < layers.size(); layer++) {
            lines.append(String.format(Locale.ROOT, "  %-9s", layers.get(layer)));
            lines.append(predictions.get(layer).getLast().stream()
                    .map(each -> String.format(Locale.ROOT, "  %5.1f %% %s", 100 * each.probability(),
                            TokenLabels.visible(TokenLabels.of(model, each.tokenId()))))
                    .collect(Collectors.joining())).append(System.lineSeparator());
        }
        return lines.toString();
    }

    /** A table for the terminal: a column for each token, a row for each layer, the last at the bottom. */
    String table(boolean colored) {
        int nameWidth = layers.stream().mapToInt(String::length).max().orElse(0);
        StringBuilder text = new StringBuilder(" ".repeat(nameWidth));
        for (int token = 0; token < tokens.size(); token++) {
            text.append("  ").append(cell(tokens.get(token), width(token)));
        }
        text.append('\n');
        for (int layer = 0; layer < layers.size(); layer++) {
            text.append(String.format(Locale.ROOT, "%-" + nameWidth + "s", layers.get(layer)));
            for (int token = 0; token < tokens.size(); token++) {
                String cell = cell(tops[layer][token], width(token));
                text.append("  ").append(colored ? paint(cell, probabilities[layer][token]) : cell);
            }
            text.append('\n');
        }
        return text.toString().lines().map(String::stripTrailing).reduce("", (all, line) -> all + line + "\n");
    }

    private int width(int token) {
        int widest = tokens.get(token).length();
        for (String[] row : tops) {
            widest = Math.max(widest, row[token].length());
        }
        return Math.min(widest, MAX_CELL);
    }

    private static String cell(String token, int width) {
        String cut = token.length() > width ? token.substring(0, width - 1) + "…" : token;
        return cut + " ".repeat(width - cut.length());
    }

    /** Gray to deep blue, as the probability grows. */
    private static String paint(String cell, float probability) {
        int[] backgrounds = {255, 253, 153, 111, 69, 27};
        int step = Math.min(backgrounds.length - 1, (int) (probability * backgrounds.length));
        int foreground = step >= 4 ? 231 : 16;
        return "\u001b[48;5;" + backgrounds[step] + "m\u001b[38;5;" + foreground + "m" + cell + "\u001b[0m";
    }

    /** The same as a picture, with the probability in each cell. */
    HeatMap picture(String modelName) {
        String[][] texts = new String[layers.size()][tokens.size()];
        for (int layer = 0; layer < texts.length; layer++) {
            for (int token = 0; token < tokens.size(); token++) {
                texts[layer][token] = tops[layer][token] + "\n"
                        + String.format(Locale.ROOT, "%.2f", probabilities[layer][token]);
            }
        }
        return new HeatMap(new Caption("Logit lens: likeliest next token after each layer",
                List.of("model: " + modelName, "prompt: " + prompt)), "after",
                "position and token of the prompt", "probability of the token", layers,
                IntStream.range(0, tokens.size()).mapToObj(at -> at + " " + tokens.get(at)).toList(), probabilities,
                texts);
    }
}
