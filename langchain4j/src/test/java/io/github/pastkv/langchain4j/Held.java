package io.github.pastkv.langchain4j;

import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.sampling.LogitsProcessor;
import io.github.pastkv.model.sampling.TokenHistory;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** Holds a generation at its first token until another thread waits for its end, or interrupts it. */
final class Held implements LogitsProcessor {
    private final Thread other = Thread.currentThread();
    private final CountDownLatch begun = new CountDownLatch(1);
    private volatile boolean isEnding;

    GenerationOptions options() {
        GenerationOptions options = TestModel.model().generationOptions();
        return options.withSampling(options.sampling().withProcessors(List.of(this)));
    }

    @Override
    public void process(double[] logits, TokenHistory history) {
        begun.countDown();
        while (!(isEnding && other.getState() == Thread.State.WAITING) && !Thread.currentThread().isInterrupted()) {
            Thread.onSpinWait();
        }
    }

    /** Waits until the generation is held; from now on it goes on as soon as this thread waits. */
    void await() throws InterruptedException {
        begun.await();
        isEnding = true;
    }
}
