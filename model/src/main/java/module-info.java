/** Models and sessions. */
module io.github.pastkv.model {
    requires transitive io.github.pastkv.kernels;
    requires transitive io.github.pastkv.store;
    requires ai.djl.tokenizers;
    requires tools.jackson.databind;
    requires static org.jspecify;

    exports io.github.pastkv.model;
    exports io.github.pastkv.model.config;
    exports io.github.pastkv.model.engine;
    exports io.github.pastkv.model.families;
    exports io.github.pastkv.model.family;
    exports io.github.pastkv.model.files;
    exports io.github.pastkv.model.generation;
    exports io.github.pastkv.model.gguf;
    exports io.github.pastkv.model.grammar;
    exports io.github.pastkv.model.hooks;
    exports io.github.pastkv.model.quality;
    exports io.github.pastkv.model.sampling;
    exports io.github.pastkv.model.tokenizer;
}
