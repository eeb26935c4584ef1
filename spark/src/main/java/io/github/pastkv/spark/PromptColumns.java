package io.github.pastkv.spark;

import java.util.Arrays;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.types.StructType;

/** Checks of schemas. */
final class PromptColumns {
    private PromptColumns() {}

    /** The place of a column of prompts. */
    static int prompt(StructType schema, String column) {
        int[] places = Arrays.stream(schema.fieldNames()).filter(column::equals).count() == 1
                ? new int[] {schema.fieldIndex(column)}
                : new int[0];
        if (places.length == 0) {
            throw new IllegalArgumentException("inputCol: " + column + " is no column, or not the only one of this"
                    + " name, of " + Arrays.toString(schema.fieldNames()));
        }
        PromptReader.requireReadable(column, schema.fields()[places[0]].dataType());
        return places[0];
    }

    /** Refuses a stream, whose prompts cannot be sorted. */
    static void requireBatch(Dataset<?> rows) {
        if (rows.isStreaming()) {
            throw new IllegalArgumentException("partitioning: prefix, of a stream it must be input");
        }
    }
}
