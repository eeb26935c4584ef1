package io.github.pastkv.chat.jinja;

/** A string marked as safe for HTML. It can be written, added and stripped; what is added to it is escaped. */
record Markup(String text) {
    static String escape(String text) {
        return text.replace("&", "&amp;").replace(">", "&gt;").replace("<", "&lt;").replace("'", "&#39;")
                .replace("\"", "&#34;");
    }
}
