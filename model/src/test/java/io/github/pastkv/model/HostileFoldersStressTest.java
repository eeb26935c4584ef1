package io.github.pastkv.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.testkit.golden.GoldenFiles;
import io.github.pastkv.testkit.golden.GoldenModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Folders in which one value of the configuration, or some bytes of the weights' header, are not what they should be:
 * each is refused in one line, or loads and computes finite logits. Runs a seeded sample;
 * {@code -Dpastkv.test.scale=20} runs more.
 */
@Tag("stress")
class HostileFoldersStressTest {
    private static final int NUM_FOLDERS = 300 * Integer.getInteger("pastkv.test.scale", 1);
    private static final long SEED = Long.getLong("pastkv.stress.seed", 20261128);
    private static final List<String> VALUES = List.of("-1", "0", "1", "2", "3", "2147483647", "4294967296",
            "9223372036854775808", "1e308", "1e-308", "1e18", "1e-18", "1e30", "1e-30", "-0.0", "1.5", "\"x\"", "\"\"",
            "null", "true", "false", "[]", "{}", "[1]", "[[1]]", "{\"a\":1}", "\"a\\u001b[31m\\nb\"",
            "1" + "0".repeat(400));

    @TempDir private Path folder;

    private final Random random = new Random(SEED);
    private final JsonMapper mapper = JsonMapper.shared();

    @Test
    @Timeout(3600)
    void changedConfiguration_isRefusedInOneLineOrComputes() throws IOException {
        List<String> names = GoldenModel.allNames();
        for (int i = 0; i < NUM_FOLDERS; i++) {
            Path source = GoldenFiles.path("hf/" + names.get(random.nextInt(names.size())));
            Files.copy(source.resolve("model.safetensors"), folder.resolve("model.safetensors"),
                    StandardCopyOption.REPLACE_EXISTING);
            String file = random.nextBoolean() ? "config.json" : "config.v4.json";
            ObjectNode config = (ObjectNode) mapper.readTree(source.resolve(file).toFile());
            String change = change(config);
            Files.writeString(folder.resolve("config.json"), config.toString());
            requireRefusedOrFinite(source.getFileName() + "/" + file + ": " + change);
        }
    }

    /** Changes or removes one value, at any depth. */
    private String change(ObjectNode config) {
        List<Map.Entry<ObjectNode, String>> places = new ArrayList<>();
        collect(config, places);
        Map.Entry<ObjectNode, String> place = places.get(random.nextInt(places.size()));
        int value = random.nextInt(VALUES.size() + 1);
        if (value == VALUES.size()) {
            place.getKey().remove(place.getValue());
            return place.getValue() + " removed";
        }
        place.getKey().set(place.getValue(), mapper.readTree(VALUES.get(value)));
        return place.getValue() + " = " + VALUES.get(value);
    }

    private static void collect(ObjectNode object, List<Map.Entry<ObjectNode, String>> places) {
        for (String key : object.propertyNames()) {
            places.add(Map.entry(object, key));
            JsonNode value = object.get(key);
            if (value instanceof ObjectNode nested) {
                collect(nested, places);
            }
        }
    }

    @Test
    @Timeout(3600)
    void changedHeaderOfWeights_isRefusedInOneLineOrComputes() throws IOException {
        Path source = GoldenFiles.path("hf/llama");
        Files.copy(source.resolve("config.json"), folder.resolve("config.json"));
        byte[] whole = Files.readAllBytes(source.resolve("model.safetensors"));
        for (int i = 0; i < NUM_FOLDERS; i++) {
            byte[] changed = random.nextInt(4) == 0
                    ? Arrays.copyOf(whole, random.nextInt(whole.length))
                    : whole.clone();
            int headerBytes = Math.min(4000, changed.length);
            for (int j = random.nextInt(3); j >= 0 && headerBytes > 0; j--) {
                changed[random.nextInt(headerBytes)] = (byte) random.nextInt(256);
            }
            Files.write(folder.resolve("model.safetensors"), changed);
            requireRefusedOrFinite("header, case " + i);
        }
    }

    private void requireRefusedOrFinite(String what) {
        try (Model model = Model.load(folder, ModelOptions.defaults().withKernels("scalar").withNumThreads(1));
                Session session = model.newSession()) {
            int[] ids = new int[Math.min(3, model.config().maxSeqLen())];
            Arrays.setAll(ids, i -> Math.min(2 * i + 1, model.config().vocabSize() - 1));
            for (float logit : session.append(ids).toFloatArray()) {
                assertThat(logit).as(what).isFinite();
            }
        } catch (ModelFormatException e) {
            assertThat(e.getMessage()).as(what).hasSizeLessThan(2_100).doesNotContainPattern("\\p{Cntrl}");
        } catch (IOException | RuntimeException | Error e) {
            fail("seed " + SEED + ", " + what, e);
        }
    }
}
