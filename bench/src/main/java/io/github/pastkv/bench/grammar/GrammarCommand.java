package io.github.pastkv.bench.grammar;

import io.github.pastkv.chat.tools.ToolCallFormat;
import io.github.pastkv.chat.tools.ToolChoice;
import io.github.pastkv.model.grammar.Grammar;
import io.github.pastkv.model.grammar.GrammarMatcher;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import io.github.pastkv.model.tokenizer.TokenTrie;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Times the masks of grammars without a model: texts of random logits, in which tokens with a quote or a closing
 * bracket are preferred. In processor time, for each grammar: reading it, the masks of the first text, those of all
 * later texts, and the slowest mask of all texts. A mask is slow when its state is new. {@code call} requires calls of
 * three tools, {@code auto} is a text that may call them, and {@code either} is calls or an instance of {@code tree}.
 *
 * <p>Run: {@code mvn -Dquick -DskipTests -pl bench -am package -Dgrammar="--tokenizer DIR"}
 */
@Command(name = "grammar", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Times the masks of grammars.")
public final class GrammarCommand implements Callable<Integer> {
    private static final int MAX_TOKENS = 400;
    private static final double CLOSING_BONUS = 0.15;
    private static final String TOOL = """
            {"type": "object", "properties": {
              "city": {"type": "string", "description": "where"},
              "unit": {"enum": ["celsius", "fahrenheit"]},
              "days": {"type": "integer", "minimum": 1, "maximum": 14},
              "when": {"type": "string", "format": "date-time"}},
             "required": ["city", "unit"], "additionalProperties": false}""";
    private static final String TREE = """
            {"type": "object", "properties": {
              "name": {"type": "string", "maxLength": 40},
              "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 4},
              "price": {"type": "number", "minimum": 0},
              "children": {"type": "array", "items": {"$ref": "#"}, "maxItems": 3}},
             "required": ["name", "children"], "additionalProperties": false}""";

    /** As Hermes and Qwen write calls. */
    private static final ToolCallFormat CALLS = new ToolCallFormat("hermes", "<tool_call>", false, "\n{\"name\": \"",
            "\", \"arguments\": ", "}\n</tool_call>", "\n<tool_call>\n{\"name\": \"", "",
            List.of("<tool_call>", "</tool_call>"));

    @Option(names = "--tokenizer", paramLabel = "DIR", required = true,
            description = "Folder with a tokenizer.json.") private Path folder;

    @Option(names = "--vocab-size", paramLabel = "N",
            description = "Add joined tokens up to N. Default: none.") private int vocabSize;

    @Option(names = "--texts", paramLabel = "N", description = "Texts per grammar. Default: 30.") private int numTexts =
            30;

    @SuppressWarnings("NullAway.Init") // picocli sets folder
    private GrammarCommand() {}

    /** The command. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new GrammarCommand()).execute(args));
    }

    @Override
    public Integer call() throws IOException {
        Map<String, Grammar> grammars = new TreeMap<>();
        try (TextTokenizer tokenizer = open()) {
            long start = cpuNanos();
            TokenTrie trie = tokenizer.trie();
            System.out.printf(Locale.ROOT, "%d tokens, tree of %d nodes in %.0f ms%n", trie.numTokens(),
                    trie.numNodes(), millis(cpuNanos() - start));
            for (String name : new String[] {"regex", "object", "tool", "tree", "call", "auto", "either"}) {
                long begin = cpuNanos();
                grammars.put(name, grammar(name));
                System.out.printf(Locale.ROOT, "%-7s read in %.1f ms%n", name, millis(cpuNanos() - begin));
            }
            System.out.println("grammar  first text: tokens, ms per mask   later: tokens, ms per mask   slowest ms");
            for (Map.Entry<String, Grammar> grammar : grammars.entrySet()) {
                measure(grammar.getKey(), grammar.getValue(), tokenizer);
            }
        }
        return 0;
    }

    private TextTokenizer open() throws IOException {
        if (vocabSize == 0) {
            return TextTokenizer.openFolder(folder);
        }
        Path file = Files.createTempFile("tokenizer", ".json");
        try {
            Files.writeString(file, joined(Files.readString(folder.resolve("tokenizer.json"))));
            return TextTokenizer.open(file);
        } finally {
            Files.delete(file);
        }
    }

    /** A vocabulary with more tokens, each two of the file's tokens after one another. */
    private String joined(String json) {
        ObjectNode root = (ObjectNode) JsonMapper.shared().readTree(json);
        ObjectNode vocab = (ObjectNode) root.path("model").path("vocab");
        List<String> tokens = List.copyOf(vocab.propertyNames());
        Random random = new Random(1);
        while (vocab.size() < vocabSize) {
            String token = tokens.get(random.nextInt(tokens.size())) + tokens.get(random.nextInt(tokens.size()));
            if (!vocab.has(token)) {
                vocab.put(token, vocab.size());
            }
        }
        return root.toString();
    }

    private static Grammar grammar(String name) {
        return switch (name) {
            case "regex" -> Grammar.ofRegex("([A-Z][a-z]+ ){2,5}\\(\\d{4}\\): .{10,200}");
            case "object" -> Grammar.ofJsonObject();
            case "tool" -> Grammar.ofJsonSchema(TOOL);
            case "call" -> CALLS.grammar(RealTools.tools().withChoice(ToolChoice.required()));
            case "auto" -> CALLS.grammar(RealTools.tools());
            case "either" -> CALLS.grammar(RealTools.tools().withText(Grammar.ofJsonSchema(TREE)));
            default -> Grammar.ofJsonSchema(TREE);
        };
    }

    private void measure(String name, Grammar grammar, TextTokenizer tokenizer) {
        double[] bonus = bonus(tokenizer);
        Times first = new Times();
        Times later = new Times();
        for (int text = 0; text < numTexts; text++) {
            run(grammar.matcher(tokenizer, false), bonus, new Random(text), text == 0 ? first : later);
        }
        System.out.printf(Locale.ROOT, "%-7s %15d %13.3f %17d %13.3f %13.2f%n", name, first.count, first.mean(),
                later.count, later.mean(), Math.max(first.slowest, later.slowest));
    }

    private static double[] bonus(TextTokenizer tokenizer) {
        TokenTrie trie = tokenizer.trie();
        double[] bonus = new double[tokenizer.vocabSize()];
        Arrays.setAll(bonus, id -> trie.contains(id) && isClosing(trie.bytes(id)) ? CLOSING_BONUS : 0);
        return bonus;
    }

    private static boolean isClosing(byte[] bytes) {
        for (byte value : bytes) {
            if (value == '"' || value == '}' || value == ']') {
                return true;
            }
        }
        return false;
    }

    /** Takes the best of random logits, with the times of the masks alone. */
    private static void run(GrammarMatcher matcher, double[] bonus, Random random, Times times) {
        double[] logits = new double[bonus.length];
        for (int token = 0; token < MAX_TOKENS && !matcher.isComplete(); token++) {
            for (int id = 0; id < logits.length; id++) {
                logits[id] = random.nextDouble() + bonus[id];
            }
            long start = cpuNanos();
            matcher.mask(logits, Set.of());
            matcher.forcedTokens();
            times.add(millis(cpuNanos() - start));
            int best = 0;
            for (int id = 1; id < logits.length; id++) {
                best = logits[id] > logits[best] ? id : best;
            }
            matcher.accept(best);
        }
    }

    /** Processor time of this thread, which other load on the machine changes little. */
    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static double millis(long nanos) {
        return nanos / 1e6;
    }

    /** Times of masks. */
    private static final class Times {
        private int count;
        private double sum;
        private double slowest;

        void add(double millis) {
            count++;
            sum += millis;
            slowest = Math.max(slowest, millis);
        }

        double mean() {
            return count == 0 ? 0 : sum / count;
        }
    }
}
