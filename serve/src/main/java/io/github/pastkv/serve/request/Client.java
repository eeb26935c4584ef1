package io.github.pastkv.serve.request;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Who sends a request.
 *
 * @param tenant whose key it came with; tenants do not share what they have read
 * @param sendsAnswersBack whether its requests may ask that answers keep their tokens in later conversations
 * @param timeout for so long the client waits for bytes of the answer; null for unknown
 */
public record Client(String tenant, boolean sendsAnswersBack, @Nullable Duration timeout) {}
