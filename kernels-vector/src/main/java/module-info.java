/** The kernels in the Vector API. */
module io.github.pastkv.kernels.vector {
    requires io.github.pastkv.kernels;
    requires jdk.incubator.vector;
    requires static org.jspecify;

    provides io.github.pastkv.kernels.KernelsProvider with io.github.pastkv.kernels.vector.VectorKernelsProvider;
    provides io.github.pastkv.kernels.SpeedProbe with io.github.pastkv.kernels.vector.VectorSpeedProbe;
}
