package io.github.pastkv.spark.docs;

import io.github.pastkv.spark.PastKvScore;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Scores the column {@code text} of a Parquet file. */
public final class ScoreParquet {
    /** @param args model, input, output */
    public static void main(String[] args) {
        SparkSession spark = SparkSession.builder().appName("score").getOrCreate();
        Dataset<Row> texts = spark.read().parquet(args[1]);
        PastKvScore score = new PastKvScore().setModel(args[0]).setInputCol("text").setOutputCol("log_probability");
        score.transform(texts).write().parquet(args[2]);
    }
}
