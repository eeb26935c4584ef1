package io.github.pastkv.lens.sweep;

import io.github.pastkv.lens.TokenLabels;
import io.github.pastkv.lens.patching.MetricSpec;
import io.github.pastkv.lens.patching.PromptPair;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.files.JsonFile;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads pairs of prompts from JSON Lines: {@code {"clean": ..., "corrupt": ..., "answer": ..., "wrong": ...}}, or ids
 * under {@code clean_tokens}, {@code corrupt_tokens}, {@code answer_token}, {@code wrong_token}. Messages name the
 * file, the line and the key.
 */
public final class PairsFile {
    private static final int NO_TOKEN = -1;

    private final Model model;
    private final MetricSpec.Kind metric;

    /** @param metric decides which tokens a line needs */
    public PairsFile(Model model, MetricSpec.Kind metric) {
        this.model = model;
        this.metric = metric;
    }

    /**
     * All pairs, to be patched with their clean runs' activations.
     *
     * @param equallyLong whether all prompts must have equally many tokens
     * @param noising whether the clean prompts are patched instead
     */
    public List<PatchCase> read(Path file, boolean equallyLong, boolean noising) throws IOException {
        List<PatchCase> pairs = new ArrayList<>();
        for (JsonObject line : JsonFile.readLines(file)) {
            PatchCase pair = pair(line, noising);
            int numTokens = pair.pair().numTokens();
            if (equallyLong && !pairs.isEmpty() && pairs.getFirst().pair().numTokens() != numTokens) {
                throw line.refusal("clean", numTokens + " tokens, the first pair has "
                        + pairs.getFirst().pair().numTokens() + "; pairs that are averaged must be equally long");
            }
            pairs.add(pair);
        }
        if (pairs.isEmpty()) {
            throw new ModelFormatException(file, "no pair; write one a line");
        }
        return pairs;
    }

    private PatchCase pair(JsonObject line, boolean noising) throws IOException {
        int[] clean = prompt(line, "clean");
        int[] corrupted = prompt(line, "corrupt");
        MetricSpec spec = metric.of(answer(line, "answer", metric.needsAnswer()),
                answer(line, "wrong", metric.needsWrong()));
        line.refuseUnknownKeys(Set.of());
        try {
            return new PatchCase(new PromptPair(clean, corrupted), noising, spec);
        } catch (IllegalArgumentException e) {
            throw line.refusal("corrupt", String.valueOf(e.getMessage()).replace("corrupted: ", ""));
        }
    }

    /** Prompts of {@code {"text": ...}} or {@code {"text_tokens": [...]}} lines, each of {@code numTokens} tokens. */
    public List<int[]> readPrompts(Path file, int numTokens) throws IOException {
        List<int[]> prompts = new ArrayList<>();
        for (JsonObject line : JsonFile.readLines(file)) {
            int[] tokens = prompt(line, "text");
            line.refuseUnknownKeys(Set.of());
            if (tokens.length != numTokens) {
                throw line.refusal("text", tokens.length + " tokens, the prompt has " + numTokens);
            }
            prompts.add(tokens);
        }
        if (prompts.isEmpty()) {
            throw new ModelFormatException(file, "no prompt; a mean needs at least one, one a line");
        }
        return prompts;
    }

    private int[] prompt(JsonObject line, String key) throws IOException {
        Optional<String> text = line.findString(key);
        List<Integer> ids = line.findInts(key + "_tokens", 0, model.config().vocabSize() - 1);
        if (text.isPresent() != ids.isEmpty()) {
            throw line.refusal(key, "give it or " + key + "_tokens, one of them");
        }
        return text.isPresent()
                ? tokenizer().encode(text.get(), true)
                : ids.stream().mapToInt(Integer::intValue).toArray();
    }

    private TextTokenizer tokenizer() {
        return model.tokenizer().orElseThrow(
                () -> new IllegalStateException(model.folder() + ": has no tokenizer.json, so give token ids"));
    }

    private int answer(JsonObject line, String key, boolean isNeeded) throws IOException {
        Optional<String> text = line.findString(key);
        int id = line.findInt(key + "_token", 0, model.config().vocabSize() - 1).orElse(NO_TOKEN);
        if (text.isEmpty()) {
            if (isNeeded && id == NO_TOKEN) {
                throw line.refusal(key, "missing, and no " + key + "_token; " + metric + " needs it");
            }
            return id;
        }
        try {
            return TokenLabels.singleToken(model, text.get());
        } catch (IllegalArgumentException e) {
            throw line.refusal(key, String.valueOf(e.getMessage()));
        }
    }
}
