package io.github.pastkv.spark;

import java.util.Iterator;

/**
 * The results of a function for each element of an iterator. For one thread.
 *
 * @param <T> type of the elements
 * @param <R> type of the results
 */
final class MappedIterator<T, R> implements Iterator<R> {
    private final Iterator<T> elements;
    private final Mapping<T, R> mapping;

    /** A function that may fail. */
    @FunctionalInterface
    interface Mapping<T, R> {
        R of(T element) throws Exception;
    }

    MappedIterator(Iterator<T> elements, Mapping<T, R> mapping) {
        this.elements = elements;
        this.mapping = mapping;
    }

    @Override
    public boolean hasNext() {
        return elements.hasNext();
    }

    @Override
    public R next() {
        T element = elements.next();
        try {
            return mapping.of(element);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }
}
