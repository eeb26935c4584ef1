package io.github.pastkv.model.gguf;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * Derives the merges of a SentencePiece BPE vocabulary, which stores scores instead: each way to join two tokens to a
 * third, in the order of the third's score.
 */
final class SentencePieceMerges {
    private record Merge(String left, String right, int id, double score) {}

    private static final Comparator<Merge> BEST_FIRST = Comparator.comparingDouble(Merge::score).reversed()
            .thenComparingInt(Merge::id).thenComparingInt(merge -> merge.left.codePointCount(0, merge.left.length()));

    private SentencePieceMerges() {}

    /**
     * All merges, best first.
     *
     * @param idByToken all tokens
     * @param scores by id
     * @param isText whether the id is of text, rather than a control token, a byte or unused
     */
    static List<List<String>> of(Map<String, Integer> idByToken, List<Double> scores, List<Boolean> isText) {
        List<Merge> merges = new ArrayList<>();
        idByToken.forEach((token, id) -> {
            if (isText.get(id)) {
                for (int cut = 1; cut < token.length(); cut++) {
                    String left = token.substring(0, cut);
                    String right = token.substring(cut);
                    if (idByToken.containsKey(left) && idByToken.containsKey(right)) {
                        merges.add(new Merge(left, right, id, scores.get(id)));
                    }
                }
            }
        });
        merges.sort(BEST_FIRST);
        return merges.stream().map(merge -> List.of(merge.left, merge.right)).toList();
    }
}
