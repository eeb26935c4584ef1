package io.github.pastkv.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import py4j.Gateway;
import py4j.ReturnObject;

/**
 * The Python of docs/spark.md, as the JVM's end of PySpark's gateway (Py4J) gets it: a call by name after the other.
 */
@ExtendWith(LocalSpark.class)
class PythonGatewayTest {
    private static final Pattern CALL = Pattern.compile("\\.(\\w+)\\(\"([^\"]*)\"\\)");

    private static String line(String start) throws Exception {
        return Files.readAllLines(Path.of("..", "docs", "spark.md")).stream().filter(line -> line.startsWith(start))
                .findFirst().orElseThrow();
    }

    @Test
    void snippetOfTheDocument_callsWhatIsThere(SparkSession spark) throws Exception {
        Gateway gateway = new Gateway(null);
        gateway.setStarted(true);
        String jvmPackage = line("pastkv = ").replace("pastkv = spark.sparkContext._jvm.", "");
        assertThat(line("score = ")).startsWith("score = pastkv.PastKvScore().");
        assertThat(line("scored = ")).isEqualTo("scored = DataFrame(score.transform(texts._jdf), spark)");

        ReturnObject score = gateway.invoke(jvmPackage + ".PastKvScore", List.of());
        for (Matcher call = CALL.matcher(line("score = ")); call.find();) {
            score = gateway.invoke(call.group(1), score.getName(), List.of(call.group(2)));
        }
        for (Matcher call =
                Pattern.compile("score\\.setOption\\(\"(\\w+)\", (\\d+)\\)").matcher(line("score.setOption"));
                call.find();) {
            score = gateway.invoke("setOption", score.getName(),
                    List.of(call.group(1), Integer.valueOf(call.group(2))));
        }
        score = gateway.invoke("setModel", score.getName(), List.of(LocalSpark.model()));
        Dataset<Row> texts = spark.sql("SELECT 'Once upon a time' AS text");
        ReturnObject scored = gateway.invoke("transform", score.getName(), List.of(texts));
        assertThat(gateway.getObject(scored.getName())).isInstanceOfSatisfying(Dataset.class, rows -> assertThat(
                ((Row) rows.first()).<Double> getAs("log_probability")).isNegative());
    }
}
