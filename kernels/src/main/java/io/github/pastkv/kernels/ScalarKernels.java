package io.github.pastkv.kernels;

import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightMatrices;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The specification of all arithmetic: plain loops over single numbers, in the order that every other implementation
 * must reproduce bit for bit.
 */
public final class ScalarKernels implements Kernels {
    /** The numeric identity of the scalar and vector kernels, whatever their vector width. */
    public static final String NUMERIC_IDENTITY = "pastkv-1";

    /** Available on every machine. */
    public ScalarKernels() {}

    @Override
    public String name() {
        return "scalar";
    }

    @Override
    public String numericIdentity() {
        return NUMERIC_IDENTITY;
    }

    @Override
    public LinearWeights pack(List<WeightMatrix> parts, LinearPrecision precision, Arena arena) {
        return WeightMatrices.requireMatching(parts, precision) instanceof WeightMatrix.Grouped
                ? ScalarGroupedWeights.pack(parts, precision, arena)
                : ScalarLinearWeights.pack(parts, precision, arena);
    }

    @Override
    public void round(Tensor x, Tensor y, int width, int fromToken, int toToken) {
        for (int token = fromToken; token < toToken; token++) {
            for (int i = 0; i < width; i++) {
                long offset = (token * y.stride(0) + i) * y.dataType().bytes();
                y.dataType().write(y.segment(), offset, DataType.BF16.round(number(x, token, i)));
            }
        }
    }

    @Override
    public void linear(Tensor x, LinearWeights weights, Tensor y, int numTokens, int fromOutput, int toOutput) {
        if (weights instanceof ScalarGroupedWeights grouped) {
            groupedLinear(x, grouped, y, numTokens, fromOutput, toOutput);
            return;
        }
        ScalarLinearWeights w = (ScalarLinearWeights) weights;
        for (int token = 0; token < numTokens; token++) {
            for (int output = fromOutput; output < toOutput; output++) {
                float sum = 0f;
                for (int input = 0; input < w.numInputs(); input++) {
                    sum = Math.fma(number(x, token, input), w.weight(output, input), sum);
                }
                float scaled = w.isScaled() ? sum * w.scale(output) : sum;
                setNumber(y, token, output, w.hasBias(output) ? scaled + w.bias(output) : scaled);
            }
        }
    }

    private static void groupedLinear(Tensor x, ScalarGroupedWeights w, Tensor y, int numTokens, int fromOutput,
            int toOutput) {
        for (int token = 0; token < numTokens; token++) {
            for (int output = fromOutput; output < toOutput; output++) {
                float total = 0f;
                for (int group = 0; group < w.numGroups(); group++) {
                    total = addGroup(total, x, token, w, output, group);
                }
                Float bias = w.bias(output);
                setNumber(y, token, output, bias == null ? total : total + bias);
            }
        }
    }

    /** Adds scale * (sum of integer * input), then minimum * (sum of inputs), each product and sum rounded once. */
    private static float addGroup(float total, Tensor x, int token, ScalarGroupedWeights w, int output, int group) {
        int from = group * w.format().groupSize();
        int to = Math.min(from + w.format().groupSize(), w.numInputs());
        float sum = 0f;
        float inputs = 0f;
        for (int input = from; input < to; input++) {
            sum = Math.fma(number(x, token, input), w.number(output, input), sum);
            inputs += number(x, token, input);
        }
        float scaled = Math.fma(w.scale(output, group), sum, total);
        return w.format().hasMinimums() ? Math.fma(w.minimum(output, group), inputs, scaled) : scaled;
    }

    @Override
    public void normalize(NormWeights norm, Tensor x, Tensor y, int fromToken, int toToken) {
        for (int token = fromToken; token < toToken; token++) {
            if (norm.kind() == NormWeights.Kind.RMS) {
                normalizeRow(norm, x, y, token, 0f);
            } else {
                normalizeRow(norm, x, y, token, rowSum(x, token, norm.hiddenSize()) / norm.hiddenSize());
            }
        }
    }

    private static void normalizeRow(NormWeights norm, Tensor x, Tensor y, int token, float mean) {
        int width = norm.hiddenSize();
        float meanOfSquares = squaresSum(x, token, width, mean) / width;
        float inverse = 1f / ScalarMath.sqrt(meanOfSquares + norm.epsilon());
        for (int i = 0; i < width; i++) {
            float scaled = (number(x, token, i) - mean) * inverse;
            float weight = row(norm.weight(), i);
            setNumber(y, token, i,
                    norm.bias() == null ? scaled * weight : Math.fma(scaled, weight, row(norm.bias(), i)));
        }
    }

