package io.github.pastkv.spark;

import org.apache.spark.SparkEnv;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import org.apache.spark.sql.internal.SQLConf;
import org.jspecify.annotations.Nullable;
import scala.Function1;
import scala.Tuple3;
import scala.collection.immutable.Seq;
import scala.runtime.BoxedUnit;

/**
 * Adds {@link PastKvFunctions} to every session of an application whose configuration has
 * {@code spark.sql.extensions=io.github.pastkv.spark.PastKvExtensions}. The model and options are those of
 * {@code spark.pastkv.model} and {@code spark.pastkv.options}, a JSON object, when a query is analyzed.
 */
public final class PastKvExtensions implements Function1<SparkSessionExtensions, BoxedUnit> {
    private static final String MODEL = "spark.pastkv.model";
    private static final String OPTIONS = "spark.pastkv.options";

    /** For Spark, which makes it by its name. */
    public PastKvExtensions() {}

    @Override
    public BoxedUnit apply(SparkSessionExtensions extensions) {
        for (SqlFunction function : SqlFunction.values()) {
            Function1<Seq<Expression>, Expression> builder =
                    arguments -> function.builder(configured()).apply(arguments);
            extensions.injectFunction(new Tuple3<>(new FunctionIdentifier(function.sqlName()),
                    new ExpressionInfo(SqlFunction.class.getName(), function.sqlName()), builder));
        }
        return BoxedUnit.UNIT;
    }

    private static PastKvOptions configured() {
        String model = setting(MODEL);
        if (model == null) {
            throw new IllegalArgumentException(MODEL + ": is not set");
        }
        String options = setting(OPTIONS);
        return PastKvOptions.fromJson(model, options == null ? "{}" : options);
    }

    /** Of the session, or of the application. */
    private static @Nullable String setting(String name) {
        String absent = "";
        String own = SQLConf.get().getConfString(name, absent);
        String value = own.isEmpty() ? SparkEnv.get().conf().get(name, absent) : own;
        return value.isEmpty() ? null : value;
    }
}
