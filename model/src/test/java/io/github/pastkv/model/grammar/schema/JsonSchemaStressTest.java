package io.github.pastkv.model.grammar.schema;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.github.pastkv.model.grammar.automaton.Automaton;
import io.github.pastkv.model.grammar.automaton.State;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Random texts of random schemas are instances, as the validator of networknt sees it. */
@Tag("stress")
class JsonSchemaStressTest {
    private static final int NUM_SCHEMAS = 60 * Integer.getInteger("pastkv.test.scale", 1);
    private static final int NUM_TEXTS = 3; // of each schema
    private static final int MAX_BYTES = 5000;
    private static final SchemaRegistry REGISTRY =
            SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

    @Test
    void texts_ofRandomSchemas_areInstances() {
        int numTexts = 0;
        int numRefused = 0;
        for (int seed = 0; seed < NUM_SCHEMAS; seed++) {
            String schema = RandomSchemas.next(new Random(seed)).toString();
            Automaton automaton;
            try {
                automaton = new Automaton(JsonSchema.rules(schema));
            } catch (IllegalArgumentException e) {
                assertThat(e).hasMessageStartingWith("grammar:"); // no instance, or a reference to itself
                numRefused++;
                continue;
            }
            Schema validator = REGISTRY.getSchema(schema, InputFormat.JSON);
            for (int i = 0; i < NUM_TEXTS; i++) {
                String text = randomText(automaton, new Random(100L * seed + i));
                if (text.getBytes(StandardCharsets.UTF_8).length < MAX_BYTES) {
                    assertThat(JsonSchemaTest.isValid(validator, text)).as("seed %d, text %s, %s", seed, text, schema)
                            .isTrue();
                    numTexts++;
                }
            }
        }
        assertThat(numRefused).isLessThan(NUM_SCHEMAS / 4);
        assertThat(numTexts).isGreaterThan(2 * NUM_SCHEMAS);
    }

    /** A text of random bytes, which prefers what closes a string, an array or an object, cut at a length. */
    private static String randomText(Automaton automaton, Random random) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        State state = automaton.start();
        while (state.mayContinue() && bytes.size() < MAX_BYTES
                && (!state.mayEnd() || random.nextInt(3) > 0)) {
            State from = state;
            int[] possible = IntStream.range(0, 256).filter(b -> !automaton.next(from, b).isDead()).toArray();
            int[] closing = IntStream.of(possible).filter(b -> "\"]}".indexOf(b) >= 0).toArray();
            int[] among = closing.length > 0 && random.nextInt(3) == 0 ? closing : possible;
            int value = among[random.nextInt(among.length)];
            bytes.write(value);
            state = automaton.next(state, value);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
