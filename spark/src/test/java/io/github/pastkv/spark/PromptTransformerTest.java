package io.github.pastkv.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.lens.Lens;
import io.github.pastkv.lens.LensRun;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.model.generation.GenerationOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LocalSpark.class)
class PromptTransformerTest {
    private static final int NUM_NEW_TOKENS = 6;
    private static final String MODEL = SmallModel.FOLDER;
    private static List<Row> generated = List.of(); // the prompts of LocalSpark, by id
    private static List<Row> scored = List.of();

    @BeforeAll
    static void transform(SparkSession spark) {
        generated = sorted(generate().transform(LocalSpark.prompts(spark)));
        scored = sorted(score().transform(LocalSpark.prompts(spark)));
    }

    private static PastKvGenerate generate() {
        return new PastKvGenerate().setInputCol("prompt").setOutputCol("text").setModel(MODEL)
                .setMaxNewTokens(NUM_NEW_TOKENS);
    }

    private static PastKvScore score() {
        return new PastKvScore().setInputCol("prompt").setOutputCol("log_probability").setModel(MODEL);
    }

    private static List<Row> sorted(Dataset<Row> rows) {
        return rows.collectAsList().stream().sorted(Comparator.comparingInt(row -> row.getInt(0))).toList();
    }

    @Test
    void generate_rows_haveTheTextsOfSessions() throws Exception {
        try (Model model = Model.load(Path.of(MODEL))) {
            for (Row row : generated.subList(0, 18)) {
                try (Session session = model.newSession()) {
                    assertThat(row.<String> getAs("text")).isEqualTo(session.generate(row.<String> getAs("prompt"),
                            GenerationOptions.greedy(NUM_NEW_TOKENS)).text());
                }
                assertThat(row.<String> getAs("finish_reason")).isIn("length", "stop_token");
                assertThat(row.<String> getAs("error")).isNull();
            }
        }
    }

    @Test
    void score_rows_areTheSumsOfLosses() throws Exception {
        try (Model model = Model.load(Path.of(MODEL))) {
            for (Row row : scored.subList(0, 18)) {
                int[] ids = model.tokenizer().orElseThrow().encode(row.getAs("prompt"), true);
                try (Session session = model.newSession()) {
                    LensRun run = new Lens(model).run(session, StepInput.tokens(ids));
                    double sum = 0;
                    for (int token = 1; token < ids.length; token++) {
                        sum -= run.losses().perToken().get(0, token - 1);
                    }
                    assertThat(row.<Double> getAs("log_probability")).isEqualTo(sum);
                    assertThat(row.<Integer> getAs("num_tokens")).isEqualTo(ids.length - 1);
                }
            }
        }
    }

    @Test
    void badRows_haveAnErrorAndNothingElse() {
        for (List<Row> rows : List.of(generated, scored)) {
            assertThat(rows).hasSize(21);
            assertThat(rows.get(18).<String> getAs("error")).isEqualTo("prompt: null");
            assertThat(rows.get(19).<String> getAs("error")).contains("tokens, the limit is ");
            for (Row bad : rows.subList(18, 20)) {
                assertThat(bad.isNullAt(2)).isTrue();
                assertThat(bad.isNullAt(3)).isTrue();
                assertThat(bad.<String> getAs("digest")).isNull();
            }
            assertThat(rows.get(20).<String> getAs("digest")).isEqualTo(rows.get(0).getAs("digest")).hasSize(32);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7})
    void transform_anyNumberOfPartitions_givesTheSameBits(int numPartitions, SparkSession spark) {
        Dataset<Row> shuffled = shuffled(spark);
        assertThat(sorted(generate().setNumPartitions(numPartitions).transform(shuffled))).isEqualTo(generated);
        assertThat(sorted(score().setNumPartitions(numPartitions).transform(shuffled))).isEqualTo(scored);
    }

    @Test
    void transform_inPartitionsOfTheInput_givesTheSameBits(SparkSession spark) {
        Dataset<Row> shuffled = shuffled(spark);
        assertThat(sorted(generate().setPartitioning("input").transform(shuffled))).isEqualTo(generated);
        assertThat(sorted(score().setPartitioning("input").transform(shuffled))).isEqualTo(scored);
    }

    private static Dataset<Row> shuffled(SparkSession spark) {
        Dataset<Row> prompts = LocalSpark.prompts(spark);
        return prompts.orderBy(functions.hash(prompts.col("prompt"))).repartition(3);
    }

    @Test
    void transform_withTiers_givesTheSameBits(@TempDir Path folder, SparkSession spark) throws IOException {
        try (TestRedis redis = new TestRedis()) {
            PastKvGenerate tiered = generate().setOption("block_size", 4).setOption("cache_tiers",
                    List.of("file:" + folder + "?max=1GiB", redis.uri()));
            assertThat(sorted(tiered.transform(LocalSpark.prompts(spark)))).isEqualTo(generated);
            PastKv.closeIdleModels(); // what is cached is written; now it is read
            assertThat(folder).isNotEmptyDirectory();
            assertThat(redis.numKeys()).isPositive();
            assertThat(sorted(tiered.transform(LocalSpark.prompts(spark)))).isEqualTo(generated);
            PastKv.closeIdleModels();
        }
    }

