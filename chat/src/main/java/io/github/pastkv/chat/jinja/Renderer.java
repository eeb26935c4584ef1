package io.github.pastkv.chat.jinja;

import io.github.pastkv.chat.jinja.Stmt.Signature;
import io.github.pastkv.chat.jinja.Stmt.Target;
import io.github.pastkv.chat.jinja.python.Arguments;
import io.github.pastkv.chat.jinja.python.Budget;
import io.github.pastkv.chat.jinja.python.Function;
import io.github.pastkv.chat.jinja.python.Namespace;
import io.github.pastkv.chat.jinja.python.Python;
import io.github.pastkv.chat.jinja.python.TemplateError;
import io.github.pastkv.chat.jinja.python.Tuple;
import io.github.pastkv.chat.jinja.python.Undefined;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Runs statements and collects what they write. */
final class Renderer {
    /** How a list of statements ends. */
    private enum Flow {
        NEXT, BREAK, CONTINUE
    }

    private final Evaluator evaluator;
    private StringBuilder out = new StringBuilder();
    private int line = 1;

    Renderer(Evaluator evaluator) {
        this.evaluator = evaluator;
    }

    /** Where the statement begins that runs, or that failed. */
    int line() {
        return line;
    }

    /** The text of a whole template. */
    String render(List<Stmt> template, Scope scope) {
        requireNoJump(run(template, scope));
        return out.toString();
    }

    private Flow run(List<Stmt> statements, Scope scope) {
        for (Stmt statement : statements) {
            line = statement.line();
            Budget.step(1);
            Flow flow = run(statement, scope);
            if (flow != Flow.NEXT) {
                return flow;
            }
        }
        return Flow.NEXT;
    }

    private Flow run(Stmt statement, Scope scope) {
        switch (statement) {
            case Stmt.Data data -> out.append(Budget.counted(data.text()));
            case Stmt.Output output -> out.append(
                    Budget.counted(Python.str(evaluator.evaluate(output.value(), scope))));
            case Stmt.If branches -> {
                return runIf(branches, scope);
            }
            case Stmt.For loop -> runFor(loop, scope, evaluator.evaluate(loop.items(), scope), 0);
            case Stmt.Set set -> assign(set.target(), evaluator.evaluate(set.value(), scope), scope);
            case Stmt.SetBlock set -> {
                String text = capture(set.body(), new Scope(scope));
                assign(set.target(), set.filter() == null ? text : filter(set.filter(), text, scope), scope);
            }
            case Stmt.With with -> {
                Scope inner = new Scope(scope);
                with.values().forEach(
                        one -> assign(one.getKey(), evaluator.evaluate(one.getValue(), inner), inner));
                return run(with.body(), inner);
            }
            case Stmt.MacroDefinition macro -> scope.set(macro.name(),
                    new Macro(macro.name(), macro.signature(), macro.body(), macro.specialNames(), scope));
            case Stmt.CallBlock block -> call(block, scope);
            case Stmt.FilterBlock block -> out.append(Budget.counted(Python.str(
                    filter(block.filter(), capture(block.body(), new Scope(scope)), scope))));
            case Stmt.Generation block -> out.append(capture(block.body(), new Scope(scope)));
            case Stmt.Break _ -> {
                return Flow.BREAK;
            }
            case Stmt.Continue _ -> {
                return Flow.CONTINUE;
            }
        }
        return Flow.NEXT;
    }

    private Flow runIf(Stmt.If branches, Scope scope) {
        for (Map.Entry<Expr, List<Stmt>> branch : branches.branches()) {
            if (Python.isTrue(evaluator.evaluate(branch.getKey(), scope))) {
                return run(branch.getValue(), scope);
            }
        }
        return run(branches.otherwise(), scope);
    }

    /** What statements write, by itself. */
    private String capture(List<Stmt> body, Scope scope) {
        StringBuilder before = out;
        out = new StringBuilder();
        Budget.enter();
        if (run(body, scope) != Flow.NEXT) {
            throw new TemplateError("break and continue must stand in a loop of the same block");
        }
        Budget.leave();
        String text = out.toString();
        out = before;
        return text;
    }

    /** Applies the filters of a block, from the innermost on. */
    private Object filter(Expr.Filter filter, Object text, Scope scope) {
        Object operand = filter.operand() instanceof Expr.Filter inner ? filter(inner, text, scope) : text;
        return Filters.apply(filter.name(), operand, evaluator.arguments(filter.arguments(), scope));
    }

    private void runFor(Stmt.For loop, Scope scope, Object items, int depth) {
        List<Object> chosen = new ArrayList<>();
        Iterator<Object> iterator = Python.iterate(items);
        while (iterator.hasNext()) {
            Object item = iterator.next();
            Budget.step(1);
            if (loop.filter() == null || isChosen(loop, loop.filter(), item, scope)) {
                chosen.add(item);
            }
        }
        if (chosen.isEmpty()) {
            requireNoJump(run(loop.otherwise(), new Scope(scope)));
            return;
        }
        @Nullable Function recursion = loop.isRecursive() ? arguments -> recurse(loop, scope, arguments, depth) : null;
        LoopVariables variables = new LoopVariables(chosen, depth, recursion);
        for (Object item : chosen) {
            variables.advance();
            Scope inner = new Scope(scope);
            assign(loop.target(), item, inner);
            inner.set("loop", variables);
            if (run(loop.body(), inner) == Flow.BREAK) {
                return;
            }
        }
    }

