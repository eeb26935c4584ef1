package io.github.pastkv.chat.jinja;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An expression. */
sealed interface Expr {
    record Const(Object value) implements Expr {}

    record Name(String name) implements Expr {}

    record ListOf(List<Expr> items) implements Expr {}

    record TupleOf(List<Expr> items) implements Expr {}

    record DictOf(List<Map.Entry<Expr, Expr>> entries) implements Expr {}

    /** {@code otherwise} is null where there is no else. */
    record Conditional(Expr test, Expr then, @Nullable Expr otherwise) implements Expr {}

    record And(Expr left, Expr right) implements Expr {}

    record Or(Expr left, Expr right) implements Expr {}

    record Not(Expr operand) implements Expr {}

    /** Arithmetic: {@code + - * / // % **}. */
    record Binary(String operator, Expr left, Expr right) implements Expr {}

    /** A sign. */
    record Unary(String operator, Expr operand) implements Expr {}

    /** The operator {@code ~}. */
    record Concat(List<Expr> parts) implements Expr {}

    /** A chain such as {@code a < b <= c}. */
    record Compare(Expr first, List<String> operators, List<Expr> operands) implements Expr {}

    record Attribute(Expr object, String name) implements Expr {}

    record Item(Expr object, Expr key) implements Expr {}

    record SliceOf(Expr object, @Nullable Expr from, @Nullable Expr to, @Nullable Expr step) implements Expr {}

    record Call(Expr callee, CallArguments arguments) implements Expr {}

    /** {@code operand} is null in a filter block, and in a block that is assigned. */
    record Filter(@Nullable Expr operand, String name, CallArguments arguments) implements Expr {}

    record Test(Expr operand, String name, CallArguments arguments) implements Expr {}

    /** What stands in the parentheses of a call. */
    record CallArguments(List<Expr> positional, Map<String, Expr> named, @Nullable Expr star,
            @Nullable Expr doubleStar) {
        static final CallArguments NONE = new CallArguments(List.of(), Map.of(), null, null);
    }
}
