package io.github.pastkv.spark;

import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.analysis.FunctionRegistry;

/**
 * The SQL functions {@code pastkv_generate(prompt[, options])} and {@code pastkv_score(prompt[, options])}. The prompt
 * is a text or an array of token ids; options are a {@code MAP<STRING, STRING>} over those of the registration.
 *
 * <p>{@code pastkv_generate} returns a struct of {@code text}, {@code finish_reason}, {@code error} and {@code digest};
 * {@code pastkv_score} one of {@code log_probability}, {@code num_tokens}, {@code error} and {@code digest}. Bad rows
 * have an error, as in {@link PromptTransformer}.
 *
 * <p>A function sees one row at a time. For many prompts that begin alike, {@link PastKvGenerate} and
 * {@link PastKvScore} compute less.
 */
public final class PastKvFunctions {
    private PastKvFunctions() {}

    /**
     * Registers both functions in a session. {@link PastKvExtensions} does so by configuration alone. Runs one task
     * that loads the model: executors that compute other bits fail.
     */
    public static void register(SparkSession spark, PastKvOptions options) {
        PastKvOptions pinned = PastKv.pinned(spark, options);
        if (!(spark instanceof org.apache.spark.sql.classic.SparkSession session)) {
            throw new IllegalArgumentException("spark: a " + spark.getClass().getName()
                    + ", functions are registered in a session of the driver's process");
        }
        FunctionRegistry registry = session.sessionState().functionRegistry();
        for (SqlFunction function : SqlFunction.values()) {
            registry.createOrReplaceTempFunction(function.sqlName(), function.builder(pinned), "scala_udf");
        }
    }
}
