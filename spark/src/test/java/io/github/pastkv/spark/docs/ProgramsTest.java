package io.github.pastkv.spark.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.spark.LocalSpark;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LocalSpark.class)
class ProgramsTest {
    private static final String MODEL = LocalSpark.model();
    private static final String PAIRS = """
            {"clean_tokens": [1, 20, 30], "corrupt_tokens": [1, 21, 30], "answer_token": 5, "wrong_token": 6}
            {"clean_tokens": [1, 22, 30], "corrupt_tokens": [1, 23, 30], "answer_token": 7, "wrong_token": 8}
            """;

    @Test
    void scoreParquet_ofTexts_writesAScoreForEach(@TempDir Path folder, SparkSession spark) {
        String input = folder.resolve("texts.parquet").toString();
        String output = folder.resolve("scores.parquet").toString();
        spark.createDataset(List.of("Once upon a time", "The sun was hot."), Encoders.STRING()).toDF("text").write()
                .parquet(input);
        ScoreParquet.main(new String[] {MODEL, input, output});
        List<Row> rows = spark.read().parquet(output).collectAsList();
        assertThat(rows).hasSize(2).allMatch(row -> row.<Double> getAs("log_probability") < 0);
    }

    @Test
    void generateInPipeline_ofTwoChildren_writesAStoryForEach(@TempDir Path folder, SparkSession spark)
            throws Exception {
        Path input = Files.writeString(folder.resolve("children.jsonl"), """
                {"name": "Lily", "toy": "ball"}
                {"name": "Ben", "toy": "red car"}
                """);
        String output = folder.resolve("stories.parquet").toString();
        GenerateInPipeline.main(new String[] {MODEL, input.toString(), folder.resolve("pipeline").toString(), output});
        List<Row> rows = spark.read().parquet(output).collectAsList();
        assertThat(rows).hasSize(2).allMatch(row -> !row.<String> getAs("story").isEmpty());
    }

    @Test
    void sweepPairs_runAgain_computesNothingAndWritesTheSame(@TempDir Path folder, SparkSession spark)
            throws Exception {
        Path pairs = Files.writeString(folder.resolve("pairs.jsonl"), PAIRS);
        String parts = folder.resolve("parts.parquet").toString();
        Path result = folder.resolve("result.json");
        String[] args = {MODEL, pairs.toString(), parts, result.toString()};
        SweepPairs.main(args);
        String first = Files.readString(result);
        long numParts = spark.read().parquet(parts).count();
        SweepPairs.main(args);
        assertThat(Files.readString(result)).isEqualTo(first).contains("resid_pre").doesNotContain("null");
        assertThat(spark.read().parquet(parts).count()).isEqualTo(numParts);
    }

    @Test
    void searchCircuit_ofPairs_writesTheCircuit(@TempDir Path folder, SparkSession spark) throws Exception {
        Path pairs = Files.writeString(folder.resolve("pairs.jsonl"), PAIRS);
        Path result = folder.resolve("circuit.json");
        SearchCircuit.main(new String[] {MODEL, pairs.toString(), "1000", result.toString()});
        assertThat(Files.readString(result)).contains("\"edges_undecided\" : 0", "\"edges\" : [ ]");
    }
}
