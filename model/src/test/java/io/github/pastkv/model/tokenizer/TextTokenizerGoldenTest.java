package io.github.pastkv.model.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** All cases of the golden set, made by Hugging Face's tokenizers 0.23.1. */
class TextTokenizerGoldenTest {
    @ParameterizedTest
    @ValueSource(strings = {"bytelevel_bpe", "bytelevel_bpe_split", "metaspace_bpe", "unigram"})
    void everyCase_isReproduced(String name) throws IOException {
        try (GoldenTokenizer golden = GoldenTokenizer.open(name)) {
            TextTokenizer tokenizer = golden.tokenizer();
            JsonNode truth = golden.truth();

            assertThat(tokenizer.vocabSize()).isEqualTo(truth.get("vocab_size").intValue());
            truth.get("encodings").forEach(expected -> checkEncoding(tokenizer, expected));
            truth.get("decodings").forEach(expected -> checkDecoding(tokenizer, expected));
            int id = 0;
            for (JsonNode text : truth.get("single_token_text")) {
                assertThat(tokenizer.tokenText(id)).as("id %d", id).isEqualTo(text.stringValue());
                id++;
            }
            truth.get("special_tokens").properties().forEach(special -> {
                assertThat(tokenizer.vocabulary().id(special.getKey())).hasValue(special.getValue().intValue());
                assertThat(tokenizer.vocabulary().isSpecial(special.getValue().intValue())).isTrue();
            });
        }
    }

    private static void checkEncoding(TextTokenizer tokenizer, JsonNode expected) {
        String text = expected.get("text").stringValue();
        int[] ids = tokenizer.encode(text, true);

        assertThat(ids).as(text).containsExactly(GoldenTokenizer.ints(expected.get("ids")));
        assertThat(tokenizer.encode(text, false)).as(text)
                .containsExactly(GoldenTokenizer.ints(expected.get("ids_without_special")));
        checkDecoding(tokenizer, expected);
        int place = 0;
        for (JsonNode token : expected.get("tokens")) {
            int id = ids[place++];
            // An unknown stretch of text shows as itself among the tokens, and as the unknown token in the vocabulary.
            if (tokenizer.vocabulary().isControl(id) || !tokenizer.vocabulary().isSpecial(id)) {
                assertThat(tokenizer.vocabulary().token(id)).hasValue(token.stringValue());
                assertThat(tokenizer.vocabulary().id(token.stringValue())).hasValue(id);
            }
        }
    }

    private static void checkDecoding(TextTokenizer tokenizer, JsonNode expected) {
        int[] ids = GoldenTokenizer.ints(expected.get("ids"));
        assertThat(tokenizer.decode(ids, false)).isEqualTo(expected.get("decoded").stringValue());
        assertThat(tokenizer.decode(ids, true)).isEqualTo(expected.get("decoded_skip_special").stringValue());
    }
}
