package io.github.pastkv.cli.sweep;

import io.github.pastkv.lens.patching.MetricSpec;
import io.github.pastkv.lens.sweep.AblationCase;
import java.util.Arrays;
import java.util.Iterator;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the kinds of metrics and ablations. As candidates for completion, converters list their names. */
final class KindConverters {
    private KindConverters() {}

    /** A metric by name. */
    static final class Metric implements ITypeConverter<MetricSpec.Kind>, Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Arrays.stream(MetricSpec.Kind.values()).map(MetricSpec.Kind::toString).iterator();
        }

        @Override
        public MetricSpec.Kind convert(String text) {
            try {
                return MetricSpec.Kind.named(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }

    /** An ablation by name. */
    static final class Ablation implements ITypeConverter<AblationCase.Kind>, Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Arrays.stream(AblationCase.Kind.values()).map(AblationCase.Kind::toString).iterator();
        }

        @Override
        public AblationCase.Kind convert(String text) {
            return Arrays.stream(AblationCase.Kind.values()).filter(kind -> kind.toString().equals(text)).findFirst()
                    .orElseThrow(() -> new TypeConversionException("'" + text + "', must be zero, mean or resample"));
        }
    }
}
