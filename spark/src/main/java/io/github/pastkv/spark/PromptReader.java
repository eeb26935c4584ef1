package io.github.pastkv.spark;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.util.List;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.jspecify.annotations.Nullable;
import scala.jdk.javaapi.CollectionConverters;

/** Reads prompts: texts, or arrays of token ids. Safe for any number of threads. */
final class PromptReader {
    private final Model model;
    private final int maxTokens;

    /** @param maxTokens longest prompt */
    PromptReader(Model model, int maxTokens) {
        this.model = model;
        this.maxTokens = maxTokens;
    }

    /** Refuses columns that hold no prompts. */
    static void requireReadable(String column, DataType type) {
        boolean isIds = type instanceof ArrayType array && array.elementType().equals(DataTypes.IntegerType);
        if (!isIds && !type.equals(DataTypes.StringType)) {
            throw new IllegalArgumentException(column + ": has type " + type.sql() + ", must be STRING or ARRAY<INT>");
        }
    }

    /**
     * The token ids of a prompt.
     *
     * @param prompt a {@code String}, or a Scala or Java list of {@code Integer}
     * @throws BadRowException for null, no tokens, too many, or ids outside the vocabulary
     */
    int[] read(@Nullable Object prompt) throws BadRowException {
        int[] ids = switch (prompt) {
            case null -> throw new BadRowException("prompt: null");
            case String text -> tokenizer().encode(text, true);
            case scala.collection.Iterable<?> given -> ids(CollectionConverters.asJava(given.toSeq()));
            default -> throw new IllegalArgumentException("prompt: a " + prompt.getClass().getName()
                    + ", must be a text or token ids");
        };
        if (ids.length == 0) {
            throw new BadRowException("prompt: has no tokens");
        }
        if (ids.length > maxTokens) {
            throw new BadRowException("prompt: has " + ids.length + " tokens, the limit is " + maxTokens);
        }
        return ids;
    }

    private int[] ids(List<?> given) throws BadRowException {
        int[] ids = new int[given.size()];
        int vocabSize = model.config().vocabSize();
        for (int i = 0; i < ids.length; i++) {
            ids[i] = given.get(i) instanceof Integer id ? id : -1;
            if (ids[i] < 0 || ids[i] >= vocabSize) {
                throw new BadRowException("prompt: token id " + given.get(i) + " at " + i + ", must be in [0, "
                        + vocabSize + ")");
            }
        }
        return ids;
    }

    private TextTokenizer tokenizer() {
        return model.tokenizer().orElseThrow(
                () -> new IllegalStateException(model.folder() + ": has no tokenizer.json, so give token ids"));
    }

    /** The ids of a column of token ids as Spark holds it. */
    static int[] fromRow(List<Integer> ids) {
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }
}
