/** An OpenAI-compatible HTTP server. */
module io.github.pastkv.serve {
    requires transitive io.github.pastkv.chat;
    requires io.prometheus.metrics.core;
    requires io.prometheus.metrics.model;
    requires io.prometheus.writer.text;
    requires org.eclipse.jetty.http2.server;
    requires org.eclipse.jetty.http;
    requires org.eclipse.jetty.io;
    requires org.eclipse.jetty.server;
    requires org.eclipse.jetty.util;
    requires tools.jackson.databind;
    requires static org.jspecify;

    exports io.github.pastkv.serve;
    exports io.github.pastkv.serve.batch;
}
