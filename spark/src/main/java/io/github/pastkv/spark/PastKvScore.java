package io.github.pastkv.spark;

import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;

/**
 * Scores texts: the sum of the natural log-probabilities of all tokens but the first, each given those before it. The
 * new columns are the sum, the number of tokens in it, an error and a digest. The perplexity of a text is
 * {@code exp(-sum / number)}.
 */
public final class PastKvScore extends PromptTransformer<PastKvScore> {
    private static final long serialVersionUID = 1;

    /** A transformer with a name of its own. */
    public PastKvScore() {
        this(Identifiable$.MODULE$.randomUID("pastkvScore"));
    }

    /** A transformer of a given name. */
    public PastKvScore(String uid) {
        super(uid, "numTokensCol", "column with the number of tokens scored");
        setDefaults("num_tokens");
    }

    public Param<String> numTokensCol() {
        return detail();
    }

    public PastKvScore setNumTokensCol(String value) {
        return with(detail(), value);
    }

    @Override
    PromptRows.Kind kind() {
        return PromptRows.Kind.SCORE;
    }

    @Override
    StructField[] outputFields(String outputName, String detailName) {
        return new StructField[] {PromptFields.of(outputName, DataTypes.DoubleType),
            PromptFields.of(detailName, DataTypes.IntegerType)};
    }

    @Override
    int numNewTokens(PastKvOptions settings) {
        return 0;
    }

    @Override
    PastKvScore self() {
        return this;
    }

    /** Reads what {@link #write} has saved; pipelines call it. */
    public static MLReader<PastKvScore> read() {
        return new DefaultParamsReader<>();
    }

    /** A saved transformer. */
    public static PastKvScore load(String path) {
        return read().load(path);
    }
}
