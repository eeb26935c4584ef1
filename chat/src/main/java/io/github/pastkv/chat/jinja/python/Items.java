package io.github.pastkv.chat.jinja.python;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What stands behind a dot or in brackets. */
public final class Items {
    private Items() {}

    /** {@code object.name}: an attribute, else the item of that name. */
    public static Object dot(Object object, String name) {
        @Nullable Object found = own(object, name);
        if (found == null) {
            found = item(object, name);
        }
        return found == null ? missing(object, name) : found;
    }

    /** The filter {@code attr}: an attribute, never an item. */
    public static Object attribute(Object object, String name) {
        @Nullable Object found = own(object, name);
        return found == null ? missing(object, name) : found;
    }

    /** {@code object[key]}: an item, else the attribute of that name. */
    public static Object subscript(Object object, Object key) {
        @Nullable Object found = item(object, key);
        if (found == null && key instanceof String name) {
            found = own(object, name);
        }
        return found == null ? missing(object, key) : found;
    }

    private static @Nullable Object own(Object object, String name) {
        if (object instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (object instanceof Namespace namespace) {
            return namespace.attributes().get(name);
        }
        return ValueMethods.find(object, name);
    }

    private static @Nullable Object item(Object object, Object key) {
        return switch (object) {
            case Undefined undefined -> throw undefined.error();
            case Map<?, ?> map -> key instanceof List || key instanceof Map ? null : map.get(Comparisons.key(key));
            case Namespace namespace -> key instanceof String name ? namespace.attributes().get(name) : null;
            case String text -> numbered(key, Text.length(text)) < 0
                    ? null
                    : Text.substring(text, numbered(key, Text.length(text)), numbered(key, Text.length(text)) + 1);
            case Markup markup -> item(markup.text(), key) instanceof String one ? new Markup(one) : null;
            case List<?> list -> at(list, key);
            case Tuple tuple -> at(tuple.items(), key);
            case PyRange range -> at(range.items(), key);
            default -> null;
        };
    }

    private static @Nullable Object at(List<?> items, Object key) {
        int index = numbered(key, items.size());
        return index < 0 ? null : items.get(index);
    }

    /** The index that a number means, counted from the end if it is negative; -1 if there is none. */
    private static int numbered(Object key, int size) {
        if (!(key instanceof Long || key instanceof Boolean)) {
            return -1;
        }
        long number = key instanceof Boolean flag ? flag ? 1 : 0 : (Long) key;
        long index = number < 0 ? number + size : number;
        return index < 0 || index >= size ? -1 : (int) index;
    }

    private static Undefined missing(Object object, Object key) {
        String type = object instanceof Map ? "dict object" : Python.typeName(object) + " object";
        return new Undefined(key instanceof String name
                ? "'" + type + "' has no attribute '" + name + "'"
                : type + " has no element " + Python.repr(key));
    }

    /** {@code object[from:to:step]}; bounds are null where they are left out. */
    public static Object slice(Object object, @Nullable Object from, @Nullable Object to, @Nullable Object step) {
        if (object instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (!(object instanceof String || object instanceof List || object instanceof Tuple
                || object instanceof PyRange || object instanceof Markup)) {
            throw new TemplateError("'" + Python.typeName(object) + "' object cannot be sliced");
        }
        if (object instanceof Markup markup) {
            return new Markup(Python.str(slice(markup.text(), from, to, step)));
        }
        int stride = step == null || step instanceof None ? 1 : Numbers.toInt(step);
        if (stride == 0) {
            throw new TemplateError("slice step cannot be zero");
        }
        if (stride == 1 && object instanceof String text) {
            int size = Text.length(text);
            int begin = bound(from, size, 0, 1);
            return Budget.counted(Text.substring(text, begin, Math.max(begin, bound(to, size, size, 1))));
        }
        List<Object> all = Python.items(object);
        List<Object> chosen = new ArrayList<>();
        int first = bound(from, all.size(), stride < 0 ? all.size() - 1 : 0, stride);
        int end = bound(to, all.size(), stride < 0 ? -1 : all.size(), stride);
        Budget.step(all.size() / 64 + 1);
        for (long i = first; stride < 0 ? i > end : i < end; i += stride) {
            chosen.add(all.get((int) i));
        }
        return switch (object) {
            case String _ -> Budget.counted(String.join("", chosen.stream().map(Python::str).toList()));
            case Tuple _ -> Tuple.of(chosen);
            case PyRange _ -> throw new TemplateError("slices of a range are not supported");
            default -> chosen;
        };
    }

    private static int bound(@Nullable Object value, int size, int absent, int stride) {
        if (value == null || value instanceof None) {
            return absent;
        }
        long index = value instanceof Long number ? number : Numbers.toInt(value);
        index += index < 0 ? size : 0;
        return (int) Math.clamp(index, stride < 0 ? -1 : 0, stride < 0 ? size - 1L : size);
    }
}
