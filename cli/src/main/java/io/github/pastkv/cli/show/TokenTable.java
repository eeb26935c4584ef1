package io.github.pastkv.cli.show;

import io.github.pastkv.lens.TokenLabels;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.util.List;

/** Tokens above their ids, in as many lines as their number asks for. */
final class TokenTable {
    private static final int MAX_WIDTH = 96;
    private static final String GAP = "  ";

    private final StringBuilder table = new StringBuilder();
    private final StringBuilder pieces = new StringBuilder();
    private final StringBuilder ids = new StringBuilder();
    private int width;

    private TokenTable() {}

    static String of(List<Integer> tokenIds, TextTokenizer tokenizer) {
        TokenTable lines = new TokenTable();
        tokenIds.forEach(id -> lines.add(piece(tokenizer, id), String.valueOf(id)));
        lines.endLine();
        String count = tokenIds.size() + (tokenIds.size() == 1 ? " token" : " tokens") + System.lineSeparator();
        return lines.table.append(count).toString();
    }

    /** A piece of a character has no text of its own: then the vocabulary's spelling. */
    private static String piece(TextTokenizer tokenizer, int id) {
        String text = tokenizer.continuationText(id);
        return text.contains("\uFFFD")
                ? tokenizer.vocabulary().token(id).orElse(text)
                : printable(TokenLabels.visible(text));
    }

    private static String printable(String text) {
        StringBuilder shown = new StringBuilder();
        text.codePoints().forEach(codePoint -> {
            if (Character.isISOControl(codePoint)) {
                shown.append(String.format("\\u%04x", codePoint));
            } else {
                shown.appendCodePoint(codePoint);
            }
        });
        return shown.toString();
    }

    private void add(String piece, String id) {
        int column = Math.max(length(piece), id.length());
        if (width > 0 && width + column > MAX_WIDTH) {
            endLine();
        }
        pieces.append(piece).repeat(' ', column - length(piece)).append(GAP);
        ids.append(id).repeat(' ', column - id.length()).append(GAP);
        width += column + GAP.length();
    }

    private static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    private void endLine() {
        if (width > 0) {
            table.append(pieces.toString().stripTrailing()).append(System.lineSeparator())
                    .append(ids.toString().stripTrailing()).append(System.lineSeparator());
            pieces.setLength(0);
            ids.setLength(0);
            width = 0;
        }
    }
}
