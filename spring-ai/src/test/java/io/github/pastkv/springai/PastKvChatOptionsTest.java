package io.github.pastkv.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.model.grammar.Grammar;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.DefaultChatOptionsBuilder;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;

final class PastKvChatOptionsTest {
    private static PastKvChatOptions.Builder all() {
        return PastKvChatOptions.builder().model("tiny").frequencyPenalty(0.1).maxTokens(5).presencePenalty(0.2)
                .stopSequences(List.of("end")).temperature(0.7).topK(40).topP(0.9).toolContext(Map.of("user", 3))
                .minP(0.05).repetitionPenalty(1.1).seed(3L).grammar(Grammar.ofRegex("a+")).cacheSalt("salt")
                .priority(2);
    }

    @Test
    void mutate_andClone_keepEveryOption() {
        PastKvChatOptions options = all().build();

        assertThat(options.mutate().build()).isEqualTo(options).hasSameHashCodeAs(options);
        assertThat(options).hasToString(options.mutate().build().toString());
        assertThat(options.mutate().clone().build()).isEqualTo(options);
        assertThat(options.mutate().grammar(null).outputSchema("{}").build()).isNotEqualTo(options);
        assertThat(options.mutate().seed(4L).build()).isNotEqualTo(options);
        assertThat(options.mutate().topK(4).build()).isNotEqualTo(options);
    }

    @Test
    void combine_takesWhatIsSet() {
        PastKvChatOptions options = all().build();

        assertThat(PastKvChatOptions.builder().combineWith(options.mutate()).build()).isEqualTo(options);
        PastKvChatOptions changed =
                options.mutate().combineWith(PastKvChatOptions.builder().seed(9L).topP(0.5)).build();
        assertThat(changed).isEqualTo(options.mutate().seed(9L).topP(0.5).build());
    }

    @Test
    void portableOptions_areTaken() {
        assertThat(PastKvChatOptions.of(ChatOptions.builder().maxTokens(7).topK(3).build()))
                .isEqualTo(PastKvChatOptions.builder().maxTokens(7).topK(3).build());
        assertThat(PastKvChatOptions.of(ToolCallingChatOptions.builder().toolContext(Map.of("a", "b")).build()))
                .isEqualTo(PastKvChatOptions.builder().toolContext(Map.of("a", "b")).build());
        assertThat(PastKvChatOptions.of(StructuredOutputChatOptions.builder().outputSchema("{}").build()))
                .isEqualTo(PastKvChatOptions.builder().outputSchema("{}").build());
    }

    /** Their own options would be lost. */
    @Test
    void optionsOfAnotherModel_areRefusedByTheirClass() {
        class OtherBuilder extends DefaultChatOptionsBuilder<OtherBuilder> {}
        assertThatThrownBy(() -> PastKvChatOptions.builder().combineWith(new OtherBuilder()))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("OtherBuilder")
                .hasMessageContaining("another model");
    }

    @SuppressWarnings("unused") // the source below
    static List<Map.Entry<String, PastKvChatOptions.Builder>> wrongValues() {
        return List.of(Map.entry("temperature: -1.0", PastKvChatOptions.builder().temperature(-1.0)),
                Map.entry("topK: -1", PastKvChatOptions.builder().topK(-1)),
                Map.entry("topP: 1.5", PastKvChatOptions.builder().topP(1.5)),
                Map.entry("minP: 2.0", PastKvChatOptions.builder().minP(2.0)),
                Map.entry("repetitionPenalty: 0.0", PastKvChatOptions.builder().repetitionPenalty(0.0)),
                Map.entry("presencePenalty: NaN", PastKvChatOptions.builder().presencePenalty(Double.NaN)),
                Map.entry("frequencyPenalty: Infinity",
                        PastKvChatOptions.builder().frequencyPenalty(Double.POSITIVE_INFINITY)),
                Map.entry("maxTokens: 0", PastKvChatOptions.builder().maxTokens(0)),
                Map.entry("stopSequences: one is empty", PastKvChatOptions.builder().stopSequences(List.of("a", ""))),
                Map.entry("grammar: is set beside outputSchema",
                        PastKvChatOptions.builder().outputSchema("{}").grammar(Grammar.ofRegex("a"))));
    }

    @ParameterizedTest
    @MethodSource("wrongValues")
    void valueOutOfRange_isRefusedByName(Map.Entry<String, PastKvChatOptions.Builder> wrong) {
        assertThatThrownBy(() -> wrong.getValue().build()).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(wrong.getKey());
    }
}
