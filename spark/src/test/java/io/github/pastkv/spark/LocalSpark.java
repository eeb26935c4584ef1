package io.github.pastkv.spark;

import io.github.pastkv.tinymodel.TinyModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** Gives tests the Spark session {@code local[2]}, which all classes share, and the folder of the bundled model. */
public final class LocalSpark implements ParameterResolver {
    /** The columns of {@link #prompts}. */
    static final StructType SCHEMA =
            new StructType().add("id", DataTypes.IntegerType, false).add("prompt", DataTypes.StringType);

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == SparkSession.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return session();
    }

    static SparkSession session() {
        // small queries: compiling them and adapting their plans takes longer than running them
        return SparkSession.builder().master("local[2]").config("spark.sql.codegen.wholeStage", false)
                .config("spark.sql.adaptive.enabled", false).appName("pastkv").config("spark.ui.enabled", false)
                .config("spark.sql.shuffle.partitions", 4).config("spark.driver.host", "localhost")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.sql.warehouse.dir", Path.of("target", "warehouse").toUri().toString()).getOrCreate();
    }

    /** The bundled model, unpacked once. */
    public static String model() {
        Path folder = Path.of("target", "tiny-model").toAbsolutePath();
        try {
            Files.createDirectories(folder);
            TinyModel.unpackTo(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return folder.toString();
    }

    /** Stories that begin alike in three ways, each with an end of its own, and four rows that are bad. */
    static Dataset<Row> prompts(SparkSession spark) {
        List<Row> rows = new ArrayList<>();
        String[] starts = {"Once upon a time there was a little dog named Tim. Tim liked to play with",
            "Once upon a time there was a little cat. One day the cat went to", "Lily and Ben are"};
        String[] ends = {" a ball", " the big tree", " friends", " his mom and dad", " the park", " a red car"};
        for (String end : ends) {
            for (String start : starts) {
                rows.add(RowFactory.create(rows.size(), start + end));
            }
        }
        rows.add(RowFactory.create(rows.size(), null));
        rows.add(RowFactory.create(rows.size(), "word ".repeat(5000)));
        rows.add(RowFactory.create(rows.size(), starts[0] + ends[0]));
        return spark.createDataFrame(rows, SCHEMA);
    }
}
