package io.github.pastkv.model.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenTrieTest {
    private static final int NUM_TEXTS = 200;

    @ParameterizedTest
    @ValueSource(strings = {"bytelevel_bpe", "bytelevel_bpe_split", "metaspace_bpe", "unigram"})
    void bytes_ofTokens_joinToTheDecodedText(String name) throws IOException {
        try (GoldenTokenizer golden = GoldenTokenizer.open(name)) {
            TextTokenizer tokenizer = golden.tokenizer();
            TokenTrie trie = tokenizer.trie();
            Random random = new Random(1);
            for (int i = 0; i < NUM_TEXTS; i++) {
                int[] ids = random.ints(1 + random.nextInt(8), 0, trie.numTokens()).map(trie::id).toArray();
                ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                Arrays.stream(ids).forEach(id -> bytes.writeBytes(tokenizer.vocabulary().bytes(id)));
                String text = bytes.toString(StandardCharsets.UTF_8);
                if (!text.contains("\uFFFD")) {
                    String expected = trie.stripsFirstSpace() && text.startsWith(" ") ? text.substring(1) : text;
                    assertThat(tokenizer.decode(ids, true)).as(Arrays.toString(ids)).isEqualTo(expected);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytelevel_bpe", "bytelevel_bpe_split", "metaspace_bpe", "unigram"})
    void nodes_spellTheTokensThatAreText(String name) throws IOException {
        try (GoldenTokenizer golden = GoldenTokenizer.open(name)) {
            Vocabulary vocabulary = golden.tokenizer().vocabulary();
            TokenTrie trie = golden.tokenizer().trie();
            Map<Integer, byte[]> bytesById = new HashMap<>();
            byte[] path = new byte[trie.maxDepth()];
            for (int node = 1; node < trie.numNodes(); node++) {
                path[trie.depth(node) - 1] = (byte) trie.label(node);
                for (int place = trie.firstToken(node); place < trie.firstToken(node + 1); place++) {
                    bytesById.put(trie.id(place), Arrays.copyOf(path, trie.depth(node)));
                }
                assertThat(child(trie, Arrays.copyOf(path, trie.depth(node)))).isEqualTo(node);
            }
            for (int id = 0; id < vocabulary.size(); id++) {
                assertThat(bytesById.get(id)).as(vocabulary.token(id).orElse(""))
                        .isEqualTo(vocabulary.isText(id) ? vocabulary.bytes(id) : null);
            }
            assertThat(vocabulary.isText(vocabulary.id(vocabulary.controlTokens().getFirst()).orElseThrow())).isFalse();
            assertThat(trie.subtreeEnd(0)).isEqualTo(trie.numNodes());
        }
    }

    private static int child(TokenTrie trie, byte[] bytes) {
        int node = 0;
        for (byte value : bytes) {
            node = trie.child(node, value & 0xFF);
        }
        return node;
    }

    @Test
    void trie_ofADecoderThatPutsSpacesBetweenTokens_isRefused(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("tokenizer.json");
        Files.writeString(file, """
                {"model": {"type": "WordLevel", "vocab": {"a": 0, "b": 1}, "unk_token": "a"},
                 "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true}}""");

        try (TextTokenizer tokenizer = TextTokenizer.open(file)) {
            assertThatThrownBy(tokenizer::trie).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("decoder (WordPiece)");
        }
    }
}
