package io.github.pastkv.spark;

import io.github.pastkv.model.Model;
import java.io.Serializable;
import java.util.Iterator;

/**
 * A function of a partition, which runs on an executor beside a model.
 *
 * @param <T> type of the elements
 * @param <R> type of the results
 */
@FunctionalInterface
public interface ModelFunction<T, R> extends Serializable {
    /**
     * The results for a partition.
     *
     * @param model shared by all tasks of the executor; never closed by the function, and valid until the task ends
     */
    Iterator<R> call(Model model, Iterator<T> elements) throws Exception;
}
