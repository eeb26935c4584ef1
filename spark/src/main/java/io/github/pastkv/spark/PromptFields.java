package io.github.pastkv.spark;

import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;

/** Columns of results. */
final class PromptFields {
    private PromptFields() {}

    static StructField text(String name) {
        return of(name, DataTypes.StringType);
    }

    static StructField of(String name, DataType type) {
        return new StructField(name, type, true, Metadata.empty());
    }
}
