package io.github.pastkv.spark.docs;

import io.github.pastkv.spark.PastKvGenerate;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.feature.SQLTransformer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Makes prompts of the columns {@code name} and {@code toy}, and continues each of them. */
public final class GenerateInPipeline {
    /** @param args model, input, folder of the pipeline, output */
    public static void main(String[] args) throws Exception {
        SparkSession spark = SparkSession.builder().appName("generate").getOrCreate();
        SQLTransformer prompts = new SQLTransformer().setStatement("SELECT *, concat('Once upon a time there was a"
                + " child named ', name, ' who liked to play with a ', toy, '.') AS prompt FROM __THIS__");
        PastKvGenerate generate = new PastKvGenerate().setModel(args[0]).setInputCol("prompt").setOutputCol("story")
                .setMaxNewTokens(32).setOption("stop_strings", new String[] {"\n"});
        Dataset<Row> children = spark.read().json(args[1]);
        Pipeline pipeline = new Pipeline().setStages(new PipelineStage[] {prompts, generate});
        pipeline.fit(children).write().overwrite().save(args[2]);

        PipelineModel loaded = PipelineModel.load(args[2]); // perhaps another day, by another program
        loaded.transform(children).write().parquet(args[3]);
    }
}
