package io.github.pastkv.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two executors in processes of their own, one of which dies half way. */
class LocalClusterTest {
    private static final String MODEL = SmallModel.FOLDER;
    private static final int NUM_NEW_TOKENS = 4;
    private static List<Row> expected = List.of();
    private static SparkSession cluster;

    @BeforeAll
    static void start(@TempDir Path folder) throws IOException {
        SparkSession local = LocalSpark.session();
        expected = sorted(generate().transform(prompts(local)));
        local.stop(); // one context to a process
        Path home = Files.createDirectories(Path.of("target", "spark-home").toAbsolutePath());
        Files.createDirectories(home.resolve("jars")); // of a distribution; here all is on the class path
        System.setProperty("spark.testing", "true"); // hands the class path to executors
        System.setProperty("spark.test.home", home.toString());
        cluster = SparkSession.builder().master("local-cluster[2,1,1024]").appName("pastkv-cluster")
                .config("spark.ui.enabled", false).config("spark.executor.memory", "512m")
                .config("spark.driver.host", "localhost").config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.sql.shuffle.partitions", 2).config("spark.task.maxFailures", 4)
                .config("spark.executor.extraJavaOptions",
                        "--enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -XX:TieredStopAtLevel=1") // start fast
                .config("spark.executorEnv.SPARK_SCALA_VERSION", "2.13")
                .config("spark.sql.extensions", PastKvExtensions.class.getName())
                .config("spark.pastkv.options",
                        "{\"threads\": 1, \"kernels\": \"scalar\", \"max_new_tokens\": " + NUM_NEW_TOKENS + "}")
                .config("spark.executorEnv.JAVA_HOME", System.getProperty("java.home"))
                .config("spark.worker.dir", home.resolve("work").toString()).getOrCreate();
    }

    @AfterAll
    static void stop() {
        cluster.stop();
        System.clearProperty("spark.testing");
        System.clearProperty("spark.test.home");
    }

    private static PastKvGenerate generate() {
        return new PastKvGenerate().setInputCol("prompt").setOutputCol("text").setModel(MODEL)
                .setMaxNewTokens(NUM_NEW_TOKENS).setOption("threads", 1).setOption("kernels", "scalar");
    }

    /** Of each beginning some, and the bad ones. */
    private static Dataset<Row> prompts(SparkSession spark) {
        return LocalSpark.prompts(spark).where("id < 8 or id >= 18");
    }

    private static List<Row> sorted(Dataset<Row> rows) {
        return rows.collectAsList().stream().sorted(Comparator.comparingInt(row -> row.getInt(0))).toList();
    }

    @Test
    void generate_executorKilledAndTaskFailedHalfWay_givesTheSameBits(@TempDir Path folder) {
        String input = folder.resolve("prompts.parquet").toString();
        prompts(cluster).write().parquet(input);
        Dataset<Row> rows = generate().setNumPartitions(4).transform(cluster.read().parquet(input));
        String markers = folder.toString();
        StructType schema = rows.schema();
        String output = folder.resolve("texts.parquet").toString();
        rows.map((MapFunction<Row, Row>) row -> failsOnce(row, markers), Encoders.row(schema)).write().parquet(output);

        assertThat(Path.of(markers, "killed")).exists();
        assertThat(Path.of(markers, "failed")).exists();
        assertThat(sorted(cluster.read().parquet(output))).isEqualTo(expected);
    }

    /**
     * As speculative tasks do: Spark itself starts a second attempt on another host only, which no local cluster has.
     */
    @Test
    void generate_twoAttemptsAtOnceOverSharedTiers_giveTheSameBits(@TempDir Path folder) {
        PastKvGenerate tiered = generate().setNumPartitions(1).setOption("block_size", 4).setOption("cache_tiers",
                List.of("file:" + folder + "?max=1GiB"));
        Dataset<Row> rows = tiered.transform(prompts(cluster));
        CompletableFuture<List<Row>> first = CompletableFuture.supplyAsync(() -> sorted(rows));
        CompletableFuture<List<Row>> second = CompletableFuture.supplyAsync(() -> sorted(rows));
        assertThat(first.join()).isEqualTo(expected);
        assertThat(second.join()).isEqualTo(expected);
    }

    @Test
    void functions_byConfiguration_giveTheBitsOfTheTransformer(@TempDir Path folder) {
        String input = folder.resolve("prompts.parquet").toString();
        LocalSpark.prompts(cluster).where("id < 3").write().parquet(input);
        cluster.read().parquet(input).createOrReplaceTempView("prompts");
        String query = "SELECT id, pastkv_generate(prompt).digest FROM prompts";
        cluster.conf().unset("spark.pastkv.model");
        assertThatThrownBy(() -> cluster.sql(query)).hasStackTraceContaining("spark.pastkv.model: is not set");
        cluster.conf().set("spark.pastkv.model", MODEL);
        List<String> digests = expected.stream().limit(3).map(row -> row.<String> getAs("digest")).toList();
        assertThat(sorted(cluster.sql(query)).stream().map(row -> row.getString(1)).toList()).isEqualTo(digests);
    }

    /** Ends the executor at one row and the task at another, the first time that any executor comes by. */
    private static Row failsOnce(Row row, String markers) throws IOException {
        if (row.getInt(0) == 5 && isFirst(Path.of(markers, "killed"))) {
            Runtime.getRuntime().halt(1);
        }
        if (row.getInt(0) == 3 && isFirst(Path.of(markers, "failed"))) {
            throw new IOException("fails once");
        }
        return row;
    }

    private static boolean isFirst(Path marker) throws IOException {
        try {
            Files.createFile(marker);
            return true;
        } catch (FileAlreadyExistsException _) {
            return false; // the retry
        }
    }
}
