package io.github.pastkv.model.grammar.automaton;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Small random grammars over a few characters of one to four bytes. */
public final class RandomRules {
    /** Characters of texts. */
    public static final List<String> ALPHABET = List.of("a", "b", "\u00e9", "\ud83d\ude00");

    private final Random random;
    private final int numRules;

    private RandomRules(Random random) {
        this.random = random;
        this.numRules = 1 + random.nextInt(4);
    }

    /** Rules that an automaton can be made of. */
    public static Rules next(Random random) {
        while (true) {
            try {
                Rules rules = new RandomRules(random).rules();
                new Automaton(rules);
                return rules;
            } catch (IllegalArgumentException _) {
                // left recursive or without a text: try the next one
            }
        }
    }

    private Rules rules() {
        Map<String, Expression> rules = new LinkedHashMap<>();
        for (int rule = 0; rule < numRules; rule++) {
            rules.put("r" + rule, expression(3));
        }
        return new Rules("r0", rules);
    }

    private Expression expression(int depth) {
        return switch (random.nextInt(depth == 0 ? 3 : 7)) {
            case 0 -> new Expression.Text(letter());
            case 1 -> new Expression.OneOf(letters());
            case 2 -> new Expression.Call("r" + random.nextInt(numRules));
            case 3 -> new Expression.Choice(parts(depth));
            case 4 -> {
                int min = random.nextInt(3);
                int max = random.nextBoolean() ? Expression.UNBOUNDED : min + random.nextInt(3);
                yield new Expression.Repeat(expression(depth - 1), min, max);
            }
            default -> new Expression.Sequence(parts(depth));
        };
    }

    private List<Expression> parts(int depth) {
        List<Expression> parts = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            parts.add(expression(depth - 1));
        }
        return parts;
    }

    private String letter() {
        return random.nextInt(8) == 0 ? "" : ALPHABET.get(random.nextInt(ALPHABET.size()));
    }

    private CodePoints letters() {
        CodePoints set = CodePoints.of(letter() + letter());
        return random.nextBoolean() ? set : set.complement();
    }
}
