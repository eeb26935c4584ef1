package io.github.pastkv.cache.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.prefix.PrefixNamespace;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChunkKeyTest {
    private static final BlockKey ROOT =
            BlockKey.root(PrefixNamespace.builder("names").with("model", 1).build(), "storage");

    /** Blocks of a text that leaves text 0 after {@code numShared} blocks. */
    private static List<BlockKey> blocks(int numShared, int numBlocks) {
        List<BlockKey> blocks = new ArrayList<>();
        BlockKey key = ROOT;
        for (int block = 0; block < numBlocks; block++) {
            key = key.next(new int[] {block < numShared ? 0 : 1, block}, 0, 2);
            blocks.add(key);
        }
        return blocks;
    }

    private static ChunkKey chunk(int numShared, int numBlocks) {
        return ChunkKey.of(blocks(numShared, numBlocks));
    }

    @Test
    void name_isWrittenAsDocumented() {
        List<BlockKey> blocks = blocks(9, 5);
        assertThat(ChunkKey.of(blocks).name()).isEqualTo(blocks.get(0).toString().substring(0, 32)
                + blocks.get(1).toString().substring(0, 6) + blocks.get(2).toString().substring(0, 6)
                + blocks.get(3).toString().substring(0, 6) + "-" + blocks.get(4).toString().substring(0, 32) + "-5");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 31, 32, 33, 4096})
    void name_isParsedAgain_andFitsIntoAFileName(int numBlocks) {
        ChunkKey key = chunk(0, numBlocks);
        assertThat(key.numBlocks()).isEqualTo(numBlocks);
        assertThat(ChunkKey.parse(key.toString())).contains(key);
        assertThat(key.name().length()).isLessThanOrEqualTo(255 - ".safetensors".length());
    }

    @Test
    void otherTexts_areNoNames() {
        String name = chunk(0, 3).name();
        for (String other : new String[] {"", name + "0", name.substring(1), name.replace("-3", "-4"),
            name.replace("-3", "-9999"), name.replace("-3", "-03"), name.toUpperCase(java.util.Locale.ROOT)}) {
            assertThat(ChunkKey.parse(other)).as(other).isEmpty();
            assertThatThrownBy(() -> new ChunkKey(other)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> ChunkKey.of(List.of())).hasMessageContaining("[1, 4096]");
        assertThatThrownBy(() -> chunk(0, 4097)).hasMessageContaining("4097");
    }

    @ParameterizedTest
    @CsvSource({"0,9,9,0", "1,9,9,1", "3,9,9,3", "4,9,9,4", "5,9,9,4", "7,9,9,6", "8,9,9,8", "9,9,9,8", "9,3,9,3",
        "9,9,2,2", "13,40,40,12", "40,40,40,32"})
    void sharedBlocks_areToldByNames(int numShared, int numBlocks, int numOther, int expected) {
        ChunkKey key = chunk(100, numBlocks);
        ChunkKey other = chunk(numShared, numOther);
        assertThat(key.numSharedBlocks(other)).isEqualTo(expected);
        assertThat(other.numSharedBlocks(key)).isEqualTo(expected);
        assertThat(key.sharedPrefixes().stream().anyMatch(other.name()::startsWith)).isEqualTo(expected > 0);
    }

    @Test
    void names_findTheChunkThatSharesMost() {
        ChunkNames names = new ChunkNames();
        ChunkKey asked = chunk(100, 20);
        names.add(chunk(0, 20));
        assertThat(names.sharing(asked)).isEmpty();
        for (int numShared : new int[] {3, 8, 1}) {
            names.add(chunk(numShared, 20));
        }
        assertThat(names.sharing(asked)).contains(chunk(8, 20));
        names.remove(chunk(8, 20));
        assertThat(names.sharing(asked)).contains(chunk(3, 20));
        names.clear();
        assertThat(names.sharing(asked)).isEmpty();
    }
}