    private static void requireNoJump(Flow flow) {
        if (flow != Flow.NEXT) {
            throw new TemplateError("break and continue must stand in a loop");
        }
    }

    private boolean isChosen(Stmt.For loop, Expr filter, Object item, Scope scope) {
        Scope inner = new Scope(scope);
        assign(loop.target(), item, inner);
        return Python.isTrue(evaluator.evaluate(filter, inner));
    }

    private Object recurse(Stmt.For loop, Scope scope, Arguments arguments, int depth) {
        StringBuilder before = out;
        int lineBefore = line;
        out = new StringBuilder();
        Budget.enter();
        runFor(loop, scope, arguments.bind("loop", "iterable").require("iterable"), depth + 1);
        Budget.leave();
        String text = out.toString();
        out = before;
        line = lineBefore;
        return text;
    }

    private void assign(Target target, Object value, Scope scope) {
        switch (target) {
            case Target.Variable variable -> scope.set(variable.name(), value);
            case Target.NamespaceAttribute attribute -> {
                if (!(scope.find(attribute.namespace()) instanceof Namespace namespace)) {
                    throw new TemplateError("cannot assign attribute on non-namespace object");
                }
                namespace.attributes().put(attribute.name(), value);
            }
            case Target.Several several -> {
                List<Object> values = Python.items(value);
                if (values.size() != several.targets().size()) {
                    throw new TemplateError((values.size() < several.targets().size()
                            ? "not enough values to unpack (expected "
                            : "too many values to unpack (expected ") + several.targets().size() + ", got "
                            + values.size() + ")");
                }
                for (int i = 0; i < values.size(); i++) {
                    assign(several.targets().get(i), values.get(i), scope);
                }
            }
        }
    }

    private void call(Stmt.CallBlock block, Scope scope) {
        Macro caller = new Macro("caller", block.signature(), block.body(), block.specialNames(), scope);
        Arguments arguments = evaluator.arguments(block.call().arguments(), scope);
        arguments = new Arguments(arguments.positional(), with(arguments.named(), "caller", caller));
        Object callee = evaluator.evaluate(block.call().callee(), scope);
        out.append(Budget.counted(Python.str(evaluator.call(callee, arguments))));
    }

    private static Map<String, Object> with(Map<String, Object> named, String name, Object value) {
        Map<String, Object> all = new LinkedHashMap<>(named);
        all.put(name, value);
        return all;
    }

    /** A macro; it sees the variables of where it is defined. */
    private final class Macro implements Function {
        private final String name;
        private final Signature signature;
        private final List<Stmt> body;
        private final Set<String> specialNames;
        private final Scope scope;

        Macro(String name, Signature signature, List<Stmt> body, Set<String> specialNames, Scope scope) {
            this.name = name;
            this.signature = signature;
            this.body = body;
            this.specialNames = specialNames;
            this.scope = scope;
        }

        @Override
        public Object call(Arguments arguments) {
            int lineBefore = line;
            String text = capture(body, bind(arguments));
            line = lineBefore;
            return text;
        }

        private Scope bind(Arguments arguments) {
            Scope inner = new Scope(scope);
            List<String> names = signature.names();
            List<Object> extra = arguments.from(names.size()).positional();
            Map<String, Object> others = new LinkedHashMap<>(arguments.named());
            for (int i = 0; i < names.size(); i++) {
                @Nullable Object named = others.remove(names.get(i));
                boolean isPositional = i < arguments.positional().size();
                if (isPositional && named != null) {
                    throw new TemplateError(name + "() got multiple values for argument '" + names.get(i) + "'");
                }
                @Nullable Object value = isPositional ? arguments.positional().get(i) : named;
                inner.set(names.get(i), value == null ? absent(i, inner) : value);
            }
            if (specialNames.contains("caller") && !names.contains("caller")) {
                @Nullable Object caller = others.remove("caller");
                inner.set("caller", caller == null ? new Undefined("No caller defined") : caller);
            }
            takeExtra(inner, extra, others);
            return inner;
        }

        private Object absent(int parameter, Scope inner) {
            Expr byDefault = signature.defaults().get(parameter);
            return byDefault == null
                    ? new Undefined("parameter '" + signature.names().get(parameter) + "' was not provided")
                    : evaluator.evaluate(byDefault, inner);
        }

        private void takeExtra(Scope inner, List<Object> extra, Map<String, Object> others) {
            if (!extra.isEmpty() && !specialNames.contains("varargs")) {
                throw new TemplateError("macro '" + name + "' takes not more than " + signature.names().size()
                        + " argument(s)");
            }
            if (!others.isEmpty() && !specialNames.contains("kwargs")) {
                throw new TemplateError("macro '" + name + "' takes no keyword argument '"
                        + others.keySet().iterator().next() + "'");
            }
            inner.set("varargs", Tuple.of(extra));
            inner.set("kwargs", others);
        }

        @Override
        public @Nullable Object attribute(String attribute) {
            return switch (attribute) {
                case "name" -> name;
                case "arguments" -> Tuple.of(List.copyOf(signature.names()));
                default -> null;
            };
        }
    }
}
