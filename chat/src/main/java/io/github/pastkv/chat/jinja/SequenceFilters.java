package io.github.pastkv.chat.jinja;

import io.github.pastkv.chat.jinja.python.Arguments;
import io.github.pastkv.chat.jinja.python.Budget;
import io.github.pastkv.chat.jinja.python.Generator;
import io.github.pastkv.chat.jinja.python.None;
import io.github.pastkv.chat.jinja.python.Operators;
import io.github.pastkv.chat.jinja.python.Python;
import io.github.pastkv.chat.jinja.python.TemplateError;
import io.github.pastkv.chat.jinja.python.Undefined;
import io.github.pastkv.chat.jinja.python.ValueMethods;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** The filters of sequences and dictionaries. */
final class SequenceFilters {
    private SequenceFilters() {}

    static Object apply(String name, Object value, Arguments arguments) {
        return switch (name) {
            case "length" -> Python.length(value);
            case "list" -> new ArrayList<>(Budget.counted(Python.items(value)));
            case "first" -> {
                Iterator<Object> items = Python.iterate(value);
                yield items.hasNext() ? items.next() : new Undefined("No first item, sequence was empty.");
            }
            case "last" -> last(value);
            case "reverse" -> reverse(value);
            case "join" -> join(value, arguments.bind(name, "d", "attribute"));
            case "items" -> items(value);
            case "dictsort" -> OrderFilters.dictSort(value, arguments.bind(name, "case_sensitive", "by", "reverse"));
            case "sort" -> OrderFilters.sort(value, arguments.bind(name, "reverse", "case_sensitive", "attribute"));
            case "unique" -> OrderFilters.unique(value, arguments.bind(name, "case_sensitive", "attribute"));
            case "min", "max" -> OrderFilters.extreme(name, value, arguments.bind(name, "case_sensitive", "attribute"));
            case "groupby" ->
                    OrderFilters.groupBy(value, arguments.bind(name, "attribute", "default", "case_sensitive"));
            case "sum" -> sum(value, arguments.bind(name, "attribute", "start"));
            case "batch" -> PartFilters.batch(value, arguments.bind(name, "linecount", "fill_with"));
            case "slice" -> PartFilters.slice(value, arguments.bind(name, "slices", "fill_with"));
            case "map" -> map(value, arguments);
            default -> select(name, value, arguments); // select, reject, selectattr, rejectattr
        };
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
        List<Object> items = new ArrayList<>(Budget.counted(Python.items(value)));
        Collections.reverse(items);
        return new Generator(items);
    }

    private static Object join(Object value, Arguments.Bound bound) {
        UnaryOperator<Object> attribute = AttributePath.of(bound.get("attribute", None.NONE), null);
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

    private static Object sum(Object value, Arguments.Bound bound) {
        UnaryOperator<Object> attribute = AttributePath.of(bound.get("attribute", None.NONE), null);
        Object total = bound.get("start", 0L);
        for (Object item : Python.items(value)) {
            total = Operators.binary("+", total, attribute.apply(item));
        }
        return total;
    }

    private static Object map(Object value, Arguments arguments) {
        if (!Python.isTrue(value)) { // Jinja asks for that first, so that none and numbers have no items here
            return new Generator(List.of());
        }
        UnaryOperator<Object> function;
        if (arguments.positional().isEmpty() && arguments.named().containsKey("attribute")) {
            Arguments.Bound bound = arguments.bind("map", "attribute", "default");
            function = AttributePath.of(bound.require("attribute"), bound.find("default"));
        } else {
            String filter = name("map", arguments);
            Filters.requireKnown(filter);
            function = item -> Filters.apply(filter, item, arguments.from(1));
        }
        List<Object> mapped = new ArrayList<>();
        for (Object item : Budget.counted(Python.items(value))) {
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
        if (!Python.isTrue(value)) { // as in map
            return new Generator(List.of());
        }
        boolean byAttribute = name.endsWith("attr");
        UnaryOperator<Object> attribute =
                byAttribute ? AttributePath.of(first(name, arguments), null) : UnaryOperator.identity();
        Arguments rest = byAttribute ? arguments.from(1) : arguments;
        boolean wanted = name.startsWith("select");
        List<Object> selected = new ArrayList<>();
        for (Object item : Budget.counted(Python.items(value))) {
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
