package io.github.pastkv.chat.jinja;

import io.github.pastkv.chat.jinja.Expr.CallArguments;
import io.github.pastkv.chat.jinja.python.Arguments;
import io.github.pastkv.chat.jinja.python.Budget;
import io.github.pastkv.chat.jinja.python.Comparisons;
import io.github.pastkv.chat.jinja.python.Function;
import io.github.pastkv.chat.jinja.python.Items;
import io.github.pastkv.chat.jinja.python.Operators;
import io.github.pastkv.chat.jinja.python.Python;
import io.github.pastkv.chat.jinja.python.TemplateError;
import io.github.pastkv.chat.jinja.python.Tuple;
import io.github.pastkv.chat.jinja.python.Undefined;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Evaluates expressions. */
final class Evaluator {
    private final Supplier<LocalDateTime> clock;

    Evaluator(Supplier<LocalDateTime> clock) {
        this.clock = clock;
    }

    Object evaluate(Expr expression, Scope scope) {
        Budget.step(1);
        Budget.enter();
        Object value = switch (expression) {
            case Expr.Const constant -> constant.value();
            case Expr.Name name -> variable(name.name(), scope);
            case Expr.ListOf list -> all(list.items(), scope);
            case Expr.TupleOf tuple -> Tuple.of(all(tuple.items(), scope));
            case Expr.DictOf dict -> dictionary(dict, scope);
            case Expr.Conditional conditional -> conditional(conditional, scope);
            case Expr.And and -> {
                Object left = evaluate(and.left(), scope);
                yield Python.isTrue(left) ? evaluate(and.right(), scope) : left;
            }
            case Expr.Or or -> {
                Object left = evaluate(or.left(), scope);
                yield Python.isTrue(left) ? left : evaluate(or.right(), scope);
            }
            case Expr.Not not -> !Python.isTrue(evaluate(not.operand(), scope));
            case Expr.Binary binary -> Operators.binary(binary.operator(), evaluate(binary.left(), scope),
                    evaluate(binary.right(), scope));
            case Expr.Unary unary -> Operators.unary(unary.operator(), evaluate(unary.operand(), scope));
            case Expr.Concat concat -> Operators.concat(all(concat.parts(), scope));
            case Expr.Compare compare -> compare(compare, scope);
            case Expr.Attribute attribute -> Items.dot(evaluate(attribute.object(), scope), attribute.name());
            case Expr.Item item -> Items.subscript(evaluate(item.object(), scope), evaluate(item.key(), scope));
            case Expr.SliceOf slice -> Items.slice(evaluate(slice.object(), scope), optional(slice.from(), scope),
                    optional(slice.to(), scope), optional(slice.step(), scope));
            case Expr.Call call -> call(evaluate(call.callee(), scope), arguments(call.arguments(), scope));
            case Expr.Filter filter -> {
                if (filter.operand() == null) {
                    throw new AssertionError("a filter block is applied by the renderer");
                }
                yield Filters.apply(filter.name(), evaluate(filter.operand(), scope),
                        arguments(filter.arguments(), scope));
            }
            case Expr.Test test -> Tests.test(test.name(), evaluate(test.operand(), scope),
                    arguments(test.arguments(), scope));
        };
        Budget.leave();
        return value;
    }

    private @Nullable Object optional(@Nullable Expr expression, Scope scope) {
        return expression == null ? null : evaluate(expression, scope);
    }

    private Object variable(String name, Scope scope) {
        Object value = scope.find(name);
        if (value == null) {
            value = Globals.find(name, clock);
        }
        if (value == null && name.equals("self")) {
            throw new TemplateError("the variable 'self' is not supported");
        }
        return value == null ? new Undefined("'" + name + "' is undefined") : value;
    }

    private List<Object> all(List<Expr> expressions, Scope scope) {
        List<Object> values = new ArrayList<>(expressions.size());
        for (Expr expression : expressions) {
            values.add(evaluate(expression, scope));
        }
        return values;
    }

    private Map<Object, Object> dictionary(Expr.DictOf dict, Scope scope) {
        Map<Object, Object> map = new LinkedHashMap<>();
        for (Map.Entry<Expr, Expr> entry : dict.entries()) {
            map.put(Comparisons.key(evaluate(entry.getKey(), scope)), evaluate(entry.getValue(), scope));
        }
        return map;
    }

    private Object conditional(Expr.Conditional conditional, Scope scope) {
        if (Python.isTrue(evaluate(conditional.test(), scope))) {
            return evaluate(conditional.then(), scope);
        }
        return conditional.otherwise() == null
                ? new Undefined("the inline if-expression evaluated to false and no else section was defined")
                : evaluate(conditional.otherwise(), scope);
    }

    private boolean compare(Expr.Compare compare, Scope scope) {
        Object left = evaluate(compare.first(), scope);
        for (int i = 0; i < compare.operators().size(); i++) {
            Object right = evaluate(compare.operands().get(i), scope);
            if (!Comparisons.compares(compare.operators().get(i), left, right)) {
                return false;
            }
            left = right;
        }
        return true;
    }

    Arguments arguments(CallArguments given, Scope scope) {
        if (given.equals(CallArguments.NONE)) {
            return Arguments.NONE;
        }
        List<Object> positional = all(given.positional(), scope);
        Map<String, Object> named = new LinkedHashMap<>();
        given.named().forEach((name, expression) -> named.put(name, evaluate(expression, scope)));
        if (given.star() != null) {
            positional.addAll(Python.items(evaluate(given.star(), scope)));
        }
        if (given.doubleStar() != null) {
            if (!(evaluate(given.doubleStar(), scope) instanceof Map<?, ?> map)) {
                throw new TemplateError("argument after ** must be a mapping");
            }
            map.forEach((name, value) -> named.put(Python.requireText(name, "a keyword"), value));
        }
        return new Arguments(positional, named);
    }

    Object call(Object callee, Arguments arguments) {
        return switch (callee) {
            case Function function -> function.call(arguments);
            case Undefined undefined -> throw undefined.error();
            default -> throw new TemplateError("'" + Python.typeName(callee) + "' object is not callable");
        };
    }
}
