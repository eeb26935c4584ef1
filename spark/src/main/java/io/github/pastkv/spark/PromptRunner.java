package io.github.pastkv.spark;

/** Computes what a column holds for each prompt. */
interface PromptRunner extends AutoCloseable {
    /**
     * The result for a prompt.
     *
     * @throws BadRowException if the model cannot take the prompt, whatever else it is given
     */
    RowResult run(int[] ids) throws BadRowException;

    /** Ends what is running on other threads. */
    void cancel();

    /** Longest prompt in tokens. */
    int maxTokens();

    @Override
    void close();
}
