package io.github.pastkv.tests.chat;

import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.github.pastkv.chat.ChatFormats;
import io.github.pastkv.chat.ChatMessage;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.generation.GenerationListener;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Files beside the weights that are not what they should be: the folder is refused in one line, or answers a chat.
 * {@code -Dpastkv.test.scale=20} runs more of the random cases.
 */
@Tag("stress")
class HostileFilesStressTest {
    private static final int NUM_CASES = 15 * Integer.getInteger("pastkv.test.scale", 1);
    private static final long SEED = Long.getLong("pastkv.stress.seed", 20261130);
    private static final List<String> VALUES = List.of("-1", "0", "1", "2147483648", "1e308", "1e-308", "-0.0", "1.5",
            "\"x\"", "\"\"", "null", "true", "[]", "{}", "[[1]]", "{\"a\":1}", "\"a\\u001b[31m\\nb\"", "\"\\u0000\"",
            "[0,[\"a\",{}]]", "1" + "0".repeat(400));
    private static final List<String> FILES = List.of("config.json", "generation_config.json", "tokenizer.json",
            "tokenizer_config.json", "special_tokens_map.json");
    private static final String CONFIG_KEY = "\"hidden_act\"";

    private final Random random = new Random(SEED);
    private final JsonMapper mapper = JsonMapper.shared();

    @TempDir private Path folder;

    @BeforeEach
    void writeFolder() throws IOException {
        ChatFolder.in(folder, ChatFolder.TEMPLATE);
        Files.writeString(folder.resolve("generation_config.json"), """
                {"eos_token_id":[0],"do_sample":true,"temperature":0.7,"top_k":50,"top_p":0.9,"min_p":0.1,
                 "repetition_penalty":1.1,"suppress_tokens":[5],"no_repeat_ngram_size":3,"typical_p":0.9}""");
        Files.writeString(folder.resolve("tokenizer_config.json"), """
                {"add_bos_token":true,"bos_token":"<|endoftext|>","eos_token":{"content":"<|endoftext|>"},
                 "tokenizer_class":"LlamaTokenizerFast","added_tokens_decoder":{"0":{"content":"<|endoftext|>"}}}""");
        Files.writeString(folder.resolve("special_tokens_map.json"), "{\"unk_token\":\"<|endoftext|>\"}");
        assertThat(answers("the folder as it is")).isTrue();
    }

