package io.github.pastkv.model.grammar;

import io.github.pastkv.model.grammar.automaton.CodePoints;
import io.github.pastkv.model.grammar.automaton.Expression;
import io.github.pastkv.model.grammar.automaton.Rules;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Rules of a text that is free up to a marker, found as Knuth, Morris and Pratt find it: one rule for each number of
 * characters of the marker that the text so far ends with, and one for each number of those of the excluded beginning
 * that it consists of. Each rule calls the next one last, which needs no stack.
 */
final class FreeTextRules {
    private final int[] beginning;
    private final int[] marker;
    private final int[] borders; // of each prefix of the marker, the length of its longest proper border
    private final String prefix;
    private final Map<String, Expression> rules = new LinkedHashMap<>();

    /** @param prefix of the names of all rules */
    FreeTextRules(String excludedBeginning, String marker, String prefix) {
        this.beginning = excludedBeginning.codePoints().toArray();
        this.marker = marker.codePoints().toArray();
        this.prefix = prefix;
        this.borders = new int[this.marker.length + 1];
        for (int length = 2; length <= this.marker.length; length++) {
            borders[length] = matchedAfter(borders[length - 1], this.marker[length - 1]);
        }
    }

    /** The rules, with what follows the marker. */
    Rules rules(Expression rest) {
        rules.put(name("rest", 0), rest);
        for (int matched = 0; matched < Math.max(1, marker.length); matched++) {
            rules.put(name("matched", matched), options(matched, markerCharacters(), null));
        }
        int matched = 0;
        for (int length = 0; length < beginning.length; length++) {
            rules.put(name("beginning", length), beginningOptions(length, matched));
            matched = matchedAfter(matched, beginning[length]);
        }
        return new Rules(beginning.length == 0 ? name("matched", 0) : name("beginning", 0), rules);
    }

    private Set<Integer> markerCharacters() {
        return Arrays.stream(marker).boxed().collect(Collectors.toCollection(LinkedHashSet::new));
    }

    private String name(String kind, int number) {
        return prefix + kind + " " + number;
    }

    private Expression beginningOptions(int length, int matched) {
        Set<Integer> special = markerCharacters();
        special.remove(beginning[length]);
        Expression onward = length + 1 == beginning.length
                ? new Expression.Choice(List.of())
                : Expression.sequence(text(beginning[length]),
                        new Expression.Call(name("beginning", length + 1)));
        return options(matched, special, new Onward(beginning[length], onward));
    }

    /** What follows where the text goes on as its excluded beginning does. */
    private record Onward(int character, Expression expression) {}

    /** What may follow: the end, a character of the marker, another one, a control token. */
    private Expression options(int matched, Set<Integer> special,
            @Nullable Onward onward) {
        List<Expression> options = new ArrayList<>();
        options.add(Expression.EMPTY);
        CodePoints others = CodePoints.ALL;
        for (int character : special) {
            others = others.minus(CodePoints.range(character, character));
            options.add(Expression.sequence(text(character), after(matchedAfter(matched, character))));
        }
        if (onward != null) {
            others = others.minus(CodePoints.range(onward.character(), onward.character()));
            options.add(onward.expression());
        }
        options.add(Expression.sequence(new Expression.OneOf(others), after(0)));
        options.add(Expression.sequence(new Expression.ControlToken(), after(0)));
        return new Expression.Choice(options);
    }

    private Expression after(int matched) {
        return new Expression.Call(
                marker.length > 0 && matched == marker.length ? name("rest", 0) : name("matched", matched));
    }

    private static Expression text(int character) {
        return new Expression.Text(Character.toString(character));
    }

    /** Characters of the marker that the text ends with after one more character. */
    private int matchedAfter(int matched, int character) {
        int length = matched;
        while (length > 0 && (length == marker.length || marker[length] != character)) {
            length = borders[length];
        }
        return length < marker.length && marker[length] == character ? length + 1 : 0;
    }
}
