package io.github.pastkv.model.grammar;

import io.github.pastkv.model.grammar.automaton.Automaton;
import io.github.pastkv.model.grammar.automaton.AutomatonLimitException;
import io.github.pastkv.model.grammar.automaton.Expression;
import io.github.pastkv.model.grammar.automaton.Rules;
import io.github.pastkv.model.grammar.schema.JsonSchema;
import io.github.pastkv.model.grammar.syntax.Gbnf;
import io.github.pastkv.model.grammar.syntax.Regex;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A set of texts that a generation must stay within: constrained decoding. A generation with a grammar masks the tokens
 * that would leave it, ends only where a text of the grammar may end, and appends what the grammar leaves no choice
 * about without sampling. What a factory method does not support it refuses by name.
 *
 * <p>A grammar remembers which tokens may follow, so reuse it for generations of the same kind. Safe for any number of
 * threads.
 */
public final class Grammar {
    private final String kind;
    private final Rules rules;
    private final Automaton automaton;
    private final @Nullable List<String> controlTokens; // that its texts spell; null for texts without any
    private volatile @Nullable TokenMasks lastMasks;

    private Grammar(String kind, Rules rules) {
        this(kind, rules, null);
    }

    private Grammar(String kind, Rules rules, @Nullable List<String> controlTokens) {
        this.kind = kind;
        this.controlTokens = controlTokens;
        this.rules = rules;
        this.automaton = new Automaton(rules);
    }

    /**
     * One of these texts.
     *
     * @throws IllegalArgumentException if there are none, or one is empty
     */
    public static Grammar ofChoices(List<String> choices) {
        Objects.requireNonNull(choices, "choices: null");
        if (choices.isEmpty() || choices.stream().anyMatch(each -> each == null || each.isEmpty())) {
            throw new IllegalArgumentException("choices: " + choices + ", must be texts that are not empty");
        }
        return new Grammar(choices.size() + " choices", Rules.of(new Expression.Choice(
                choices.stream().<Expression> map(Expression.Text::new).toList())));
    }

    /**
     * The texts that a regular expression matches as a whole. Known are alternatives, groups, classes, {@code .},
     * {@code \d \w \s} and their opposites, escapes, and repetition; {@code ^} and {@code $} may stand at the ends.
     *
     * @throws IllegalArgumentException naming what is not supported, such as back references and look-ahead
     */
    public static Grammar ofRegex(String regex) {
        return new Grammar("regex " + regex,
                Rules.of(Regex.parse(Objects.requireNonNull(regex, "regex: null")).whole()));
    }

    /**
     * JSON texts that are instances of a schema (draft 2020-12, its usual part): with one space after colons and commas
     * and no other white space, and with properties in the order of the schema.
     *
     * @throws IllegalArgumentException naming the keyword that is not supported, and the place of its schema
     */
    public static Grammar ofJsonSchema(String schema) {
        return new Grammar("JSON schema", JsonSchema.rules(Objects.requireNonNull(schema, "schema: null")));
    }

    /** The texts of any JSON object. */
    public static Grammar ofJsonObject() {
        return new Grammar("JSON object", JsonSchema.anyObject());
    }

    /**
     * The texts of a grammar in llama.cpp's notation (GBNF), from its rule {@code root}.
     *
     * @throws IllegalArgumentException naming what is wrong or not supported, such as left recursion
     */
    public static Grammar ofGbnf(String rules) {
        return new Grammar("GBNF", Gbnf.parse(Objects.requireNonNull(rules, "rules: null")));
    }

    /**
     * The texts of a part.
     *
     * @param controlTokens spellings of control tokens that its texts hold, such as {@code <tool_call>}: where the
     *        tokenizer has them, they are generated as these tokens and are part of the answer's text
     * @throws IllegalArgumentException naming what is not supported
     */
    public static Grammar of(GrammarPart part, List<String> controlTokens) {
        Objects.requireNonNull(part, "part: null");
        return new Grammar("parts", PartRules.of(part), List.copyOf(controlTokens));
    }

    /**
     * The same texts as a part of a larger grammar.
     *
     * @throws IllegalArgumentException if they spell control tokens
     */
    public GrammarPart part() {
        if (controlTokens != null && !controlTokens.isEmpty()) {
            throw new IllegalArgumentException(
                    "grammar: spells the control tokens " + controlTokens + ", and so cannot be a part of another");
        }
        return new GrammarPart.Embedded(rules);
    }

    /**
     * Whether one of the texts begins with {@code text}.
     *
     * @throws IllegalArgumentException if it may be read in too many ways
     */
    public boolean mayBegin(String text) {
        try {
            return !automaton.next(automaton.start(), text.getBytes(StandardCharsets.UTF_8)).isDead();
        } catch (AutomatonLimitException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /**
     * Follows one text of the grammar from its beginning.
     *
     * @param tokenizer of the model
     * @param beginsText whether nothing precedes the text, as tokenizers of sentencepiece then take a leading space
     *        away
     * @throws IllegalArgumentException if the tokenizer is of a kind whose tokens have no fixed bytes
     */
    public GrammarMatcher matcher(TextTokenizer tokenizer, boolean beginsText) {
        TokenMasks masks = lastMasks;
        if (masks == null || masks.tokenizer() != tokenizer) {
            masks = new TokenMasks(automaton, tokenizer, controlTokens == null
                    ? ControlTokenBytes.NONE
                    : ControlTokenBytes.of(tokenizer.vocabulary(), controlTokens));
            lastMasks = masks;
        }
        return new GrammarMatcher(automaton, masks, beginsText && tokenizer.trie().stripsFirstSpace());
    }

    @Override
    public String toString() {
        return "Grammar[" + kind + "]";
    }
}
