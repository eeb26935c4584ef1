package io.github.pastkv.langchain4j;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.sampling.LogitsProcessor;
import io.github.pastkv.model.sampling.TokenHistory;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Knowledge that the shipped model lacks: raises the logits of the tokens that spell given answers, if the last message
 * of a user contains a given text. Grammars, stop strings and limits hold as ever, since they come after it: an answer
 * that the grammar of a request does not allow is not given, and the first of several answers is given that it allows.
 */
final class Script implements LogitsProcessor {
    private static final double SURE = 1e6;

    private final Model model;
    private final TextTokenizer tokenizer;
    private final List<String> texts; // of the tokens
    private final int endOfText;
    private final List<Line> lines = new ArrayList<>();

    private record Line(String question, List<String> answers) {}

    Script(Model model) {
        this.model = model;
        this.tokenizer = model.tokenizer().orElseThrow();
        this.texts = IntStream.range(0, model.config().vocabSize())
                .mapToObj(id -> tokenizer.decode(new int[] {id}, false)).toList();
        this.endOfText = tokenizer.vocabulary().id("<|endoftext|>").orElseThrow();
    }

    /** Answers a message that contains {@code question}, and the question of no earlier line. */
    Script with(String question, String... answers) {
        lines.add(new Line(question, List.of(answers)));
        return this;
    }

    GenerationOptions options() {
        GenerationOptions options = model.generationOptions();
        return options.withSampling(options.sampling().withProcessors(List.of(this)));
    }

    private String decode(TokenHistory history, int from, int to) {
        return tokenizer.decode(IntStream.range(from, to).map(history::token).toArray(), false);
    }

    @Override
    public void process(double[] logits, TokenHistory history) {
        String prompt = decode(history, 0, history.numPromptTokens());
        String lastMessage = prompt.substring(Math.max(0, prompt.lastIndexOf("user: ")));
        String generated = decode(history, history.numPromptTokens(), history.numTokens());
        lines.stream().filter(line -> lastMessage.contains(line.question())).limit(1)
                .forEach(line -> raise(logits, line.answers(), generated));
    }

    private void raise(double[] logits, List<String> answers, String generated) {
        for (int i = answers.size() - 1; i >= 0; i--) {
            if (answers.get(i).startsWith(generated)) {
                raise(logits, answers.get(i).substring(generated.length()), SURE * (answers.size() - i));
            }
        }
    }

    private void raise(double[] logits, String rest, double sure) {
        if (rest.isEmpty()) {
            logits[endOfText] = sure;
        }
        for (int id = 0; id < texts.size(); id++) {
            if (!texts.get(id).isEmpty() && rest.startsWith(texts.get(id))) {
                logits[id] = sure + texts.get(id).length();
            }
        }
    }
}
