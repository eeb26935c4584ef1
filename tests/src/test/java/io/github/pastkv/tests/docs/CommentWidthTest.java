package io.github.pastkv.tests.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Comments of Java sources end at column 120; the formatter holds code to it but leaves comments alone. */
class CommentWidthTest {
    private static final int MAX_COLUMNS = 120;

    @Test
    void noCommentLine_isWiderThanTheCode() {
        List<String> wide = new ArrayList<>();
        for (Map.Entry<Path, String> source : Repository.javaSources().entrySet()) {
            List<String> lines = source.getValue().lines().toList();
            for (int i = 0; i < lines.size(); i++) {
                String line = lines.get(i);
                boolean isComment = line.strip().matches("(//|/\\*|\\*).*");
                if (isComment && line.codePointCount(0, line.length()) > MAX_COLUMNS) {
                    wide.add(Repository.name(source.getKey()) + ":" + (i + 1));
                }
            }
        }
        assertThat(wide).as("tools/format/wrap_comments.py wraps them").isEmpty();
    }
}
