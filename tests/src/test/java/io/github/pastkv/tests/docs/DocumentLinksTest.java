package io.github.pastkv.tests.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Links between documents, and from code to documents, resolve. */
class DocumentLinksTest {
    private static final Pattern LINK = Pattern.compile("!?\\[[^\\]]*\\]\\(([^)\\s]+)\\)");
    private static final Pattern IMAGE_TAG = Pattern.compile("<img [^>]*src=\"([^\"]+)\"");
    private static final Pattern DOCUMENT = Pattern.compile("\\b(docs/[\\w./-]+\\.(?:md|json|jsonl|png|svg))");

    @Test
    void everyRelativeLink_leadsToAFileAndAHeading() {
        List<String> dead = new ArrayList<>();
        int numLinks = 0;
        for (Map.Entry<Path, String> document : Repository.documents().entrySet()) {
            List<String> targets = new ArrayList<>();
            for (Pattern pattern : List.of(LINK, IMAGE_TAG)) {
                pattern.matcher(document.getValue()).results().forEach(link -> targets.add(link.group(1)));
            }
            for (String target : targets) {
                if (!target.matches("(https?|mailto):.*")) {
                    numLinks++;
                    if (!exists(document.getKey(), target)) {
                        dead.add(Repository.name(document.getKey()) + ": " + target);
                    }
                }
            }
        }
        assertThat(dead).isEmpty();
        assertThat(numLinks).isGreaterThan(20);
    }

    @Test
    void everyDocumentNamedInCode_exists() {
        List<String> dead = new ArrayList<>();
        Repository.javaSources().forEach((file, text) -> DOCUMENT.matcher(text).results().forEach(name -> {
            if (!Files.exists(Repository.ROOT.resolve(name.group(1)))) {
                dead.add(Repository.name(file) + ": " + name.group(1));
            }
        }));
        assertThat(dead).isEmpty();
    }

    private static boolean exists(Path document, String target) {
        String[] parts = target.split("#", 2);
        Path file = parts[0].isEmpty() ? document : document.getParent().resolve(parts[0]).normalize();
        if (!Files.exists(file)) {
            return false;
        }
        String text = Repository.documents().getOrDefault(file, "");
        return parts.length == 1 || text.lines().filter(line -> line.startsWith("#"))
                .anyMatch(line -> anchor(line).equals(parts[1]));
    }

    /** The anchor that GitHub gives a heading. */
    private static String anchor(String heading) {
        return heading.replaceFirst("^#+ ", "").toLowerCase(Locale.ROOT).replaceAll("[^\\w\\- ]", "").replace(' ', '-');
    }
}