    /** Whether the folder answers; false if it is refused. */
    private boolean answers(String what) {
        try (Model model = Model.load(folder, ModelOptions.defaults().withKernels("vector"));
                Session session = model.newSession()) {
            int[] ids = ChatFormats.of(model).encode(List.of(ChatMessage.user("Hi <|endoftext|>")));
            session.generate(new int[][] {ids}, model.generationOptions().withMaxNewTokens(2),
                    GenerationListener.NONE);
            return true;
        } catch (ModelFormatException e) {
            assertThat(e.getMessage()).as(what).hasSizeLessThan(2_100).doesNotContainPattern("\\p{Cntrl}");
            return false;
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).as(what).isNotBlank();
            return false;
        } catch (IOException | RuntimeException | Error e) {
            return fail("seed " + SEED + ", " + what, e);
        }
    }

    @Test
    void changedValues_areRefusedOrHarmless() throws IOException {
        for (int i = 0; i < NUM_CASES; i++) {
            Path file = folder.resolve(FILES.get(random.nextInt(FILES.size())));
            String before = Files.readString(file);
            JsonNode changed = mapper.readTree(before);
            String what = file.getFileName() + ": " + change(changed);
            Files.writeString(file, changed.toString());
            answers(what);
            Files.writeString(file, before);
        }
    }

    /** Replaces or removes one value, at any depth. */
    private String change(JsonNode root) {
        JsonNode at = root;
        while (true) {
            List<JsonNode> inner = at.values().stream().filter(node -> node.isContainer() && !node.isEmpty()).toList();
            if (inner.isEmpty() || random.nextInt(3) == 0) {
                break;
            }
            at = inner.get(random.nextInt(inner.size()));
        }
        String value = VALUES.get(random.nextInt(VALUES.size()));
        if (at instanceof ObjectNode object) {
            String key = List.copyOf(object.propertyNames()).get(random.nextInt(object.size()));
            if (random.nextInt(6) == 0) {
                object.remove(key);
                return key + " removed";
            }
            object.set(key, mapper.readTree(value));
            return key + " = " + value;
        }
        int index = random.nextInt(at.size());
        ((ArrayNode) at).set(index, mapper.readTree(value));
        return "[" + index + "] = " + value;
    }

    @Test
    void changedBytes_areRefusedOrHarmless() throws IOException {
        List<String> files = new ArrayList<>(FILES);
        files.add("chat_template.jinja");
        for (int i = 0; i < NUM_CASES; i++) {
            Path file = folder.resolve(files.get(random.nextInt(files.size())));
            byte[] before = Files.readAllBytes(file);
            byte[] changed = random.nextInt(4) == 0
                    ? Arrays.copyOf(before, random.nextInt(before.length))
                    : before.clone();
            for (int j = random.nextInt(3); j >= 0 && changed.length > 0; j--) {
                changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
            }
            Files.write(file, changed);
            answers(file.getFileName() + ", bytes of case " + i);
            Files.write(file, before);
        }
    }

    @Test
    void otherEncodingsAndForms_areRefused() throws IOException {
        Path file = folder.resolve("config.json");
        String text = Files.readString(file).strip();
        String open = text.substring(0, text.length() - 1);
        Map<String, byte[]> forms = new TreeMap<>();
        forms.put("byte order mark", ("\ufeff" + text).getBytes(UTF_8));
        forms.put("UTF-16", text.getBytes(UTF_16));
        forms.put("UTF-16LE", text.getBytes(UTF_16LE));
        forms.put("UTF-32", text.getBytes(Charset.forName("UTF-32")));
        forms.put("overlong UTF-8", with(text, new byte[] {(byte) 0xC0, (byte) 0xAF}));
        forms.put("broken UTF-8", with(text, new byte[] {(byte) 0xFF}));
        Map<String, String> texts = Map.ofEntries(Map.entry("empty", ""), Map.entry("blank", "  \n"),
                Map.entry("null", "null"), Map.entry("array", "[]"), Map.entry("number", "12"),
                Map.entry("deep objects", "{\"a\":".repeat(100_000) + "1" + "}".repeat(100_000)),
                Map.entry("deep arrays", "{\"a\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}"),
                Map.entry("key twice", open + ",\"vocab_size\":5}"),
                Map.entry("key twice, escaped", open + ",\"vocab\\u005fsize\":5}"),
                Map.entry("trailing", text + "{}"), Map.entry("NUL", text + "\0"), Map.entry("comment", "/*x*/" + text),
                Map.entry("control characters", open + ",\"a\\nb\\u001b[31mEVIL\":3}"),
                Map.entry("long key", open + ",\"" + "k".repeat(60_000) + "\":3}"),
                Map.entry("unknown key", open + ",\"weird\":3}"));
        texts.forEach((name, form) -> forms.put(name, form.getBytes(UTF_8)));
        for (Map.Entry<String, byte[]> form : forms.entrySet()) {
            Files.write(file, form.getValue());
            assertThat(answers(form.getKey())).as(form.getKey()).isFalse();
        }
        Files.writeString(file, text.replace("\n", "\r"));
        assertThat(answers("lone CR")).isTrue();
    }

    private static byte[] with(String text, byte[] inserted) {
        int at = text.indexOf(CONFIG_KEY) + 1;
        byte[] before = text.substring(0, at).getBytes(UTF_8);
        byte[] after = text.substring(at).getBytes(UTF_8);
        byte[] all = Arrays.copyOf(before, before.length + inserted.length + after.length);
        System.arraycopy(inserted, 0, all, before.length, inserted.length);
        System.arraycopy(after, 0, all, before.length + inserted.length, after.length);
        return all;
    }

    @ParameterizedTest
    @ValueSource(strings = {"../model.safetensors", "..", ".", "", "a/b", "a\\b", "a\u0000b", "/etc/passwd",
        "file:///etc/passwd", "~/x", "config.json", "model.safetensors.index.json", "missing.safetensors"})
    void shardsElsewhere_areRefused(String name) throws IOException {
        Files.move(folder.resolve("model.safetensors"), folder.resolve("a.safetensors"));
        ObjectNode index = mapper.createObjectNode();
        index.putObject("weight_map").put("model.embed_tokens.weight", name);
        Files.writeString(folder.resolve("model.safetensors.index.json"), index.toString());
        assertThat(answers("shard " + name)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
        "generation_config.json", "chat_template.jinja"})
    void notARegularFile_isRefused(String name) throws IOException {
        Path file = folder.resolve(name);
        Path kept = Files.move(file, folder.resolve("kept"));
        for (String target : List.of("/nowhere", name, "/dev/zero")) {
            Files.createSymbolicLink(file, Path.of(target));
            assertThat(answers(name + " -> " + target)).as("%s -> %s", name, target).isFalse();
            Files.delete(file);
        }
        Files.createDirectory(file);
        assertThat(answers(name + " is a folder")).as(name).isFalse();
        Files.delete(file);
        Files.move(kept, file, StandardCopyOption.REPLACE_EXISTING);
    }

    @Test
    void longExceptionOfATemplate_isRefusedInAShortLine() throws IOException {
        Files.writeString(folder.resolve("chat_template.jinja"),
                "{{ raise_exception('" + "x".repeat(100_000) + "') }}");
        assertThat(answers("long exception")).isFalse();
        Files.writeString(folder.resolve("chat_template.jinja"), ChatFolder.TEMPLATE);
        assertThat(answers("as before")).isTrue();
    }
}
