package io.github.pastkv.chat.jinja;

import io.github.pastkv.chat.jinja.python.Arguments;
import io.github.pastkv.chat.jinja.python.Budget;
import io.github.pastkv.chat.jinja.python.Generator;
import io.github.pastkv.chat.jinja.python.None;
import io.github.pastkv.chat.jinja.python.Python;
import io.github.pastkv.chat.jinja.python.TemplateError;
import java.util.ArrayList;
import java.util.List;

/** The filters that divide a sequence into lists. */
final class PartFilters {
    private PartFilters() {}

    /** Lists of {@code linecount} items each, the last one filled up if there is something to fill it with. */
    static Object batch(Object value, Arguments.Bound bound) {
        int size = bound.integer("linecount", 0);
        Object fill = bound.get("fill_with", None.NONE);
        List<Object> batches = new ArrayList<>();
        List<Object> batch = new ArrayList<>();
        for (Object item : Budget.counted(Python.items(value))) {
            if (batch.size() == size) {
                batches.add(batch);
                batch = new ArrayList<>();
            }
            batch.add(item);
        }
        if (!batch.isEmpty()) {
            while (!(fill instanceof None) && batch.size() < size) {
                Budget.step(1);
                batch.add(fill);
            }
            batches.add(batch);
        }
        return new Generator(batches);
    }

    /** {@code slices} lists of nearly equal length, the longer ones first. */
    static Object slice(Object value, Arguments.Bound bound) {
        List<Object> items = Budget.counted(Python.items(value));
        int count = bound.integer("slices", 0);
        Object fill = bound.get("fill_with", None.NONE);
        if (count <= 0) {
            throw new TemplateError("slice: " + count + " slices, must be at least 1");
        }
        List<Object> slices = new ArrayList<>();
        int perSlice = items.size() / count;
        int numLonger = items.size() % count;
        int from = 0;
        for (int i = 0; i < count; i++) {
            Budget.step(1);
            int to = from + perSlice + (i < numLonger ? 1 : 0);
            List<Object> part = new ArrayList<>(items.subList(from, to));
            if (!(fill instanceof None) && i >= numLonger) {
                part.add(fill);
            }
            slices.add(part);
            from = to;
        }
        return new Generator(slices);
    }
}
