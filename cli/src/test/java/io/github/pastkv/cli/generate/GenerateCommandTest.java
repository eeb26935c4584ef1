package io.github.pastkv.cli.generate;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cli.CommandRun;
import io.github.pastkv.cli.TestModels;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.files.SafetensorsFile;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class GenerateCommandTest {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String STORY = "Once upon a time";

    /**
     * As many as the context leaves room for, so that the window lets go of some in spite of what rewinds may ask for.
     */
    private static final int NUM_WINDOWED = 70;

    @TempDir Path folder;

    @ParameterizedTest
    @CsvSource({"llama, f32", "gpt2, f32"})
    void tokens_greedy_areThoseOfTheReference(String model, String kvType) throws Exception {
        CommandRun run = CommandRun.of("generate", "--model", TestModels.folder(model).toString(), "--tokens",
                TestModels.prompt(model), "--temperature", "0", "--ignore-eos", "--max-new-tokens", "24", "--kv-type",
                kvType);
        try (SafetensorsFile expected = TestModels.expected(model)) {
            assertThat(run.out()).isEqualTo(TestModels.join(expected.longs("greedy")) + "\n");
        }
        assertThat(run.exitCode()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--block-size=1", "--block-size=64", "--threads=1", "--threads=3", "--kernels=scalar",
        "--compute=f32", "--kv-type=f32", "--cache-limit=1g", "--seed=7", "--top-k=1", "--top-p=0"})
    void options_thatMayNotChangeTheResult_doNot(String option) throws Exception {
        String[] plain = {"generate", "--model", TestModels.folder("llama").toString(), "--tokens",
            TestModels.prompt("llama"), "--max-new-tokens", "24"};
        List<String> args = new ArrayList<>(List.of(plain));
        args.add(option);
        assertThat(CommandRun.of(args.toArray(String[]::new)).out()).isEqualTo(CommandRun.of(plain).out());
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', value = {"f32, 32, 32, 0", "f16, 16, 16, 0", "bf16, 16, 16, 0", "q8, 10, 10, 0",
        "q8:f32, 10, 32, 0", "`bf16,1=f32`, 16, 16, 32"})
    void kvType_decidesTheBytesOfTheCache(String kvType, int keyBytes, int valueBytes, int more) throws Exception {
        JsonNode json = json("--model", TestModels.folder("llama").toString(), "--tokens", "5,6,7", "--max-new-tokens",
                "4", "--kv-type", kvType);
        assertThat(json.get("kv_type").stringValue()).isEqualTo(kvType);
        // one block of 16 tokens, 4 layers, 2 heads of 8
        assertThat(json.get("cache_bytes").longValue()).isEqualTo(16L * 2 * (4L * (keyBytes + valueBytes) + more));
    }

    /** What {@code WindowSessionTest} shows equal to one run with the mask, at the command line. */
    @Test
    void window_isTheSessions_andBoundsTheCache() throws Exception {
        Path model = TestModels.folder("llama");
        KvWindow window = new KvWindow(12, 3);
        int[] promptIds = Arrays.stream(TestModels.prompt("llama").split(",")).mapToInt(Integer::parseInt).toArray();
        List<Integer> expected;
        try (Model loaded = Model.load(model);
                Session session = loaded.newSession(SessionOptions.defaults().withWindow(window))) {
            expected = session.generate(new int[][] {promptIds}, GenerationOptions.greedy(NUM_WINDOWED).ignoringEos(),
                    GenerationListener.NONE).rows().getFirst().tokenIds();
        }
        String[] plain = {"--model", model.toString(), "--tokens", TestModels.prompt("llama"), "--max-new-tokens",
            String.valueOf(NUM_WINDOWED), "--block-size", "4", "--ignore-eos"};
        List<String> args = new ArrayList<>(List.of(plain));
        args.addAll(List.of("--window", "12", "--sinks", "3"));
        JsonNode windowed = json(args.toArray(String[]::new));
        JsonNode unbounded = json(plain);
        assertThat(ids(windowed)).isEqualTo(expected).isNotEqualTo(ids(unbounded));
        assertThat(windowed.get("window").intValue()).isEqualTo(12);
        assertThat(windowed.get("sinks").intValue()).isEqualTo(3);
        assertThat(windowed.get("cache_bytes").longValue()).isLessThan(unbounded.get("cache_bytes").longValue());
    }

    private static List<Integer> ids(JsonNode json) {
        List<Integer> ids = new ArrayList<>();
        json.get("tokens").forEach(id -> ids.add(id.intValue()));
        return ids;
    }

    @Test
    void text_isPromptAndContinuation_andEndsItsLine() {
        CommandRun run = story("--max-new-tokens", "20");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).startsWith(STORY).endsWith("\n").hasSizeGreaterThan(STORY.length() + 10);
        assertThat(run.err()).hasLineCount(1).matches("4 prompt tokens, first token after \\d+ ms, prompt \\d+\\.\\d "
                + "tok/s, decode \\d+\\.\\d tok/s \\(20 new tokens\\), cache [\\d.]+ KiB f32, compute (f32|bf16) on .+, "
                + "ended by --max-new-tokens 20\n");
    }

    @Test
    void grammar_keepsTheContinuationWithinIt() throws IOException {
        assertThat(story("--regex", ", [A-Z][a-z]{2,5} (ran|slept)\\.").out()).matches(
                STORY + ", [A-Z][a-z]{2,5} (ran|slept)\\.\n");
        assertThat(story("--choice", " yes", "--choice", " no").out()).matches(STORY + " (yes|no)\n");
        Path schema = Files.writeString(folder.resolve("schema.json"), """
                {"type": "object", "properties": {"name": {"type": "string", "maxLength": 8}, "old": {"type": "boolean"}},
                 "required": ["name", "old"], "additionalProperties": false}""");
        Path gbnf = Files.writeString(folder.resolve("list.gbnf"), "root ::= (\"\\n- \" [a-z]{3})+ \"\\n!\"");
        assertThat(story("--json-schema", schema.toString()).out())
                .matches(STORY + "\\{\"name\": \"[^\"]*\", \"old\": (true|false)}\n");
        assertThat(story("--grammar", gbnf.toString()).out()).matches(STORY + "(\n- [a-z]{3})+(\n!)?\n");
        assertThat(story("--choice", " yes", "--regex", "a").err())
                .contains("--choice, --regex, --json-schema, --grammar: give one of them");
        assertThat(story("--regex", "(a)\\1").err()).contains("regex: '\\1' is not supported");
        assertThat(story("--json-schema", gbnf.toString()).err()).contains("JSON schema: not JSON");
        assertThat(story("--json-schema", folder.resolve("none").toString()).err()).contains("none");
        assertThat(story("--regex", "a", "--num-beams", "2").err()).contains("do not go with --num-beams");
    }

    @Test
    void fullContext_isNamedAsTheEnd() {
        CommandRun run =
                CommandRun.of("generate", "--model", TestModels.folder("llama").toString(), "--tokens", "5,6,7",
                        "--ignore-eos", "--temperature", "0");
        assertThat(run.err()).contains("(94 new tokens)").endsWith("ended by a full context\n");
    }

    @ParameterizedTest
    @CsvSource({"f32, stored, f32", "bf16, stored, bf16", "f32, int8, f32 int8", "bf16, int8, bf16 int8"})
    void computeAndWeights_areTakenAndNamed(String compute, String weights, String named) throws Exception {
        JsonNode json = json("--model", TestModels.folder("llama").toString(), "--tokens", "5,6,7", "--max-new-tokens",
                "2", "--compute", compute, "--weights", weights);
        assertThat(json.get("compute").stringValue()).isEqualTo(named);
    }

    @Test
    void autoCompute_ofAnF32Checkpoint_isF32() throws Exception {
        JsonNode json = json("--model", TestModels.folder("llama").toString(), "--tokens", "5,6,7", "--max-new-tokens",
                "2", "--compute", "auto");
        assertThat(json.get("compute").stringValue()).isEqualTo("f32");
    }

    @Test
    void sameCommand_givesTheSameText_anotherSeedAnother() {
        String first = story("--max-new-tokens", "40").out();
        assertThat(story("--max-new-tokens", "40").out()).isEqualTo(first);
        assertThat(story("--max-new-tokens", "40", "--seed", "0").out()).isEqualTo(first);
        assertThat(story("--max-new-tokens", "40", "--seed", "1").out()).isNotEqualTo(first);
    }

    @Test
    void json_holdsTextTokensAndNumbers_inAStableOrder() throws Exception {
        CommandRun text = story("--max-new-tokens", "20");
        CommandRun run = story("--max-new-tokens", "20", "--json");
        assertThat(run.out()).hasLineCount(1);
        JsonNode json = JSON.readTree(run.out());
        assertThat(json.propertyNames()).containsExactly("model", "prompt", "prompt_tokens", "tokens", "text",
                "finish_reason", "reused_tokens", "cached_tokens", "time_to_first_token_ms", "prompt_tokens_per_second",
                "decode_tokens_per_second",
                "drafted_tokens", "cache_bytes", "kv_type", "window", "sinks", "compute", "kernels", "temperature",
                "top_k", "top_p", "min_p", "typical_p", "repetition_penalty", "presence_penalty", "frequency_penalty",
                "no_repeat_ngram", "min_new_tokens", "suppress_tokens", "logit_bias", "seed");
        assertThat(json.get("prompt").stringValue()).isEqualTo(STORY);
        assertThat(text.out().strip()).isEqualTo((STORY + json.get("text").stringValue()).strip());
        assertThat(json.get("tokens").size()).isEqualTo(20);
        assertThat(json.get("finish_reason").stringValue()).isEqualTo("length");
        assertThat(json.get("model").stringValue()).isEqualTo("tiny");
        assertThat(json.get("compute").stringValue()).isIn("f32", "bf16");
        assertThat(json.get("time_to_first_token_ms").doubleValue()).isPositive();
        assertThat(json.get("decode_tokens_per_second").doubleValue()).isPositive();
    }

    @Test
    void json_withoutTokenizer_hasNoText() throws Exception {
        JsonNode json = json("--model", TestModels.folder("llama").toString(), "--tokens", "5, 6,7",
                "--max-new-tokens", "1");
        assertThat(json.get("prompt").isNull()).isTrue();
        assertThat(json.get("text").isNull()).isTrue();
        assertThat(json.get("prompt_tokens").intValue()).isEqualTo(3);
        assertThat(json.get("tokens").size()).isEqualTo(1);
        assertThat(json.get("decode_tokens_per_second").doubleValue()).isZero();
    }

    @Test
    void contextLimit_endsAsFull() throws Exception {
        JsonNode json = json("--model", TestModels.folder("llama").toString(), "--tokens", "5,6,7",
                "--max-new-tokens", "1000", "--ignore-eos");
        assertThat(json.get("finish_reason").stringValue()).isEqualTo("context_full");
        assertThat(json.get("tokens").size()).isEqualTo(96 - 3 + 1);
        String full = IntStream.range(0, 96).mapToObj(String::valueOf).collect(Collectors.joining(","));
        assertThat(json("--model", TestModels.folder("llama").toString(), "--tokens", full).get("tokens").size())
                .isEqualTo(1);
    }

    @Test
    void stopToken_endsIt_unlessIgnored() throws Exception {
        // The greedy continuation begins 36, 70, 81.
        Path model = TestModels.withGenerationConfig("llama", folder, "{\"eos_token_id\": [81, 2]}");
        String[] args = {"--model", model.toString(), "--tokens", TestModels.prompt("llama"), "--max-new-tokens", "5"};
        JsonNode json = json(args);
        assertThat(json.get("tokens").toString()).isEqualTo("[36,70]");
        assertThat(json.get("finish_reason").stringValue()).isEqualTo("stop_token");
        List<String> ignoring = new ArrayList<>(List.of(args));
        ignoring.add("--ignore-eos");
        assertThat(json(ignoring.toArray(String[]::new)).get("tokens").toString()).isEqualTo("[36,70,81,25,10]");
    }

    @Test
    void minNewTokens_ofTheModelOrAnOption_keepItFromEndingEarlier() throws Exception {
        // The greedy continuation begins 36, 70, 81.
        Path model = TestModels.withGenerationConfig("llama", folder,
                "{\"eos_token_id\": [36, 70, 81], \"min_new_tokens\": 2}");
        String[] args = {"--model", model.toString(), "--tokens", TestModels.prompt("llama"), "--max-new-tokens", "5"};
        JsonNode twoAtLeast = json(args);
        assertThat(twoAtLeast.get("tokens").size()).isGreaterThanOrEqualTo(2);
        assertThat(twoAtLeast.get("min_new_tokens").intValue()).isEqualTo(2);
        JsonNode none = json(and(args, "--min-new-tokens", "0"));
        assertThat(none.get("tokens").size()).isZero();
        assertThat(none.get("min_new_tokens").intValue()).isZero();
    }

    @Test
    void stopString_endsIt_andIsNotPrinted() throws Exception {
        String all = JSON.readTree(story("--max-new-tokens", "30", "--json").out()).get("text").stringValue();
        String stop = all.substring(20, 24);
        JsonNode json =
                JSON.readTree(story("--max-new-tokens", "30", "--json", "--stop", "@none@", "--stop", stop).out());
        assertThat(json.get("finish_reason").stringValue()).isEqualTo("stop_string");
        assertThat(json.get("text").stringValue()).isEqualTo(all.substring(0, all.indexOf(stop)));
        assertThat(story("--max-new-tokens", "30", "--stop", stop).out().strip())
                .isEqualTo((STORY + all.substring(0, all.indexOf(stop))).strip());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{}                                                       |                        | 0   0 1    1",
        "{\"do_sample\": true}                                    |                        | 1   0 1    1",
        "{\"do_sample\": true, \"temperature\": 0.5, \"top_k\": 3} |                        | 0.5 3 1    1",
        "{\"do_sample\": true, \"temperature\": 0.5, \"top_k\": 3} | --temperature=0        | 0   3 1    1",
        "{\"do_sample\": true, \"temperature\": 0.5, \"top_k\": 3} | --top-k=0              | 0.5 0 1    1",
        "{\"temperature\": 0.5, \"repetition_penalty\": 1.5}      |                        | 0   0 1    1.5",
        "{\"top_p\": 0.9}                                         | --temperature=0.7      | 0.7 0 0.9  1",
        "{}                                                       | --top-p=0.25           | 1   0 0.25 1",
        "{}                                                       | --top-k=4              | 1   4 1    1",
        "{}                                                       | --repetition-penalty=2 | 0   0 1    2"})
    void sampling_isTheModels_unlessSaidOtherwise(String config, String option, String expected) throws Exception {
        Path model = TestModels.withGenerationConfig("llama", folder, config);
        List<String> args = new ArrayList<>(
                List.of("--model", model.toString(), "--tokens", "5,6", "--max-new-tokens", "2"));
        if (option != null) {
            args.add(option);
        }
        JsonNode json = json(args.toArray(String[]::new));
        List<Double> chosen = List.of(json.get("temperature").doubleValue(), json.get("top_k").doubleValue(),
                json.get("top_p").doubleValue(), json.get("repetition_penalty").doubleValue());
        assertThat(chosen).isEqualTo(
                java.util.Arrays.stream(expected.split(" +")).map(Double::valueOf).toList());
    }

    @Test
    void suppressTokens_ofTheModel_areNeverGenerated() throws Exception {
        String[] args = {"--tokens", "5,6", "--max-new-tokens", "12", "--ignore-eos", "--model"};
        JsonNode free = json(with(args, TestModels.withGenerationConfig("llama", folder, "{}")));
        int first = free.get("tokens").get(0).intValue();
        Path model = java.nio.file.Files.createDirectory(folder.resolve("suppressed"));
        String config = "{\"suppress_tokens\": [" + first + "]}";
        JsonNode suppressed = json(with(args, TestModels.withGenerationConfig("llama", model, config)));
        assertThat(suppressed.get("tokens")).hasSize(12)
                .allSatisfy(id -> assertThat(id.intValue()).isNotEqualTo(first));
        List<String> beams = new ArrayList<>(List.of(with(args, model)));
        beams.addFirst("generate");
        beams.addAll(List.of("--num-beams", "2"));
        assertThat(CommandRun.of(beams.toArray(String[]::new)).err())
                .contains("beam search does not apply suppress_tokens");
    }

    @Test
    void settingsThatAreNotApplied_areNamedOnStderr() throws Exception {
        Path model = TestModels.withGenerationConfig("llama", folder, "{\"bad_words_ids\": [[49, 58]]}");
        CommandRun run = CommandRun.of("generate", "--tokens", "5,6", "--max-new-tokens", "2", "--model",
                model.toString());
        assertThat(run.exitCode()).isZero();
        assertThat(run.err()).contains("sets what is not applied: bad_words_ids: [[49,58]]");
    }

    @Test
    void suppressTokensAndLogitBias_changeWhatIsChosen() throws Exception {
        String[] base = {"--model", TestModels.folder("llama").toString(), "--tokens", TestModels.prompt("llama"),
            "--max-new-tokens", "5", "--ignore-eos"};
        assertThat(json(base).get("tokens").toString()).isEqualTo("[36,70,81,25,10]");
        JsonNode suppressed = json(and(base, "--suppress-tokens", "36,70"));
        assertThat(suppressed.get("tokens")).hasSize(5)
                .noneMatch(id -> id.intValue() == 36 || id.intValue() == 70);
        assertThat(suppressed.get("suppress_tokens").toString()).isEqualTo("[36,70]");
        JsonNode biased = json(and(base, "--logit-bias", "7=1000", "--logit-bias", "8=-0.5"));
        assertThat(biased.get("tokens").toString()).isEqualTo("[7,7,7,7,7]");
        assertThat(biased.get("logit_bias").toString()).isEqualTo("{\"7\":1000.0,\"8\":-0.5}");
        assertThat(json(and(base, "--logit-bias", "7=1000", "--no-repeat-ngram", "1")).get("tokens").toString())
                .startsWith("[7,").doesNotContain(",7,");
        assertThat(json(and(base, "--logit-bias", "7=1000", "--presence-penalty", "2000")).get("tokens").get(1)
                .intValue()).isNotEqualTo(7);
        assertThat(json(and(base, "--logit-bias", "7=1000", "--frequency-penalty", "600")).get("tokens").toString())
                .startsWith("[7,7,").doesNotEndWith(",7]");
    }

    @Test
    void minPAndTypicalP_sample_andWithOneTokenLeftAreGreedy() throws Exception {
        String[] base = {"--model", TestModels.folder("llama").toString(), "--tokens", TestModels.prompt("llama"),
            "--max-new-tokens", "5", "--ignore-eos"};
        JsonNode minP = json(and(base, "--min-p", "1"));
        assertThat(minP.get("temperature").doubleValue()).isEqualTo(1);
        assertThat(minP.get("tokens").toString()).isEqualTo("[36,70,81,25,10]");
        JsonNode typical = json(and(base, "--typical-p", "0.5", "--seed", "3"));
        assertThat(typical.get("temperature").doubleValue()).isEqualTo(1);
        assertThat(typical.get("typical_p").doubleValue()).isEqualTo(0.5);
        assertThat(typical.get("tokens")).hasSize(5);
    }

    /** Of greedy decoding each chosen token is the best; probabilities of all tokens add up to one. */
    @Test
    void logprobs_areThoseOfTheModel() throws Exception {
        String[] base = {"--model", TestModels.folder("llama").toString(), "--tokens", TestModels.prompt("llama"),
            "--max-new-tokens", "3", "--ignore-eos"};
        assertThat(json(base).has("logprobs")).isFalse();
        JsonNode logprobs = json(and(base, "--logprobs", "1000")).get("logprobs");
        assertThat(logprobs).hasSize(3);
        for (JsonNode token : logprobs) {
            assertThat(token.propertyNames()).containsExactly("token", "text", "logprob", "top");
            assertThat(token.get("top").get(0).get("logprob")).isEqualTo(token.get("logprob"));
            double sum = 0;
            for (JsonNode alternative : token.get("top")) {
                sum += Math.exp(alternative.get("logprob").doubleValue());
            }
            assertThat(sum).isCloseTo(1, org.assertj.core.data.Offset.offset(1e-9));
        }
        assertThat(json(and(base, "--logprobs", "0")).get("logprobs").get(0).get("top")).isEmpty();
    }

    private static String[] and(String[] args, String... more) {
        return java.util.stream.Stream.concat(java.util.Arrays.stream(args), java.util.Arrays.stream(more))
                .toArray(String[]::new);
    }

    private static String[] with(String[] args, Path model) {
        return java.util.stream.Stream
                .concat(java.util.Arrays.stream(args), java.util.stream.Stream.of(model.toString()))
                .toArray(String[]::new);
    }

    @Test
    void prompt_fromStandardInput_isTheSameWithoutItsLastLineEnd() {
        String expected = story("--max-new-tokens", "10").out();
        for (String end : List.of("", "\n", "\r\n")) {
            assertThat(CommandRun.withInput((STORY + end).getBytes(UTF_8), "generate", "-", "--max-new-tokens", "10")
                    .out()).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Grüße, 世界 👩‍👩‍👧!", "<|endoftext|>", "@file", "a\u0000b", "\"'\\ %n ${x}", " ", "\uFFFD",
        "e\u0301"})
    void prompt_ofAnyText_comesBack(String prompt) throws Exception {
        CommandRun run = CommandRun.of("generate", "--max-new-tokens", "3", prompt);
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out()).startsWith(prompt);
        assertThat(json("--max-new-tokens", "3", prompt).get("prompt").stringValue()).isEqualTo(prompt);
    }

    @Test
    void prompt_afterTwoDashes_mayLookLikeAnOption() {
        CommandRun run = CommandRun.of("generate", "--max-new-tokens", "3", "--", "--seed");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).startsWith("--seed");
    }

    @Test
    void noNewTokens_printsThePromptAlone() {
        assertThat(story("--max-new-tokens", "0").out()).isEqualTo(STORY + "\n");
        assertThat(CommandRun.of("generate", "--tokens", "5,6", "--max-new-tokens", "0").out()).isEqualTo("\n");
    }

    @Test
    void severalAnswers_areThoseOfEachIndexAlone_andStandBetweenLines() throws Exception {
        String[] sampled = {"--temperature", "0.8", "--seed", "5", "--max-new-tokens", "12"};
        JsonNode three = json(with(sampled, "--num-return-sequences", "3", STORY));
        assertThat(three.get("answers").size()).isEqualTo(3);
        assertThat(three.get("answers").get(0).get("tokens")).isEqualTo(three.get("tokens"));
        assertThat(json(with(sampled, STORY)).get("tokens")).isEqualTo(three.get("tokens"));
        JsonNode drafted = json(with(sampled, "--num-return-sequences", "3", "--draft-tokens", "3", STORY));
        assertThat(drafted.get("answers")).isEqualTo(three.get("answers"));

        List<String> expected = new ArrayList<>();
        three.get("answers").forEach(answer -> expected.add(STORY + answer.get("text").stringValue()));
        CommandRun text = CommandRun.of(with(sampled, "generate", "--num-return-sequences", "3", STORY));
        assertThat(text.out()).isEqualTo(String.join("\n---\n", expected) + "\n");
        assertThat(text.err()).contains("(36 new tokens)");
    }

    @Test
    void severalAnswersOfIds_areALineEach() {
        String[] args = {"generate", "--model", TestModels.folder("llama").toString(), "--tokens", "5,6,7",
            "--max-new-tokens", "4", "--ignore-eos", "--temperature", "1", "--num-return-sequences", "2"};
        assertThat(CommandRun.of(args).out()).matches("\\d+,\\d+,\\d+,\\d+\\n---\\n\\d+,\\d+,\\d+,\\d+\\n");
    }

    @Test
    void drafts_giveTheSameText_andAreCounted() throws Exception {
        String[] args = {"--model", TestModels.folder("llama").toString(), "--tokens", TestModels.prompt("llama"),
            "--ignore-eos", "--max-new-tokens", "40", "--temperature", "0"};
        JsonNode plain = json(args);
        JsonNode drafted = json(with(args, "--draft-tokens", "4"));
        assertThat(drafted.get("tokens")).isEqualTo(plain.get("tokens"));
        assertThat(plain.get("drafted_tokens").intValue()).isZero();
        assertThat(drafted.get("drafted_tokens").intValue()).isPositive();
        CommandRun text = CommandRun.of(with(args, "generate", "--draft-tokens", "4"));
        assertThat(text.err()).contains("of them from accepted drafts)");
    }

    @Test
    void beams_areRankedByScore_andTheBestIsPrinted() throws Exception {
        String[] args = {"--num-beams", "3", "--num-return-sequences", "2", "--max-new-tokens", "10", STORY};
        JsonNode json = json(args);
        JsonNode answers = json.get("answers");
        assertThat(answers.size()).isEqualTo(2);
        double best = answers.get(0).get("score").doubleValue();
        assertThat(best).isNegative().isGreaterThanOrEqualTo(answers.get(1).get("score").doubleValue());
        assertThat(json.get("tokens")).isEqualTo(answers.get(0).get("tokens")).isNotEqualTo(answers.get(1));
        CommandRun run = CommandRun.of(with(args, "generate"));
        assertThat(run.out()).startsWith(STORY + answers.get(0).get("text").stringValue());
        assertThat(run.err()).hasLineCount(1).contains("beam search");
        double summed = json(with(args, "--length-penalty", "0")).get("score").doubleValue();
        assertThat(summed).isLessThan(best); // a sum of ten log-probabilities, not their mean
    }

    @ParameterizedTest
    @ValueSource(strings = {"--num-beams=0", "--num-return-sequences=0", "--num-return-sequences=2 --temperature=0",
        "--draft-tokens=-1", "--length-penalty=2",
        "--num-beams=2 --length-penalty=NaN", "--num-beams=2 --num-return-sequences=3", "--num-beams=2 --seed=1",
        "--num-beams=2 --draft-tokens=1", "--num-beams=2 --logprobs=1 --json", "--logprobs=1", "--logprobs=-1 --json",
        "--min-p=1.5", "--typical-p=0", "--presence-penalty=NaN", "--frequency-penalty=Infinity",
        "--no-repeat-ngram=-1", "--suppress-tokens=-1", "--suppress-tokens=999999", "--logit-bias=999999=1",
        "--logit-bias=1=NaN", "--num-beams=2 --min-p=0.1", "--num-beams=2 --logit-bias=1=1",
        "--num-beams=2 --stop=x", "--num-beams=2 --max-new-tokens=0"})
    void answerOptions_thatDoNotFit_areRefused(String options) {
        CommandRun run = CommandRun.of(with(options.split(" "), "generate", STORY));
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).hasLineCount(1).startsWith("pastkv: --");
    }

    private static String[] with(String[] some, String... more) {
        List<String> all = new ArrayList<>(List.of(more));
        boolean isCommand = !all.isEmpty() && all.getFirst().equals("generate");
        all.addAll(isCommand ? 1 : 0, List.of(some));
        return all.toArray(String[]::new);
    }

    private static CommandRun story(String... options) {
        List<String> args = new ArrayList<>(List.of("generate", STORY, "--ignore-eos"));
        args.addAll(List.of(options));
        return CommandRun.of(args.toArray(String[]::new));
    }

    private static JsonNode json(String... options) {
        List<String> args = new ArrayList<>(List.of("generate", "--json"));
        args.addAll(List.of(options));
        CommandRun run = CommandRun.of(args.toArray(String[]::new));
        assertThat(run.exitCode()).as(run.err()).isZero();
        return JSON.readTree(run.out());
    }
}
