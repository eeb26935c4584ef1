package io.github.pastkv.cli.options;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.LayerKvTypes;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.model.ComputeChoice;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Option values that are one of a few words. As candidates for completion, converters list these words. */
public final class OptionConverters {
    private OptionConverters() {}

    /** What keys and values are stored as: {@code q8}, {@code q8:f16} or {@code q8,0=f32}. */
    public static final class StorageTypes extends Words implements ITypeConverter<LayerKvTypes> {
        public StorageTypes() {
            super(Arrays.stream(KvType.values()).map(KvType::toString).toList());
        }

        @Override
        public LayerKvTypes convert(String text) {
            String[] parts = text.split(",", -1);
            LayerKvTypes types = LayerKvTypes.of(keysAndValues(parts[0]));
            for (String part : Arrays.asList(parts).subList(1, parts.length)) {
                int equals = part.indexOf('=');
                if (equals < 0 || !part.substring(0, equals).matches("\\d{1,6}")) {
                    throw new TypeConversionException("'" + part + "' is not a layer type such as 0=f32");
                }
                types = types.withLayer(Integer.parseInt(part.substring(0, equals)),
                        keysAndValues(part.substring(equals + 1)));
            }
            return types;
        }

        private KvTypes keysAndValues(String text) {
            String[] types = text.split(":", 2);
            return new KvTypes(type(types[0]), type(types[types.length - 1]));
        }

        private KvType type(String text) {
            return KvType.valueOf(oneOf(text).toUpperCase(Locale.ROOT));
        }
    }

    /** A type of arithmetic. */
    static final class Compute extends Words implements ITypeConverter<ComputeChoice> {
        Compute() {
            super(List.of("f32", "bf16", "auto"));
        }

        @Override
        public ComputeChoice convert(String text) {
            return ComputeChoice.valueOf(oneOf(text).toUpperCase(Locale.ROOT));
        }
    }

    /** What becomes of weights. */
    static final class Weights extends Words implements ITypeConverter<WeightType> {
        Weights() {
            super(List.of("stored", "int8", "int8-groups", "int4"));
        }

        @Override
        public WeightType convert(String text) {
            return WeightType.valueOf(oneOf(text).toUpperCase(Locale.ROOT).replace('-', '_'));
        }
    }

    /** What weights are converted to. */
    public static final class SmallWeights extends Words implements ITypeConverter<WeightType> {
        public SmallWeights() {
            super(List.of("int8", "int8-groups", "int4"));
        }

        @Override
        public WeightType convert(String text) {
            return WeightType.valueOf(oneOf(text).toUpperCase(Locale.ROOT).replace('-', '_'));
        }
    }

    /** An implementation of the kernels. */
    static final class Kernels extends Words implements ITypeConverter<String> {
        Kernels() {
            super(List.of("scalar", "vector", "onednn"));
        }

        @Override
        public String convert(String text) {
            return oneOf(text);
        }
    }

    /** The words that an option takes. */
    abstract static class Words implements Iterable<String> {
        private final List<String> words;

        Words(List<String> words) {
            this.words = words;
        }

        final String oneOf(String text) {
            if (!words.contains(text)) {
                throw new TypeConversionException("'" + text + "', must be " + String.join(" or ", words));
            }
            return text;
        }

        @Override
        public Iterator<String> iterator() {
            return words.iterator();
        }
    }
}
