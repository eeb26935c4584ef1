/** HTTP: routes, limits, keys, streams of events and clients that leave. The only package that knows Jetty. */
@NullMarked
package io.github.pastkv.serve.http;

import org.jspecify.annotations.NullMarked;
