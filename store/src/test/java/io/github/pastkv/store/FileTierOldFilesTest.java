package io.github.pastkv.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.BlockKey;
import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.PutResult;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTierOldFilesTest {
    @TempDir Path folder;

    @Test
    void filesThatNothingCanFind_count_andAreEvictedFirst() throws IOException {
        Path old = Files.createDirectories(folder.resolve("ab")).resolve("ab".repeat(32) + ".safetensors");
        Files.write(old, new byte[600]);
        ChunkKey key = ChunkKey.of(List.of(BlockKey.root(PrefixNamespace.builder("x").build(), "storage")));
        try (FileTier tier = new FileTier(folder, 1000, Duration.ofSeconds(2))) {
            assertThat(tier.stats().bytes()).isEqualTo(600);
            assertThat(tier.unknownFiles(false)).containsExactly(600L);
            assertThat(tier.put(key, List.of(MemorySegment.ofArray(new byte[500])))).isEqualTo(PutResult.STORED);
            assertThat(old).doesNotExist();
            assertThat(tier.stats().bytes()).isEqualTo(500);
        }
    }

    @Test
    void filesOfOthers_areNeitherCountedNorRemoved() throws IOException {
        String hex = "7b".repeat(32);
        List<Path> others = Stream.of("7b/model.safetensors", "7b/model.tmp", "7b/" + "ab".repeat(32) + ".safetensors",
                "7b/" + hex + "0.safetensors", "7b/" + hex + "-x.safetensors").map(folder::resolve).toList();
        Files.createDirectories(folder.resolve("7b"));
        for (Path other : others) {
            Files.write(other, new byte[600]);
        }
        Files.write(folder.resolve("7b/" + hex + "-12.safetensors"), new byte[90]);
        ChunkKey key = ChunkKey.of(List.of(BlockKey.root(PrefixNamespace.builder("x").build(), "storage")));
        try (FileTier tier = new FileTier(folder, 500, Duration.ofSeconds(2))) {
            assertThat(tier.stats().bytes()).isEqualTo(90);
            assertThat(tier.put(key, List.of(MemorySegment.ofArray(new byte[500])))).isEqualTo(PutResult.STORED);
            assertThat(tier.stats().bytes()).isEqualTo(500);
            assertThat(tier.unknownFiles(true)).isEmpty();
            tier.list(entry -> assertThat(entry.key()).isEqualTo(key));
        }
        assertThat(others).allMatch(Files::exists);
    }
}
