package io.github.pastkv.model.tokenizer;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Distinguishes added tokens that mark turns, thoughts or calls from ordinary text, by their spelling. */
final class ControlTokens {
    private static final Pattern BRACKETED = Pattern.compile("<[^<>]+>|\\[[^\\[\\]]+]", Pattern.DOTALL);
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
