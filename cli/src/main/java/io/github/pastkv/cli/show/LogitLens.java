package io.github.pastkv.cli.show;

import io.github.pastkv.lens.CachedRun;
import io.github.pastkv.lens.Capture;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.lens.ResidualStack;
import io.github.pastkv.lens.Residuals;
import io.github.pastkv.lens.TokenLabels;
import io.github.pastkv.lens.plot.HeatMap;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The logit lens (nostalgebraist 2020): the final norm and the head applied to the stream before each layer, so that the token
 * that the model would choose there can be read.
 *
 * @param tokens the prompt's tokens
 * @param layers what each row is, from the embedding to the end
 * @param tops {@code [layer][position]}: the most likely next token
 * @param probabilities {@code [layer][position]}: its probability
 */
@SuppressWarnings("ArrayRecordComponent") // numbers to be shown, compared by nobody
record LogitLens(List<String> tokens, List<String> layers, String[][] tops, float[][] probabilities) {
    private static final int MAX_CELL = 12;

    /** Runs the prompt once, and the head over the state before each layer. */
    static LogitLens of(Model model, int[] ids) {
        Lens lens = new Lens(model);
        int numLayers = model.config().numLayers();
        try (CachedRun run = lens.runWithCache(StepInput.tokens(ids),
                Capture.of("blocks.*.hook_resid_pre", "blocks." + (numLayers - 1) + ".hook_resid_post"))) {
            ResidualStack states = new Residuals(model, run.activations()).accumulated(numLayers, false);
            String[][] tops = new String[numLayers + 1][ids.length];
            float[][] probabilities = new float[numLayers + 1][ids.length];
            List<String> names = new ArrayList<>();
            for (int layer = 0; layer <= numLayers; layer++) {
                names.add(layer == 0 ? "embedding" : "layer " + (layer - 1));
                Tensor logits = lens.run(StepInput.residual(states.get(layer), numLayers)).logits();
                for (int token = 0; token < ids.length; token++) {
                    float[] row = logits.narrow(1, token, token + 1L).toFloatArray();
                    int best = argmax(row);
                    tops[layer][token] = TokenLabels.visible(TokenLabels.of(model, best));
                    probabilities[layer][token] = probability(row, best);
                }
            }
            List<String> tokens = TokenLabels.of(model, ids).stream().map(TokenLabels::visible).toList();
            return new LogitLens(tokens, names, tops, probabilities);
        }
    }

    private static int argmax(float[] row) {
        int best = 0;
        for (int id = 1; id < row.length; id++) {
            best = row[id] > row[best] ? id : best;
        }
        return best;
    }

    private static float probability(float[] row, int id) {
        double sum = 0;
        for (float logit : row) {
            sum += Math.exp(logit - row[id]);
        }
        return (float) (1 / sum);
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

    /** Grey to deep blue, as the probability grows. */
    private static String paint(String cell, float probability) {
        int[] backgrounds = {255, 253, 153, 111, 69, 27};
        int step = Math.min(backgrounds.length - 1, (int) (probability * backgrounds.length));
        int foreground = step >= 4 ? 231 : 16;
        return "\u001b[48;5;" + backgrounds[step] + "m\u001b[38;5;" + foreground + "m" + cell + "\u001b[0m";
    }

    /** The same as a picture. */
    HeatMap picture() {
        return new HeatMap("Logit lens: most likely next token before the head, by layer", layers, tokens,
                probabilities,
                tops);
    }
}
