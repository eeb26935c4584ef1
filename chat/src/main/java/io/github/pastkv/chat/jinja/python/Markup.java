package io.github.pastkv.chat.jinja.python;

/** A string marked as safe for HTML. It can be written, added and stripped; what is added to it is escaped. */
public record Markup(String text) {
    public static String escape(String text) {
        return text.replace("&", "&amp;").replace(">", "&gt;").replace("<", "&lt;").replace("'", "&#39;")
                .replace("\"", "&#34;");
    }
}