    static float rowSum(Tensor x, int token, int width) {
        return LaneSum.of(lane -> {
            float sum = 0f;
            for (int i = lane; i < width; i += LaneSum.NUM_LANES) {
                sum += number(x, token, i);
            }
            return sum;
        });
    }

    static float squaresSum(Tensor x, int token, int width, float mean) {
        return LaneSum.of(lane -> {
            float sum = 0f;
            for (int i = lane; i < width; i += LaneSum.NUM_LANES) {
                float difference = number(x, token, i) - mean;
                sum = Math.fma(difference, difference, sum);
            }
            return sum;
        });
    }

    @Override
    public void applyRope(Tensor x, int numHeads, int headDim, RopeTable table, int[] positions, int fromToken,
            int toToken) {
        int half = table.rotaryDim() / 2;
        for (int token = fromToken; token < toToken; token++) {
            MemorySegment row = table.segment(positions[token]);
            long cosOffset = table.cosByteOffset(positions[token]);
            for (int head = 0; head < numHeads; head++) {
                for (int pair = 0; pair < half; pair++) {
                    float cos = DataType.F32.read(row, cosOffset + 4L * pair);
                    float sin = DataType.F32.read(row, cosOffset + 4L * (half + pair));
                    rotatePair(x, token, head * headDim + table.firstOfPair(pair), table.pairDistance(), cos, sin);
                }
            }
        }
    }

    private static void rotatePair(Tensor x, int token, int column, int distance, float cos, float sin) {
        float first = number(x, token, column);
        float second = number(x, token, column + distance);
        setNumber(x, token, column, Math.fma(first, cos, -(second * sin)));
        setNumber(x, token, column + distance, Math.fma(second, cos, first * sin));
    }

    @Override
    public void activate(Activation activation, Tensor x, int width, int fromToken, int toToken) {
        for (int token = fromToken; token < toToken; token++) {
            for (int i = 0; i < width; i++) {
                setNumber(x, token, i, activated(activation, number(x, token, i)));
            }
        }
    }

    @Override
    public void gatedActivation(Activation activation, Tensor gate, Tensor up, int width, int fromToken, int toToken) {
        for (int token = fromToken; token < toToken; token++) {
            for (int i = 0; i < width; i++) {
                setNumber(gate, token, i, activated(activation, number(gate, token, i)) * number(up, token, i));
            }
        }
    }

    private static float activated(Activation activation, float x) {
        return switch (activation) {
            case SILU -> ScalarMath.silu(x);
            case GELU_TANH -> ScalarMath.geluTanh(x);
            case GELU -> ScalarMath.gelu(x);
            case RELU -> ScalarMath.relu(x);
            case RELU_SQUARED -> ScalarMath.relu(x) * ScalarMath.relu(x);
            case XIELU -> throw new IllegalArgumentException("activation: XIELU has trained parameters; use Xielu");
        };
    }

    @Override
    public void add(Tensor x, Tensor y, int width, int fromToken, int toToken) {
        for (int token = fromToken; token < toToken; token++) {
            for (int i = 0; i < width; i++) {
                setNumber(x, token, i, number(x, token, i) + number(y, token, i));
            }
        }
    }

    @Override
    public void softCap(float cap, Tensor x, int width, int fromToken, int toToken) {
        for (int token = fromToken; token < toToken; token++) {
            for (int i = 0; i < width; i++) {
                setNumber(x, token, i, ScalarMath.softCap(number(x, token, i), cap));
            }
        }
    }

    @Override
    public void qkScores(AttentionTile tile) {
        for (int row = 0; row < tile.numRows(); row++) {
            for (int position = 0; position < tile.numVisible(row); position++) {
                if (tile.sees(row, position)) {
                    setScore(tile, row, position, formed(tile, row, position, dot(tile, row, position)));
                }
            }
        }
    }

    private static float formed(AttentionTile tile, int row, int position, float dot) {
        ScoreForm form = tile.form();
        float score = dot * form.scale();
        if (form.softCap() != 0) {
            score = ScalarMath.softCap(score, form.softCap());
        }
        if (form.hasSlopes()) {
            float distance = position - tile.position(row);
            score = Math.fma(form.slope(tile.head(row)), distance, score);
        }
        return score;
    }

