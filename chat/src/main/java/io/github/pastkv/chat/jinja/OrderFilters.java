package io.github.pastkv.chat.jinja;

import io.github.pastkv.chat.jinja.python.Arguments;
import io.github.pastkv.chat.jinja.python.Budget;
import io.github.pastkv.chat.jinja.python.Comparisons;
import io.github.pastkv.chat.jinja.python.Generator;
import io.github.pastkv.chat.jinja.python.None;
import io.github.pastkv.chat.jinja.python.Python;
import io.github.pastkv.chat.jinja.python.TemplateError;
import io.github.pastkv.chat.jinja.python.Tuple;
import io.github.pastkv.chat.jinja.python.Undefined;
import io.github.pastkv.chat.jinja.python.ValueMethods;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The filters of sequences and dictionaries that order or compare items. */
final class OrderFilters {
    private OrderFilters() {}

    /** What values are ordered by: strings without regard to case unless asked for. */
    private static UnaryOperator<Object> key(Arguments.Bound bound) {
        UnaryOperator<Object> attribute = AttributePath.ofSeveral(bound.get("attribute", None.NONE));
        boolean isCaseSensitive = bound.isTrue("case_sensitive", false);
        boolean isSeveral = Python.str(bound.get("attribute", "")).contains(",");
        return item -> {
            Object value = attribute.apply(item);
            return isCaseSensitive ? value : isSeveral ? eachIgnoringCase(value) : ignoringCase(value);
        };
    }

    private static Object eachIgnoringCase(Object values) {
        return Python.items(values).stream().map(OrderFilters::ignoringCase).toList();
    }

    private static Object ignoringCase(Object value) {
        return value instanceof String text ? text.toLowerCase(Locale.ROOT) : value;
    }

    private static List<Object> sorted(List<Object> items, UnaryOperator<Object> key, boolean isReversed) {
        List<Object> sorted = new ArrayList<>(Budget.counted(items));
        Comparator<Object> order = (left, right) -> {
            Budget.step(1);
            Object one = key.apply(left);
            Object other = key.apply(right);
            return Comparisons.compare("<", one, other);
        };
        sorted.sort(isReversed ? order.reversed() : order);
        return sorted;
    }

    static Object sort(Object value, Arguments.Bound bound) {
        UnaryOperator<Object> key = key(bound);
        UnaryOperator<Object> listed = item -> List.of(key.apply(item)); // so equal ones need no order, as in Python
        return sorted(Python.items(value), listed, bound.isTrue("reverse", false));
    }

    static Object dictSort(Object value, Arguments.Bound bound) {
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

    static Object unique(Object value, Arguments.Bound bound) {
        UnaryOperator<Object> key = key(bound);
        Map<Object, Object> seen = new LinkedHashMap<>();
        for (Object item : Budget.counted(Python.items(value))) {
            seen.putIfAbsent(Comparisons.key(key.apply(item)), item);
        }
        return new Generator(new ArrayList<>(seen.values()));
    }

    static Object extreme(String name, Object value, Arguments.Bound bound) {
        List<Object> items = Python.items(value);
        UnaryOperator<Object> key = key(bound);
        if (items.isEmpty()) {
            return new Undefined("No aggregated item, sequence was empty.");
        }
        Object best = items.getFirst();
        for (Object item : Budget.counted(items.subList(1, items.size()))) {
            int order = Comparisons.compare(name.equals("max") ? ">" : "<", key.apply(item), key.apply(best));
            best = name.equals("max") ? order > 0 ? item : best : order < 0 ? item : best;
        }
        return best;
    }

    static Object groupBy(Object value, Arguments.Bound bound) {
        UnaryOperator<Object> attribute = AttributePath.of(bound.require("attribute"), bound.find("default"));
        boolean isCaseSensitive = bound.isTrue("case_sensitive", false);
        UnaryOperator<Object> key =
                item -> isCaseSensitive ? attribute.apply(item) : ignoringCase(attribute.apply(item));
        List<Object> groups = new ArrayList<>();
        List<Object> group = new ArrayList<>();
        @Nullable Object last = null;
        for (Object item : sorted(Python.items(value), key, false)) {
            Object current = key.apply(item);
            if (last == null || !Comparisons.equal(last, current)) {
                group = new ArrayList<>();
                groups.add(new Tuple(List.of(attribute.apply(item), group), List.of("grouper", "list")));
                last = current;
            }
            group.add(item);
        }
        return groups;
    }
}
