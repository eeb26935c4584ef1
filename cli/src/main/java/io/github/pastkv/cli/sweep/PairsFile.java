package io.github.pastkv.cli.sweep;

import io.github.pastkv.cli.io.TokenId;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.lens.patching.PromptPair;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.files.JsonFile;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Pairs of prompts, one a line: {@code {"clean": ..., "corrupt": ..., "answer": ..., "wrong": ...}}, or ids under
 * {@code clean_tokens}, {@code corrupt_tokens}, {@code answer_token}, {@code wrong_token}. Messages name the file, the line
 * and the key.
 */
final class PairsFile {
    private final Model model;
    private final MetricChoice metric;
    private final ModelMixin modelOptions;

    PairsFile(Model model, MetricChoice metric, ModelMixin modelOptions) {
        this.model = model;
        this.metric = metric;
        this.modelOptions = modelOptions;
    }

    /**
     * All pairs.
     *
     * @param equallyLong whether all prompts must have equally many tokens
     */
    List<AnsweredPair> read(Path file, boolean equallyLong) throws IOException {
        List<AnsweredPair> pairs = new ArrayList<>();
        for (JsonObject line : JsonFile.readLines(file)) {
            AnsweredPair pair = pair(line);
            int numTokens = pair.prompts().numTokens();
            if (equallyLong && !pairs.isEmpty() && pairs.getFirst().prompts().numTokens() != numTokens) {
                throw line.refusal("clean", numTokens + " tokens, the first pair has "
                        + pairs.getFirst().prompts().numTokens() + "; pairs that are averaged must be equally long");
            }
            pairs.add(pair);
        }
        if (pairs.isEmpty()) {
            throw new ModelFormatException(file, "no pair; write one a line");
        }
        return pairs;
    }

    private AnsweredPair pair(JsonObject line) throws IOException {
        int[] clean = prompt(line, "clean");
        int[] corrupted = prompt(line, "corrupt");
        AnswerIds answers =
                new AnswerIds(answer(line, "answer", metric.needsAnswer()), answer(line, "wrong", metric.needsWrong()));
        line.refuseUnknownKeys(Set.of());
        try {
            return new AnsweredPair(new PromptPair(clean, corrupted), answers);
        } catch (IllegalArgumentException e) {
            throw line.refusal("corrupt", String.valueOf(e.getMessage()).replace("corrupted: ", ""));
        }
    }

    /** Ids of a prompt, of its text or as they are given. */
    int[] prompt(JsonObject line, String key) throws IOException {
        Optional<String> text = line.findString(key);
        List<Integer> ids = line.findInts(key + "_tokens", 0, model.config().vocabSize() - 1);
        if (text.isPresent() != ids.isEmpty()) {
            throw line.refusal(key, "give it or " + key + "_tokens, one of them");
        }
        return text.isPresent() ? modelOptions.tokenizer(model).encode(text.get(), true) : TokenId.toArray(ids);
    }

    private int answer(JsonObject line, String key, boolean isNeeded) throws IOException {
        Optional<String> text = line.findString(key);
        int id = line.findInt(key + "_token", 0, model.config().vocabSize() - 1).orElse(AnswerIds.NONE);
        if (text.isEmpty()) {
            if (isNeeded && id == AnswerIds.NONE) {
                throw line.refusal(key, "missing, and no " + key + "_token; " + metric + " needs it");
            }
            return id;
        }
        try {
            modelOptions.tokenizer(model);
            return MetricTokensMixin.singleToken(key, text.get(), model);
        } catch (IllegalArgumentException e) {
            throw line.refusal(key, String.valueOf(e.getMessage()).substring(key.length() + 2));
        }
    }
}
