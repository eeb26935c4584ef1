/** Running models with hooks, and looking at their activations. */
module io.github.pastkv.lens {
    requires transitive io.github.pastkv.model;
    requires transitive java.desktop;
    requires tools.jackson.databind;
    requires static org.jspecify;

    exports io.github.pastkv.lens;
    exports io.github.pastkv.lens.circuits;
    exports io.github.pastkv.lens.patching;
    exports io.github.pastkv.lens.plot;
    exports io.github.pastkv.lens.sweep;
}
