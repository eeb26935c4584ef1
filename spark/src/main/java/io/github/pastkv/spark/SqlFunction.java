package io.github.pastkv.spark;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.catalyst.encoders.ExpressionEncoder;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ScalaUDF;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;
import scala.Function1;
import scala.Function2;
import scala.Option;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** A SQL function. */
enum SqlFunction {
    GENERATE(PromptRows.Kind.GENERATE, new StructType().add("text", DataTypes.StringType).add("finish_reason",
            DataTypes.StringType)),
    SCORE(PromptRows.Kind.SCORE, new StructType().add("log_probability", DataTypes.DoubleType).add("num_tokens",
            DataTypes.IntegerType));

    private final PromptRows.Kind kind;
    @SuppressWarnings("ImmutableEnumChecker") // Spark never changes a type
    private final StructType type;

    SqlFunction(PromptRows.Kind kind, StructType output) {
        this.kind = kind;
        this.type = output.add("error", DataTypes.StringType).add("digest", DataTypes.StringType);
    }

    /** A function of one argument that Spark sends to executors. */
    private interface Unary extends Function1<Object, Object>, Serializable {}

    /** A function of two. */
    private interface Binary extends Function2<Object, Object, Object>, Serializable {}

    String sqlName() {
        return "pastkv_" + name().toLowerCase(Locale.ROOT);
    }

    /** Makes calls of this function; the number of arguments is checked when a query is analyzed. */
    Function1<Seq<Expression>, Expression> builder(PastKvOptions options) {
        return arguments -> call(arguments, options);
    }

    private Expression call(Seq<Expression> arguments, PastKvOptions options) {
        Serializable function = switch (arguments.size()) {
            case 1 -> (Unary) prompt -> row(prompt, options);
            case 2 -> (Binary) (prompt, more) -> row(prompt, options.with(options(more)));
            default -> throw new IllegalArgumentException(sqlName() + ": " + arguments.size()
                    + " arguments, must be a prompt and perhaps a map of options");
        };
        boolean isDeterministic = false; // never computed by the driver ahead of time, nor twice for a row
        List<Option<ExpressionEncoder<?>>> noEncoders = List.of();
        return new ScalaUDF(function, type, arguments, CollectionConverters.asScala(noEncoders).toList(),
                Option.empty(), Option.apply(sqlName()), true, isDeterministic);
    }

    private static Map<String, String> options(@Nullable Object map) {
        if (!(map instanceof scala.collection.Map<?, ?> given)) {
            throw new IllegalArgumentException("options: " + map + ", must be a map of texts");
        }
        Map<String, String> result = new HashMap<>();
        CollectionConverters.asJava(given).forEach((name, value) -> result.put(name.toString(), value.toString()));
        return result;
    }

    private Row row(@Nullable Object prompt, PastKvOptions options) {
        RowResult result = run(prompt, options);
        return RowFactory.create(result.output(), result.detail(), result.error(), result.digest());
    }

    private RowResult run(@Nullable Object prompt, PastKvOptions options) {
        try (ExecutorModels.Lease lease = ExecutorModels.lease(options);
                PromptRunner runner = kind.newRunner(lease, options)) {
            return runner.run(new PromptReader(lease.model(), runner.maxTokens()).read(prompt));
        } catch (BadRowException e) {
            return RowResult.error(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
