package io.github.pastkv.chat;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;
import org.mozilla.javascript.Context;
import org.mozilla.javascript.ContextFactory;
import org.mozilla.javascript.Function;
import org.mozilla.javascript.RhinoException;
import org.mozilla.javascript.ScriptableObject;

/**
 * A Jinja template, parsed by Hugging Face's own implementation ({@code @huggingface/jinja}), which runs in a JavaScript
 * engine without access to Java, files or the network. Safe for any number of threads, one at a time.
 */
final class JinjaScript {
    private static final String RESOURCE = "jinja.js";

    /** What the script expects of its surroundings: a module, and English names of months. */
    private static final String BEFORE = """
            var Intl = { DateTimeFormat: function (locale, options) {
                var names = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September',
                    'October', 'November', 'December'];
                this.format = function (date) {
                    var name = names[date.getMonth()];
                    return options.month === 'long' ? name : name.substring(0, 3);
                };
            } };
            var module = { exports: {} };
            var exports = module.exports;
            """;
    private static final String AFTER = """
            var template_; // the library has names of its own: these end with an underscore
            function parse_(text) { template_ = new module.exports.Template(text); }
            function render_(values) { return template_.render(JSON.parse(values)); }
            """;

    /** A template that the library cannot parse or render, or that refuses a conversation; the message says why. */
    static final class JinjaException extends Exception {
        private static final long serialVersionUID = 1L;

        JinjaException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    private final ContextFactory factory = new ContextFactory();
    private final ScriptableObject scope;

    /** Parses a template. */
    JinjaScript(String template) throws JinjaException {
        String library = read();
        scope = factory.call(context -> {
            prepare(context);
            ScriptableObject newScope = context.initSafeStandardObjects();
            context.evaluateString(newScope, BEFORE, "before", 1, null);
            context.evaluateString(newScope, library, RESOURCE, 1, null);
            context.evaluateString(newScope, AFTER, "after", 1, null);
            return newScope;
        });
        call("parse_", template);
    }

    private static void prepare(Context context) {
        context.setLanguageVersion(Context.VERSION_ES6);
        context.setInterpretedMode(true);
    }

    private static String read() {
        try (@Nullable InputStream in = JinjaScript.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException(RESOURCE + ": not in the jar");
            }
            return new String(in.readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(RESOURCE, e);
        }
    }

    /** The text for these values, a JSON object. */
    String render(String valuesJson) throws JinjaException {
        return call("render_", valuesJson);
    }

    private synchronized String call(String function, String argument) throws JinjaException {
        try {
            return factory.call(context -> {
                prepare(context);
                Function target = (Function) scope.get(function, scope);
                return Context.toString(target.call(context, scope, scope, new Object[] {argument}));
            });
        } catch (RhinoException e) {
            throw new JinjaException(e.details().replaceFirst("^(Uncaught )?(Error|TypeError|SyntaxError): ", ""), e);
        } catch (StackOverflowError e) {
            throw new JinjaException("nested too deeply", e);
        }
    }
}
