package io.github.pastkv.model.grammar;

import io.github.pastkv.model.grammar.automaton.Expression;
import io.github.pastkv.model.grammar.automaton.Rules;
import io.github.pastkv.model.grammar.schema.JsonSchema;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Turns a {@link GrammarPart} into rules. The rules of each schema get names of their own. */
final class PartRules {
    private final Map<String, Expression> rules = new LinkedHashMap<>();
    private final Map<String, String> rootBySchema = new HashMap<>();
    private int numFreeTexts;
    private int numEmbedded;

    private PartRules() {}

    static Rules of(GrammarPart part) {
        PartRules all = new PartRules();
        all.rules.put(Rules.ROOT, all.expression(part));
        return new Rules(Rules.ROOT, all.rules);
    }

    private Expression expression(GrammarPart part) {
        return switch (part) {
            case GrammarPart.Literal literal -> new Expression.Text(literal.text());
            case GrammarPart.Schema schema ->
                    new Expression.Call(rootBySchema.computeIfAbsent(schema.schema(), this::addSchema));
            case GrammarPart.Embedded(Rules own) -> embedded(own);
            case GrammarPart.Sequence sequence ->
                    new Expression.Sequence(sequence.parts().stream().map(this::expression).toList());
            case GrammarPart.Choice choice ->
                    new Expression.Choice(choice.options().stream().map(this::expression).toList());
            case GrammarPart.Star star -> Expression.star(expression(star.part()));
            case GrammarPart.FreeText text -> freeText(text);
        };
    }

    private Expression embedded(Rules own) {
        Rules renamed = own.withPrefix("embedded " + numEmbedded++ + ": ");
        rules.putAll(renamed.byName());
        return new Expression.Call(renamed.root());
    }

    private String addSchema(String schema) {
        String prefix = "schema " + rootBySchema.size() + ": ";
        Rules own = JsonSchema.rules(schema).withPrefix(prefix);
        rules.putAll(own.byName());
        return own.root();
    }

    private Expression freeText(GrammarPart.FreeText text) {
        String prefix = "free text " + numFreeTexts++ + ": ";
        Rules own = new FreeTextRules(text.excludedBeginning(), text.marker(), prefix).rules(expression(text.rest()));
        rules.putAll(own.byName());
        return new Expression.Call(own.root());
    }
}
