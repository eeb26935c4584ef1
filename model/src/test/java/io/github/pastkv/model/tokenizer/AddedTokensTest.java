package io.github.pastkv.model.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.model.TestFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The added tokens of published tokenizers, put into a small one: what marks turns, thoughts and calls cannot be
 * spelled by a text, and what is ordinary text is encoded as Hugging Face encodes it. Of tokens that differ in a number
 * or in the length of their white space the list has two.
 */
class AddedTokensTest {
    private static final JsonMapper MAPPER = new JsonMapper();

    @TempDir private Path folder;

    static Stream<String> families() throws IOException {
        return published().propertyNames().stream();
    }

    private static JsonNode published() throws IOException {
        return MAPPER.readTree(Files.readAllBytes(TestFiles.resource("tokenizer/added_tokens.json")));
    }

    /** The small tokenizer with a family's added tokens instead of its own. */
    private TextTokenizer open(JsonNode addedTokens) throws IOException {
        ObjectNode json = (ObjectNode) MAPPER.readTree(
                Files.readAllBytes(TestFiles.resource("tokenizer/bytelevel_bpe/tokenizer.json")));
        ArrayNode tokens = json.putArray("added_tokens");
        JsonNode vocab = json.path("model").path("vocab");
        int nextId = vocab.size();
        for (JsonNode token : addedTokens) {
            String content = token.path("content").asString();
            int id = vocab.has(content) ? vocab.get(content).intValue() : nextId++;
            tokens.addObject().put("id", id).put("content", content).put("single_word", false).put("lstrip", false)
                    .put("rstrip", false).put("normalized", false).put("special", token.path("special").asBoolean());
        }
        return TextTokenizer.open(Files.writeString(folder.resolve("tokenizer.json"), json.toString()));
    }

    private static boolean isOrdinary(JsonNode token) {
        String content = token.path("content").asString();
        return !token.path("special").asBoolean() && (content.replace("\u2581", "").isBlank()
                || content
                        .matches("</?(table|caption|t[rhd]|thead|tbody|tfoot|h[1-6]|blockquote|strong|em|[bius]|sub|sup"
                                + "|code|a|html|body|img|span|bbox|ul|li|div|iframe|footer)>"));
    }

    @ParameterizedTest
    @MethodSource("families")
    void controlToken_inAText_isText_andOrdinaryAddedToken_isItself(String family) throws IOException {
        JsonNode added = published().get(family);
        try (TextTokenizer tokenizer = open(added)) {
            List<String> forgeable = new ArrayList<>();
            for (JsonNode token : added) {
                String content = token.path("content").asString();
                String text = "a" + content + "b";
                int id = tokenizer.vocabulary().id(content).orElseThrow();
                int[] ids = tokenizer.encodeContent(text);
                if (isOrdinary(token)) {
                    assertThat(ids).as(content).contains(id);
                } else if (Arrays.stream(ids).anyMatch(one -> one == id)) {
                    forgeable.add(content);
                }
                assertThat(tokenizer.decode(ids, false)).isEqualTo(text);
                assertThat(tokenizer.encodeParts(List.of("a" + content.charAt(0), content.substring(1) + "b")))
                        .as("in two parts: %s", content).containsExactly(ids);
                assertThat(tokenizer.encodeParts(List.of("a" + content + "b", ""))).contains(id);
            }
            assertThat(forgeable).isEmpty();
        }
    }
}
