package io.github.pastkv.cli.sweep;

import io.github.pastkv.cli.options.PromptMixin;
import io.github.pastkv.lens.patching.PromptPair;
import io.github.pastkv.model.Model;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** A pair of prompts with the two tokens that are weighed against each other. */
record AnsweredPair(PromptPair prompts, AnswerIds answers) {
    /** What it is, by ids. */
    ObjectNode describe() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        addIds(json.putArray("clean_tokens"), prompts.clean());
        addIds(json.putArray("corrupted_tokens"), prompts.corrupted());
        answers.describe(json);
        return json;
    }

    static void addIds(ArrayNode target, int[] ids) {
        Arrays.stream(ids).forEach(target::add);
    }

    /** What positions are called that all of some prompts have: the token where it is the same in all, else the number. */
    static List<String> positionLabels(Model model, List<int[]> prompts) {
        Set<String> seen = new HashSet<>();
        return IntStream.range(0, prompts.getFirst().length).mapToObj(position -> {
            Set<Integer> tokens = new TreeSet<>();
            prompts.forEach(ids -> tokens.add(ids[position]));
            String label = tokens.size() == 1
                    ? PromptMixin.label(model, prompts.getFirst()[position])
                    : "#" + position;
            return prompts.size() == 1 || seen.add(label) ? label : label + "#" + position;
        }).toList();
    }
}
