package io.github.pastkv.testkit.kernels;

import io.github.pastkv.kernels.weights.ComputeType;
import io.github.pastkv.kernels.weights.GroupFormat;
import io.github.pastkv.kernels.weights.GroupFormat.Integers;
import io.github.pastkv.kernels.weights.GroupFormat.Scales;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.tensor.DataType;
import org.jspecify.annotations.Nullable;

/** Kinds of weights; the stored type and the precision, or the format of groups. */
@SuppressWarnings("ImmutableEnumChecker") // its fields are records of enums and numbers
enum LinearKind {
    F32(DataType.F32, LinearPrecision.PLAIN, null),
    F16(DataType.F16, LinearPrecision.PLAIN, null),
    BF16(DataType.BF16, LinearPrecision.PLAIN, null),
    BF16_INPUTS(DataType.BF16, new LinearPrecision(ComputeType.BF16, WeightType.STORED), null),
    INT8_OF_F32(DataType.F32, new LinearPrecision(ComputeType.F32, WeightType.INT8), null),
    INT8_OF_BF16(DataType.BF16, new LinearPrecision(ComputeType.F32, WeightType.INT8), null),
    INT8_BF16_INPUTS(DataType.BF16, new LinearPrecision(ComputeType.BF16, WeightType.INT8), null),
    GROUPED_8_32(DataType.I8, LinearPrecision.PLAIN, new GroupFormat(Integers.INT8, 32, false, Scales.F32)),
    GROUPED_8_16_MINIMUM(DataType.I8, LinearPrecision.PLAIN, new GroupFormat(Integers.INT8, 16, true, Scales.F32)),
    GROUPED_8_32_F16(DataType.I8, LinearPrecision.PLAIN, new GroupFormat(Integers.INT8, 32, false, Scales.F16)),
    GROUPED_4_16(DataType.I8, LinearPrecision.PLAIN, new GroupFormat(Integers.UINT4, 16, false, Scales.F32)),
    GROUPED_4_32_MINIMUM(DataType.I8, LinearPrecision.PLAIN,
            new GroupFormat(Integers.UINT4, 32, true, Scales.TWO_LEVEL)),
    GROUPED_4_32_F16_MINIMUM(DataType.I8, LinearPrecision.PLAIN,
            new GroupFormat(Integers.UINT4, 32, true, Scales.F16)),
    GROUPED_4_SIGNED(DataType.I8, LinearPrecision.PLAIN, new GroupFormat(Integers.INT4, 32, false, Scales.F16)),
    GROUPED_4_SIGNED_MINIMUM(DataType.I8, LinearPrecision.PLAIN,
            new GroupFormat(Integers.INT4, 16, true, Scales.BF16)),
    GROUPED_5_MINIMUM(DataType.I8, LinearPrecision.PLAIN,
            new GroupFormat(Integers.UINT5, 32, true, Scales.TWO_LEVEL)),
    GROUPED_5_SIGNED(DataType.I8, LinearPrecision.PLAIN, new GroupFormat(Integers.INT5, 32, false, Scales.F16)),
    GROUPED_6(DataType.I8, LinearPrecision.PLAIN, new GroupFormat(Integers.INT6, 16, false, Scales.TWO_LEVEL)),
    GROUPED_3(DataType.I8, LinearPrecision.PLAIN, new GroupFormat(Integers.INT3, 16, false, Scales.TWO_LEVEL)),
    GROUPED_2_MINIMUM(DataType.I8, LinearPrecision.PLAIN,
            new GroupFormat(Integers.UINT2, 16, true, Scales.TWO_LEVEL)),
    GROUPED_IQ4(DataType.I8, LinearPrecision.PLAIN, new GroupFormat(Integers.IQ4, 32, false, Scales.TWO_LEVEL)),
    GROUPED_FP4(DataType.I8, LinearPrecision.PLAIN, new GroupFormat(Integers.FP4, 32, false, Scales.BF16)),
    GROUPED_4_BF16_INPUTS(DataType.I8, new LinearPrecision(ComputeType.BF16, WeightType.STORED),
            new GroupFormat(Integers.UINT4, 32, true, Scales.F32));

    final DataType stored;
    final LinearPrecision precision;
    final @Nullable GroupFormat format;

    LinearKind(DataType stored, LinearPrecision precision, @Nullable GroupFormat format) {
        this.stored = stored;
        this.precision = precision;
        this.format = format;
    }
}
