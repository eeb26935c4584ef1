package io.github.pastkv.serve.run;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The last prompts as a tree of the prefixes that they share, and how often each was found in the prefix cache. */
public final class PromptTree {
    private PromptTree() {}

    /**
     * Tokens that some prompts share.
     *
     * @param from place of the first token in the prompts
     * @param numPrompts prompts that have these tokens
     * @param numHits those of them that found all of these tokens in the cache, apart from the last one of a prompt,
     *        which is always computed
     * @param children what follows, the most frequent first
     */
    public record Node(int from, List<Integer> tokenIds, int numPrompts, int numHits, List<Node> children) {
        public Node {
            tokenIds = List.copyOf(tokenIds);
            children = List.copyOf(children);
        }
    }

    /** The prefixes that begin prompts, the most frequent first. */
    public static List<Node> of(List<RecentPrompt> prompts) {
        return nodes(prompts, 0);
    }

    /** What follows {@code from} tokens that all {@code prompts} share. */
    private static List<Node> nodes(List<RecentPrompt> prompts, int from) {
        Map<Integer, List<RecentPrompt>> groups = new LinkedHashMap<>();
        for (RecentPrompt prompt : prompts) {
            if (prompt.head().size() > from) {
                groups.computeIfAbsent(prompt.head().get(from), _ -> new ArrayList<>()).add(prompt);
            }
        }
        return groups.values().stream().map(group -> node(group, from))
                .sorted(Comparator.comparingInt((Node node) -> -node.numPrompts())).toList();
    }

    private static Node node(List<RecentPrompt> group, int from) {
        List<Integer> first = group.getFirst().head();
        int end = from + 1;
        while (end < first.size() && areSameAt(group, end)) {
            end++;
        }
        int shared = end;
        int numHits = (int) group.stream().map(RecentPrompt::explanation)
                .filter(found -> found.numReused() >= Math.max(1, Math.min(shared, found.numTokens() - 1))).count();
        return new Node(from, first.subList(from, end), group.size(), numHits, nodes(group, end));
    }

    private static boolean areSameAt(Collection<RecentPrompt> prompts, int position) {
        return prompts.stream().map(RecentPrompt::head)
                .map(head -> position < head.size() ? head.get(position) : -1).distinct().count() == 1;
    }
}
