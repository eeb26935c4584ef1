package io.github.pastkv.spark.bench;

import io.github.pastkv.spark.PastKv;
import io.github.pastkv.spark.PastKvGenerate;
import io.github.pastkv.spark.PastKvOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/** Answers requests on Spark, from Parquet to Parquet, with a model that is loaded anew. */
final class SparkRun {
    private static final int NUM_TASKS = 2; // of local[2]
    private static final int NUM_FILES = 8; // of the input, whose rows Spark can then read as even partitions
    private static final StructType SCHEMA = new StructType().add("id", DataTypes.IntegerType, false).add("prompt",
            DataTypes.createArrayType(DataTypes.IntegerType, false), false);

    private final BenchSetup setup;
    private final SparkSession spark;
    private final Map<String, Long> counters = new ConcurrentHashMap<>();

    SparkRun(BenchSetup setup) {
        this.setup = setup;
        this.spark = SparkSession.builder().master("local[" + NUM_TASKS + "]").appName("pastkv-bench")
                .config("spark.ui.enabled", false).config("spark.driver.host", "localhost")
                .config("spark.driver.bindAddress", "127.0.0.1").getOrCreate();
        spark.sparkContext().addSparkListener(new SparkListener() {
            @Override
            public void onStageCompleted(SparkListenerStageCompleted stage) {
                CollectionConverters.asJava(stage.stageInfo().accumulables().values().toSeq()).forEach(counter -> {
                    if (counter.name().isDefined() && counter.value().isDefined()
                            && counter.value().get() instanceof Long number) {
                        counters.merge(counter.name().get(), number, Long::sum);
                    }
                });
            }
        });
    }

    Timing time(BenchRequests requests, String partitioning, long cacheBytes)
            throws IOException, InterruptedException, TimeoutException {
        Path folder = Files.createTempDirectory(setup.folder(), "spark");
        String input = write(requests, folder.resolve("requests.parquet").toString());
        PastKvOptions options = options(cacheBytes);
        PastKv.closeIdleModels();
        Objects.requireNonNull(PastKv.identity(spark, options)); // loads the model
        counters.clear();
        PastKvGenerate generate = new PastKvGenerate().setModel(options.model()).setInputCol("prompt")
                .setOutputCol("text").setPartitioning(partitioning);
        options.values().forEach(generate::setOption);
        String output = folder.resolve("answers.parquet").toString();
        long start = System.nanoTime();
        generate.transform(spark.read().parquet(input)).drop("prompt").write().parquet(output);
        double seconds = (System.nanoTime() - start) / 1e9;
        return new Timing(texts(output), counter("tokens computed") + counter("tokens reused"),
                counter("tokens reused"), counter("tokens generated"), seconds);
    }

    private PastKvOptions options(long cacheBytes) {
        return PastKvOptions.of(setup.model().toString()).with(Map.of(
                "compute", setup.compute().toLowerCase(Locale.ROOT), "kv_type", setup.kvType().toLowerCase(Locale.ROOT),
                "threads", Integer.toString(setup.numThreads()), "cache_bytes", Long.toString(cacheBytes),
                "max_new_tokens", Integer.toString(setup.numNew()), "ignore_eos", "true",
                "max_running", Integer.toString(Math.ceilDiv(setup.maxRunning(), NUM_TASKS))));
    }

    private String write(BenchRequests requests, String file) {
        List<Row> rows = new ArrayList<>();
        for (int[] prompt : requests.prompts()) {
            rows.add(RowFactory.create(rows.size(), prompt));
        }
        spark.createDataFrame(rows, SCHEMA).repartition(NUM_FILES).write().parquet(file);
        return file;
    }

    private List<String> texts(String answers) {
        Dataset<Row> rows = spark.read().parquet(answers);
        long numFailed = rows.where("error IS NOT NULL").count();
        if (numFailed > 0) {
            throw new IllegalStateException("spark: " + numFailed + " rows have errors, the first "
                    + rows.where("error IS NOT NULL").first());
        }
        return rows.orderBy("id").select("text").collectAsList().stream().map(row -> row.getString(0)).toList();
    }

    private long counter(String name) throws InterruptedException, TimeoutException {
        spark.sparkContext().listenerBus().waitUntilEmpty();
        return Objects.requireNonNull(counters.get("PastKV " + name), name);
    }

    void close() {
        spark.stop();
        PastKv.closeIdleModels();
    }
}
