package io.github.pastkv.model.grammar.automaton;

import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Recognizes a text by trying all ways to read it, as rules are defined: the reference for {@link Automaton}. */
final class NaiveGrammar {
    private final Rules rules;
    private final int[] text;
    private final Map<String, BitSet> endsByCall = new HashMap<>();

    private NaiveGrammar(Rules rules, String text) {
        this.rules = rules;
        this.text = text.codePoints().toArray();
    }

    static boolean accepts(Rules rules, String text) {
        NaiveGrammar grammar = new NaiveGrammar(rules, text);
        return grammar.ends(new Expression.Call(rules.root()), 0).get(grammar.text.length);
    }

    /** Where a text of an expression may end that begins at {@code from}. */
    private BitSet ends(Expression expression, int from) {
        return switch (expression) {
            case Expression.Text(String wanted) -> endsOf(wanted.codePoints().toArray(), from);
            case Expression.OneOf(CodePoints set) -> from < text.length && set.contains(text[from])
                    ? only(from + 1)
                    : new BitSet();
            case Expression.Sequence(List<Expression> parts) -> {
                BitSet ends = only(from);
                for (Expression part : parts) {
                    ends = after(ends, part);
                }
                yield ends;
            }
            case Expression.Choice(List<Expression> options) -> {
                BitSet ends = new BitSet();
                options.forEach(option -> ends.or(ends(option, from)));
                yield ends;
            }
            case Expression.Repeat repeat -> endsOf(repeat, from);
            case Expression.ControlToken _ -> new BitSet(); // no text holds one
            case Expression.Call(String rule) -> {
                BitSet known = endsByCall.get(rule + "@" + from);
                if (known == null) {
                    known = ends(rules.byName().get(rule), from);
                    endsByCall.put(rule + "@" + from, known);
                }
                yield known;
            }
        };
    }

    private BitSet endsOf(int[] wanted, int from) {
        boolean fits = from + wanted.length <= text.length;
        for (int i = 0; i < wanted.length && fits; i++) {
            fits = text[from + i] == wanted[i];
        }
        return fits ? only(from + wanted.length) : new BitSet();
    }

    private BitSet endsOf(Expression.Repeat repeat, int from) {
        BitSet ends = new BitSet();
        BitSet reached = only(from);
        int most = Math.min(repeat.max(), repeat.min() + text.length + 1);
        for (int count = 0; count <= most; count++) {
            if (count >= repeat.min()) {
                ends.or(reached);
            }
            reached = count < most ? after(reached, repeat.part()) : reached;
        }
        return ends;
    }

    private BitSet after(BitSet starts, Expression part) {
        BitSet ends = new BitSet();
        starts.stream().forEach(start -> ends.or(ends(part, start)));
        return ends;
    }

    private static BitSet only(int index) {
        BitSet set = new BitSet();
        set.set(index);
        return set;
    }
}
