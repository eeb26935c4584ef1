/** The arithmetic of a transformer. */
module io.github.pastkv.kernels {
    requires transitive io.github.pastkv.cache;
    requires static org.jspecify;
    requires static org.slf4j; // used for warnings where an application has it

    exports io.github.pastkv.kernels;
    exports io.github.pastkv.kernels.weights;

    uses io.github.pastkv.kernels.KernelsProvider;
    uses io.github.pastkv.kernels.SpeedProbe;
    uses org.slf4j.spi.SLF4JServiceProvider;
}
