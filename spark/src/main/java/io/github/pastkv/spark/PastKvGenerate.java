package io.github.pastkv.spark;

import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.types.StructField;

/**
 * Generates a text for each prompt. The new columns are the text, the reason why it ended ({@code length},
 * {@code stop_token}, {@code stop_string} or {@code context_full}), an error and a digest. Without options it takes the
 * best token each time, up to 64.
 */
public final class PastKvGenerate extends PromptTransformer<PastKvGenerate> {
    private static final long serialVersionUID = 1;

    /** A transformer with a name of its own. */
    public PastKvGenerate() {
        this(Identifiable$.MODULE$.randomUID("pastkvGenerate"));
    }

    /** A transformer of a given name. */
    public PastKvGenerate(String uid) {
        super(uid, "finishReasonCol", "column with the reason why a text ended");
        setDefaults("finish_reason");
    }

    public Param<String> finishReasonCol() {
        return detail();
    }

    public PastKvGenerate setFinishReasonCol(String value) {
        return with(detail(), value);
    }

    /** Most new tokens for a prompt. */
    public PastKvGenerate setMaxNewTokens(int value) {
        return setOption("max_new_tokens", value);
    }

    /** 0 for the best token each time. */
    public PastKvGenerate setTemperature(double value) {
        return setOption("temperature", value);
    }

    @Override
    PromptRows.Kind kind() {
        return PromptRows.Kind.GENERATE;
    }

    @Override
    StructField[] outputFields(String outputName, String detailName) {
        return new StructField[] {PromptFields.text(outputName), PromptFields.text(detailName)};
    }

    @Override
    int numNewTokens(PastKvOptions settings) {
        return Math.min(settings.toGenerationOptions().maxNewTokens(), 1 << 16);
    }

    @Override
    PastKvGenerate self() {
        return this;
    }

    /** Reads what {@link #write} has saved; pipelines call it. */
    public static MLReader<PastKvGenerate> read() {
        return new DefaultParamsReader<>();
    }

    /** A saved transformer. */
    public static PastKvGenerate load(String path) {
        return read().load(path);
    }
}
