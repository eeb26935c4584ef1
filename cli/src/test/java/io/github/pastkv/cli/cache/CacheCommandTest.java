package io.github.pastkv.cli.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cli.CommandRun;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class CacheCommandTest {
    private static final String PROMPT = "Once upon a time there was a little girl who liked to read books. ".repeat(4);

    @TempDir Path parent;
    private Path folder;

    @BeforeEach
    void readOnce() {
        folder = parent.resolve("tier");
        assertThat(generate(folder, PROMPT).exitCode()).isZero();
    }

    private static CommandRun generate(Path folder, String prompt) {
        return CommandRun.of("generate", "--max-new-tokens", "1", "--json", "--cache-tier",
                "file:" + folder + "?chunk=16&load=always",
                prompt);
    }

    private CommandRun cache(String action, String... more) {
        List<String> args = new ArrayList<>(List.of("cache", action, "file:" + folder + "?chunk=16&load=always"));
        args.addAll(List.of(more));
        return CommandRun.of(args.toArray(String[]::new));
    }

    private JsonNode json(String action, String... more) {
        List<String> args = new ArrayList<>(List.of(more));
        args.add("--json");
        return JsonMapper.shared().readTree(cache(action, args.toArray(String[]::new)).out());
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".safetensors")).toList();
        }
    }

    @Test
    void listAndStats_sayWhatIsThere() throws IOException {
        JsonNode text = json("list").path("texts").get(0);
        assertThat(json("list").path("texts").size()).isEqualTo(1);
        assertThat(text.path("tokens").intValue()).isEqualTo(16 * files().size());
        assertThat(cache("list").out()).startsWith(text.path("key").stringValue().substring(0, 12)).contains(" tokens")
                .contains("0 min ago");
        JsonNode stats = json("stats");
        assertThat(stats.path("chunks").intValue()).isEqualTo(files().size());
        assertThat(stats.path("models").get(0).path("model")).isEqualTo(text.path("model"));
        assertThat(cache("stats").out()).contains("of no use").contains("model ");
    }

    private static void damage(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
    }

    @Test
    void exportedText_isReusedWhereItWasImported() throws IOException {
        String key = json("list").path("texts").get(0).path("key").stringValue();
        Path file = parent.resolve("text.safetensors");
        assertThat(cache("export", key.substring(0, 9), file.toString()).err()).contains("exported ");
        int numTokens = 16 * files().size();
        folder = parent.resolve("other");
        assertThat(cache("import", file.toString()).err()).contains("imported " + numTokens / 16 + " chunks");
        JsonNode run = JsonMapper.shared().readTree(generate(folder, PROMPT).out());
        assertThat(run.path("cache_tiers").get(0).path("loaded_tokens").intValue()).isEqualTo(numTokens);
        damage(files().getFirst());
        assertThat(cache("verify").exitCode()).isEqualTo(1);
        assertThat(cache("import", file.toString()).exitCode()).isZero();
        assertThat(cache("verify").exitCode()).as("the damaged chunk was replaced").isZero();
        damage(file);
        CommandRun damaged = cache("import", file.toString());
        assertThat(damaged.exitCode()).isNotZero();
        assertThat(damaged.err()).contains(file.toString()).contains("damaged");
    }

    @Test
    void verifyFindsDamage_andPruneRemovesIt_withWhatFollows() throws IOException {
        int numFiles = files().size();
        assertThat(cache("verify").exitCode()).isZero();
        Path first = files().stream().filter(file -> firstPosition(file) == 0).findFirst().orElseThrow();
        damage(first);
        CommandRun run = cache("verify");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).contains(numFiles + " chunks verified, 1 damaged").contains("data_sha256");
        Path old = first.resolveSibling(first.getParent().getFileName() + "0".repeat(62) + ".safetensors");
        Files.write(old, new byte[100]);
        assertThat(json("prune", "--dry-run").path("unusable").size()).isEqualTo(numFiles);
        assertThat(files()).hasSize(numFiles + 1);
        assertThat(cache("prune").out())
                .contains(
                        "removed " + numFiles + " chunks of no use, 0 not used for long, 1 files of earlier versions");
        assertThat(files()).isEmpty();
        assertThat(cache("list").out()).contains("has no texts");
    }

    @Test
    void encryptedChunks_areCountedAndKept() throws IOException {
        Path keys = Files.writeString(parent.resolve("keys"), "- " + "A".repeat(43) + "=\n");
        Files.setPosixFilePermissions(keys, PosixFilePermissions.fromString("rw-------"));
        Path plain = files().getFirst();
        folder = parent.resolve("encrypted");
        assertThat(CommandRun.of("generate", "--max-new-tokens", "1", "--cache-tier",
                "file:" + folder + "?chunk=16&load=always&keys=" + keys, PROMPT).exitCode()).isZero();
        int numFiles = files().size();
        assertThat(numFiles).isPositive();
        assertThat(cache("verify").out()).contains("0 chunks verified, 0 damaged, " + numFiles + " encrypted");
        assertThat(cache("verify").exitCode()).isZero();
        JsonNode list = json("list");
        assertThat(list.path("encrypted_chunks").intValue()).isEqualTo(numFiles);
        assertThat(list.path("texts").get(0).path("encrypted").booleanValue()).isTrue();
        assertThat(cache("list").out()).contains("encrypted");
        assertThat(cache("stats").out()).contains("0 of no use, " + numFiles + " encrypted");
        String key = list.path("texts").get(0).path("key").stringValue();
        assertThat(cache("export", key, parent.resolve("x").toString()).err()).contains("is encrypted");
        assertThat(CommandRun.of("cache", "import", "file:" + folder + "?keys=" + keys, "x").err())
                .contains("URI: option keys");
        assertThat(cache("import", plain.toString()).err()).contains("has encrypted chunks");
        assertThat(cache("prune").out()).startsWith("removed 0 chunks of no use");
        assertThat(files()).hasSize(numFiles);
        assertThat(json("prune", "--older-than", "0s").path("old_chunks").intValue()).isEqualTo(numFiles);
        assertThat(files()).isEmpty();
    }

    @Test
    void chunkThatCannotBeReadNow_isKept_withWhatFollows() throws IOException {
        int numFiles = files().size();
        Path first = files().stream().filter(file -> firstPosition(file) == 0).findFirst().orElseThrow();
        Files.delete(first);
        Files.createDirectory(first); // reading it fails
        CommandRun verify = cache("verify");
        assertThat(verify.exitCode()).isZero();
        assertThat(verify.out())
                .contains((numFiles - 1) + " chunks verified, 0 damaged, 1 could not be read now");
        assertThat(cache("list").out()).contains("1 chunks could not be read now");
        assertThat(cache("prune", "--older-than", "1h").out()).startsWith("removed 0 chunks of no use, 0 not used");
        assertThat(files()).hasSize(numFiles);
    }

    private static int firstPosition(Path file) {
        try {
            String text = Files.readString(file, StandardCharsets.ISO_8859_1);
            return text.contains("\"first_position\":\"0\"") ? 0 : 1;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void age_limitsWhatPruneKeeps() throws IOException {
        assertThat(json("prune", "--older-than", "1h").path("old_chunks").intValue()).isZero();
        int numFiles = files().size();
        assertThat(json("prune", "--older-than", "0s").path("old_chunks").intValue()).isEqualTo(numFiles);
        assertThat(files()).isEmpty();
    }

    @Test
    void pruneOfAFolderThatCannotBeWritten_saysSo() throws IOException {
        Files.delete(folder.resolve("lock"));
        Files.createDirectory(folder.resolve("lock")); // as read-only for the owner too
        int numFiles = files().size();
        CommandRun run = cache("prune", "--older-than", "0s");
        assertThat(run.exitCode()).isNotZero();
        assertThat(run.err()).contains("cannot be written, so that nothing can be removed");
        assertThat(cache("prune", "--older-than", "0s", "--dry-run").out()).contains(numFiles + " not used for long");
        assertThat(files()).hasSize(numFiles);
    }

    @Test
    void wrongUse_isExplained() {
        assertThat(CommandRun.of("cache", "shrink", "file:x").err()).contains("ACTION: 'shrink', must be list, ");
        assertThat(CommandRun.of("cache", "list", "x").err()).contains("URI: cache tier: x, must be SCHEME");
        assertThat(CommandRun.of("cache", "list", "file:" + parent.resolve("none")).err())
                .contains("there is no folder");
        assertThat(CommandRun.of("cache", "export", "file:" + folder).err()).contains("takes KEY FILE after the URI");
        assertThat(CommandRun.of("cache", "list", "file:" + folder, "--dry-run").err()).contains("only with prune");
        assertThat(cache("export", "ffffffffff", "x").err()).contains("no text has it");
        assertThat(cache("prune", "--older-than", "soon").err()).contains("must be a time");
    }

    @Test
    void importWithoutMax_doesNotShrinkALargerTier() throws IOException {
        Path file = files().getFirst();
        folder = parent.resolve("large");
        String digits = "ab".repeat(16);
        Path large = Files.createDirectories(folder.resolve("ab")).resolve(digits + "-" + digits + "-1.safetensors");
        try (RandomAccessFile sparse = new RandomAccessFile(large.toFile(), "rw")) {
            sparse.setLength(10L << 30);
        }
        CommandRun refused = cache("import", file.toString());
        assertThat(refused.exitCode()).isNotZero();
        assertThat(refused.err()).contains("holds 10737418240 bytes; give its max");
        assertThat(large).exists();
    }
}
