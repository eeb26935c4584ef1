package io.github.pastkv.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.service.AiServices;
import dev.langchain4j.service.UserMessage;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The example of docs/langchain4j.md. */
class AiServiceExampleTest {
    enum Mood {
        GOOD, MIXED, BAD
    }

    record Review(Mood mood, boolean recommends) {}

    interface Reviews {
        @UserMessage("How does this reviewer feel, and do they recommend it? {{it}}")
        Review read(String text);
    }

    private static Review read(Path folder) {
        try (PastKvChatModel model = PastKvChatModel.builder().modelPath(folder).temperature(0.0).build()) {
            Reviews reviews = AiServices.create(Reviews.class, model);
            return reviews.read("I would buy it again.");
        }
    }

    /** Even a model that only tells stories gives a record. */
    @Test
    void service_returnsARecord() {
        assertThat(read(TestModel.folder())).isNotNull();
    }
}
