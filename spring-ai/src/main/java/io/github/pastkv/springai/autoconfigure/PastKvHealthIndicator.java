package io.github.pastkv.springai.autoconfigure;

import io.github.pastkv.model.Model;
import io.github.pastkv.springai.PastKvChatModel;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/** Up while the chat model can answer, with what it computes on and how full its cache is. */
final class PastKvHealthIndicator extends AbstractHealthIndicator {
    private final PastKvChatModel chatModel;

    PastKvHealthIndicator(PastKvChatModel chatModel) {
        super("the health of the model cannot be read");
        this.chatModel = chatModel;
    }

    @Override
    protected void doHealthCheck(Health.Builder builder) {
        if (chatModel.isClosed()) {
            builder.down().withDetail("model", chatModel.name()).withDetail("reason", "is closed");
            return;
        }
        Model model = chatModel.model();
        builder.up().withDetail("model", chatModel.name()).withDetail("numericIdentity", model.numericIdentity())
                .withDetail("runningRequests", chatModel.stats().numRunning())
                .withDetail("cacheHeldBytes", chatModel.pool().heldBytes())
                .withDetail("cacheMaxBytes", chatModel.pool().config().maxPoolBytes());
    }
}
