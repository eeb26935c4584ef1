/** The pastkv command. */
module io.github.pastkv.cli {
    requires info.picocli;
    requires io.github.pastkv.lens;
    requires io.github.pastkv.model;
    requires io.github.pastkv.tinymodel;
    requires tools.jackson.databind;
    requires static transitive org.jspecify;

    opens io.github.pastkv.cli to info.picocli;
}
