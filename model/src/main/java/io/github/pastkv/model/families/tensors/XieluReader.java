package io.github.pastkv.model.families.tensors;

import io.github.pastkv.kernels.Xielu;
import io.github.pastkv.model.files.ModelFormatException;

/** Reads the parameters of an xIELU activation, which a layer stores as they are before a softplus. */
final class XieluReader {
    private XieluReader() {}

    /** The activation whose tensors begin with {@code name}. */
    static Xielu read(String name, TensorReader reader) throws ModelFormatException {
        double positive = softplus(reader.tensor(name + "alpha_p", 1).get(0));
        float beta = reader.tensor(name + "beta").get();
        double negative = beta + softplus(reader.tensor(name + "alpha_n", 1).get(0));
        return new Xielu((float) positive, (float) negative, beta, reader.tensor(name + "eps").get());
    }

    private static double softplus(double x) {
        return x > 0 ? x + StrictMath.log1p(StrictMath.exp(-x)) : StrictMath.log1p(StrictMath.exp(x));
    }
}
