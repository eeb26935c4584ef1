/** Models and sessions. */
module io.github.pastkv.model {
    requires transitive io.github.pastkv.kernels;
    requires ai.djl.tokenizers;
    requires tools.jackson.databind;
    requires static transitive org.jspecify;
}
