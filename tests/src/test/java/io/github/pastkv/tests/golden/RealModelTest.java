package io.github.pastkv.tests.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import io.github.pastkv.testkit.golden.GoldenFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A trained model of others, stories260K, against the text that its maker publishes for temperature 0. */
class RealModelTest {
    private static final String PROMPT = "Once upon a time";
    private static final int NUM_TOKENS = 252; // the published run has 257 with its prompt

    @ParameterizedTest
    @ValueSource(strings = {"real/stories260K", "real/stories260K.gguf"})
    void greedyText_isThePublishedOneWordForWord(String name) throws IOException {
        String published = Files.readString(GoldenFiles.path("real/stories260K.txt")).strip();
        try (Model model = Model.load(GoldenFiles.path(name), ModelOptions.defaults().withKernels("vector"));
                Session session = model.newSession()) {
            TextTokenizer tokenizer = model.tokenizer().orElseThrow();
            int[] prompt = tokenizer.encode(PROMPT, true);
            Generation generation = session.generate(new int[][] {prompt}, GenerationOptions.greedy(NUM_TOKENS),
                    GenerationListener.NONE);
            int[] all = Stream.concat(Arrays.stream(prompt).boxed(),
                    generation.rows().getFirst().tokenIds().stream()).mapToInt(Integer::intValue).toArray();
            assertThat(tokenizer.decode(all, true)).startsWith(published).hasSizeLessThan(published.length() + 5);
        }
    }
}
