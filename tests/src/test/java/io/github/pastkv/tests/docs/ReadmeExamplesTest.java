package io.github.pastkv.tests.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.lens.CachedRun;
import io.github.pastkv.lens.Capture;
import io.github.pastkv.lens.Hook;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.lens.LensRun;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.tinymodel.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of the README, compiled and run. Every line here occurs in the README. */
class ReadmeExamplesTest {
    private static final String SOURCE =
            "src/test/java/io/github/pastkv/tests/docs/ReadmeExamplesTest.java";

    @TempDir private Path folder;

    @Test
    void prefixIsReadOnce() throws IOException {
        TinyModel.unpackTo(folder);
        StringBuilder text = new StringBuilder();
        // README: begin
        try (Model model = Model.load(folder); // a Hugging Face folder
                Session session = model.newSession()) {
            session.append("When Mary and John went to the store,"); // prefill, computed once
            session.freeze();
            Tensor gave = session.append(" John gave a drink to"); // logits [T, V]; not stored
            Tensor sold = session.append(" Mary sold a book to"); // the prefix is reused
            session.unfreeze();
            session.generate(" John gave a drink to", GenerationOptions.greedy(20), piece -> text.append(piece));
            // README: end
            assertThat(gave.shape(1)).isEqualTo(sold.shape(1)).isEqualTo(model.config().vocabSize());
        }
        assertThat(text).isNotEmpty();
    }

    @Test
    void oneHead_isPatched() throws IOException {
        TinyModel.unpackTo(folder);
        String clean = "When Mary and John went to the store, John gave a drink to";
        String corrupted = "When Mary and John went to the store, Mary gave a drink to";
        try (Model model = Model.load(folder)) {
            // README: begin
            Lens lens = new Lens(model);
            try (CachedRun run = lens.runWithCache(clean, Capture.of("z1"))) {
                Tensor head = run.get("z1").narrow(2, 1, 2); // [B, N, 1, D]: head 1 of layer 1
                Hook patch = Hook.edit("z1", (z, context) -> z.narrow(2, 1, 2).copyFrom(head));
                LensRun patched = lens.run(corrupted, patch);
                // README: end
                assertThat(bestNext(patched)).isEqualTo(bestNext(lens.run(clean)));
                assertThat(bestNext(lens.run(corrupted))).isNotEqualTo(bestNext(lens.run(clean)));
            }
        }
    }

    /** The most likely token after the last one. */
    private static int bestNext(LensRun run) {
        Tensor logits = run.logits(); // [1, N, V]
        return logits.narrow(1, logits.shape(1) - 1, logits.shape(1)).argmax();
    }

    @Test
    void cacheAlone() {
        int numLayers = 2;
        int numKvHeads = 3;
        int headDim = 14;
        int numNewTokens = 5;
        Tensor[] keys = {rows(numNewTokens, numKvHeads * headDim), rows(numNewTokens, numKvHeads * headDim)};
        Tensor[] values = keys;
        // README: begin
        KvShape shape = new KvShape(numLayers, numKvHeads, headDim);
        try (KvCache cache = new KvCache(KvCacheConfig.of(shape, 1).withKvType(KvType.BF16))) {
            try (KvStep step = cache.beginStep(AttentionMask.ones(1, numNewTokens))) {
                for (int layer = 0; layer < numLayers; layer++) {
                    step.write(layer, keys[layer], values[layer], 0, 0, numNewTokens); // [T, K * D]
                    KvBlocks blocks = step.blocks(layer, 0); // read in place: segment, offset, layout
                    // README: end
                    assertThat(blocks.layout().blockSize()).isEqualTo(KvCacheConfig.DEFAULT_BLOCK_SIZE);
                }
                step.commit();
            }
            assertThat(cache.numTokens(0)).isEqualTo(numNewTokens);
        }
    }

    private static Tensor rows(int numRows, int width) {
        return Tensor.zeros(numRows, width);
    }

    @Test
    void everyLineOfTheExamples_standsInTheReadme() throws IOException {
        String readme = Files.readString(Path.of("../README.md")).replaceAll("\\s+", " ");
        List<String> source = Files.readAllLines(Path.of(SOURCE));
        boolean inExample = false;
        for (String line : source) {
            String trimmed = line.strip();
            if (trimmed.startsWith("// README:")) {
                inExample = trimmed.endsWith("begin");
            } else if (inExample && !Stream.of("", "}").anyMatch(trimmed::equals)) {
                assertThat(readme).contains(trimmed.replaceAll("\\s+", " "));
            }
        }
    }
}
