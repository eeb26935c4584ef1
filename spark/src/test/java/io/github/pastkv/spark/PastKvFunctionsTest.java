package io.github.pastkv.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LocalSpark.class)
class PastKvFunctionsTest {
    private static final String MODEL = LocalSpark.model();

    @Test
    void functions_ofATable_giveTheBitsOfTheTransformers(SparkSession spark) {
        PastKvOptions options = PastKvOptions.of(MODEL).with("max_new_tokens", 5);
        PastKvFunctions.register(spark, options);
        LocalSpark.prompts(spark).createOrReplaceTempView("prompts");

        List<Row> generated = spark.sql("SELECT id, g.* FROM (SELECT id, pastkv_generate(prompt) AS g FROM prompts)"
                + " ORDER BY id").collectAsList();
        assertThat(generated).isEqualTo(new PastKvGenerate().setInputCol("prompt").setOutputCol("text").setModel(MODEL)
                .setMaxNewTokens(5).transform(LocalSpark.prompts(spark)).drop("prompt").orderBy("id").collectAsList());
        List<Row> scored = spark.sql("SELECT id, s.* FROM (SELECT id, pastkv_score(prompt) AS s FROM prompts)"
                + " ORDER BY id").collectAsList();
        assertThat(scored).isEqualTo(new PastKvScore().setInputCol("prompt").setOutputCol("x").setModel(MODEL)
                .transform(LocalSpark.prompts(spark)).drop("prompt").orderBy("id").collectAsList());
    }

    @Test
    void generate_withOptions_takesThem(SparkSession spark) {
        PastKvFunctions.register(spark, PastKvOptions.of(MODEL));
        String call = "SELECT pastkv_generate('Once upon a time', map('max_new_tokens', '%s')).text";
        String one = spark.sql(call.formatted(1)).first().getString(0);
        assertThat(spark.sql(call.formatted(9)).first().getString(0)).startsWith(one).hasSizeGreaterThan(one.length());
        assertThatThrownBy(() -> spark.sql(call.formatted("no")).collectAsList())
                .hasStackTraceContaining("max_new_tokens: no, must be an integer");
        assertThatThrownBy(() -> spark.sql("SELECT pastkv_generate('a', map(), 1)").collectAsList())
                .hasStackTraceContaining("pastkv_generate: 3 arguments");
    }
}
