/** The arithmetic of a transformer. */
module io.github.pastkv.kernels {
    requires transitive io.github.pastkv.cache;
    requires static org.jspecify;

    exports io.github.pastkv.kernels;
    exports io.github.pastkv.kernels.weights;

    uses io.github.pastkv.kernels.KernelsProvider;
    uses io.github.pastkv.kernels.SpeedProbe;
}
