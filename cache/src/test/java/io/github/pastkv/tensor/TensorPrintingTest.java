package io.github.pastkv.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Printings of numpy, made by {@code tools/reference/tensor_printing.py}. */
class TensorPrintingTest {
    private record Printing(String title, Tensor tensor, int precision, String text) {}

    private static List<Printing> printings() throws IOException {
        try (InputStream file = TensorPrintingTest.class.getResourceAsStream("tensor-printing.txt")) {
            Iterator<String> lines = new String(Objects.requireNonNull(file).readAllBytes(), StandardCharsets.UTF_8)
                    .lines().iterator();
            assertThat(lines.next()).startsWith("numpy ");
            List<Printing> printings = new ArrayList<>();
            while (lines.hasNext()) {
                printings.add(printing(lines.next(), lines));
            }
            return printings;
        }
    }

    private static Printing printing(String title, Iterator<String> lines) {
        List<String> text = new ArrayList<>();
        for (String line = lines.next(); !line.equals("end"); line = lines.next()) {
            text.add(line);
        }
        String[] fields = title.split(" ", -1); // case, type, shape, precision, source
        long[] shape = fields[2].equals("-")
                ? new long[0]
                : Arrays.stream(fields[2].split("x", -1)).mapToLong(Long::parseLong).toArray();
        Tensor tensor = Tensor.of(DataType.valueOf(fields[1]), numbers(fields[4], shape), shape);
        return new Printing(title, tensor, Integer.parseInt(fields[3]), String.join("\n", text));
    }

    private static float[] numbers(String source, long[] shape) {
        String[] parts = source.split(":", -1);
        if (parts[0].equals("random")) {
            return random(Integer.parseInt(parts[1]), Double.parseDouble(parts[2]),
                    (int) Tensor.zeros(shape).numElements());
        }
        String[] bits = parts[1].equals("-") ? new String[0] : parts[1].split(",", -1);
        float[] numbers = new float[bits.length];
        for (int i = 0; i < bits.length; i++) {
            numbers[i] = Float.intBitsToFloat(Integer.parseUnsignedInt(bits[i], 16));
        }
        return numbers;
    }

    private static float[] random(int seed, double scale, int count) {
        float[] numbers = new float[count];
        int state = seed;
        for (int i = 0; i < count; i++) {
            state = state * 1664525 + 1013904223;
            numbers[i] = (float) (state / 0x1p31 * scale);
        }
        return numbers;
    }

    @Test
    void toString_isWhatNumpyPrints() throws IOException {
        List<Printing> printings = printings();
        assertThat(printings).hasSizeGreaterThan(70);
        for (Printing each : printings) {
            if (each.tensor().dataType() == DataType.F32) {
                assertThat(each.tensor().toString(each.precision())).as(each.title())
                        .isEqualTo(each.tensor().typeAndShape() + "\n" + each.text());
            }
        }
    }

    @Test
    void toString_ofIntegers_isWhatNumpyPrints() throws IOException {
        for (Printing each : printings()) {
            if (each.tensor().dataType() == DataType.I8) {
                assertThat(each.tensor().toString()).as(each.title())
                        .isEqualTo(each.tensor().typeAndShape() + "\n" + each.text());
            }
        }
    }

    @Test
    void toString_ofAView_showsItsNumbers() {
        Tensor tensor = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        assertThat(tensor.transpose(0, 1).narrow(0, 1, 3)).hasToString("F32[2, 2]\n[[2. 5.]\n [3. 6.]]");
        assertThat(Tensor.of(DataType.BF16, new float[] {1 / 3f, 2}, 2)).hasToString("BF16[2]\n[0.334 2.   ]");
    }

    @Test
    void toString_afterItsMemoryIsClosed_saysSo() {
        Tensor tensor;
        try (Arena arena = Arena.ofConfined()) {
            tensor = Tensor.allocate(arena, DataType.F16, 2, 3);
        }
        assertThat(tensor).hasToString("F16[2, 3] (closed)");
        assertThat(tensor.typeAndShape()).isEqualTo("F16[2, 3]");
    }

    @Test
    void toString_ofANegativePrecision_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> Tensor.ones(2).toString(-1))
                .withMessage("precision: -1, must be at least 0");
    }
}
