package io.github.pastkv.model.grammar.schema;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.model.TestFiles;
import io.github.pastkv.model.grammar.automaton.Automaton;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The public JSON Schema test suite, in the edition that npm's {@code json-schema-test-suite} 0.0.10 has: that of draft
 * 4, whose cases mean the same in draft 2020-12 where they are not refused here. A schema is either refused by name, or
 * exactly its instances are texts of its grammar.
 */
class JsonSchemaSuiteTest {
    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static final int NUM_CASES = 126;
    private static final int NUM_REFUSED = 41; // schemas

    @Test
    void cases_ofTheSuite_holdUnlessRefused() throws IOException {
        int numAccepted = 0;
        int numRefused = 0;
        JsonNode suite = MAPPER.readTree(TestFiles.resource("json-schema-test-suite/draft4.json"));
        for (var file : suite.properties()) {
            for (JsonNode group : file.getValue()) {
                JsonNode schema = group.path("schema");
                Automaton automaton;
                try {
                    automaton = new Automaton(JsonSchema.rules(schema.toString()));
                } catch (IllegalArgumentException e) {
                    assertThat(e).hasMessageMatching("JSON schema: #.*: '.+' .*|JSON schema: #.*, must be an object.*");
                    numRefused++;
                    continue;
                }
                for (JsonNode test : group.path("tests")) {
                    String text = JsonValues.text(JsonSchemaTest.ordered(test.path("data"), schema));
                    assertThat(automaton.next(automaton.start(), text.getBytes(StandardCharsets.UTF_8)).mayEnd())
                            .as("%s: %s: %s", file.getKey(), group.path("description"), test.path("description"))
                            .isEqualTo(test.path("valid").booleanValue());
                    numAccepted++;
                }
            }
        }
        assertThat(numAccepted).isEqualTo(NUM_CASES);
        assertThat(numRefused).isEqualTo(NUM_REFUSED);
    }
}
