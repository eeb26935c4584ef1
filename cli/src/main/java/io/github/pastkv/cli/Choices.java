package io.github.pastkv.cli;

import io.github.pastkv.cache.DataType;
import io.github.pastkv.kernels.WeightType;
import io.github.pastkv.model.ComputeChoice;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Option values that are one of a few words. */
final class Choices {
    private Choices() {}

    /** A storage type of keys and values. */
    static final class KvType implements ITypeConverter<DataType> {
        @Override
        public DataType convert(String text) {
            return DataType.valueOf(oneOf(text, List.of("f32", "f16", "bf16")).toUpperCase(Locale.ROOT));
        }

        /** As the option spells it. */
        static String nameOf(DataType dataType) {
            return dataType.name().toLowerCase(Locale.ROOT);
        }
    }

    /** A type of arithmetic. */
    static final class Compute implements ITypeConverter<ComputeChoice> {
        @Override
        public ComputeChoice convert(String text) {
            return ComputeChoice.valueOf(oneOf(text, List.of("f32", "bf16", "auto")).toUpperCase(Locale.ROOT));
        }
    }

    /** What becomes of weights. */
    static final class Weights implements ITypeConverter<WeightType> {
        @Override
        public WeightType convert(String text) {
            return WeightType.valueOf(oneOf(text, List.of("stored", "int8")).toUpperCase(Locale.ROOT));
        }
    }

    /** An implementation of the kernels. */
    static final class Kernels implements ITypeConverter<String> {
        @Override
        public String convert(String text) {
            return oneOf(text, List.of("scalar", "vector", "onednn"));
        }
    }

    private static String oneOf(String text, List<String> words) {
        if (!words.contains(text)) {
            throw new TypeConversionException("'" + text + "', must be " + String.join(" or ", words));
        }
        return text;
    }
}
