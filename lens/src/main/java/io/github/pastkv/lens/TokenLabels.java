package io.github.pastkv.lens;

import io.github.pastkv.model.Model;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** Texts of single tokens, for labels. A model without a tokenizer has its ids instead. */
public final class TokenLabels {
    private TokenLabels() {}

    /** The text of each token. */
    public static List<String> of(Model model, int... tokenIds) {
        return IntStream.of(tokenIds).mapToObj(id -> of(model, id)).toList();
    }

    /** The text of a token. */
    public static String of(Model model, int tokenId) {
        return model.tokenizer().map(tokenizer -> tokenizer.continuationText(tokenId))
                .orElse(String.valueOf(tokenId));
    }

    /** A prompt on one line, as its tokens spell it; ids where there is no tokenizer. */
    public static String text(Model model, int... tokenIds) {
        return String.join(model.tokenizer().isPresent() ? "" : " ", of(model, tokenIds)).replace("\n", "↵");
    }

    /** A one-line label with visible white space: {@code ·} for a space, {@code ↵} and {@code ⇥}. */
    public static String visible(String label) {
        return label.replace("\n", "↵").replace("\t", "⇥").replace(' ', '·');
    }

    /**
     * A label for each position of several prompts of one length: the token where it is the same in all, else
     * {@code #position}. Labels of several prompts that repeat get their position as a suffix.
     */
    public static List<String> ofPositions(Model model, List<int[]> prompts) {
        Set<String> seen = new HashSet<>();
        return IntStream.range(0, prompts.getFirst().length).mapToObj(position -> {
            Set<Integer> tokens = new TreeSet<>();
            prompts.forEach(ids -> tokens.add(ids[position]));
            String label = tokens.size() == 1 ? of(model, prompts.getFirst()[position]) : "#" + position;
            return prompts.size() == 1 || seen.add(label) ? label : label + "#" + position;
        }).toList();
    }

    /**
     * The id of a text that is one token where it continues another text.
     *
     * @throws IllegalArgumentException naming the text's tokens, when it is not one
     * @throws IllegalStateException for a model without a tokenizer
     */
    public static int singleToken(Model model, String text) {
        int[] ids = model.tokenizer().orElseThrow(
                () -> new IllegalStateException(model.folder() + ": has no tokenizer.json, so give token ids"))
                .encodeContinuation(text);
        if (ids.length != 1) {
            throw new IllegalArgumentException("'" + text + "' is " + ids.length + " tokens "
                    + (ids.length == 0 ? "" : of(model, ids) + " ") + "and must be one");
        }
        return ids[0];
    }
}
