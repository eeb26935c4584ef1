package io.github.pastkv.cli.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ByteSizeTest {
    private final ByteSize.Converter converter = new ByteSize.Converter();

    @ParameterizedTest
    @CsvSource({"1, 1", "1000000, 1000000", "2k, 2048", "512m, 536870912", "8g, 8589934592", "8G, 8589934592",
        "8GiB, 8589934592", "8gb, 8589934592", "1.5 g, 1610612736", "1t, 1099511627776", "100b, 100"})
    void convert_readsSizes(String text, long bytes) {
        assertThat(converter.convert(text).bytes()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "-1", "x", "8x", "8 g b", "1e9", "0.1", "9999999t", "99999999999999999999"})
    void convert_refusesWhatIsNoSize(String text) {
        assertThatThrownBy(() -> converter.convert(text)).isInstanceOf(TypeConversionException.class)
                .hasMessage("'" + text + "' is not a size such as 512m, 8g or 1000000");
    }

    @ParameterizedTest
    @CsvSource({"0, 0 B", "1023, 1023 B", "1024, 1.0 KiB", "1258291, 1.2 MiB", "8589934592, 8.0 GiB"})
    void toString_takesTheLargestUnit(long bytes, String text) {
        assertThat(new ByteSize(bytes)).hasToString(text);
    }
}
