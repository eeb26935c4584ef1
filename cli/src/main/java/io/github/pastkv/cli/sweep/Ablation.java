package io.github.pastkv.cli.sweep;

import java.util.Arrays;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** What is put in place of activations that are taken away. */
enum Ablation {
    /** Zeros. */
    ZERO,
    /** The mean over a set of prompts. */
    MEAN,
    /** What they are in the run of another prompt. */
    RESAMPLE;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Reads a name. */
    static final class Converter implements ITypeConverter<Ablation> {
        @Override
        public Ablation convert(String text) {
            return Arrays.stream(values()).filter(ablation -> ablation.toString().equals(text)).findFirst()
                    .orElseThrow(() -> new TypeConversionException("'" + text + "', must be zero, mean or resample"));
        }
    }
}
