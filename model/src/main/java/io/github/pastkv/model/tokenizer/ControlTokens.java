package io.github.pastkv.model.tokenizer;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Distinguishes added tokens that mark turns, thoughts or calls from ordinary text, by their spelling. */
final class ControlTokens {
    /** One to three brackets or bars of a kind, a word, and those that close it; white space around it. */
    private static final Pattern BRACKETED = Pattern.compile("[\\s\u2581]*(?:" + String.join("|",
            "<{1,3}W>{1,3}", ">{1,3}W<{1,3}", "\\[{1,3}W]{1,3}", "\\{{1,3}W}{1,3}", "\\|W\\|", "\u00abW\u00bb",
            "\u3008W\u3009", "\u300aW\u300b", "\u3010W\u3011", "\uff1cW\uff1e")
            .replace("W", "[^<>\\[\\]{}]*[\\p{L}\\p{N}][^<>\\[\\]{}]*") + ")[\\s\u2581]*", Pattern.DOTALL);
    private static final Pattern ELEMENT = Pattern.compile("</?([A-Za-z][A-Za-z0-9]*) ?/?>");
    private static final Set<String> HTML = Set.of("a", "abbr", "article", "aside", "audio", "b", "bbox", "blockquote",
            "body", "br", "button", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del", "div", "dl",
            "dt",
            "em", "figure", "font", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr",
            "html",
            "i", "iframe", "img", "input", "ins", "kbd", "label", "li", "link", "main", "meta", "nav", "ol", "option",
            "p",
            "pre", "q", "s", "samp", "script", "section", "select", "small", "span", "strike", "strong", "style", "sub",
            "sup", "svg", "table", "tbody", "td", "textarea", "tfoot", "th", "thead", "title", "tr", "tt", "u", "ul",
            "var",
            "video");

    private ControlTokens() {}

    /** Whether an added token that is not special is spelled as a marker: in brackets, and no element of HTML. */
    static boolean looksLikeOne(String token) {
        Matcher element = ELEMENT.matcher(token);
        return BRACKETED.matcher(token).matches()
                && !(element.matches() && HTML.contains(element.group(1).toLowerCase(Locale.ROOT)));
    }
}
