/** The pastkv command. */
module io.github.pastkv.cli {
    requires info.picocli;
    requires io.github.pastkv.lens;
    requires jdk.unsupported; // signals: JLine looks for sun.misc.Signal by reflection
    requires io.github.pastkv.chat;
    requires io.github.pastkv.model;
    requires io.github.pastkv.serve;
    requires io.github.pastkv.tinymodel;
    requires org.jline.reader;
    requires tools.jackson.databind;
    requires static org.jspecify;

    opens io.github.pastkv.cli to info.picocli;
    opens io.github.pastkv.cli.bench to info.picocli;
    opens io.github.pastkv.cli.cache to info.picocli;
    opens io.github.pastkv.cli.chat to info.picocli;
    opens io.github.pastkv.cli.generate to info.picocli;
    opens io.github.pastkv.cli.io to info.picocli;
    opens io.github.pastkv.cli.options to info.picocli;
    opens io.github.pastkv.cli.serve to info.picocli;
    opens io.github.pastkv.cli.show to info.picocli;
    opens io.github.pastkv.cli.sweep to info.picocli;
}
