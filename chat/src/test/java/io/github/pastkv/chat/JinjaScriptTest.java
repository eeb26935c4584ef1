package io.github.pastkv.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.chat.JinjaScript.JinjaException;
import java.io.IOException;
import java.io.InputStream;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Templates as Python's Jinja renders them with the settings of transformers; tools/jinja/cases.py wrote the file. */
class JinjaScriptTest {
    record Case(String name, String template, String values, String expected) {
        static Case of(JsonNode node) {
            return new Case(node.get("name").stringValue(), node.get("template").stringValue(),
                    node.get("values").toString(),
                    node.get("expected").isNull() ? null : node.get("expected").stringValue());
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static Stream<Case> cases() throws IOException {
        try (InputStream in = JinjaScriptTest.class.getResourceAsStream("/chat/templates.json")) {
            return JsonMapper.shared().readTree(in).valueStream().map(Case::of).toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void template_isRenderedAsByPython_orRefusedWithIt(Case template) throws JinjaException {
        String today = DateTimeFormatter.ofPattern("dd MMMM yyyy", Locale.ENGLISH)
                .format(LocalDate.now(ZoneId.systemDefault()));
        JinjaScript script = new JinjaScript(template.template());
        if (template.expected() == null) {
            assertThatThrownBy(() -> script.render(template.values())).isInstanceOf(JinjaException.class);
        } else {
            assertThat(script.render(template.values()).replace(today, "TODAY")).isEqualTo(template.expected());
        }
    }

    @Test
    void whatTheLibraryDoesNotKnow_isNamed() throws JinjaException {
        JinjaScript unknownFilter = new JinjaScript("{{ 'a' | nobodys_filter }}");
        assertThatThrownBy(() -> unknownFilter.render("{}")).isInstanceOf(JinjaException.class)
                .hasMessage("Unknown StringValue filter: nobodys_filter");
        assertThatThrownBy(() -> new JinjaScript("{% nobodys_tag %}")).isInstanceOf(JinjaException.class)
                .hasMessageContaining("nobodys_tag");
        assertThatThrownBy(() -> new JinjaScript("{% if a %}")).isInstanceOf(JinjaException.class);
        JinjaScript refusal = new JinjaScript("{{ raise_exception('not so') }}");
        assertThatThrownBy(() -> refusal.render("{}")).isInstanceOf(JinjaException.class).hasMessage("not so");
    }

    @Test
    void script_reachesNothingOfJava() throws JinjaException {
        assertThat(new JinjaScript("{{ java is defined }} {{ Packages is defined }} {{ module is defined }}")
                .render("{}")).isEqualTo("false false false");
    }
}
