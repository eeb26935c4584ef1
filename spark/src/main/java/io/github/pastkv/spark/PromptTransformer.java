package io.github.pastkv.spark;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * What both transformers share: columns, model, options and partitioning. The output has the columns of the input and
 * four more: output, detail, error and digest. A row that the model cannot take has an error in place of the others.
 *
 * <p>The bits of the output do not depend on partitions, order, retries or cached prefixes. The order of the rows does.
 *
 * <p>{@link #transform} runs jobs: one that loads the model on an executor, and with {@code partitioning} set to
 * {@code prefix} one that reads all prompts. Not thread-safe while parameters are set.
 *
 * @param <S> the transformer itself
 */
public abstract sealed class PromptTransformer<S extends PromptTransformer<S>> extends Transformer
        implements DefaultParamsWritable permits PastKvGenerate, PastKvScore {
    private static final long serialVersionUID = 1;

    /** Values of {@link #partitioning}. */
    private static final List<String> PARTITIONINGS = List.of("prefix", "input");

    private final String uid;
    private final Param<String> inputCol =
            new Param<>(this, "inputCol", "column of prompts: texts or arrays of token ids");
    private final Param<String> outputCol = new Param<>(this, "outputCol", "column of what is computed");
    private final Param<String> detailCol;
    private final Param<String> errorCol =
            new Param<>(this, "errorCol", "column with the reason why a row has no output");
    private final Param<String> digestCol = new Param<>(this, "digestCol",
            "column with a digest of model, arithmetic, prompt and output");
    private final Param<String> model = new Param<>(this, "model",
            "path of the model's folder or GGUF file on every executor, or files:NAME after SparkContext.addFile");
    private final Param<String> options = new Param<>(this, "options", "options by name, a JSON object");
    private final Param<String> partitioning = new Param<>(this, "partitioning",
            "prefix: prompts that begin alike go to one partition; input: partitions stay as they are");
    private final IntParam numPartitions = new IntParam(this, "numPartitions",
            "number of partitions by prefix; 0 for one per core, or more where these would be too large");

    PromptTransformer(String uid, String detailName, String detailDoc) {
        this.uid = uid; // parameters are made with it
        super();
        this.detailCol = new Param<>(this, detailName, detailDoc);
    }

    /** Gives all parameters but the model and the columns of input and output their defaults. */
    final void setDefaults(String defaultDetailCol) {
        setDefault(detailCol, defaultDetailCol);
        setDefault(errorCol, "error");
        setDefault(digestCol, "digest");
        setDefault(options, "{}");
        setDefault(partitioning, "prefix");
        setDefault(numPartitions, 0);
    }

    abstract PromptRows.Kind kind();

    /** The columns of output and detail. */
    abstract StructField[] outputFields(String outputName, String detailName);

    /** Tokens computed for a row beside those of its prompt. */
    abstract int numNewTokens(PastKvOptions settings);

    abstract S self();

    @Override
    public final String uid() {
        return uid;
    }

    public final Param<String> inputCol() {
        return inputCol;
    }

    public final Param<String> outputCol() {
        return outputCol;
    }

    final Param<String> detail() {
        return detailCol;
    }

    public final Param<String> errorCol() {
        return errorCol;
    }

    public final Param<String> digestCol() {
        return digestCol;
    }

    public final Param<String> model() {
        return model;
    }

    public final Param<String> options() {
        return options;
    }

    public final Param<String> partitioning() {
        return partitioning;
    }

    public final IntParam numPartitions() {
        return numPartitions;
    }

    public final S setInputCol(String value) {
        return with(inputCol, value);
    }

    public final S setOutputCol(String value) {
        return with(outputCol, value);
    }

    public final S setErrorCol(String value) {
        return with(errorCol, value);
    }

    public final S setDigestCol(String value) {
        return with(digestCol, value);
    }

    public final S setModel(String value) {
        return with(model, value);
    }

    /** Replaces all options, as a JSON object; {@link PastKvOptions} says which there are. */
    public final S setOptions(String json) {
        return with(options, PastKvOptions.fromJson("model", json).toJson());
    }

    /** Sets one option: a text, a number, a boolean, or a collection of texts. */
    public final S setOption(String name, Object value) {
        return with(options, PastKvOptions.fromJson("model", getOrDefault(options)).with(name, value).toJson());
    }

    /** {@code prefix}, the default, or {@code input}, which keeps the partitions as they are. */
    public final S setPartitioning(String value) {
        if (!PARTITIONINGS.contains(value)) {
            throw new IllegalArgumentException("partitioning: " + value + ", must be one of " + PARTITIONINGS);
        }
        return with(partitioning, value);
    }

    public final S setNumPartitions(int value) {
        if (value < 0) {
            throw new IllegalArgumentException("numPartitions: " + value + ", must not be negative");
        }
        return with(numPartitions, value);
    }

    final <T> S with(Param<T> param, T value) {
        set(param, value);
        return self();
    }

    /** The model and its options. */
    final PastKvOptions settings() {
        return PastKvOptions.fromJson(required(model), getOrDefault(options));
    }

    private String required(Param<String> param) {
        if (!isSet(param)) {
            throw new IllegalArgumentException(param.name() + ": is not set");
        }
        return getOrDefault(param);
    }

    @Override
    public final StructType transformSchema(StructType schema) {
        PromptColumns.prompt(schema, required(inputCol));
        StructType result = schema;
        Set<String> names = new HashSet<>(Arrays.asList(schema.fieldNames()));
        for (StructField field : newFields()) {
            if (!names.add(field.name())) {
                throw new IllegalArgumentException(field.name() + ": is a column already, of "
                        + Arrays.toString(schema.fieldNames()));
            }
            result = result.add(field);
        }
        return result;
    }

    private List<StructField> newFields() {
        StructField[] first = outputFields(required(outputCol), getOrDefault(detailCol));
        return List.of(first[0], first[1], PromptFields.text(getOrDefault(errorCol)),
                PromptFields.text(getOrDefault(digestCol)));
    }

    @Override
    public final Dataset<Row> transform(Dataset<?> dataset) {
        Dataset<Row> rows = dataset.toDF();
        StructType schema = transformSchema(rows.schema());
        boolean isByPrefix = getOrDefault(partitioning).equals("prefix");
        if (isByPrefix) {
            PromptColumns.requireBatch(rows);
        }
        PastKvOptions pinned = PastKv.pinned(rows.sparkSession(), settings());
        int field = PromptColumns.prompt(rows.schema(), required(inputCol));
        int numFields = rows.schema().length();
        TokenCounts counts = TokenCounts.of(rows.sparkSession().sparkContext());
        Dataset<Row> arranged = isByPrefix
                ? new PrefixPartitions(pinned, field, numNewTokens(pinned)).of(rows, (int) getOrDefault(numPartitions))
                : rows;
        return arranged.mapPartitions(new PromptRows(kind(), pinned, field, numFields, counts), Encoders.row(schema));
    }

    @Override
    public final MLWriter write() {
        return DefaultParamsWritable.super.write();
    }

    @Override
    public final Transformer copy(ParamMap extra) {
        return defaultCopy(extra);
    }
}
