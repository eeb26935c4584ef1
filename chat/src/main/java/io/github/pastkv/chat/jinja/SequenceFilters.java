package io.github.pastkv.chat.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The filters of sequences and dictionaries. */
final class SequenceFilters {
    private SequenceFilters() {}

    static Object apply(String name, Object value, Arguments arguments) {
        return switch (name) {
            case "length" -> Python.length(value);
            case "list" -> new ArrayList<>(counted(Python.items(value)));
            case "first" -> {
                Iterator<Object> items = Python.iterate(value);
                yield items.hasNext() ? items.next() : new Undefined("No first item, sequence was empty.");
            }
            case "last" -> last(value);
            case "reverse" -> reverse(value);
            case "join" -> join(value, arguments.bind(name, "d", "attribute"));
            case "items" -> items(value);
            case "dictsort" -> dictSort(value, arguments.bind(name, "case_sensitive", "by", "reverse"));
            case "sort" -> sort(value, arguments.bind(name, "reverse", "case_sensitive", "attribute"));
            case "unique" -> unique(value, arguments.bind(name, "case_sensitive", "attribute"));
            case "min", "max" -> extreme(name, value, arguments.bind(name, "case_sensitive", "attribute"));
            case "groupby" -> groupBy(value, arguments.bind(name, "attribute", "default", "case_sensitive"));
            case "sum" -> sum(value, arguments.bind(name, "attribute", "start"));
            case "batch" -> batch(value, arguments.bind(name, "linecount", "fill_with"));
            case "slice" -> slice(value, arguments.bind(name, "slices", "fill_with"));
            case "map" -> map(value, arguments);
            default -> select(name, value, arguments); // select, reject, selectattr, rejectattr
        };
    }

    private static List<Object> counted(List<Object> items) {
        Budget.step(items.size());
        return items;
    }

    private static Object last(Object value) {
        if (value instanceof Generator) {
            throw new TemplateError("'generator' object is not reversible");
        }
        List<Object> items = Python.items(value);
        return items.isEmpty() ? new Undefined("No last item, sequence was empty.") : items.getLast();
    }

    private static Object reverse(Object value) {
        if (Python.isText(value)) {
            return Budget.counted(new StringBuilder(Python.str(value)).reverse().toString());
        }
        List<Object> items = new ArrayList<>(counted(Python.items(value)));
        Collections.reverse(items);
        return new Generator(items);
    }

    private static Object join(Object value, Arguments.Bound bound) {
        UnaryOperator<Object> attribute = attribute(bound.get("attribute", None.NONE), null);
        String separator = Python.str(bound.get("d", ""));
        StringBuilder result = new StringBuilder();
        boolean isFirst = true;
        for (Object item : Python.items(value)) {
            String text = Python.str(attribute.apply(item));
            Budget.chars(separator.length() + (long) text.length());
            result.append(isFirst ? "" : separator).append(text);
            isFirst = false;
        }
        return result.toString();
    }

    private static Object items(Object value) {
        if (value instanceof Undefined) {
            return new Generator(List.of());
        }
        if (!(value instanceof Map<?, ?> map)) {
            throw new TemplateError("Can only get item pairs from a mapping.");
        }
        return new Generator(ValueMethods.pairs(map));
    }

