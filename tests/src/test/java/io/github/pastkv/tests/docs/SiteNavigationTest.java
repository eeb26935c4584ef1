package io.github.pastkv.tests.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Every document is a page of the site: site/navigation.json names it, or its folder with a slash, in one section. */
class SiteNavigationTest {
    /** Documents for those who work on the repository, which GitHub shows where they lie. */
    private static final String IN_REPOSITORY_ONLY = "(tools|\\.github)/.*";

    private static final Pattern INCLUDE = Pattern.compile("<!--@include: ([\\w./-]+)#([\\w-]+)-->");

    private static JsonNode navigation;

    @BeforeAll
    static void read() throws IOException {
        navigation = JsonMapper.shared().readTree(Files.readString(Repository.ROOT.resolve("site/navigation.json")));
    }

    @Test
    void everyDocument_isInOneSection_orNamedAsElsewhere() {
        List<String> entries = new ArrayList<>(texts(navigation.path("elsewhere")));
        navigation.path("sections").forEach(section -> entries.addAll(texts(section.path("pages"))));
        Map<String, List<String>> wrong = new TreeMap<>();
        List<String> documents = documents();
        for (String document : documents) {
            List<String> matching = entries.stream().filter(entry -> covers(entry, document)).toList();
            if (matching.size() != 1) {
                wrong.put(document, matching);
            }
        }
        assertThat(wrong).as("documents that site/navigation.json has not once").isEmpty();
        assertThat(entries).allMatch(entry -> documents.stream().anyMatch(document -> covers(entry, document)));
        assertThat(documents).hasSizeGreaterThan(30).contains(navigation.path("start").asString());
    }

    @Test
    void everyPage_hasATitle() {
        assertThat(Repository.documents()).allSatisfy((file, text) -> {
            if (!Repository.name(file).matches(IN_REPOSITORY_ONLY + "|site/index.md")) {
                assertThat(text).containsPattern("(?m)^# \\S");
            }
        });
    }

    @Test
    void everyPartOfADocumentThatAPageIncludes_isThere() {
        List<String> missing = new ArrayList<>();
        int numParts = 0;
        for (Map.Entry<Path, String> page : Repository.documents().entrySet()) {
            for (MatchResult part : INCLUDE.matcher(page.getValue()).results().toList()) {
                numParts++;
                String text = Repository.documents().getOrDefault(
                        page.getKey().getParent().resolve(part.group(1)).normalize(), "");
                if (!text.contains("<!-- #region " + part.group(2) + " -->")
                        || !text.contains("<!-- #endregion " + part.group(2) + " -->")) {
                    missing.add(Repository.name(page.getKey()) + ": " + part.group());
                }
            }
        }
        assertThat(missing).isEmpty();
        assertThat(numParts).isGreaterThan(5);
    }

    private static List<String> documents() {
        return Repository.documents().keySet().stream().map(Repository::name)
                .filter(name -> !name.matches(IN_REPOSITORY_ONLY)).toList();
    }

    private static boolean covers(String entry, String document) {
        return entry.endsWith("/")
                ? document.startsWith(entry) && document.indexOf('/', entry.length()) < 0
                : document.equals(entry);
    }

    private static List<String> texts(JsonNode list) {
        return list.valueStream().map(JsonNode::asString).toList();
    }
}
