package io.github.pastkv.chat.jinja;

import io.github.pastkv.chat.jinja.python.Budget;
import io.github.pastkv.chat.jinja.python.Items;
import io.github.pastkv.chat.jinja.python.None;
import io.github.pastkv.chat.jinja.python.Python;
import io.github.pastkv.chat.jinja.python.Undefined;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Attributes that filters get from items by paths such as {@code function.name} or {@code 0}. */
final class AttributePath {
    private AttributePath() {}

    /** Gets an attribute, by a path with dots, of an item; the item itself where there is none to get. */
    static UnaryOperator<Object> of(Object path, @Nullable Object absent) {
        if (path instanceof None) {
            return UnaryOperator.identity();
        }
        List<Object> keys = new ArrayList<>();
        if (path instanceof Long number) {
            keys.add(number);
        } else {
            for (String key : Python.requireText(path, "the name of an attribute").split("\\.", -1)) {
                keys.add(key.matches("\\d{1,9}") ? (Object) Long.valueOf(key) : key);
            }
        }
        return item -> {
            Object value = item;
            for (Object key : keys) {
                Budget.step(1);
                value = Items.subscript(value, key);
                if (value instanceof Undefined && absent != null) {
                    value = absent;
                }
            }
            return value;
        };
    }

    /** Attributes by several paths with commas between them, as a list, which orders by each in turn. */
    static UnaryOperator<Object> ofSeveral(Object paths) {
        if (!Python.isText(paths) || !Python.str(paths).contains(",")) {
            return of(paths, null);
        }
        List<UnaryOperator<Object>> all = new ArrayList<>();
        for (String path : Python.str(paths).split(",", -1)) {
            all.add(of(path, null));
        }
        return item -> all.stream().map(one -> one.apply(item)).toList();
    }
}
