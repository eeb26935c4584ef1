/** Linear layers in oneDNN, packed once. */
module io.github.pastkv.kernels.onednn {
    requires io.github.pastkv.kernels;
    requires static org.jspecify;

    provides io.github.pastkv.kernels.KernelsProvider with io.github.pastkv.kernels.onednn.OneDnnKernelsProvider;
}
