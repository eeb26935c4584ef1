/** Conversations. */
module io.github.pastkv.chat {
    requires transitive io.github.pastkv.model;
    requires transitive tools.jackson.databind;
    requires static org.jspecify;

    exports io.github.pastkv.chat;
    exports io.github.pastkv.chat.tools;
}
