package io.github.pastkv.chat.jinja;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Renderings of Python's Jinja in transformers' environment; tools/jinja/cases.py wrote the file. */
class JinjaTemplateTest {
    private static final LocalDateTime NOW = LocalDateTime.of(2026, 11, 5, 8, 7, 3);

    private static JsonNode cases() throws IOException {
        try (InputStream in = JinjaTemplateTest.class.getResourceAsStream("cases.json")) {
            return JsonMapper.shared().readTree(Objects.requireNonNull(in));
        }
    }

    private static Map<String, JsonNode> values(JsonNode object) {
        Map<String, JsonNode> values = new HashMap<>();
        object.properties().forEach(entry -> values.put(entry.getKey(), entry.getValue()));
        return values;
    }

    /** What differs from Python: another text, a text where Python refuses, or (unless named) the other way round. */
    private static void compare(String template, JsonNode values, JsonNode expected, Set<String> refused,
            List<String> differences) {
        String rendered;
        try {
            rendered = JinjaTemplate.parse(template).render(values(values), () -> NOW);
        } catch (JinjaException e) {
            if (!expected.isNull() && !refused.contains(template)) {
                differences.add(template + "\n   python: " + expected + "\n   refused: " + e.getMessage());
            }
            return;
        }
        if (expected.isNull() || !expected.stringValue().equals(rendered)) {
            differences.add(template + "\n   python: " + expected + "\n   java:   "
                    + JsonMapper.shared().writeValueAsString(rendered));
        }
    }

    @Test
    void constructs_areRenderedAsByPython_orRefused() throws IOException {
        JsonNode cases = cases();
        List<String> differences = new ArrayList<>();
        cases.get("constructs").forEach(one -> compare(one.get("template").stringValue(), cases.get("values"),
                one.get("expected"), Set.of(), differences));
        assertThat(String.join("\n", differences)).isEmpty();
    }

    @Test
    void templates_areRenderedAsByPython_forEveryConversation() throws IOException {
        JsonNode cases = cases();
        List<String> differences = new ArrayList<>();
        for (JsonNode template : cases.get("templates")) {
            for (int i = 0; i < cases.get("conversations").size(); i++) {
                compare(template.get("template").stringValue(), cases.get("conversations").get(i),
                        template.get("expected").get(i), Set.of(), differences);
            }
        }
        assertThat(String.join("\n", differences)).isEmpty();
    }
}
