/** The kernels in the Vector API. */
module io.github.pastkv.kernels.vector {
    requires io.github.pastkv.kernels;
    requires jdk.incubator.vector;
    requires static transitive org.jspecify;
}
