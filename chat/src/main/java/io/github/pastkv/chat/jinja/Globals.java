package io.github.pastkv.chat.jinja;

import io.github.pastkv.chat.jinja.python.Arguments;
import io.github.pastkv.chat.jinja.python.Budget;
import io.github.pastkv.chat.jinja.python.Function;
import io.github.pastkv.chat.jinja.python.Namespace;
import io.github.pastkv.chat.jinja.python.None;
import io.github.pastkv.chat.jinja.python.Numbers;
import io.github.pastkv.chat.jinja.python.PyRange;
import io.github.pastkv.chat.jinja.python.Python;
import io.github.pastkv.chat.jinja.python.Strftime;
import io.github.pastkv.chat.jinja.python.TemplateError;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The functions that every template may call. */
final class Globals {
    private static final int MAX_RANGE = 100_000;

    private Globals() {}

    /** A function by name, or null if there is none. */
    static @Nullable Function find(String name, Supplier<LocalDateTime> clock) {
        return switch (name) {
            case "range" -> Globals::range;
            case "dict" -> Globals::dict;
            case "namespace" -> arguments -> new Namespace(new LinkedHashMap<>(dict(arguments)));
            case "raise_exception" -> arguments -> {
                throw new TemplateError(Python.str(arguments.bind(name, "message").require("message")));
            };
            case "strftime_now" -> arguments -> Strftime.format(clock.get(),
                    Python.requireText(arguments.bind(name, "format").require("format"), "the format"));
            case "joiner" -> Globals::joiner;
            case "cycler" -> arguments -> new Cycler(arguments.positional());
            case "lipsum" -> _ -> {
                throw new TemplateError("lipsum() is not supported");
            };
            default -> null;
        };
    }

    private static PyRange range(Arguments arguments) {
        List<Object> given = arguments.positional();
        if (given.isEmpty() || given.size() > 3 || !arguments.named().isEmpty()) {
            throw new TemplateError("range() takes 1 to 3 numbers");
        }
        long start = given.size() == 1 ? 0 : Numbers.toInt(given.getFirst());
        long stop = Numbers.toInt(given.get(given.size() == 1 ? 0 : 1));
        long step = given.size() == 3 ? Numbers.toInt(given.get(2)) : 1;
        if (step == 0) {
            throw new TemplateError("range() arg 3 must not be zero");
        }
        long size = Math.max(0, Math.ceilDiv(stop - start, step));
        if (size > MAX_RANGE) {
            throw new TemplateError(
                    "Range too big. The sandbox blocks ranges larger than MAX_RANGE (" + MAX_RANGE + ").");
        }
        Budget.step(size);
        List<Object> items = new ArrayList<>((int) size);
        for (long i = 0; i < size; i++) {
            items.add(start + i * step);
        }
        return new PyRange(start, stop, step, items);
    }

    private static Map<String, Object> dict(Arguments arguments) {
        Map<String, Object> result = new LinkedHashMap<>();
        for (Object source : arguments.positional()) {
            if (source instanceof Map<?, ?> map) {
                map.forEach((key, value) -> result.put(Python.requireText(key, "a key"), value));
            } else {
                for (Object pair : Python.items(source)) {
                    List<Object> both = Python.items(pair);
                    if (both.size() != 2) {
                        throw new TemplateError("dict() needs pairs");
                    }
                    result.put(Python.requireText(both.get(0), "a key"), both.get(1));
                }
            }
        }
        result.putAll(arguments.named());
        Budget.step(result.size());
        return result;
    }

    private static Function joiner(Arguments arguments) {
        String separator = arguments.bind("joiner", "sep").text("sep", ", ");
        boolean[] isUsed = {false};
        return _ -> {
            String text = isUsed[0] ? separator : "";
            isUsed[0] = true;
            return text;
        };
    }

    /** What {@code cycler()} makes. */
    private static final class Cycler implements Function {
        private final List<Object> items;
        private int at;

        Cycler(List<Object> items) {
            if (items.isEmpty()) {
                throw new TemplateError("at least one item has to be provided");
            }
            this.items = items;
        }

        @Override
        public Object call(Arguments arguments) {
            throw new TemplateError("'Cycler' object is not callable");
        }

        @Override
        public @Nullable Object attribute(String name) {
            return switch (name) {
                case "current" -> items.get(at);
                case "next" -> (Function) _ -> {
                    Object item = items.get(at);
                    at = (at + 1) % items.size();
                    return item;
                };
                case "reset" -> (Function) _ -> {
                    at = 0;
                    return None.NONE;
                };
                default -> null;
            };
        }
    }
}