    @Test
    void parquet_throughASavedPipeline_givesTheSameBits(@TempDir Path folder, SparkSession spark) throws Exception {
        String input = folder.resolve("prompts.parquet").toString();
        LocalSpark.prompts(spark).write().parquet(input);
        Pipeline pipeline = new Pipeline().setStages(new PipelineStage[] {generate(),
            new PastKvScore().setInputCol("text").setOutputCol("log_probability").setModel(MODEL)
                    .setErrorCol("score_error").setDigestCol("score_digest")});
        PipelineModel fitted = pipeline.fit(spark.read().parquet(input));
        fitted.write().save(folder.resolve("pipeline").toString());
        PipelineModel loaded = PipelineModel.load(folder.resolve("pipeline").toString());

        String output = folder.resolve("scored.parquet").toString();
        loaded.transform(spark.read().parquet(input)).write().parquet(output);
        assertThat(sorted(spark.read().parquet(output)))
                .isEqualTo(sorted(fitted.transform(spark.read().parquet(input))));
        assertThat(spark.read().parquet(output).columns()).containsExactly("id", "prompt", "text", "finish_reason",
                "error", "digest", "log_probability", "num_tokens", "score_error", "score_digest");
    }

    @Test
    void tokenIds_giveTheBitsOfTheirText(SparkSession spark) throws Exception {
        try (Model model = Model.load(Path.of(MODEL))) {
            int[] ids = model.tokenizer().orElseThrow().encode("Once upon a time", true);
            String array = java.util.Arrays.toString(ids).replace('[', '(').replace(']', ')');
            Dataset<Row> both = spark.sql("SELECT 0 AS id, array" + array + " AS prompt");
            Dataset<Row> text = spark.sql("SELECT 0 AS id, 'Once upon a time' AS prompt");
            assertThat(score().transform(both).first().<String> getAs("digest"))
                    .isEqualTo(score().transform(text).first().getAs("digest"));
            Dataset<Row> unknown = spark.sql("SELECT 0 AS id, array(1, -1) AS prompt");
            assertThat(score().transform(unknown).first().<String> getAs("error")).contains("token id -1 at 1");
        }
    }

    @Test
    void transform_badSetup_isRefusedByName(SparkSession spark) {
        Dataset<Row> prompts = LocalSpark.prompts(spark);
        assertThatThrownBy(() -> generate().setOption("max_tokens", 3)).hasMessageContaining("max_tokens is unknown");
        assertThatThrownBy(() -> generate().setOption("temperature", -1)).hasMessageContaining("temperature: -1");
        assertThatThrownBy(() -> generate().setPartitioning("hash")).hasMessageContaining("partitioning: hash");
        assertThatThrownBy(() -> new PastKvScore().setInputCol("prompt").setOutputCol("x").transform(prompts))
                .hasMessageContaining("model: is not set");
        assertThatThrownBy(() -> score().setInputCol("id").transform(prompts)).hasMessageContaining("id: has type INT");
        assertThatThrownBy(() -> score().setOutputCol("id").transform(prompts))
                .hasMessageContaining("id: is a column already");
        assertThatThrownBy(() -> score().setModel("/no/such/model").transform(prompts))
                .hasStackTraceContaining("/no/such/model is not on executor driver");
    }

    @Test
    void transform_anotherIdentity_isRefused(SparkSession spark) {
        Dataset<Row> prompts = LocalSpark.prompts(spark);
        String scalar = PastKv.identity(spark, PastKvOptions.of(MODEL));
        PastKvScore other = score().setOption("compute", "bf16").setOption("identity", scalar);
        assertThatThrownBy(() -> other.setPartitioning("input").transform(prompts).collectAsList())
                .hasStackTraceContaining("identity: executor driver computes as");
    }

    @Test
    void transform_noMemoryForTheModel_failsBeforeLoading(SparkSession spark) {
        PastKv.closeIdleModels();
        assertThatThrownBy(() -> score().setOption("memory_limit", "1m").transform(LocalSpark.prompts(spark)))
                .hasStackTraceContaining("bytes of memory, executor driver has 1,048,576");
    }

    @Test
    void counters_ofSharedPrefixes_showReuse(SparkSession spark) throws Exception {
        TokenCounts counts = TokenCounts.of(spark.sparkContext());
        Dataset<Row> prompts = LocalSpark.prompts(spark).coalesce(1).sortWithinPartitions("prompt");
        PastKvOptions options = PastKvOptions.of(MODEL);
        prompts.mapPartitions(new PromptRows(PromptRows.Kind.SCORE, options, 1, 2, counts),
                org.apache.spark.sql.Encoders.row(score().transformSchema(prompts.schema()))).collectAsList();
        long numTokens = 0;
        try (Model model = Model.load(Path.of(MODEL))) {
            for (Row row : sorted(prompts)) {
                numTokens += row.getInt(0) == 18 || row.getInt(0) == 19
                        ? 0
                        : model.tokenizer().orElseThrow().encode(row.getString(1), true).length;
            }
        }
        assertThat(counts.computed().value() + counts.reused().value()).isEqualTo(numTokens);
        assertThat(counts.reused().value()).isGreaterThan(numTokens / 2);
        assertThat(counts.failed().value()).isEqualTo(2);
        assertThat(counts.computed().name().get()).isEqualTo("PastKV tokens computed");
    }
}
