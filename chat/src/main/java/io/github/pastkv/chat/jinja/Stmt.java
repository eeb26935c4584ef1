package io.github.pastkv.chat.jinja;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A statement; {@code line} is where it begins. */
sealed interface Stmt {
    int line();

    record Data(int line, String text) implements Stmt {}

    record Output(int line, Expr value) implements Stmt {}

    /** Tests and bodies in pairs; {@code otherwise} may be empty. */
    record If(int line, List<Map.Entry<Expr, List<Stmt>>> branches, List<Stmt> otherwise) implements Stmt {}

    record For(int line, Target target, Expr items, @Nullable Expr filter, boolean isRecursive, List<Stmt> body,
            List<Stmt> otherwise) implements Stmt {}

    record Set(int line, Target target, Expr value) implements Stmt {}

    /** A block whose text is assigned, after filters whose innermost operand is null. */
    record SetBlock(int line, Target target, Expr.@Nullable Filter filter, List<Stmt> body) implements Stmt {}

    record With(int line, List<Map.Entry<Target, Expr>> values, List<Stmt> body) implements Stmt {}

    /** {@code specialNames} are those of {@code varargs}, {@code kwargs} and {@code caller} that its body mentions. */
    record MacroDefinition(int line, String name, Signature signature, List<Stmt> body,
            java.util.Set<String> specialNames) implements Stmt {}

    record CallBlock(int line, Expr.Call call, Signature signature, List<Stmt> body, java.util.Set<String> specialNames)
            implements Stmt {}

    record FilterBlock(int line, Expr.Filter filter, List<Stmt> body) implements Stmt {}

    /** The block that marks what an assistant generated; renders its body. */
    record Generation(int line, List<Stmt> body) implements Stmt {}

    record Break(int line) implements Stmt {}

    record Continue(int line) implements Stmt {}

    /** Names of parameters and their defaults, null for those that have none. */
    record Signature(List<String> names, List<@Nullable Expr> defaults) {}

    /** What is assigned to. */
    sealed interface Target {
        record Variable(String name) implements Target {}

        record NamespaceAttribute(String namespace, String name) implements Target {}

        record Several(List<Target> targets) implements Target {}
    }
}