    /** Gets an attribute, by a path with dots, of an item; the item itself where there is none to get. */
    private static UnaryOperator<Object> attribute(Object path, @Nullable Object absent) {
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
    private static UnaryOperator<Object> attributes(Object paths) {
        if (!Python.isText(paths) || !Python.str(paths).contains(",")) {
            return attribute(paths, null);
        }
        List<UnaryOperator<Object>> all = new ArrayList<>();
        for (String path : Python.str(paths).split(",", -1)) {
            all.add(attribute(path, null));
        }
        return item -> all.stream().map(one -> one.apply(item)).toList();
    }

    /** What values are ordered by: strings without regard to case unless asked for. */
    private static UnaryOperator<Object> key(Arguments.Bound bound) {
        UnaryOperator<Object> attribute = attributes(bound.get("attribute", None.NONE));
        boolean isCaseSensitive = bound.isTrue("case_sensitive", false);
        boolean isSeveral = Python.str(bound.get("attribute", "")).contains(",");
        return item -> {
            Object value = attribute.apply(item);
            return isCaseSensitive ? value : isSeveral ? eachIgnoringCase(value) : ignoringCase(value);
        };
    }

    private static Object eachIgnoringCase(Object values) {
        return Python.items(values).stream().map(SequenceFilters::ignoringCase).toList();
    }

    private static Object ignoringCase(Object value) {
        return value instanceof String text ? text.toLowerCase(Locale.ROOT) : value;
    }

    private static List<Object> sorted(List<Object> items, UnaryOperator<Object> key, boolean isReversed) {
        List<Object> sorted = new ArrayList<>(counted(items));
        Comparator<Object> order = (left, right) -> {
            Budget.step(1);
            Object one = key.apply(left);
            Object other = key.apply(right);
            return Python.compare("<", one, other);
        };
        sorted.sort(isReversed ? order.reversed() : order);
        return sorted;
    }

    private static Object sort(Object value, Arguments.Bound bound) {
        UnaryOperator<Object> key = key(bound);
        UnaryOperator<Object> listed = item -> List.of(key.apply(item)); // so equal ones need no order, as in Python
        return sorted(Python.items(value), listed, bound.isTrue("reverse", false));
    }

    private static Object dictSort(Object value, Arguments.Bound bound) {
        if (!(value instanceof Map<?, ?> map)) {
            throw Python.firstUndefined(value, value,
                    new TemplateError("'" + Python.typeName(value) + "' object has no attribute 'items'"));
        }
        String by = bound.text("by", "key");
        if (!by.equals("key") && !by.equals("value")) {
            throw new TemplateError("You can only sort by either \"key\" or \"value\"");
        }
        boolean isCaseSensitive = bound.isTrue("case_sensitive", false);
        UnaryOperator<Object> key = pair -> {
            Object item = ((Tuple) pair).items().get(by.equals("key") ? 0 : 1);
            return isCaseSensitive ? item : ignoringCase(item);
        };
        return sorted(ValueMethods.pairs(map), key, bound.isTrue("reverse", false));
    }

    private static Object unique(Object value, Arguments.Bound bound) {
        UnaryOperator<Object> key = key(bound);
        Map<Object, Object> seen = new LinkedHashMap<>();
        for (Object item : counted(Python.items(value))) {
            seen.putIfAbsent(Python.key(key.apply(item)), item);
        }
        return new Generator(new ArrayList<>(seen.values()));
    }

    private static Object extreme(String name, Object value, Arguments.Bound bound) {
        List<Object> items = Python.items(value);
        UnaryOperator<Object> key = key(bound);
        if (items.isEmpty()) {
            return new Undefined("No aggregated item, sequence was empty.");
        }
        Object best = items.getFirst();
        for (Object item : counted(items.subList(1, items.size()))) {
            int order = Python.compare(name.equals("max") ? ">" : "<", key.apply(item), key.apply(best));
            best = name.equals("max") ? order > 0 ? item : best : order < 0 ? item : best;
        }
        return best;
    }

    private static Object groupBy(Object value, Arguments.Bound bound) {
        UnaryOperator<Object> attribute = attribute(bound.require("attribute"), bound.find("default"));
        boolean isCaseSensitive = bound.isTrue("case_sensitive", false);
        UnaryOperator<Object> key =
                item -> isCaseSensitive ? attribute.apply(item) : ignoringCase(attribute.apply(item));
        List<Object> groups = new ArrayList<>();
        List<Object> group = new ArrayList<>();
        @Nullable Object last = null;
        for (Object item : sorted(Python.items(value), key, false)) {
            Object current = key.apply(item);
            if (last == null || !Python.equal(last, current)) {
                group = new ArrayList<>();
                groups.add(new Tuple(List.of(attribute.apply(item), group), List.of("grouper", "list")));
                last = current;
            }
            group.add(item);
        }
        return groups;
    }

    private static Object sum(Object value, Arguments.Bound bound) {
        UnaryOperator<Object> attribute = attribute(bound.get("attribute", None.NONE), null);
        Object total = bound.get("start", 0L);
        for (Object item : Python.items(value)) {
            total = Operators.binary("+", total, attribute.apply(item));
        }
        return total;
    }

    private static Object batch(Object value, Arguments.Bound bound) {
        int size = bound.integer("linecount", 0);
        Object fill = bound.get("fill_with", None.NONE);
        List<Object> batches = new ArrayList<>();
        List<Object> batch = new ArrayList<>();
        for (Object item : counted(Python.items(value))) {
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

    private static Object slice(Object value, Arguments.Bound bound) {
        List<Object> items = counted(Python.items(value));
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

    private static Object map(Object value, Arguments arguments) {
        UnaryOperator<Object> function;
        if (arguments.positional().isEmpty() && arguments.named().containsKey("attribute")) {
            Arguments.Bound bound = arguments.bind("map", "attribute", "default");
            function = attribute(bound.require("attribute"), bound.find("default"));
        } else {
            String filter = name("map", arguments);
            Filters.requireKnown(filter);
            function = item -> Filters.apply(filter, item, arguments.from(1));
        }
        List<Object> mapped = new ArrayList<>();
        for (Object item : counted(Python.items(value))) {
            mapped.add(function.apply(item));
        }
        return new Generator(mapped);
    }

    private static String name(String filter, Arguments arguments) {
        if (arguments.positional().isEmpty()) {
            throw new TemplateError(filter + " requires an argument");
        }
        return Python.requireText(arguments.positional().getFirst(), "the argument of " + filter);
    }

    private static Object select(String name, Object value, Arguments arguments) {
        boolean byAttribute = name.endsWith("attr");
        UnaryOperator<Object> attribute =
                byAttribute ? attribute(first(name, arguments), null) : UnaryOperator.identity();
        Arguments rest = byAttribute ? arguments.from(1) : arguments;
        boolean wanted = name.startsWith("select");
        List<Object> selected = new ArrayList<>();
        for (Object item : counted(Python.items(value))) {
            Object tested = attribute.apply(item);
            boolean holds = rest.positional().isEmpty()
                    ? Python.isTrue(tested)
                    : Tests.test(name(name, rest), tested, rest.from(1));
            if (holds == wanted) {
                selected.add(item);
            }
        }
        return new Generator(selected);
    }

    private static Object first(String name, Arguments arguments) {
        if (arguments.positional().isEmpty()) {
            throw new TemplateError("Missing parameter for attribute name of " + name);
        }
        return arguments.positional().getFirst();
    }
}
