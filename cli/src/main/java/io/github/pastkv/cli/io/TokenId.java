package io.github.pastkv.cli.io;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A token id among the arguments. */
public final class TokenId implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
        try {
            return Integer.valueOf(text.strip());
        } catch (NumberFormatException _) {
            throw new TypeConversionException("'" + text + "' is not a token id; ids are given as 1,2,3");
        }
    }

    /** The ids of a text such as {@code 1,2,3}. */
    public static int[] parse(String text) {
        TokenId converter = new TokenId();
        return Arrays.stream(text.split(",", -1)).mapToInt(converter::convert).toArray();
    }

    public static int[] toArray(@Nullable List<Integer> ids) {
        return ids == null ? new int[0] : ids.stream().mapToInt(Integer::intValue).toArray();
    }
}
