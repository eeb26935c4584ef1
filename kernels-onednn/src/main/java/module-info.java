/** Linear layers in oneDNN, packed once; one row of inputs times integers in the Vector API. */
module io.github.pastkv.kernels.onednn {
    requires io.github.pastkv.kernels;
    requires jdk.incubator.vector;
    requires static org.jspecify;

    provides io.github.pastkv.kernels.KernelsProvider with io.github.pastkv.kernels.onednn.OneDnnKernelsProvider;
}