    private static float dot(AttentionTile tile, int row, int position) {
        KvBlocks blocks = tile.blocks();
        KvLayout layout = blocks.layout();
        int block = position / layout.blockSize();
        int slot = position % layout.blockSize();
        float sum = 0f;
        for (int dim = 0; dim < tile.headDim(); dim++) {
            float query = DataType.F32.read(tile.queries(), tile.queryByteOffset(row) + 4L * dim);
            float key = layout.readKey(blocks.segment(block), blocks.blockByteOffset(block), tile.layer(),
                    tile.kvHead(), slot, dim);
            sum = Math.fma(query, key, sum);
        }
        return sum;
    }

    @Override
    public void softmax(AttentionTile tile) {
        for (int row = 0; row < tile.numRows(); row++) {
            float sinkScore = tile.form().sinkScore(tile.head(row));
            float maximum = sinkScore;
            for (int position = 0; position < tile.numVisible(row); position++) {
                if (tile.sees(row, position)) {
                    maximum = Math.max(maximum, score(tile, row, position));
                }
            }
            for (int position = 0; position < tile.numVisible(row); position++) {
                if (tile.sees(row, position)) {
                    setScore(tile, row, position, ScalarMath.exp(score(tile, row, position) - maximum));
                }
            }
            float sum = 0f;
            for (int from = 0; from < tile.numVisible(row); from += AttentionTile.SPAN_POSITIONS) {
                if (tile.seesAny(row, from, from + AttentionTile.SPAN_POSITIONS)) {
                    sum += spanSum(tile, row, from);
                }
            }
            if (tile.form().hasSinkScores()) {
                sum += ScalarMath.exp(sinkScore - maximum);
            }
            for (int position = 0; position < tile.numVisible(row); position++) {
                if (tile.sees(row, position)) {
                    setScore(tile, row, position, score(tile, row, position) / sum);
                }
            }
        }
    }

    /** The attended part of a span; the lane of a position does not depend on where the window begins. */
    private static float spanSum(AttentionTile tile, int row, int from) {
        int to = Math.min(from + AttentionTile.SPAN_POSITIONS, tile.numVisible(row));
        return LaneSum.of(lane -> {
            float sum = 0f;
            for (int position = from + lane; position < to; position += LaneSum.NUM_LANES) {
                if (tile.sees(row, position)) {
                    sum += score(tile, row, position);
                }
            }
            return sum;
        });
    }

    @Override
    public void weightedValues(AttentionTile tile) {
        for (int row = 0; row < tile.numRows(); row++) {
            for (int from = 0; from < tile.numVisible(row); from += AttentionTile.SPAN_POSITIONS) {
                if (tile.seesAny(row, from, from + AttentionTile.SPAN_POSITIONS)) {
                    addSpan(tile, row, from);
                }
            }
        }
    }

    private static void addSpan(AttentionTile tile, int row, int from) {
        for (int dim = 0; dim < tile.valueDim(); dim++) {
            long offset = tile.outByteOffset(row) + 4L * dim;
            float before = tile.startsOut(row, from) ? 0f : DataType.F32.read(tile.outOf(row, from), offset);
            DataType.F32.write(tile.outOf(row, from), offset, before + spanOfValues(tile, row, dim, from));
        }
    }

    private static float spanOfValues(AttentionTile tile, int row, int dim, int from) {
        int to = Math.min(from + AttentionTile.SPAN_POSITIONS, tile.numVisible(row));
        float sum = 0f;
        for (int position = from; position < to; position++) {
            if (tile.sees(row, position)) {
                sum = Math.fma(score(tile, row, position), value(tile, position, dim), sum);
            }
        }
        return sum;
    }

    private static float value(AttentionTile tile, int position, int dim) {
        KvBlocks blocks = tile.blocks();
        KvLayout layout = blocks.layout();
        int block = position / layout.blockSize();
        return layout.readValue(blocks.segment(block), blocks.blockByteOffset(block), tile.layer(), tile.kvHead(),
                position % layout.blockSize(), dim);
    }

    private static float score(AttentionTile tile, int row, int position) {
        return DataType.F32.read(tile.scores(), tile.scoreByteOffset(row) + 4L * position);
    }

    private static void setScore(AttentionTile tile, int row, int position, float score) {
        DataType.F32.write(tile.scores(), tile.scoreByteOffset(row) + 4L * position, score);
    }

    private static float number(Tensor x, int token, int column) {
        return DataType.F32.read(x.segment(), (token * x.stride(0) + column) * Float.BYTES);
    }

    private static void setNumber(Tensor x, int token, int column, float value) {
        DataType.F32.write(x.segment(), (token * x.stride(0) + column) * Float.BYTES, value);
    }

    private static float row(Tensor x, int column) {
        return DataType.F32.read(x.segment(), 4L * column);
    }
}
